//! A bundle as it is presented for verification, with the trust root that its case names.

use std::fmt::Debug;

use countersign_image::Digest;
use jiff::Timestamp;
use serde_json::Value;

use super::{NOW, fixture};
use crate::bundle::{self, BundleFile};
use crate::certificate::Leaf;
use crate::log::{Entry, LogWitness, Logged, SignerKey};
use crate::material::{Material, SignerClaim};
use crate::rejection::Refusal;
use crate::timestamp::{self, TimeWitness};
use crate::trust_root::TrustedLog;
use crate::{PublicKey, TrustRoot};

/// A case of the fixtures `conformance` or `bundles`.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) passes: bool,
    pub(crate) bundle: Value,
    pub(crate) root: TrustRoot,
    pub(crate) root_json: Vec<u8>,
    digest: Option<Digest>,
    key: Option<PublicKey>,
}

impl Case {
    /// The case of a name.
    pub(crate) fn named(family: &str, name: &str) -> Self {
        let case = cases(family).find(|case| case.name == name);
        case.unwrap_or_else(|| panic!("{family} has no case {name}"))
    }

    pub(crate) fn read(&self) -> Result<Presented<'_>, Refusal> {
        self.read_altered(|_| ())
    }

    /// The bundle of the case with `change` made to it.
    pub(crate) fn read_altered(
        &self,
        change: impl FnOnce(&mut Value),
    ) -> Result<Presented<'_>, Refusal> {
        let mut bundle = self.bundle.clone();
        change(&mut bundle);
        let file = bundle::read_file(bundle.to_string().as_bytes())?;
        let material = match &file {
            BundleFile::Statement(sealed) => &sealed.material,
            BundleFile::Artifact(detached) => &detached.material,
        };
        let key = match &material.signer {
            SignerClaim::Certificate { leaf, .. } => Leaf::parse(leaf)?.key,
            _ => self.key.clone().expect("the case has a key"),
        };
        let case = self;
        Ok(Presented { case, file, key })
    }
}

/// A bundle that was read.
pub(crate) struct Presented<'a> {
    case: &'a Case,
    file: BundleFile,
    key: PublicKey,
}

impl Presented<'_> {
    pub(crate) fn material(&self) -> &Material {
        match &self.file {
            BundleFile::Statement(sealed) => &sealed.material,
            BundleFile::Artifact(detached) => &detached.material,
        }
    }

    pub(crate) fn signature(&self) -> &[u8] {
        match &self.file {
            BundleFile::Statement(sealed) => sealed.signatures().next().unwrap(),
            BundleFile::Artifact(detached) => &detached.signature,
        }
    }

    fn logged(&self) -> Logged<'_> {
        match &self.file {
            BundleFile::Statement(sealed) => sealed.logged(),
            BundleFile::Artifact(_) => Logged::Digest(self.case.digest.as_ref().unwrap()),
        }
    }

    /// What comes of `entry` with `logs` as of `now`.
    pub(crate) fn verify(
        &self,
        entry: &Entry,
        logs: &[TrustedLog],
        now: Timestamp,
    ) -> Result<Option<LogWitness>, Refusal> {
        let signer = self.signer();
        let promise = self.material().promise_suffices;
        entry.verify(
            logs,
            &self.logged(),
            self.signature(),
            &signer,
            promise,
            now,
        )
    }

    pub(crate) fn signer(&self) -> SignerKey<'_> {
        SignerKey {
            key: &self.key,
            certificate: match &self.material().signer {
                SignerClaim::Certificate { leaf, .. } => Some(leaf),
                _ => None,
            },
        }
    }

    /// What comes of every entry.
    pub(crate) fn witnesses(&self) -> Result<Vec<Option<LogWitness>>, Refusal> {
        let logs = self.case.root.logs();
        let entries = self.material().entries.iter();
        entries.map(|entry| self.verify(entry, logs, NOW)).collect()
    }

    /// What comes of every timestamp.
    pub(crate) fn times(&self) -> Result<Vec<TimeWitness<'_>>, Refusal> {
        let authorities = self.case.root.timestamp_authorities();
        let timestamps = self.material().timestamps.iter();
        timestamps
            .map(|token| timestamp::verify(token, &[self.signature()], authorities))
            .collect()
    }
}

/// The cases of a family that have a bundle, but those whose key is none.
pub(crate) fn cases(family: &str) -> impl Iterator<Item = Case> {
    let family = family.to_owned();
    let cases: Vec<Value> =
        serde_json::from_slice(&fixture(&format!("{family}/cases.json"))).unwrap();
    cases.into_iter().filter_map(move |case| {
        let text = |name: &str| case[name].as_str();
        let in_family = |path: &str| fixture(&format!("{family}/{path}"));
        let bundle = serde_json::from_slice(&in_family(text("bundle")?)).unwrap();
        let key = text("key").map(|path| String::from_utf8(in_family(path)).unwrap());
        let key = match key.as_deref().map(PublicKey::from_pem) {
            Some(Err(_)) => return None,
            key => key.transpose().unwrap(),
        };
        let digest = text("artifact_sha256").or(text("digest")).map(|hex| {
            let algorithm = if hex.len() == 64 { "sha256" } else { "sha512" };
            format!("{algorithm}:{hex}").parse().unwrap()
        });
        let root_json = match text("trusted_root")? {
            path if path.contains('/') => in_family(path),
            name => fixture(&format!("trust/{name}.trusted_root.json")),
        };
        Some(Case {
            name: text("case")?.to_owned(),
            passes: text("expect") == Some("pass"),
            bundle,
            root: root(&root_json),
            root_json,
            digest,
            key,
        })
    })
}

/// One of the roots of the fixture `trust`; no certificate timestamps are asked for.
pub(crate) fn trust_root(name: &str) -> TrustRoot {
    root(&fixture(&format!("trust/{name}.trusted_root.json")))
}

fn root(json: &[u8]) -> TrustRoot {
    TrustRoot::from_json("of the case", json, 0).unwrap()
}

/// The code of a refusal that must have happened.
#[track_caller]
pub(crate) fn code<T: Debug>(outcome: Result<T, Refusal>) -> &'static str {
    outcome.unwrap_err().reason.code()
}
