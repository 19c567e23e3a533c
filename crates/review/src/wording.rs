//! The words of a denial, shared by the webhook and the commands of the CLI so that all say the same.
//!
//! A denial is a short first line, which survives tools that show no more, then what was wanted, found and nearest,
//! and the commands that fix and reproduce it.

mod lines;
mod remarks;

use std::collections::BTreeMap;
use std::fmt::Write;

use countersign_policy::{Excepted, Mode, Verdict, Violation};
use serde_json::{Value, json};

use self::lines::{LINES, clean};
pub use self::lines::{SAYS_NOTHING, could_not_look, miss, nearest, rejected, what, why};
pub(crate) use self::remarks::{remarks, warnings};
use crate::{Finding, ImageReview, Outcome, Review, Stance};

pub(crate) fn denial(review: &Review) -> String {
    let refused: Vec<_> = review
        .images
        .iter()
        .filter(|image| image.outcome() != Outcome::Admit)
        .collect();
    // What was looked at and refused comes before what could not be looked at.
    let worst = refused
        .iter()
        .max_by_key(|image| image.outcome() == Outcome::Deny);
    let Some(first) = worst else {
        return String::new();
    };
    let mut text = headline(first);
    match refused.len() - 1 {
        0 => {}
        1 => text.push_str("; and 1 more image"),
        more => _ = write!(text, "; and {more} more images"),
    }
    text.push('\n');
    for image in &refused {
        text.push('\n');
        describe(&mut text, image, review.namespace.as_deref());
    }
    text.truncate(text.trim_end().len());
    text
}

/// `IMAGE: not allowed by policy P: what is wrong (rule)`.
fn headline(image: &ImageReview) -> String {
    let name = &image.image;
    match &image.finding {
        Finding::CouldNotLook { error, .. } => {
            format!("{}: {error} ({})", could_not_look(name), error.code())
        }
        Finding::Invalid(error) => {
            format!(
                "{name:?} is not an image reference ({}): {error}",
                error.code()
            )
        }
        Finding::Judged(verdicts) => {
            let enforced: Vec<_> = enforced(verdicts).collect();
            let Some((policy, violation)) = enforced.first() else {
                return unpinned(image);
            };
            let mut line = format!(
                "{name}: not allowed by policy {policy}: {} ({})",
                clean(&violation.text()),
                violation.rule
            );
            if enforced.len() > 1 {
                _ = write!(line, "; {} more", enforced.len() - 1);
            }
            line
        }
        Finding::Unmatched(_) => unmatched(image),
    }
}

fn describe(text: &mut String, image: &ImageReview, namespace: Option<&str>) {
    _ = writeln!(text, "image      {}", clean(&image.image));
    if let Some(pinned) = &image.pinned {
        _ = writeln!(text, "digest     {}", pinned.digest());
    }
    _ = writeln!(text, "used by    {}", used_by(&image.paths));
    match &image.finding {
        Finding::CouldNotLook { error, policies } => {
            let names: Vec<_> = policies.iter().map(|(name, _)| name.as_str()).collect();
            _ = writeln!(text, "policy     {}", names.join(", "));
            _ = writeln!(text, "  could not look: {error} ({})", error.code());
            _ = writeln!(text, "    {SAYS_NOTHING}");
            if let Some(hint) = error.hint() {
                _ = writeln!(text, "    hint     {hint}");
            }
        }
        Finding::Invalid(error) => {
            if let Some(hint) = error.hint() {
                _ = writeln!(text, "    hint     {hint}");
            }
        }
        Finding::Judged(verdicts) => {
            for verdict in verdicts
                .iter()
                .filter(|verdict| verdict.mode == Mode::Enforce)
            {
                describe_verdict(text, verdict);
            }
        }
        Finding::Unmatched(_) => {
            text.push_str(
                "  no cluster policy covers this image, and what none covers is refused\n",
            );
            text.push_str(
                "    fix      name its repository in images.include of a ClusterImagePolicy\n",
            );
        }
    }
    if image.unpinned == Some(Stance::Deny) {
        _ = writeln!(text, "  {} (unpinned)", unpinned(image));
    }
    if !matches!(image.finding, Finding::Invalid(_)) {
        _ = writeln!(text, "reproduce  {}", reproduce(image, namespace));
    }
}

