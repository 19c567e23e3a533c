//! What an instance publishes of itself: `trusted_root.json`, right or bent.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Sigstore, Window, base64};

/// A trust root in the making.
#[derive(Clone, Debug)]
pub struct TrustedRoot(Value);

/// A list in a trust root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `tlogs`.
    Logs,
    /// `certificateAuthorities`.
    Authorities,
    /// `ctlogs`.
    CtLogs,
    /// `timestampAuthorities`.
    TimestampAuthorities,
}

impl TrustedRoot {
    pub(super) fn of(sigstore: &Sigstore) -> Self {
        let parts = &sigstore.0;
        let log = |base_url: &str, key: &super::Key, id: [u8; 32]| {
            json!({
                "baseUrl": base_url,
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": base64(key.spki()),
                    "keyDetails": key.algorithm().details(),
                    "validFor": {"start": OPENED},
                },
                "logId": {"keyId": base64(id)},
            })
        };
        let authority = |kind: &str, certificates: Vec<Vec<u8>>| {
            let certificates = certificates
                .iter()
                .map(|der| json!({"rawBytes": base64(der)}));
            json!({
                "subject": {"organization": parts.name, "commonName": kind},
                "uri": format!("https://{kind}.{}", parts.name),
                "certChain": {"certificates": certificates.collect::<Vec<_>>()},
                "validFor": {"start": OPENED},
            })
        };
        let logs = [&parts.rekor_1, &parts.rekor_2];
        let ct_logs = parts.ct_logs.iter();
        let twin = parts.twin.iter().chain([&parts.authority]);
        Self(json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": logs.map(|it| log(&it.base_url, &it.notary.key, it.notary.id)),
            "certificateAuthorities":
                twin.map(|chain| authority("fulcio", chain.certificates())).collect::<Vec<_>>(),
            "ctlogs": ct_logs.map(|it| log(&it.base_url, &it.key, it.id())).collect::<Vec<_>>(),
            "timestampAuthorities": [authority("tsa", parts.tsa.certificates())],
        }))
    }

    /// The same, and another instance's as well.
    #[must_use]
    pub fn and(mut self, other: &Sigstore) -> Self {
        let other = Self::of(other);
        for part in [
            Part::Logs,
            Part::Authorities,
            Part::CtLogs,
            Part::TimestampAuthorities,
        ] {
            let more = other.0[part.name()].as_array().unwrap().clone();
            self.list(part).extend(more);
        }
        self
    }

    /// Without anything in a list.
    #[must_use]
    pub fn without(mut self, part: Part) -> Self {
        self.list(part).clear();
        self
    }

    /// With everything in a list valid from and until these times; either may be left open.
    #[must_use]
    pub fn valid(mut self, part: Part, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        let mut window = json!({});
        for (name, bound) in [("start", from), ("end", to)] {
            if let Some(bound) = bound {
                window[name] = bound.to_string().into();
            }
        }
        for entry in self.list(part) {
            match part {
                Part::Logs | Part::CtLogs => entry["publicKey"]["validFor"] = window.clone(),
                Part::Authorities | Part::TimestampAuthorities => {
                    entry["validFor"] = window.clone()
                }
            }
        }
        self
    }

    /// With the roots of the certificate authorities alone, so that whoever signs must bring the intermediates.
    #[must_use]
    pub fn roots_only(mut self) -> Self {
        for authority in self.list(Part::Authorities) {
            let certificates = authority["certChain"]["certificates"]
                .as_array_mut()
                .unwrap();
            let root = certificates.pop().unwrap();
            *certificates = vec![root];
        }
        self
    }

    /// With anything changed.
    #[must_use]
    pub fn altered(mut self, alter: impl FnOnce(&mut Value)) -> Self {
        alter(&mut self.0);
        self
    }

    /// The file.
    pub fn json(&self) -> String {
        self.0.to_string()
    }

    fn list(&mut self, part: Part) -> &mut Vec<Value> {
        self.0[part.name()].as_array_mut().unwrap()
    }
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Logs => "tlogs",
            Self::Authorities => "certificateAuthorities",
            Self::CtLogs => "ctlogs",
            Self::TimestampAuthorities => "timestampAuthorities",
        }
    }
}

/// Since when all parts of an instance are valid: as long as its roots are.
pub(super) const OPENED: &str = "2024-01-01T00:00:00Z";

/// Until when the roots are.
pub(super) const CLOSES: &str = "2044-01-01T00:00:00Z";

pub(super) fn whole() -> Window {
    Window(OPENED.parse().unwrap(), CLOSES.parse().unwrap())
}
