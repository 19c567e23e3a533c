//! Sigstore bundles of version 0.3 that hold a DSSE envelope.
//!
//! Refuses other versions (0.1 and 0.2 have other rules of what must be proved), signatures of blobs, and until
//! certificates are read, everything that a certificate signed. The hint for a key is never gone by.

use countersign_image::{Fields, excerpt, media_type};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::dsse::Envelope;
use crate::json;
use crate::rejection::{Reason, Refusal};
use crate::sealed::{Sealed, SignerClaim};

/// The statement in the bundle `bytes`, sealed.
pub(crate) fn seal(bytes: &[u8]) -> Result<Sealed, Refusal> {
    let bundle: Bundle<'_> = json::strict_object(bytes).map_err(malformed)?;
    check_version(bundle.media_type.as_deref())?;
    let envelope = match (bundle.dsse_envelope, bundle.message_signature) {
        (Some(envelope), None) => envelope,
        (None, Some(_)) => {
            return Err(Refusal::new(
                Reason::UnsupportedFormat,
                "the bundle signs a blob (messageSignature) and not a statement about an image",
            ));
        }
        _ => {
            return Err(Refusal::malformed(
                "the bundle must hold either a dsseEnvelope or a messageSignature",
            ));
        }
    };
    let Fields(material) = bundle
        .verification_material
        .ok_or_else(|| malformed("it has no verificationMaterial"))?;
    let claim = match (
        material.public_key,
        material.certificate.or(material.x509_certificate_chain),
    ) {
        (Some(Fields(key)), None) => key
            .hint
            .map_or(SignerClaim::Nothing, |hint| SignerClaim::Key { hint }),
        (None, Some(_)) => SignerClaim::Certificate,
        _ => {
            return Err(Refusal::malformed(
                "the bundle must name either a key or a certificate",
            ));
        }
    };
    let envelope: Envelope<'_> = json::object(envelope.get()).map_err(malformed)?;
    if envelope.signatures() != 1 {
        let count = envelope.signatures();
        return Err(Refusal::malformed(format!(
            "the bundle has {count} signatures, where it must have one"
        )));
    }
    envelope.seal(claim)
}

fn check_version(found: Option<&str>) -> Result<(), Refusal> {
    match found {
        Some(media_type::BUNDLE_V03 | BUNDLE_V03_PARAMETER) => Ok(()),
        // Elsewhere a missing media type means 0.1, which demands least: so nobody may leave it out.
        None => Err(Refusal::malformed("the bundle has no mediaType")),
        Some(other) => Err(Refusal::new(
            Reason::UnsupportedFormat,
            format!(
                "bundles of media type {} are not read; those of version 0.3 are",
                excerpt(other)
            ),
        )),
    }
}

fn malformed(error: impl std::fmt::Display) -> Refusal {
    Refusal::malformed(format!("it does not read as a Sigstore bundle: {error}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle<'a> {
    media_type: Option<String>,
    verification_material: Option<Fields<Material>>,
    #[serde(borrow)]
    dsse_envelope: Option<&'a RawValue>,
    message_signature: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    public_key: Option<Fields<PublicKeyIdentifier>>,
    certificate: Option<IgnoredAny>,
    x509_certificate_chain: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct PublicKeyIdentifier {
    hint: Option<String>,
}

/// The spelling before [`media_type::BUNDLE_V03`].
const BUNDLE_V03_PARAMETER: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";
