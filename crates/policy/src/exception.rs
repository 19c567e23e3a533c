//! Exceptions: which rules need not hold, for which images in which namespaces, by whose word and until when.
//!
//! None covers more than it names, and no two together more than each by itself: whether one applies is decided for
//! one image, one namespace and one rule by that document alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_image::{
    Digest, DigestError, PatternError, Repository, RepositoryPattern, excerpt,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

use crate::fields::{Fields, Problems, list, name, text};
use crate::header::{Header, namespace};
use crate::requirement::ANY_OF;
use crate::yaml::Node;
use crate::{Namespace, Verdict, Violation};

/// An `ImageException`: somebody's word that rules need not hold for some images, for a while.
#[derive(Debug, Serialize)]
pub struct ImageException {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub approver: String,
    /// From when on it does not apply.
    pub expires: Timestamp,
    #[serde(skip)]
    images: Vec<Images>,
    #[serde(skip)]
    namespaces: Vec<String>,
    #[serde(skip)]
    rules: Vec<String>,
}

/// A violation that is set aside.
#[derive(Clone, Debug, Serialize)]
pub struct Excepted {
    /// What does not hold.
    pub violation: Violation,
    /// What sets it aside: one exception, or those that together set aside all that an alternative of `anyOf` lacks.
    pub exceptions: Vec<Arc<ImageException>>,
}

/// An exception that names a rule which does not hold, and does not apply all the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NearException {
    /// The rule.
    pub rule: String,
    /// The name of the exception.
    pub exception: String,
    /// Why it does not apply, such as `expired at 2026-11-20T08:00:00Z`.
    pub why: String,
}

impl NearException {
    /// Whether `violation` is one that the exception would set aside if it applied, or one of `anyOf` that it would help.
    #[must_use]
    pub fn is_about(&self, violation: &Violation) -> bool {
        let mut rules = BTreeSet::new();
        rules_of(&violation.rule, &violation.details, &mut rules);
        rules.contains(self.rule.as_str())
    }
}

/// The exceptions that speak of one image, in one namespace, at one time.
#[derive(Debug, Default)]
pub struct Exceptions<'a> {
    applying: Vec<&'a Arc<ImageException>>,
    near: Vec<(&'a ImageException, String)>,
}

impl<'a> Exceptions<'a> {
    pub(crate) fn find(
        all: &'a [Arc<ImageException>],
        repository: &Repository,
        digest: Option<&Digest>,
        namespace: &Namespace,
        now: Timestamp,
    ) -> Self {
        let mut found = Self::default();
        for exception in all {
            match exception.standing(repository, digest, namespace.name.as_deref(), now) {
                Standing::Applies => found.applying.push(exception),
                Standing::Nearly(why) => found.near.push((exception, why)),
                Standing::Other => {}
            }
        }
        found
    }

    /// Sets aside the violations of `verdict` that they cover, and notes which of them nearly cover one of the others.
    pub fn apply(&self, verdict: &mut Verdict) {
        for violation in std::mem::take(&mut verdict.violations) {
            match self.covering(&violation.rule, &violation.details) {
                Some(exceptions) => verdict.excepted.push(Excepted {
                    violation,
                    exceptions: exceptions.into_iter().map(Arc::clone).collect(),
                }),
                None => {
                    let mut rules = BTreeSet::new();
                    rules_of(&violation.rule, &violation.details, &mut rules);
                    verdict
                        .near
                        .extend(rules.into_iter().flat_map(|rule| self.nearly(rule)));
                    verdict.violations.push(violation);
                }
            }
        }
        verdict.near.sort();
        verdict.near.dedup();
    }

