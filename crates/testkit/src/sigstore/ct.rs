//! Certificate transparency logs: the timestamps of RFC 6962 that stand inside certificates.

use jiff::Timestamp;

use super::key::{Algorithm, Key};
use super::{der, sha256};

/// A log that promises to publish certificates.
#[derive(Clone, Debug)]
pub(super) struct CtLog {
    pub(super) key: Key,
    pub(super) base_url: String,
}

/// What a log promises to publish: a certificate without its list of promises, and who will issue it.
pub(super) struct Precertificate<'a> {
    pub(super) tbs: &'a [u8],
    pub(super) issuer_spki: &'a [u8],
}

/// Which logs promised to publish a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scts {
    /// One log of the instance, as is usual.
    One,
    /// Two logs of the instance.
    Two,
    /// Nobody.
    None,
    /// One log, and that one again a second later.
    Twice,
    /// A log that no trust root names.
    UnknownLog,
    /// One log, but of another certificate.
    OtherCertificate,
    /// One log, but of the same certificate by another issuer.
    OtherIssuer,
    /// One log in name, while another key signed.
    Forged,
}

impl CtLog {
    pub(super) fn new(base_url: String) -> Self {
        let key = Key::generate(Algorithm::P256);
        Self { key, base_url }
    }

    pub(super) fn id(&self) -> [u8; 32] {
        sha256(self.key.spki())
    }

    /// A promise of this log, signed by `key`.
    fn promise(&self, certificate: &Precertificate<'_>, at: Timestamp, key: &Key) -> Vec<u8> {
        let time = u64::try_from(at.as_millisecond()).unwrap().to_be_bytes();
        let issuer = sha256(certificate.issuer_spki);
        let length = u32::try_from(certificate.tbs.len()).unwrap().to_be_bytes();
        let tbs = [&length[1..], certificate.tbs].concat();
        let signed = [&[0, 0][..], &time, &[0, 1], &issuer, &tbs, &[0, 0]].concat();
        let signature = prefixed(&key.sign(&signed));
        [&[0][..], &self.id(), &time, &[0, 0], &[4, 3], &signature].concat()
    }
}

impl Scts {
    /// The extension with these promises, if there are any.
    pub(super) fn extension(
        self,
        logs: &[CtLog; 2],
        certificate: &Precertificate<'_>,
        at: Timestamp,
    ) -> Option<Vec<u8>> {
        let [first, second] = logs;
        let promise = |log: &CtLog, later| {
            let at = at + jiff::SignedDuration::from_secs(later);
            log.promise(certificate, at, &log.key)
        };
        let other = Key::generate(Algorithm::P256);
        let promises = match self {
            Self::None => return None,
            Self::One => vec![promise(first, 0)],
            Self::Two => vec![promise(first, 0), promise(second, 0)],
            Self::Twice => vec![promise(first, 0), promise(first, 1)],
            Self::UnknownLog => vec![promise(&CtLog::new(first.base_url.clone()), 0)],
            Self::OtherCertificate => {
                let tbs = [certificate.tbs, &[0]].concat();
                let tbs = &tbs;
                let certificate = Precertificate {
                    tbs,
                    ..*certificate
                };
                vec![first.promise(&certificate, at, &first.key)]
            }
            Self::OtherIssuer => {
                let issuer_spki = other.spki();
                let certificate = Precertificate {
                    issuer_spki,
                    ..*certificate
                };
                vec![first.promise(&certificate, at, &first.key)]
            }
            Self::Forged => vec![first.promise(certificate, at, &other)],
        };
        let list: Vec<u8> = promises.iter().flat_map(|one| prefixed(one)).collect();
        let value = der::octets(prefixed(&list));
        Some(super::certificate::extension(SCT_LIST, false, value))
    }
}

/// Behind its length in two bytes.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length, bytes].concat()
}

const SCT_LIST: &str = "1.3.6.1.4.1.11129.2.4.2";
