//! The response half of `admission.k8s.io/v1`: the only place where an answer takes the API server's shape.
//!
//! Lets no answer through that the API server would not take: messages are bounded and hold no control characters,
//! warnings are short, annotation keys are valid. Loses no refusal on the way: what is cut says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_review::{Outcome, Review};
use serde::Serialize;
use serde_json::Value;

/// An answer in our words, before it has the shape of the wire.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// Stable code: `admitted`, `unchanged`, `signature/signed:unsigned`, …
    pub(crate) code: String,
    message: String,
    warnings: Vec<String>,
    annotations: BTreeMap<String, String>,
    patch: Vec<Value>,
}

/// A refusal of our own, where no review came to an end.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the review stopped unexpectedly; the log has more")]
    Internal,
    #[error("a List holds objects that would each have to be reviewed")]
    List,
    #[error("the request has no object")]
    ObjectMissing,
    #[error("{0}")]
    Object(countersign_workload::WorkloadError),
    #[error("too many reviews at once; retry")]
    Overloaded,
}

impl Refusal {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Internal => "internal_error",
            Self::List => "object_list",
            Self::ObjectMissing => "object_missing",
            Self::Object(error) => error.code(),
            Self::Overloaded => "overloaded",
        }
    }

    /// An object that cannot be read was looked at; an overload or a crash says nothing about it.
    fn outcome(&self) -> Outcome {
        match self {
            Self::Internal | Self::Overloaded => Outcome::CouldNotLook,
            Self::List | Self::Object(_) | Self::ObjectMissing => Outcome::Deny,
        }
    }
}

impl Answer {
    /// Nothing was judged, for the reason that `code` names.
    pub(crate) fn pass(code: &str) -> Self {
        Self {
            outcome: Outcome::Admit,
            code: code.to_owned(),
            message: String::new(),
            warnings: Vec::new(),
            annotations: BTreeMap::new(),
            patch: Vec::new(),
        }
    }

    /// The verdict of a review.
    pub(crate) fn reviewed(review: &Review) -> Self {
        Self {
            outcome: review.outcome(),
            code: review.code(),
            message: review.message(),
            warnings: review.warnings(),
            annotations: review.audit_annotations(),
            patch: Vec::new(),
        }
    }

    /// The operations that pin images; none is no patch.
    pub(crate) fn pinned(patch: Vec<Value>) -> Self {
        let code = if patch.is_empty() {
            "nothing_to_pin"
        } else {
            "pinned"
        };
        Self {
            patch,
            ..Self::pass(code)
        }
    }

    /// A refusal of our own.
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let (outcome, code) = (refusal.outcome(), refusal.code());
        let message = match outcome {
            Outcome::CouldNotLook => format!("could not look ({code}): {refusal}"),
            Outcome::Admit | Outcome::Deny => format!("{refusal} ({code})"),
        };
        let annotations = BTreeMap::from([
            ("decision".to_owned(), outcome.as_str().to_owned()),
            ("code".to_owned(), code.to_owned()),
        ]);
        Self {
            outcome,
            message,
            annotations,
            ..Self::pass(code)
        }
    }

    /// The body of the response to the review that has this `uid`.
    pub(crate) fn to_json(&self, uid: &str) -> Vec<u8> {
        let allowed = self.outcome == Outcome::Admit;
        let status = (!allowed).then(|| StatusWire {
            status: "Failure",
            message: message(&self.message),
            reason: "Forbidden",
            code: 403,
        });
        let patch = (!self.patch.is_empty())
            .then(|| STANDARD.encode(Value::Array(self.patch.clone()).to_string()));
        let review = ReviewWire {
            api_version: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            response: ResponseWire {
                uid,
                allowed,
                status,
                patch_type: patch.is_some().then_some("JSONPatch"),
                patch,
                warnings: warnings(&self.warnings),
                audit_annotations: annotations(&self.annotations),
            },
        };
        serde_json::to_vec(&review).unwrap_or_default()
    }
}

/// At most [`MESSAGE_BYTES`], whole lines, and a last one that says what is missing.
fn message(text: &str) -> String {
    let mut message = String::new();
    let lines: Vec<_> = text.lines().map(printable).collect();
    for (position, line) in lines.iter().enumerate() {
        let room = MESSAGE_BYTES.saturating_sub(message.len());
        if line.len() >= room {
            // The first line says what is wrong: a cut one is better than none.
            if position == 0 {
                message.push_str(cut(line, room));
            }
            _ = write!(
                message,
                "\n… {} more lines: see `countersign check`",
                lines.len() - position
            );
            return message;
        }
        if position > 0 {
            message.push('\n');
        }
        message.push_str(line);
    }
    message
}

