//! One signature and what travels with it, put together step by step.

use jiff::Timestamp;
use serde_json::Value;

use super::body::{Content, Credential, CredentialForm, Entry, Submission};
use super::signer::Issued;
use super::tsa::Stamp;
use super::{BundleFlaw, Key, LogFlaw, SIGNED_AT, Signer, Sigstore, StampFlaw, base64};

/// A signature in the making: who signs what, who logs it, who stamps it.
#[derive(Clone, Debug)]
pub struct Signing {
    pub(super) signer: Signer,
    pub(super) content: Content,
    pub(super) at: Timestamp,
    pub(super) media_type: Option<String>,
    pub(super) flaw: Option<BundleFlaw>,
    logs: Vec<LogRequest>,
    stamps: Vec<StampRequest>,
}

#[derive(Clone, Debug)]
struct LogRequest {
    sigstore: Sigstore,
    entry: Entry,
    at: Option<Timestamp>,
    flaw: Option<LogFlaw>,
}

#[derive(Clone, Debug)]
struct StampRequest {
    sigstore: Sigstore,
    at: Option<Timestamp>,
    stamp: Stamp,
}

/// What became of it.
pub(super) struct Signed {
    pub(super) signature: Vec<u8>,
    pub(super) issued: Option<Issued>,
    /// As bundles hold them.
    pub(super) entries: Vec<Value>,
}

impl Signing {
    pub(super) fn new(signer: &Signer, content: Content) -> Self {
        Self {
            signer: signer.clone(),
            content,
            at: SIGNED_AT,
            media_type: Some(V0_3.to_owned()),
            flaw: None,
            logs: Vec::new(),
            stamps: Vec::new(),
        }
    }

    /// Signed, logged and stamped at another time.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// Logged by the signer's instance.
    #[must_use]
    pub fn log(self, entry: Entry) -> Self {
        self.request_log(entry, |_| {})
    }

    /// Logged, with something wrong about the entry.
    #[must_use]
    pub fn log_but(self, entry: Entry, flaw: LogFlaw) -> Self {
        self.request_log(entry, |request| request.flaw = Some(flaw))
    }

    /// Logged at another time than it was signed.
    #[must_use]
    pub fn log_at(self, entry: Entry, at: Timestamp) -> Self {
        self.request_log(entry, |request| request.at = Some(at))
    }

    /// Logged by another instance.
    #[must_use]
    pub fn log_by(self, other: &Sigstore, entry: Entry) -> Self {
        self.request_log(entry, |request| request.sigstore = other.clone())
    }

    /// Stamped by the signer's instance.
    #[must_use]
    pub fn stamp(self) -> Self {
        self.request_stamp(|_| {})
    }

    /// Stamped, with something wrong about the token.
    #[must_use]
    pub fn stamp_but(self, flaw: StampFlaw) -> Self {
        self.request_stamp(|request| request.stamp.flaw = Some(flaw))
    }

    /// Stamped at another time than it was signed.
    #[must_use]
    pub fn stamp_at(self, at: Timestamp) -> Self {
        self.request_stamp(|request| request.at = Some(at))
    }

    /// Stamped by another instance.
    #[must_use]
    pub fn stamp_by(self, other: &Sigstore) -> Self {
        self.request_stamp(|request| request.sigstore = other.clone())
    }

    /// Stamped with a token that does not hold the authority's certificate.
    #[must_use]
    pub fn stamp_bare(self) -> Self {
        self.request_stamp(|request| request.stamp.bare = true)
    }

    /// In a bundle of this media type; without one, if it is empty.
    #[must_use]
    pub fn media_type(mut self, media_type: &str) -> Self {
        self.media_type = Some(media_type.to_owned()).filter(|name| !name.is_empty());
        self
    }

    /// In a bundle of version 0.1, where a promise of inclusion was enough, with the whole chain as was usual then.
    #[must_use]
    pub fn v0_1(self) -> Self {
        self.media_type("application/vnd.dev.sigstore.bundle+json;version=0.1")
    }

