//! The builder table: who may vouch for a builder, and up to which SLSA build level.
//!
//! Refuses authorities that the policy does not have. A level stands here or nowhere: what provenance says of itself
//! proves none.

mod shipped;

use countersign_evidence::Signers;
use countersign_image::excerpt;
use serde::Serialize;
use serde_json::Value as Json;

use crate::authority::AuthorityEntry;
use crate::fields::{Fields, Problems, list, name, text};
use crate::trust_root::KnownRoots;
use crate::yaml::{Node, Value};

use shipped::shipped;

/// An entry of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Builder {
    id: String,
    authorities: Vec<String>,
    max_level: u8,
}

/// Reads `spec.builders`, and adds the entries that every policy has.
pub(crate) fn read_all(
    spec: &Fields<'_>,
    authorities: &[AuthorityEntry],
    trust_roots: &KnownRoots,
    problems: &mut Problems,
) -> Json {
    let written = spec
        .get("builders")
        .and_then(|node| list(node, "builders", problems));
    let written = written.unwrap_or_default().iter();
    let own = written
        .filter_map(|item| read(item, authorities, problems))
        .filter_map(|builder| serde_json::to_value(builder).ok());
    let own: Vec<Json> = own.collect();
    let shipped = shipped().map(|mut entry| {
        let accepts = |authority: &&AuthorityEntry| {
            let instance = authority
                .keyless_root()
                .map(|name| trust_roots.instance(name));
            instance.is_some_and(|instance| entry.counts_under(instance))
        };
        let names = authorities.iter().filter(accepts);
        entry.authorities = names.map(|authority| authority.name.clone()).collect();
        serde_json::to_value(entry).unwrap_or_default()
    });
    own.into_iter().chain(shipped).collect()
}

fn read(node: &Node, authorities: &[AuthorityEntry], problems: &mut Problems) -> Option<Builder> {
    let known = ["id", "authorities", "maxLevel"];
    let fields = Fields::open(node, "a builder", &known, problems)?;
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

impl AuthorityEntry {
    /// The trust root of its certificates, if it is keyless.
    fn keyless_root(&self) -> Option<&str> {
        let authority = self.authority.as_ref()?;
        let keyless = matches!(authority.signers, Signers::Keyless(_));
        let root = authority.trust_root.as_ref().filter(|_| keyless)?;
        Some(root.name())
    }
}
