//! Where the source of a build stands in provenance, and how it is spelt.
//!
//! Reads only places that a build type defines; a dependency that merely looks like a repository is not the source.

use std::collections::BTreeMap;

use serde_json::Value;

use super::repository::canonical;
use super::{Dependency, Source, member, present};

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
    build_type: Option<&str>,
    parameters: &Value,
    dependencies: &[Dependency],
) -> (Option<Source>, Option<String>) {
    match build_type {
        // https://cloud.google.com/build/gcb-buildtypes/google-worker/v1
        Some(CLOUD_BUILD) => {
            let config = member(parameters, "buildConfigSource");
            let built = member(parameters, "sourceToBuild");
            let built = Some(built).filter(|built| built.is_object());
            (
                in_repository(built.unwrap_or(config), dependencies),
                text(config, "path"),
            )
        }
        // It has no parameter for the source: the generator writes the caller's repository as the first dependency.
        Some(DELEGATOR) => {
            let caller = dependencies.first();
            let caller =
                caller.and_then(|caller| source(caller.uri.clone(), caller.digest.clone()));
            (caller, None)
        }
        // https://actions.github.io/buildtypes/workflow/v1
        _ if member(parameters, "workflow").is_object() => {
            let workflow = member(parameters, "workflow");
            (
                in_repository(workflow, dependencies),
                text(workflow, "path"),
            )
        }
        // BuildKit (`configSource`), the container-based builder (`source`), and who follows them.
        _ => ["configSource", "source"]
            .iter()
            .find_map(|name| named(member(parameters, name), dependencies))
            .map_or((None, None), |(source, path)| {
                (source, path.or(text(parameters, "configPath")))
            }),
    }
}

/// A source that is written as `{"repository", "ref"}`, whose commit stands among the dependencies.
fn in_repository(value: &Value, dependencies: &[Dependency]) -> Option<Source> {
    let mut found = source(text(value, "repository"), BTreeMap::new())?;
    found.reference = text(value, "ref").or(found.reference);
    found.digest = digest_among(dependencies, &found);
    Some(found)
}

/// A source that is written as a URI, or as one with its digest and a path in it.
fn named(value: &Value, dependencies: &[Dependency]) -> Option<(Option<Source>, Option<String>)> {
    match value {
        Value::String(uri) => {
            let mut found = source(Some(uri.clone()), BTreeMap::new());
            if let Some(source) = &mut found {
                source.digest = digest_among(dependencies, source);
            }
            Some((found, None))
        }
        Value::Object(members) => {
            let digest = members.get("digest").and_then(Value::as_object);
            let digest = digest.into_iter().flatten();
            let digest =
                digest.filter_map(|(name, hex)| Some((name.clone(), hex.as_str()?.to_owned())));
            Some((
                source(text(value, "uri"), digest.collect()),
                text(value, "path"),
            ))
        }
        _ => None,
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    present(value.get(name).and_then(Value::as_str).map(str::to_owned))
}

/// `uri` without the user name and password that some builders record (GHSA-gc89-7gcr-jxqc).
pub(super) fn without_credentials(uri: &str) -> String {
    redacted(uri).unwrap_or_else(|| uri.to_owned())
}

/// `text` without the user names and passwords of the URLs in it; none if it has none.
pub(super) fn redacted(text: &str) -> Option<String> {
    if !(text.contains("://") && text.contains('@')) {
        return None;
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        // What ends the authority of a URL, and what cannot stand in one.
        let end = after
            .find(|c: char| "/?#\\\"<>`{}|^".contains(c) || c.is_whitespace())
            .unwrap_or(after.len());
        let (authority, path) = after.split_at(end);
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        shown.push_str(before);
        shown.push_str("://");
        shown.push_str(host);
        rest = path;
    }
    shown.push_str(rest);
    Some(shown)
}

/// The digest of the dependency that is `source`: of the same ref if both have one.
fn digest_among(dependencies: &[Dependency], source: &Source) -> BTreeMap<String, String> {
    let Some(wanted) = source.uri.as_deref().map(canonical) else {
        return BTreeMap::new();
    };
    let is_it = |dependency: &&Dependency| {
        let Some((uri, reference)) = dependency.uri.as_deref().map(split_ref) else {
            return false;
        };
        let other_ref = reference
            .zip(source.reference.as_deref())
            .is_some_and(|(found, wanted)| found != wanted);
        canonical(uri) == wanted && !other_ref
    };
    let found = dependencies.iter().find(is_it);
    commit_named(found.map(|found| found.digest.clone()).unwrap_or_default())
}

/// The URI and the ref behind it.
pub(crate) fn split_ref(uri: &str) -> (&str, Option<&str>) {
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

const CLOUD_BUILD: &str = "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1";
pub(crate) const DELEGATOR: &str =
    "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0";