    /// The exceptions by which a violation of `rule` is set aside. One of `anyOf` is where the exceptions leave nothing
    /// that one of the alternatives lacks: then this alternative holds.
    fn covering(&self, rule: &str, details: &Json) -> Option<Vec<&'a Arc<ImageException>>> {
        if rule != ANY_OF {
            let names = |exception: &&&Arc<ImageException>| exception.names(rule);
            return self
                .applying
                .iter()
                .find(names)
                .map(|exception| vec![*exception]);
        }
        alternatives(details).find_map(|violations| {
            // An alternative that lacks nothing would have held; whatever this is, it covers nothing.
            if violations.is_empty() {
                return None;
            }
            let mut all: Vec<&'a Arc<ImageException>> = Vec::new();
            for (rule, details) in violations {
                for exception in self.covering(rule?, details)? {
                    if !all.iter().any(|known| Arc::ptr_eq(known, exception)) {
                        all.push(exception);
                    }
                }
            }
            Some(all)
        })
    }

    fn nearly(&self, rule: &str) -> impl Iterator<Item = NearException> {
        let naming = self
            .near
            .iter()
            .filter(move |(exception, _)| exception.names(rule));
        naming.map(move |(exception, why)| NearException {
            rule: rule.to_owned(),
            exception: exception.name.clone(),
            why: why.clone(),
        })
    }
}

/// The violations of each alternative of an `anyOf`, as rule and details.
fn alternatives(details: &Json) -> impl Iterator<Item = Vec<(Option<&str>, &Json)>> {
    let alternatives = details.get("alternatives").and_then(Json::as_array);
    alternatives.into_iter().flatten().map(|violations| {
        let violations = violations.as_array().into_iter().flatten();
        let fields = |violation| {
            let field = |name| Json::get(violation, name);
            let rule = field("rule").and_then(Json::as_str);
            (rule, field("details").unwrap_or(&Json::Null))
        };
        violations.map(fields).collect()
    })
}

/// The rules behind a violation: its own, or those of all alternatives.
fn rules_of<'d>(rule: &'d str, details: &'d Json, rules: &mut BTreeSet<&'d str>) {
    if rule != ANY_OF {
        rules.insert(rule);
        return;
    }
    for (rule, details) in alternatives(details).flatten() {
        if let Some(rule) = rule {
            rules_of(rule, details, rules);
        }
    }
}

/// Images by repository, and by digest if one was written.
#[derive(Debug)]
struct Images {
    pattern: RepositoryPattern,
    digest: Option<Digest>,
}

enum Standing {
    Applies,
    /// It lacks this.
    Nearly(String),
    /// It is about other images or namespaces.
    Other,
}

impl ImageException {
    fn names(&self, rule: &str) -> bool {
        self.rules.iter().any(|named| named == rule)
    }

    fn standing(
        &self,
        repository: &Repository,
        digest: Option<&Digest>,
        namespace: Option<&str>,
        now: Timestamp,
    ) -> Standing {
        let listed = |namespace: &str| self.namespaces.iter().any(|named| named == namespace);
        let images = self.images.iter();
        let images: Vec<_> = images
            .filter(|images| images.pattern.matches(repository))
            .collect();
        if images.is_empty() || !namespace.is_none_or(listed) {
            return Standing::Other;
        }
        let mut lacks = Vec::new();
        if self.expires <= now {
            lacks.push(format!("expired at {}", self.expires));
        }
        if namespace.is_none() {
            let names = self.namespaces.join(", ");
            lacks.push(format!(
                "is for the namespace {names}, and the namespace is not known"
            ));
        }
        let is_this =
            |images: &&Images| images.digest.is_none() || images.digest.as_ref() == digest;
        if !images.iter().any(is_this) {
            let others: Vec<_> = images
                .iter()
                .filter_map(|images| images.digest.as_ref())
                .collect();
            let other = match others.as_slice() {
                [one] => one.to_string(),
                several => format!("{} other digests", several.len()),
            };
            lacks.push(match digest {
                Some(_) => format!("is for {other}"),
                None => format!("is for {other}, and the digest of this image is not known"),
            });
        }
        if lacks.is_empty() {
            Standing::Applies
        } else {
            Standing::Nearly(lacks.join(", and "))
        }
    }
}

/// The rules that exceptions may name.
pub(crate) struct KnownRules<'a> {
    pub(crate) ids: BTreeSet<&'a str>,
    /// Whether the policies with Rego of their own are all among them.
    pub(crate) complete: bool,
}