    /// With something wrong about the bundle or envelope.
    #[must_use]
    pub fn but(mut self, flaw: BundleFlaw) -> Self {
        self.flaw = Some(flaw);
        self
    }

    fn request_log(mut self, entry: Entry, shape: impl FnOnce(&mut LogRequest)) -> Self {
        let mut request = LogRequest {
            sigstore: self.signer.sigstore.clone(),
            entry,
            at: None,
            flaw: None,
        };
        shape(&mut request);
        self.logs.push(request);
        self
    }

    fn request_stamp(mut self, shape: impl FnOnce(&mut StampRequest)) -> Self {
        let mut request = StampRequest {
            sigstore: self.signer.sigstore.clone(),
            at: None,
            stamp: Stamp::default(),
        };
        shape(&mut request);
        self.stamps.push(request);
        self
    }

    /// Signs and logs.
    pub(super) fn sign(&self) -> Signed {
        let issued = self.signer.issue(self.at);
        let message = BundleFlaw::message(self.flaw.as_ref(), &self.content);
        let mut signed = Signed {
            signature: self.signer.key.sign(&message),
            issued,
            entries: Vec::new(),
        };
        signed.entries = self
            .logs
            .iter()
            .flat_map(|request| self.enter(request, &signed))
            .collect();
        signed
    }

    /// Tokens over these bytes.
    pub(super) fn tokens(&self, stamped: &[u8]) -> Vec<Vec<u8>> {
        let token = |request: &StampRequest| {
            let at = request.at.unwrap_or(self.at);
            request.sigstore.0.tsa.stamp(stamped, at, &request.stamp)
        };
        self.stamps.iter().map(token).collect()
    }

    fn enter(&self, request: &LogRequest, signed: &Signed) -> Vec<Value> {
        let at = request.at.unwrap_or(self.at);
        let flaw = request.flaw.as_ref();
        let submission = self.submission(signed, flaw);
        let log = request.sigstore.log(request.entry);
        let mut entry = log.enter(&submission, request.entry, at, flaw);
        match flaw {
            Some(LogFlaw::Twice) => vec![entry.clone(), entry],
            Some(LogFlaw::LogIdLies) => {
                let other = match request.entry {
                    Entry::V2 => &request.sigstore.0.rekor_1,
                    _ => &request.sigstore.0.rekor_2,
                };
                entry["logId"]["keyId"] = base64(other.notary.id).into();
                vec![entry]
            }
            _ => vec![entry],
        }
    }

    /// What is told to the log: the truth, or about something else.
    fn submission(&self, signed: &Signed, flaw: Option<&LogFlaw>) -> Submission {
        let mut submission = Submission {
            content: self.content.clone(),
            signature: signed.signature.clone(),
            credential: self.signer.credential(signed.issued.as_ref()),
        };
        match flaw {
            Some(LogFlaw::OtherPayload) => {
                submission.content.payload.push(b' ');
                submission.signature = self.signer.key.sign(&submission.content.message());
            }
            Some(LogFlaw::OtherHash) => submission.content.payload.push(b' '),
            Some(LogFlaw::OtherPayloadType) => {
                submission.content.payload_type = Some("text/plain".to_owned());
            }
            Some(LogFlaw::OtherSignature) => {
                submission.signature = self.signer.key.sign(&self.content.message());
            }
            Some(LogFlaw::OtherSigner) => {
                let other = self.signer.somebody_else();
                submission.signature = other.key.sign(&self.content.message());
                submission.credential = other.credential(other.issue(self.at).as_ref());
            }
            Some(LogFlaw::OtherCertificate) => {
                let again = self.signer.issue(self.at);
                submission.credential = self.signer.credential(again.as_ref());
            }
            Some(LogFlaw::OtherKey) => {
                let key = Key::generate(self.signer.key.algorithm());
                submission.credential = Credential {
                    algorithm: key.algorithm(),
                    form: CredentialForm::Key(key.spki().to_vec()),
                };
            }
            _ => {}
        }
        submission
    }
}

const V0_3: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
