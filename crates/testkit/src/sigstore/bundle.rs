//! Sigstore bundles, as JSON.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use serde_json::{Value, json};

use super::body::Content;
use super::signing::{Signed, Signing};
use super::{Key, base64, sha256};

/// What is wrong with a bundle, or with the envelope in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleFlaw {
    /// The payload was replaced after it was signed.
    PayloadReplaced(Vec<u8>),
    /// The payload type was replaced after it was signed.
    PayloadTypeReplaced(String),
    /// The signature was changed by one bit.
    SignatureAltered,
    /// There are this many signatures, all of them the same.
    Signatures(usize),
    /// Before the signature stands that of another key.
    SignatureOfOtherFirst,
    /// The signature names its key so.
    KeyId(String),
    /// The payload was signed as it is, without the encoding of DSSE.
    PayloadSigned,
    /// The encoding that was signed has a leading zero in a length.
    LengthWithLeadingZero,
    /// The encoding that was signed has no lengths, so that type and payload run into each other.
    NoLengths,
    /// Payload and signature are in the URL-safe alphabet. Nothing wrong: DSSE wants both read.
    UrlSafe,
    /// Payload and signature lack the padding of base64.
    NoPadding,
    /// A line feed stands in the middle of the payload.
    LineFeedInPayload,
    /// The message digest beside the signature is of something else.
    DigestLies,

    /// The certificate comes with those above it, but for the root.
    Chain,
    /// The certificate comes with those above it, the root included.
    ChainWithRoot,
    /// There is a chain, and nothing in it.
    ChainEmpty,
    /// The certificate is the root of the authority.
    RootForCertificate,
    /// Beside the certificate stands a public key.
    KeyBesideCertificate,
    /// There is neither certificate nor key.
    NoMaterial,
    /// Beside the envelope stands a message signature.
    BothContents,
    /// There is neither envelope nor message signature.
    NoContent,
}

impl BundleFlaw {
    /// What is signed, which some of these are about.
    pub(super) fn message(flaw: Option<&Self>, content: &Content) -> Vec<u8> {
        let kind = content.payload_type.as_deref().unwrap_or_default();
        let length = content.payload.len();
        let head = match flaw {
            Some(Self::PayloadSigned) => return content.payload.clone(),
            Some(Self::LengthWithLeadingZero) => format!("DSSEv1 {} {kind} 0{length} ", kind.len()),
            Some(Self::NoLengths) => format!("DSSEv1 {kind} "),
            _ => return content.message(),
        };
        [head.as_bytes(), &content.payload].concat()
    }
}

impl Signing {
    /// The bundle.
    pub fn bundle(&self) -> Vec<u8> {
        self.bundle_value().to_string().into_bytes()
    }

    /// The bundle, to be changed.
    pub fn bundle_value(&self) -> Value {
        let signed = self.sign();
        let mut bundle = json!({"verificationMaterial": self.material(&signed)});
        if let Some(media_type) = &self.media_type {
            bundle["mediaType"] = media_type.clone().into();
        }
        let envelope = self.content.payload_type.is_some();
        let both = self.flaw == Some(BundleFlaw::BothContents);
        if self.flaw == Some(BundleFlaw::NoContent) {
            return bundle;
        }
        if envelope || both {
            bundle["dsseEnvelope"] = self.envelope(&signed);
        }
        if !envelope || both {
            bundle["messageSignature"] = self.message_signature(&signed);
        }
        bundle
    }

    fn material(&self, signed: &Signed) -> Value {
        let mut material = self.credential(signed);
        if !signed.entries.is_empty() {
            material["tlogEntries"] = json!(signed.entries);
        }
        let tokens = self.tokens(&signed.signature);
        if !tokens.is_empty() {
            let tokens = tokens
                .iter()
                .map(|token| json!({"signedTimestamp": base64(token)}));
            material["timestampVerificationData"] =
                json!({"rfc3161Timestamps": tokens.collect::<Vec<_>>()});
        }
        material
    }

