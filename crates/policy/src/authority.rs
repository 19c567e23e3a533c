//! Whom a policy accepts, and for which builders they may speak.
//!
//! Refuses a proof that cannot be checked yet rather than do without it, and names that nobody defined.

use countersign_evidence::{Authority, PublicKey, Signers, Transparency};
use countersign_image::{Repository, excerpt};
use serde::Serialize;

use crate::fields::{Fields, Problems, list, name, text};
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

/// Who may vouch for a builder, and up to which level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Builder {
    id: String,
    authorities: Vec<String>,
    max_level: u8,
}

/// Reads `spec.authorities`.
pub(crate) fn read_all(spec: &Fields<'_>, problems: &mut Problems) -> Vec<AuthorityEntry> {
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
        let Some(entry) = read(item, problems) else {
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

fn read(node: &Node, problems: &mut Problems) -> Option<AuthorityEntry> {
    let known = [
        "name",
        "key",
        "keyless",
        "certificate",
        "transparency",
        "repository",
    ];
    let fields = Fields::open(node, "an authority", &known, problems)?;
    let name = name(
        fields.require("name", problems)?,
        "the name of an authority",
        problems,
    )?
    .to_owned();
    let key = read_key(&fields, problems);
    check_transparency(&fields, problems);
    let repository = fields
        .get("repository")
        .and_then(|node| read_repository(node, problems));
    let authority = key.map(|key| Authority {
        name: name.clone(),
        signers: Signers::Keys(vec![key]),
        trust_root: None,
        transparency: Transparency::NONE,
    });
    Some(AuthorityEntry {
        name,
        authority,
        repository,
    })
}

fn read_key(fields: &Fields<'_>, problems: &mut Problems) -> Option<PublicKey> {
    for later in ["keyless", "certificate"] {
        if fields.get(later).is_some() {
            let message = format!("authorities with `{later}` are not supported yet");
            problems.advise(
                fields.key(later),
                "unsupported_feature",
                message,
                "use `key: {pem: …}`",
            );
            return None;
        }
    }
    let key = Fields::open(
        fields.require("key", problems)?,
        "key",
        &["pem", "secretRef"],
        problems,
    )?;
    if key.get("secretRef").is_some() {
        let message = "a key in a Secret cannot be read from a directory of policies";
        problems.advise(
            key.key("secretRef"),
            "unsupported_feature",
            message,
            "write the public key as `pem`",
        );
        return None;
    }
    let pem = key.require("pem", problems)?;
    match PublicKey::from_pem(text(pem, "pem", problems)?) {
        Ok(key) => Some(key),
        Err(error) => {
            problems.with_hint(pem.at, error.code(), error.to_string(), error.hint());
            None
        }
    }
}

fn check_transparency(fields: &Fields<'_>, problems: &mut Problems) {
    let Some(node) = fields.get("transparency") else {
        return;
    };
    match text(node, "transparency", problems) {
        None | Some("none") => {}
        Some(written @ ("log" | "timestamp")) => {
            let message = format!("`transparency: {written}` cannot be checked yet");
            problems.advise(
                node.at,
                "unsupported_feature",
                message,
                "use `transparency: none`",
            );
        }
        Some(other) => {
            let message = format!("unknown transparency `{}`", excerpt(other));
            problems.unknown(
                node.at,
                "invalid_value",
                message,
                other,
                ["none", "log", "timestamp"],
            );
        }
    }
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

/// Reads `spec.builders`.
pub(crate) fn read_builders(
    spec: &Fields<'_>,
    authorities: &[AuthorityEntry],
    problems: &mut Problems,
) -> Vec<Builder> {
    let Some(node) = spec.get("builders") else {
        return Vec::new();
    };
    let items = list(node, "builders", problems).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| read_builder(item, authorities, problems))
        .collect()
}

fn read_builder(
    node: &Node,
    authorities: &[AuthorityEntry],
    problems: &mut Problems,
) -> Option<Builder> {
    let fields = Fields::open(
        node,
        "a builder",
        &["id", "authorities", "maxLevel"],
        problems,
    )?;
    let id = fields
        .require("id", problems)
        .and_then(|node| name(node, "the id of a builder", problems));
    let vouchers = fields.require("authorities", problems)?;
    let mut names = Vec::new();
    for item in list(vouchers, "authorities", problems)? {
        let name = text(item, "the name of an authority", problems)?;
        if !authorities.iter().any(|authority| authority.name == name) {
            let message = format!("the policy has no authority `{}`", excerpt(name));
            let known = authorities.iter().map(|authority| authority.name.as_str());
            problems.unknown(item.at, "unknown_authority", message, name, known);
        }
        names.push(name.to_owned());
    }
    if names.is_empty() {
        problems.report(
            vouchers.at,
            "invalid_value",
            "a builder needs at least one authority that may vouch for it",
        );
    }
    let level = fields.require("maxLevel", problems)?;
    let max_level = match &level.value {
        Value::Number(number) => number.as_u64().and_then(|level| u8::try_from(level).ok()),
        _ => None,
    };
    let Some(max_level) = max_level.filter(|level| (1..=3).contains(level)) else {
        problems.report(
            level.at,
            "invalid_value",
            "maxLevel is an SLSA build level from 1 to 3",
        );
        return None;
    };
    Some(Builder {
        id: id?.to_owned(),
        authorities: names,
        max_level,
    })
}