/// Reads the `spec` of an exception; `None` if it cannot be used, and says why.
pub(crate) fn read(
    header: &Header<'_>,
    rules: &KnownRules<'_>,
    problems: &mut Problems,
) -> Option<ImageException> {
    let known = [
        "images",
        "namespaces",
        "rules",
        "reason",
        "approver",
        "expires",
    ];
    let before = problems.count();
    let spec = Fields::open(header.spec, "spec", &known, problems)?;
    let images = several(&spec, "images", problems, images);
    let namespaces = several(&spec, "namespaces", problems, |node, problems| {
        namespace(node, problems).map(str::to_owned)
    });
    let rules = several(&spec, "rules", problems, |node, problems| {
        rule(node, rules, problems)
    });
    let reason = words(&spec, "reason", problems);
    let approver = words(&spec, "approver", problems);
    let expires = spec.require("expires", problems);
    let expires = expires.and_then(|node| time(node, problems));
    let exception = ImageException {
        name: header.name.to_owned(),
        reason: reason?,
        approver: approver?,
        expires: expires?,
        images,
        namespaces,
        rules,
    };
    (problems.count() == before).then_some(exception)
}

/// A list that must not be empty: what names nothing would be a mistake, not an exception for all.
fn several<'n, T>(
    spec: &Fields<'n>,
    field: &'static str,
    problems: &mut Problems,
    read: impl Fn(&'n Node, &mut Problems) -> Option<T>,
) -> Vec<T> {
    let Some(node) = spec.require(field, problems) else {
        return Vec::new();
    };
    let Some(items) = list(node, field, problems) else {
        return Vec::new();
    };
    if items.is_empty() {
        let message = format!("{field} is empty: the exception covers nothing");
        problems.report(node.at, "invalid_value", message);
    }
    items
        .iter()
        .filter_map(|item| read(item, problems))
        .collect()
}

fn images(node: &Node, problems: &mut Problems) -> Option<Images> {
    let written = text(node, "an entry of images", problems)?;
    let (name, digest) = match written.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (written, None),
    };
    let digest = match digest.map(str::parse).transpose() {
        Ok(digest) => digest,
        Err::<_, DigestError>(error) => {
            problems.with_hint(node.at, error.code(), error.to_string(), error.hint());
            return None;
        }
    };
    match name.parse::<RepositoryPattern>() {
        Ok(pattern) => Some(Images { pattern, digest }),
        Err(error @ PatternError::TagOrDigest { .. }) => {
            let message = format!("`{}` names a tag, which may move", excerpt(written));
            let hint = "name the digest, as REPOSITORY@sha256:…, or the repository for all of it";
            problems.advise(node.at, error.code(), message, hint);
            None
        }
        Err(error) => {
            problems.with_hint(node.at, error.code(), error.to_string(), error.hint());
            None
        }
    }
}

fn rule(node: &Node, rules: &KnownRules<'_>, problems: &mut Problems) -> Option<String> {
    let written = text(node, "a rule", problems)?;
    if written == ANY_OF {
        let hint =
            "name the rules of an alternative: where all that it lacks is excepted, it holds";
        let message = "an exception names rules, and `anyOf` is none";
        problems.advise(node.at, "unknown_rule", message, hint);
        return None;
    }
    let is_inline = written.starts_with(INLINE);
    if !rules.ids.contains(written) && (rules.complete || !is_inline) {
        let message = format!("there is no rule `{}`", excerpt(written));
        let known = rules.ids.iter().copied();
        problems.unknown(node.at, "unknown_rule", message, written, known);
        return None;
    }
    Some(written.to_owned())
}

fn words(spec: &Fields<'_>, field: &'static str, problems: &mut Problems) -> Option<String> {
    let node = spec.require(field, problems)?;
    name(node, field, problems).map(str::to_owned)
}

fn time(node: &Node, problems: &mut Problems) -> Option<Timestamp> {
    let written = text(node, "expires", problems)?;
    let time = written.parse().ok();
    if time.is_none() {
        let message = format!("`{}` is no time", excerpt(written));
        let hint = "write it as in RFC 3339, such as `2027-01-31T00:00:00Z`";
        problems.advise(node.at, "invalid_value", message, hint);
    }
    time
}

/// How the ids of rules begin that stand in a policy itself.
const INLINE: &str = "inline/";

#[cfg(test)]
mod tests;