    fn credential(&self, signed: &Signed) -> Value {
        use BundleFlaw as Flaw;
        let key = json!({"publicKey": {"hint": self.signer.key.hint()}});
        let raw = |der: &Vec<u8>| json!({"rawBytes": base64(der)});
        let Some(issued) = &signed.issued else {
            return match self.flaw {
                Some(Flaw::NoMaterial) => json!({}),
                _ => key,
            };
        };
        let own = &issued.certificate;
        let (root, intermediates) = issued.above.split_last().expect("every chain has a root");
        let chain = |above: &[Vec<u8>]| {
            let certificates = std::iter::once(own).chain(above).map(raw);
            json!({"x509CertificateChain": {"certificates": certificates.collect::<Vec<_>>()}})
        };
        match self.flaw {
            Some(Flaw::Chain) => chain(intermediates),
            Some(Flaw::ChainWithRoot) => chain(&issued.above),
            Some(Flaw::ChainEmpty) => json!({"x509CertificateChain": {"certificates": []}}),
            Some(Flaw::RootForCertificate) => json!({"certificate": raw(root)}),
            Some(Flaw::KeyBesideCertificate) => {
                let mut both = key;
                both["certificate"] = raw(own);
                both
            }
            Some(Flaw::NoMaterial) => json!({}),
            _ => json!({"certificate": raw(own)}),
        }
    }

    fn message_signature(&self, signed: &Signed) -> Value {
        let digest = match self.flaw {
            Some(BundleFlaw::DigestLies) => sha256(b"something else"),
            _ => sha256(&self.content.payload),
        };
        json!({
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64(digest)},
            "signature": base64(self.signature(signed)),
        })
    }

    /// The envelope, as bundles and as bare layers hold it.
    pub(super) fn envelope(&self, signed: &Signed) -> Value {
        use BundleFlaw as Flaw;
        let (payload, payload_type) = match &self.flaw {
            Some(Flaw::PayloadReplaced(other)) => (other, self.content.payload_type.as_ref()),
            Some(Flaw::PayloadTypeReplaced(other)) => (&self.content.payload, Some(other)),
            _ => (&self.content.payload, self.content.payload_type.as_ref()),
        };
        json!({
            "payload": self.encoded_payload(payload),
            "payloadType": payload_type.map_or("application/vnd.in-toto+json", String::as_str),
            "signatures": self.signatures(signed),
        })
    }

    fn signatures(&self, signed: &Signed) -> Vec<Value> {
        use BundleFlaw as Flaw;
        let one = json!({"sig": self.encoded(&self.signature(signed))});
        match &self.flaw {
            Some(Flaw::Signatures(count)) => vec![one; *count],
            Some(Flaw::SignatureOfOtherFirst) => {
                let other = Key::generate(self.signer.key.algorithm());
                let other = other.sign(&self.content.message());
                vec![json!({"sig": base64(other)}), one]
            }
            Some(Flaw::KeyId(name)) => vec![json!({"keyid": name, "sig": one["sig"]})],
            _ => vec![one],
        }
    }

    fn signature(&self, signed: &Signed) -> Vec<u8> {
        let mut signature = signed.signature.clone();
        if self.flaw == Some(BundleFlaw::SignatureAltered) {
            *signature.last_mut().unwrap() ^= 1;
        }
        signature
    }

    fn encoded(&self, bytes: &[u8]) -> String {
        match self.flaw {
            Some(BundleFlaw::UrlSafe) => URL_SAFE.encode(bytes),
            Some(BundleFlaw::NoPadding) => STANDARD_NO_PAD.encode(bytes),
            _ => STANDARD.encode(bytes),
        }
    }

    fn encoded_payload(&self, payload: &[u8]) -> String {
        let mut encoded = self.encoded(payload);
        if self.flaw == Some(BundleFlaw::LineFeedInPayload) {
            encoded.insert(encoded.len() / 8 * 4, '\n');
        }
        encoded
    }
}
