//! Whom a policy accepts, and what a signature of theirs must prove.
//!
//! Refuses an authority that could never vouch for anything, or that would prove less than it says.

mod signers;

use std::sync::Arc;

use countersign_evidence::{Authority, Signers, Transparency, TrustError, TrustRoot, Verifier};
use countersign_image::{Repository, excerpt};

use crate::fields::{Fields, Problems, list, name, text};
use crate::trust_root::{KnownRoots, PUBLIC_GOOD};
use crate::yaml::{Node, Value};

/// An authority as written.
#[derive(Clone, Debug)]
pub(crate) struct AuthorityEntry {
    pub(crate) name: String,
    /// `None` if it was reported as wrong.
    pub(crate) authority: Option<Authority>,
    /// Where its signatures are kept, if not beside the image.
    pub(crate) repository: Option<Repository>,
}

/// Reads `spec.authorities`.
pub(crate) fn read_all(
    spec: &Fields<'_>,
    trust_roots: &KnownRoots,
    problems: &mut Problems,
) -> Vec<AuthorityEntry> {
    let Some(node) = spec.require("authorities", problems) else {
        return Vec::new();
    };
    let items = list(node, "authorities", problems).unwrap_or_default();
    if items.is_empty() && matches!(node.value, Value::List(_)) {
        problems.report(
            node.at,
            "no_authorities",
            "the policy accepts nobody: nothing could satisfy it",
        );
    }
    let mut entries: Vec<AuthorityEntry> = Vec::with_capacity(items.len());
    for item in items {
        let Some(entry) = read(item, trust_roots, problems) else {
            continue;
        };
        if entries.iter().any(|other| other.name == entry.name) {
            let message = format!("the authority `{}` is defined twice", excerpt(&entry.name));
            problems.report(item.at, "duplicate_name", message);
        }
        entries.push(entry);
    }
    entries
}

fn read(node: &Node, trust_roots: &KnownRoots, problems: &mut Problems) -> Option<AuthorityEntry> {
    let known = [
        "name",
        "key",
        "keyless",
        "certificate",
        "transparency",
        "trustRoot",
        "repository",
    ];
    let fields = Fields::open(node, "an authority", &known, problems)?;
    let name = name(
        fields.require("name", problems)?,
        "the name of an authority",
        problems,
    )?
    .to_owned();
    let authority = read_authority(&name, &fields, trust_roots, problems);
    let repository = fields
        .get("repository")
        .and_then(|node| read_repository(node, problems));
    Some(AuthorityEntry {
        name,
        authority,
        repository,
    })
}

fn read_authority(
    name: &str,
    fields: &Fields<'_>,
    trust_roots: &KnownRoots,
    problems: &mut Problems,
) -> Option<Authority> {
    let before = problems.count();
    let signers = signers::read(fields, problems);
    let written = fields.get("transparency");
    let transparency = written.map(|node| read_transparency(node, problems));
    let trust_root = read_trust_root(fields, transparency.flatten(), trust_roots, problems);
    if problems.count() > before {
        return None;
    }
    let trust_root = trust_root?;
    let signers = signers?;
    let transparency = transparency
        .unwrap_or_else(|| Some(default_transparency(&signers, trust_root.as_deref())))?;
    let authority = Authority {
        name: name.to_owned(),
        signers,
        trust_root,
        transparency,
    };
    // By itself first: what is wrong with it is told where it stands.
    if let Err(error) = Verifier::new(vec![authority.clone()]) {
        let about_proof = matches!(
            error,
            TrustError::KeylessWithoutProof { .. }
                | TrustError::TooFewLogs { .. }
                | TrustError::TooFewTimestampAuthorities { .. }
        );
        let proof = written.filter(|_| about_proof);
        let at = proof.map_or(fields.at, |node| node.at);
        problems.with_hint(at, error.code(), error.to_string(), error.hint());
        return None;
    }
    Some(authority)
}

/// The trust root whose logs and timestamps count, if one is wanted: for keyless signers the one of their certificates.
/// `None` if it was reported as wrong, here or where it stands.
fn read_trust_root(
    fields: &Fields<'_>,
    transparency: Option<Transparency>,
    trust_roots: &KnownRoots,
    problems: &mut Problems,
) -> Option<Option<Arc<TrustRoot>>> {
    if let Some(keyless) = fields.get("keyless") {
        if fields.get("trustRoot").is_some() {
            let message = "the trust root of keyless signers stands beside their identities";
            let hint = "move it into `keyless`";
            problems.advise(fields.key("trustRoot"), "invalid_value", message, hint);
        }
        let node = signers::trust_root(keyless)?;
        return trust_roots.find(node, problems).map(Some);
    }
    if let Some(node) = fields.get("trustRoot") {
        if fields.get("transparency").is_none() {
            let message = "the trust root counts for nothing, for no proof is asked for";
            let hint =
                "add `transparency: log` or `transparency: timestamp`, or leave the trust root out";
            problems.advise(fields.key("trustRoot"), "invalid_value", message, hint);
        }
        return trust_roots.find(node, problems).map(Some);
    }
    let wanted = transparency.is_some_and(|wanted| wanted != Transparency::NONE);
    Some(wanted.then(|| TrustRoot::built_in(PUBLIC_GOOD)).flatten())
}

fn default_transparency(signers: &Signers, root: Option<&TrustRoot>) -> Transparency {
    match (signers, root) {
        (Signers::Keyless(_), Some(root)) if root.log_count() == 0 => Transparency::TIMESTAMP,
        (Signers::Keyless(_), _) => Transparency::LOG,
        _ => Transparency::NONE,
    }
}

fn read_transparency(node: &Node, problems: &mut Problems) -> Option<Transparency> {
    if matches!(node.value, Value::Map(_)) {
        let fields = Fields::open(node, "transparency", &["logs", "timestamps"], problems)?;
        let mut count = |field: &str| match fields.get(field) {
            None => Some(0),
            Some(node) => read_count(node, field, problems),
        };
        let (logs, timestamps) = (count("logs"), count("timestamps"));
        return Some(Transparency {
            logs: logs?,
            timestamps: timestamps?,
        });
    }
    let written = text(node, "transparency", problems)?;
    let known = [
        ("none", Transparency::NONE),
        ("log", Transparency::LOG),
        ("timestamp", Transparency::TIMESTAMP),
    ];
    if let Some((_, transparency)) = known.iter().find(|(name, _)| *name == written) {
        return Some(*transparency);
    }
    let message = format!("unknown transparency `{}`", excerpt(written));
    let names = known.map(|(name, _)| name);
    problems.unknown(node.at, "invalid_value", message, written, names);
    None
}

fn read_count(node: &Node, field: &str, problems: &mut Problems) -> Option<u8> {
    let count = match &node.value {
        Value::Number(number) => number.as_u64().and_then(|count| u8::try_from(count).ok()),
        _ => None,
    };
    if count.is_none() {
        let message = format!("{field} is a number from 0 to {}", u8::MAX);
        problems.report(node.at, "invalid_value", message);
    }
    count
}

fn read_repository(node: &Node, problems: &mut Problems) -> Option<Repository> {
    match text(node, "repository", problems)?.parse() {
        Ok(repository) => Some(repository),
        Err(error) => {
            problems.report(node.at, "invalid_value", format!("no repository: {error}"));
            None
        }
    }
}
