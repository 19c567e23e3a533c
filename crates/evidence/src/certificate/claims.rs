//! What Fulcio says of a signer in extensions of its own (fulcio docs/oid-info.md).
//!
//! Refuses certificates whose old and new extensions contradict each other, and issuers that do not read. A claim that
//! does not read is absent: it matches nothing.

use std::collections::{BTreeMap, BTreeSet};

use countersign_image::excerpt;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::{ObjectIdentifier, Utf8StringRef};
use x509_cert::ext::Extension;

use super::names::text;

/// Names of all claims that policies can ask for, as Sigstore's Go client spells them in JSON.
pub fn claim_names() -> impl Iterator<Item = &'static str> {
    CLAIMS.iter().map(|(_, name)| *name)
}

/// The claim called `name`, if there is one.
#[must_use]
pub fn claim_named(name: &str) -> Option<&'static str> {
    claim_names().find(|known| *known == name)
}

/// Fulcio's extensions of one certificate.
#[derive(Clone, Debug, Default)]
pub(super) struct FulcioExtensions {
    pub(super) issuer: Option<String>,
    pub(super) claims: BTreeMap<&'static str, String>,
}

impl FulcioExtensions {
    pub(super) fn read(extensions: &[Extension]) -> Result<Self, String> {
        let mut seen = BTreeSet::new();
        let mut read = Self::default();
        let mut old_issuer = None;
        for extension in extensions {
            // RFC 5280 §4.2 allows each once; readers differ in which of two they take.
            if !seen.insert(extension.extn_id) {
                return Err(format!("it has extension {} twice", extension.extn_id));
            }
            let value = extension.extn_value.as_bytes();
            match number(&extension.extn_id) {
                Some(OLD_ISSUER) => old_issuer = Some(raw_text(value).ok_or(BAD_ISSUER)?),
                Some(ISSUER) => read.issuer = Some(der_text(value).ok_or(BAD_ISSUER)?),
                Some(number) => read.claim(number, value),
                None => {}
            }
        }
        if let (Some(old), Some(new)) = (&old_issuer, &read.issuer)
            && old != new
        {
            return Err(disagreement("the issuer", old, new));
        }
        read.issuer = read.issuer.or(old_issuer);
        read.check_old_against_new()?;
        Ok(read)
    }

    fn claim(&mut self, number: u32, value: &[u8]) {
        let Some((_, name)) = CLAIMS.iter().find(|(known, _)| *known == number) else {
            return;
        };
        let text = if number < ISSUER {
            raw_text(value)
        } else {
            der_text(value)
        };
        if let Some(text) = text {
            self.claims.insert(name, text);
        }
    }

    fn check_old_against_new(&self) -> Result<(), String> {
        for (old, new) in SUPERSEDED {
            if let (Some(old_value), Some(new_value)) = (self.claims.get(old), self.claims.get(new))
                && old_value != new_value
            {
                return Err(disagreement(new, old_value, new_value));
            }
        }
        let old = self.claims.get("githubWorkflowRepository");
        if let (Some(old), Some(new)) = (old, self.claims.get("sourceRepositoryURI"))
            && path_of(new) != Some(old)
        {
            return Err(disagreement("sourceRepositoryURI", old, new));
        }
        Ok(())
    }
}

/// The path of a URL without its slash: `owner/repo` of `https://github.com/owner/repo`.
fn path_of(url: &str) -> Option<&str> {
    let (_, after_scheme) = url.split_once("://")?;
    after_scheme.split_once('/').map(|(_, path)| path)
}

fn disagreement(what: &str, old: &str, new: &str) -> String {
    let (old, new) = (excerpt(old), excerpt(new));
    format!("it says two things of {what}: {old:?} and {new:?}")
}

fn number(oid: &ObjectIdentifier) -> Option<u32> {
    if oid.parent()? != FULCIO {
        return None;
    }
    oid.arc(FULCIO.len())
}

fn raw_text(value: &[u8]) -> Option<String> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|raw| text(raw).ok())
}

fn der_text(value: &[u8]) -> Option<String> {
    Utf8StringRef::from_der(value)
        .ok()
        .and_then(|read| text(read.as_str()).ok())
}

const BAD_ISSUER: &str = "its issuer does not read";
const FULCIO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");
const OLD_ISSUER: u32 = 1;
/// From here on values are DER; before, they are bare text.
const ISSUER: u32 = 8;

const CLAIMS: [(u32, &str); 21] = [
    (2, "githubWorkflowTrigger"),
    (3, "githubWorkflowSHA"),
    (4, "githubWorkflowName"),
    (5, "githubWorkflowRepository"),
    (6, "githubWorkflowRef"),
    (9, "buildSignerURI"),
    (10, "buildSignerDigest"),
    (11, "runnerEnvironment"),
    (12, "sourceRepositoryURI"),
    (13, "sourceRepositoryDigest"),
    (14, "sourceRepositoryRef"),
    (15, "sourceRepositoryIdentifier"),
    (16, "sourceRepositoryOwnerURI"),
    (17, "sourceRepositoryOwnerIdentifier"),
    (18, "buildConfigURI"),
    (19, "buildConfigDigest"),
    (20, "buildTrigger"),
    (21, "runInvocationURI"),
    (22, "sourceRepositoryVisibilityAtSigning"),
    (23, "deploymentEnvironment"),
    (24, "tokenSubject"),
];

/// Deprecated claims, and those that say the same now.
const SUPERSEDED: [(&str, &str); 3] = [
    ("githubWorkflowTrigger", "buildTrigger"),
    ("githubWorkflowSHA", "sourceRepositoryDigest"),
    ("githubWorkflowRef", "sourceRepositoryRef"),
];