/// Each at most [`WARNING_CHARS`], all together at most [`WARNINGS_CHARS`]; longer ones go on in the next, since a
/// digest that is cut is worth nothing.
fn warnings(warnings: &[String]) -> Vec<String> {
    let mut shown = Vec::new();
    let mut total = 0;
    for (position, warning) in warnings.iter().enumerate() {
        let lines = wrap(&printable(warning));
        let length: usize = lines.iter().map(|line| line.chars().count()).sum();
        if total + length > WARNINGS_CHARS {
            shown.push(format!(
                "… {} more warnings: see `countersign check`",
                warnings.len() - position
            ));
            break;
        }
        total += length;
        shown.extend(lines);
    }
    shown
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word;
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WARNING_CHARS {
            lines.push(std::mem::replace(&mut line, "…".to_owned()));
        }
        while word.chars().count() + 2 > WARNING_CHARS {
            let head = cut_chars(word, WARNING_CHARS - 2);
            lines.push(format!(
                "{line}{}{head}",
                if line.is_empty() { "" } else { " " }
            ));
            word = word.get(head.len()..).unwrap_or_default();
            "…".clone_into(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// What the API server would drop: keys that are no qualified name without a prefix.
fn annotations(annotations: &BTreeMap<String, String>) -> BTreeMap<&str, String> {
    let valid = |key: &str| {
        let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        key.len() <= ANNOTATION_KEY_BYTES
            && edge(key.bytes().next())
            && edge(key.bytes().last())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    annotations
        .iter()
        .filter(|(key, _)| valid(key))
        .map(|(key, value)| {
            (
                key.as_str(),
                cut(&printable(value), ANNOTATION_BYTES).to_owned(),
            )
        })
        .collect()
}

/// `text` with everything spelt out that would move a cursor or turn the direction of what follows (CVE-2021-42574).
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let moves = matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        );
        if character.is_control() || moves {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

fn cut_chars(text: &str, chars: usize) -> &str {
    let end = text
        .char_indices()
        .nth(chars)
        .map_or(text.len(), |(position, _)| position);
    text.get(..end).unwrap_or(text)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReviewWire<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: ResponseWire<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseWire<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct StatusWire {
    status: &'static str,
    message: String,
    reason: &'static str,
    code: u16,
}

const MESSAGE_BYTES: usize = 4096;
/// What the documentation of admission webhooks asks for.
const WARNING_CHARS: usize = 120;
/// Above this the API server cuts each to 256.
const WARNINGS_CHARS: usize = 4096;
const ANNOTATION_KEY_BYTES: usize = 63;
const ANNOTATION_BYTES: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    fn response(answer: &Answer) -> Value {
        let review: Value = serde_json::from_slice(&answer.to_json("u-1")).unwrap();
        assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(review["kind"], "AdmissionReview");
        assert_eq!(review["response"]["uid"], "u-1");
        review["response"].clone()
    }

    #[test]
    fn a_refusal_says_what_and_with_which_code() {
        let response = response(&Answer::refused(&Refusal::Overloaded));
        assert_eq!(response["allowed"], false);
        assert_eq!(response["status"]["code"], 403);
        assert_eq!(response["auditAnnotations"]["code"], "overloaded");
        assert_eq!(response["auditAnnotations"]["decision"], "could_not_look");
        let message = response["status"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("could not look (overloaded)"),
            "{message}"
        );
    }

    #[test]
    fn an_admission_carries_neither_status_nor_patch() {
        let response = response(&Answer::pass("unchanged"));
        assert_eq!(response, serde_json::json!({"uid": "u-1", "allowed": true}));
    }

    #[test]
    fn a_patch_is_base64_of_its_operations() {
        let operation = serde_json::json!({"op": "test", "path": "/a", "value": 1});
        let response = response(&Answer::pinned(vec![operation.clone()]));
        assert_eq!(response["patchType"], "JSONPatch");
        let patch = STANDARD
            .decode(response["patch"].as_str().unwrap())
            .unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&patch).unwrap(),
            Value::Array(vec![operation])
        );
    }

    #[test]
    fn a_message_is_bounded_by_whole_lines_and_says_what_is_missing() {
        let long = message(&format!("first\n{}", "a line of detail\n".repeat(1000)));
        assert!(long.len() < MESSAGE_BYTES + 100 && long.starts_with("first\na line"));
        assert!(
            long.ends_with("more lines: see `countersign check`"),
            "{long}"
        );
        let wide = message(&"é".repeat(10_000));
        assert!(wide.len() < MESSAGE_BYTES + 100 && wide.starts_with('é'));
        assert_eq!(message("a\nb"), "a\nb");
    }

    #[test]
    fn no_control_or_direction_character_reaches_a_terminal() {
        assert_eq!(
            message("a\r\u{1b}[2Jb\u{202e}c"),
            "a\\u{d}\\u{1b}[2Jb\\u{202e}c"
        );
        assert_eq!(warnings(&["a\nb".to_owned()]), ["a\\u{a}b"]);
    }

    #[test]
    fn a_long_warning_goes_on_in_the_next_and_loses_nothing() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let text = format!(
            "{} is a tag, judged as {digest}: write a digest",
            "x".repeat(300)
        );
        let shown = warnings(&[text]);
        assert!(
            shown
                .iter()
                .all(|line| line.chars().count() <= WARNING_CHARS),
            "{shown:#?}"
        );
        assert!(
            shown.iter().any(|line| line.contains(&digest)),
            "{shown:#?}"
        );
        let letters: usize = shown.iter().map(|line| line.matches('x').count()).sum();
        assert_eq!(letters, 300);
    }

    #[test]
    fn warnings_beyond_the_total_are_counted() {
        let many: Vec<_> = (0..100)
            .map(|n| format!("{n} {}", "w".repeat(100)))
            .collect();
        let shown = warnings(&many);
        assert!(shown.iter().map(|line| line.chars().count()).sum::<usize>() < 4200);
        assert!(shown.last().unwrap().contains("more warnings"));
    }

    #[test]
    fn only_annotations_with_valid_keys_are_sent() {
        let all = [
            "decision",
            "image.0",
            "a/b",
            "",
            "-a",
            "a.",
            &"k".repeat(64),
        ]
        .iter()
        .map(|key| ((*key).to_owned(), "v".to_owned()))
        .collect();
        assert_eq!(
            annotations(&all).into_keys().collect::<Vec<_>>(),
            ["decision", "image.0"]
        );
    }
}