fn describe_verdict(text: &mut String, verdict: &Verdict) {
    if verdict.violations.is_empty() {
        return;
    }
    _ = writeln!(text, "policy     {}", verdict.policy);
    let mut fixes = Vec::new();
    for violation in &verdict.violations {
        let message = clean(&violation.text());
        _ = writeln!(text, "  {} ({}): {message}", violation.rule, violation.code);
        // What was wanted and found is in the message; the details repeat it for programs.
        let exceptions = verdict.near.iter().filter(|near| near.is_about(violation));
        let exceptions: Vec<_> = exceptions
            .map(|near| format!("exception {} {}", near.exception, near.why))
            .collect();
        let lines = nearest(told(violation.details.get("nearest")).iter().map(plain));
        for line in lines.chain(nearest(exceptions)) {
            _ = writeln!(text, "    {line}");
        }
        if let Some(fix) = &violation.fix {
            let fix = if fixes.contains(&fix) {
                "as above"
            } else {
                fix
            };
            _ = writeln!(text, "    {:<8} {}", "fix", clean(fix));
        }
        fixes.extend(&violation.fix);
    }
}

/// A detail as its lines: a text is one, a list one for each.
fn told(detail: Option<&Value>) -> &[Value] {
    match detail {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items,
        Some(value) => std::slice::from_ref(value),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn used_by(paths: &[String]) -> String {
    let mut text = paths
        .iter()
        .take(LINES)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if paths.len() > LINES {
        _ = write!(text, " and {} more", paths.len() - LINES);
    }
    text
}

fn unmatched(image: &ImageReview) -> String {
    format!(
        "{}: no cluster policy covers this image (unmatched)",
        image.image
    )
}

fn unpinned(image: &ImageReview) -> String {
    match &image.pinned {
        Some(pinned) => format!(
            "{} is a tag, judged as {}: write {pinned}, for the node will ask again what the tag means",
            image.image,
            pinned.digest()
        ),
        None => format!("{} is a tag: write a digest", image.image),
    }
}

fn reproduce(image: &ImageReview, namespace: Option<&str>) -> String {
    let mut command = "countersign check --policies DIR".to_owned();
    if let Some(namespace) = namespace {
        _ = write!(command, " --namespace {namespace}");
    }
    match &image.pinned {
        Some(pinned) => _ = write!(command, " {pinned}"),
        None => _ = write!(command, " {}", image.image),
    }
    command
}

fn enforced(verdicts: &[Verdict]) -> impl Iterator<Item = (&str, &Violation)> {
    of_mode(verdicts, Mode::Enforce)
}

fn of_mode(verdicts: &[Verdict], mode: Mode) -> impl Iterator<Item = (&str, &Violation)> {
    verdicts
        .iter()
        .filter(move |verdict| verdict.mode == mode)
        .flat_map(|verdict| {
            verdict
                .violations
                .iter()
                .map(move |violation| (verdict.policy.as_str(), violation))
        })
}

pub(crate) fn audit_annotations(review: &Review) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::from([
        ("decision".to_owned(), review.outcome().as_str().to_owned()),
        ("code".to_owned(), review.code()),
    ]);
    for (position, image) in review.images.iter().take(ANNOTATED_IMAGES).enumerate() {
        let facts = &image.facts;
        let mut value = json!({
            "image": image.image,
            "policies": image.policies(),
            "authorities": facts.authorities,
        });
        let optional = [
            (
                "digest",
                image
                    .pinned
                    .as_ref()
                    .map(|pinned| pinned.digest().to_string()),
            ),
            ("builder", facts.builder.clone()),
            ("source", facts.source.clone()),
            ("revision", facts.revision.clone()),
        ];
        if let Value::Object(fields) = &mut value {
            for (key, text) in optional {
                if let Some(text) = text {
                    fields.insert(key.to_owned(), Value::String(text));
                }
            }
            let codes = image.codes();
            if !codes.is_empty() {
                fields.insert("codes".to_owned(), json!(codes));
            }
            let excepted: Vec<_> = image.excepted().map(audited).collect();
            if !excepted.is_empty() {
                fields.insert("exceptions".to_owned(), excepted.into());
            }
        }
        annotations.insert(format!("image.{position}"), value.to_string());
    }
    if review.images.len() > ANNOTATED_IMAGES {
        annotations.insert("images".to_owned(), review.images.len().to_string());
    }
    annotations
}

fn audited((verdict, excepted): (&Verdict, &Excepted)) -> Value {
    let Violation { rule, code, .. } = &excepted.violation;
    let exceptions: Vec<_> = excepted
        .exceptions
        .iter()
        .map(|exception| json!({"name": exception.name, "approver": exception.approver}))
        .collect();
    json!({"policy": verdict.policy, "code": format!("{rule}:{code}"), "by": exceptions})
}

/// How many images get an annotation of their own; the count of all is given when there are more.
const ANNOTATED_IMAGES: usize = 50;
