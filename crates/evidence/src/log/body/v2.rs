//! The one kind of Rekor v2, `hashedrekord` 0.0.2 (<https://github.com/sigstore/rekor-tiles/blob/main/CLIENTS.md>).
//!
//! Refuses members that are not known and any value but the one that follows from the signature, the signer and what was
//! signed: so that this says as much as to build the entry anew and compare it whole.

use countersign_image::{Fields, excerpt};
use serde::Deserialize;

use super::{Logged, SignerKey, another, check_signature, mismatch};
use crate::hash::{Hash, hex};
use crate::rejection::Refusal;
use crate::{KeyAlgorithm, base64};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::log) struct HashedRekord {
    #[serde(rename = "hashedRekordV002")]
    inner: Fields<Inner>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    data: Fields<Data>,
    signature: Fields<Signature>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    algorithm: String,
    digest: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    content: String,
    verifier: Fields<Verifier>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Verifier {
    key_details: String,
    public_key: Option<Fields<RawBytes>>,
    x509_certificate: Option<Fields<RawBytes>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawBytes {
    raw_bytes: String,
}

impl HashedRekord {
    pub(super) fn commits_to(
        &self,
        what: &Logged<'_>,
        signature: &[u8],
        signer: &SignerKey<'_>,
    ) -> Result<(), Refusal> {
        let Fields(Inner {
            data: Fields(data),
            signature: Fields(logged),
        }) = &self.inner;
        let Fields(verifier) = &logged.verifier;
        let (kind, details) = details_of(signer.key.algorithm());
        if !details.contains(&verifier.key_details.as_str()) {
            return Err(mismatch(format!(
                "the log entry is of a key of another kind ({})",
                excerpt(&verifier.key_details)
            )));
        }
        let digest = base64::decode(&data.digest).map(|digest| hex(&digest));
        let is_signed = digest.is_some_and(|digest| match what {
            Logged::Artifact(signed) | Logged::Envelope { pae: signed, .. } => {
                kind.hex_of(signed) == digest
            }
            Logged::Digest(wanted) => kind.names(wanted, &digest),
        });
        if data.algorithm != name_of(kind) || !is_signed {
            return Err(another("payload"));
        }
        check_signature(base64::decode(&logged.content), signature)?;
        let is_signer = match (
            &verifier.public_key,
            &verifier.x509_certificate,
            signer.certificate,
        ) {
            (None, Some(Fields(logged)), Some(certificate)) => logged.is(certificate),
            (Some(Fields(logged)), None, None) => logged.is(signer.key.spki_der()),
            _ => false,
        };
        if is_signer {
            Ok(())
        } else {
            Err(another("signer"))
        }
    }
}

impl RawBytes {
    fn is(&self, der: &[u8]) -> bool {
        base64::decode(&self.raw_bytes).is_some_and(|bytes| bytes == der)
    }
}

/// The hash that goes with a key, and the names of its kind in protobuf-specs' `PublicKeyDetails`.
///
/// Ed25519 is prehashed, since the log never sees what was signed.
fn details_of(key: KeyAlgorithm) -> (Hash, &'static [&'static str]) {
    match key {
        KeyAlgorithm::EcdsaP256 => (Hash::Sha256, &["PKIX_ECDSA_P256_SHA_256"]),
        KeyAlgorithm::EcdsaP384 => (Hash::Sha384, &["PKIX_ECDSA_P384_SHA_384"]),
        KeyAlgorithm::EcdsaP521 => (Hash::Sha512, &["PKIX_ECDSA_P521_SHA_512"]),
        KeyAlgorithm::Ed25519 => (Hash::Sha512, &["PKIX_ED25519_PH"]),
        KeyAlgorithm::Rsa => (
            Hash::Sha256,
            &[
                "PKIX_RSA_PKCS1V15_2048_SHA256",
                "PKIX_RSA_PKCS1V15_3072_SHA256",
                "PKIX_RSA_PKCS1V15_4096_SHA256",
            ],
        ),
    }
}

/// The name in protobuf-specs' `HashAlgorithm`.
fn name_of(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "SHA2_256",
        Hash::Sha384 => "SHA2_384",
        Hash::Sha512 => "SHA2_512",
    }
}
