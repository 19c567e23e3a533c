//! What a transparency log keeps of a signature: the canonical bodies of its entries.

use serde_json::{Value, json};

use super::key::{Algorithm, pem};
use super::{base64, hex, sha256};

/// How a signature is entered into a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Rekor v1, as usual there: `dsse` 0.0.1 for envelopes, `hashedrekord` 0.0.1 for everything else.
    V1,
    /// Rekor v1, `hashedrekord` 0.0.1 whatever is signed.
    HashedRekord,
    /// Rekor v1, `intoto` 0.0.1: envelopes only.
    Intoto1,
    /// Rekor v1, `intoto` 0.0.2: envelopes only.
    Intoto2,
    /// Rekor v2, `hashedrekord` 0.0.2.
    V2,
}

/// What was signed.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) payload: Vec<u8>,
    /// Absent if the payload is signed as it is.
    pub(super) payload_type: Option<String>,
}

/// Who signed it, as logs see it.
#[derive(Clone, Debug)]
pub(super) struct Credential {
    pub(super) algorithm: Algorithm,
    pub(super) form: CredentialForm,
}

#[derive(Clone, Debug)]
pub(super) enum CredentialForm {
    /// DER of a certificate.
    Certificate(Vec<u8>),
    /// DER of SubjectPublicKeyInfo.
    Key(Vec<u8>),
}

/// A signature as it is told to a log.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    pub(super) content: Content,
    pub(super) signature: Vec<u8>,
    pub(super) credential: Credential,
}

impl Content {
    /// The bytes that are signed: the payload, or the pre-authentication encoding of DSSE.
    pub(super) fn message(&self) -> Vec<u8> {
        match &self.payload_type {
            None => self.payload.clone(),
            Some(kind) => {
                let (kind_length, length) = (kind.len(), self.payload.len());
                let head = format!("DSSEv1 {kind_length} {kind} {length} ");
                [head.as_bytes(), &self.payload].concat()
            }
        }
    }
}

impl Entry {
    /// Kind and version.
    pub(super) fn kind(self, content: &Content) -> (&'static str, &'static str) {
        match self {
            Self::V1 if content.payload_type.is_some() => ("dsse", "0.0.1"),
            Self::V1 | Self::HashedRekord => ("hashedrekord", "0.0.1"),
            Self::Intoto1 => ("intoto", "0.0.1"),
            Self::Intoto2 => ("intoto", "0.0.2"),
            Self::V2 => ("hashedrekord", "0.0.2"),
        }
    }
}

impl Submission {
    /// The body of its entry. Keys come in order, which makes it canonical JSON (RFC 8785): all text is ASCII.
    pub(super) fn body(&self, entry: Entry) -> Vec<u8> {
        let (kind, version) = entry.kind(&self.content);
        let spec = match (kind, version) {
            ("dsse", _) => self.dsse(),
            ("intoto", "0.0.1") => self.intoto_1(),
            ("intoto", _) => self.intoto_2(),
            (_, "0.0.1") => self.hashed_rekord_1(),
            _ => self.hashed_rekord_2(),
        };
        let body = json!({"apiVersion": version, "kind": kind, "spec": spec});
        body.to_string().into_bytes()
    }

    fn hashed_rekord_1(&self) -> Value {
        json!({
            "data": {"hash": digest(&self.content.message())},
            "signature": {
                "content": base64(&self.signature),
                "publicKey": {"content": self.credential.pem()},
            },
        })
    }

    fn hashed_rekord_2(&self) -> Value {
        let Credential { algorithm, form } = &self.credential;
        let (name, digest) = algorithm.digest(&self.content.message());
        let mut verifier = match form {
            CredentialForm::Certificate(der) => {
                json!({"x509Certificate": {"rawBytes": base64(der)}})
            }
            CredentialForm::Key(der) => json!({"publicKey": {"rawBytes": base64(der)}}),
        };
        verifier["keyDetails"] = algorithm.details().into();
        json!({"hashedRekordV002": {
            "data": {"algorithm": name, "digest": base64(digest)},
            "signature": {"content": base64(&self.signature), "verifier": verifier},
        }})
    }

    fn dsse(&self) -> Value {
        json!({
            "envelopeHash": digest(&self.envelope()),
            "payloadHash": digest(&self.content.payload),
            "signatures": [{"signature": base64(&self.signature), "verifier": self.credential.pem()}],
        })
    }

    fn intoto_1(&self) -> Value {
        json!({
            "content": {"hash": digest(&self.envelope()), "payloadHash": digest(&self.content.payload)},
            "publicKey": self.credential.pem(),
        })
    }

    fn intoto_2(&self) -> Value {
        let signature = base64(base64(&self.signature));
        json!({"content": {
            "envelope": {
                "payloadType": self.content.payload_type,
                "signatures": [{"publicKey": self.credential.pem(), "sig": signature}],
            },
            "hash": digest(&self.envelope()),
            "payloadHash": digest(&self.content.payload),
        }})
    }

    /// The envelope as it was told to the log. Others may write it otherwise, so that nobody can check its hash.
    fn envelope(&self) -> Vec<u8> {
        let envelope = json!({
            "payload": base64(&self.content.payload),
            "payloadType": self.content.payload_type,
            "signatures": [{"sig": base64(&self.signature)}],
        });
        envelope.to_string().into_bytes()
    }
}

impl Credential {
    /// PEM in base64.
    fn pem(&self) -> String {
        base64(match &self.form {
            CredentialForm::Certificate(der) => pem("CERTIFICATE", der),
            CredentialForm::Key(der) => pem("PUBLIC KEY", der),
        })
    }
}

fn digest(bytes: &[u8]) -> Value {
    json!({"algorithm": "sha256", "value": hex(sha256(bytes))})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_canonical_json() {
        let submission = Submission {
            content: Content {
                payload: b"{}".to_vec(),
                payload_type: Some("text/plain".to_owned()),
            },
            signature: vec![1],
            credential: Credential {
                algorithm: Algorithm::P256,
                form: CredentialForm::Key(vec![2]),
            },
        };
        let body = String::from_utf8(submission.body(Entry::V2)).unwrap();
        let digest = base64(sha256(submission.content.message()));
        let expected = format!(
            r#"{{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{{"hashedRekordV002":{{"data":{{"algorithm":"SHA2_256","digest":"{digest}"}},"signature":{{"content":"AQ==","verifier":{{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{{"rawBytes":"Ag=="}}}}}}}}}}}}"#
        );
        assert_eq!(body, expected);
    }

    #[test]
    fn the_encoding_of_an_envelope_is_that_of_the_specification() {
        let content = Content {
            payload: b"hello world".to_vec(),
            payload_type: Some("http://example.com/HelloWorld".to_owned()),
        };
        assert_eq!(
            content.message(),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }
}
