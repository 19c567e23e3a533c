//! Where the source of a build stands in provenance, and how it is spelt.
//!
//! Reads only places that a build type defines; a dependency that merely looks like a repository is not the source.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Dependency, Source, present};

/// A source from its URI, with a ref behind `@` or `#` taken off, and its digest.
pub(super) fn source(uri: Option<String>, digest: BTreeMap<String, String>) -> Option<Source> {
    let uri = present(uri);
    if uri.is_none() && digest.is_empty() {
        return None;
    }
    let (uri, reference) = match uri.as_deref().map(split_ref) {
        Some((uri, reference)) => (Some(without_credentials(uri)), reference.map(str::to_owned)),
        None => (None, None),
    };
    Some(Source {
        uri,
        digest: commit_named(digest),
        reference,
    })
}

/// The source and entry point that external parameters of provenance v1 name, for the build types that name one.
pub(super) fn from_parameters(
    parameters: &Value,
    dependencies: &[Dependency],
) -> (Option<Source>, Option<String>) {
    let text = |value: &Value, name: &str| {
        present(value.get(name).and_then(Value::as_str).map(str::to_owned))
    };
    // GitHub: https://actions.github.io/buildtypes/workflow/v1
    if let Some(workflow) = parameters
        .get("workflow")
        .filter(|workflow| workflow.is_object())
    {
        let mut found =
            text(workflow, "repository").and_then(|uri| source(Some(uri), BTreeMap::new()));
        if let Some(source) = &mut found {
            source.reference = text(workflow, "ref").or_else(|| source.reference.take());
            source.digest = digest_among(dependencies, source.uri.as_deref());
        }
        return (found, text(workflow, "path"));
    }
    // BuildKit and the container-based builder.
    for name in ["configSource", "source"] {
        match parameters.get(name) {
            Some(Value::String(uri)) => {
                let mut found = source(Some(uri.clone()), BTreeMap::new());
                if let Some(source) = &mut found {
                    source.digest = digest_among(dependencies, source.uri.as_deref());
                }
                return (found, None);
            }
            Some(value @ Value::Object(_)) => {
                let digest = value
                    .get("digest")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten();
                let digest =
                    digest.filter_map(|(name, hex)| Some((name.clone(), hex.as_str()?.to_owned())));
                return (
                    source(text(value, "uri"), digest.collect()),
                    text(value, "path"),
                );
            }
            _ => {}
        }
    }
    (None, None)
}

/// `uri` without the user name and password that some builders record (GHSA-gc89-7gcr-jxqc).
pub(super) fn without_credentials(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

fn digest_among(dependencies: &[Dependency], uri: Option<&str>) -> BTreeMap<String, String> {
    let bare = |uri: &str| split_ref(uri).0.trim_start_matches("git+").to_owned();
    let wanted = uri.map(bare);
    let found = dependencies
        .iter()
        .find(|dependency| dependency.uri.as_deref().map(bare) == wanted);
    commit_named(
        found
            .map(|dependency| dependency.digest.clone())
            .unwrap_or_default(),
    )
}

fn split_ref(uri: &str) -> (&str, Option<&str>) {
    if let Some(at) = uri.rfind("@refs/") {
        let (uri, reference) = uri.split_at(at);
        return (uri, reference.get(1..));
    }
    match uri.split_once('#') {
        // BuildKit: `#ref:subdirectory`.
        Some((uri, fragment)) => (
            uri,
            fragment
                .split(':')
                .next()
                .filter(|reference| !reference.is_empty()),
        ),
        None => (uri, None),
    }
}

/// SLSA 0.2 producers call a commit `sha1`, those of 1.0 `gitCommit`.
fn commit_named(mut digest: BTreeMap<String, String>) -> BTreeMap<String, String> {
    if !digest.contains_key("gitCommit")
        && let Some(commit) = digest.remove("sha1")
    {
        digest.insert("gitCommit".to_owned(), commit);
    }
    digest
}
