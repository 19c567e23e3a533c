//! One rule of a policy, from its input to its findings.
//!
//! Refuses answers of any other shape than the contract's, and answers that are too long: each is a violation.

use countersign_image::{Fields, excerpt, excerpt_within};
use regorus::Value;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::reads::Reads;
use crate::rego::{Answer, Failure, Program};
use crate::{Input, Violation};

/// A rule with its parameters, ready to run.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) reads: Reads,
    /// Predicate types whose raw predicate it is given.
    pub(crate) predicates: Vec<String>,
    pub(crate) program: Program,
}

/// What a rule found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<Violation>,
    pub(crate) warnings: Vec<String>,
}

impl Rule {
    /// Evaluates the rule; anything but a proper answer is a violation.
    pub(crate) fn evaluate(&self, input: &Input<'_>) -> Findings {
        self.evaluate_given(input.project(&self.reads, &self.predicates))
    }

    /// Evaluates the rule on exactly `input`.
    pub(crate) fn evaluate_given(&self, input: Value) -> Findings {
        let answer = self.program.run(input);
        match answer
            .map_err(Defect::from)
            .and_then(|answer| self.read(&answer))
        {
            Ok(findings) => findings,
            Err(defect) => Findings {
                violations: vec![self.violation(defect)],
                warnings: Vec::new(),
            },
        }
    }

    fn read(&self, answer: &Answer) -> Result<Findings, Defect> {
        let violations = elements(&answer.deny, "deny")?
            .into_iter()
            .map(|element| Violation {
                rule: self.id.clone(),
                code: element.code,
                message: legible(&element.msg),
                details: legible_details(element.details),
                fix: element.fix.as_deref().map(legible),
                platforms: Vec::new(),
            });
        let warnings = elements(&answer.warn, "warn")?;
        let warnings = warnings
            .into_iter()
            .map(|element| format!("{}: {}", self.id, legible(&element.msg)));
        Ok(Findings {
            violations: violations.collect(),
            warnings: warnings.collect(),
        })
    }

    fn violation(&self, defect: Defect) -> Violation {
        Violation {
            rule: self.id.clone(),
            code: defect.code.to_owned(),
            message: defect.message,
            details: Json::Null,
            fix: None,
            platforms: Vec::new(),
        }
    }
}

/// An element of `deny` or `warn`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Element {
    code: String,
    msg: String,
    #[serde(default)]
    details: Json,
    #[serde(default)]
    fix: Option<String>,
}

/// Why an answer does not count as one.
struct Defect {
    code: &'static str,
    message: String,
}

impl From<Failure> for Defect {
    fn from(failure: Failure) -> Self {
        let (code, message) = match failure {
            Failure::Error(detail) => (
                "rule_error",
                format!("the rule could not be evaluated: {}", excerpt(&detail)),
            ),
            Failure::Limit(detail) => (
                "rule_limit",
                format!("the rule was stopped: {}", excerpt(&detail)),
            ),
            Failure::Panic => (
                "rule_panic",
                "the rule could not be evaluated: the engine failed on it".to_owned(),
            ),
            Failure::Undefined(entry) => (
                "rule_undefined",
                format!("the rule gave no answer: {entry} is undefined"),
            ),
        };
        Self { code, message }
    }
}

fn elements(answer: &Value, entry: &str) -> Result<Vec<Element>, Defect> {
    let invalid = |detail: String| Defect {
        code: "rule_result_invalid",
        message: format!("`{entry}` {detail}"),
    };
    let Value::Set(set) = answer else {
        return Err(invalid("is no set".to_owned()));
    };
    if set.len() > MAX_ELEMENTS {
        let message = format!(
            "`{entry}` has {} elements, at most {MAX_ELEMENTS} are allowed",
            set.len()
        );
        return Err(Defect {
            code: "rule_limit",
            message,
        });
    }
    let mut left = MAX_BYTES;
    if !set.iter().all(|value| fits(value, &mut left)) {
        let message = format!("`{entry}` is longer than {MAX_BYTES} bytes");
        return Err(Defect {
            code: "rule_limit",
            message,
        });
    }
    let mut elements = Vec::with_capacity(set.len());
    for value in set.iter() {
        let json = value
            .to_json_str()
            .map_err(|_| invalid("has an element that is no JSON".to_owned()))?;
        let Fields(element): Fields<Element> = serde_json::from_str(&json).map_err(|error| {
            let error = error.to_string();
            let reason = error.split(" at line ").next().unwrap_or_default();
            invalid(format!(
                "has an element that is no {{\"code\", \"msg\", \"details\", \"fix\"}}: {}",
                excerpt(reason)
            ))
        })?;
        if !is_code(&element.code) || element.msg.trim().is_empty() {
            return Err(invalid(
                "has an element without a code in snake_case, or without a message".to_owned(),
            ));
        }
        elements.push(element);
    }
    Ok(elements)
}

/// Whether the characters and values of `value` are no more than are `left`. Looks no further: an array that holds one array
/// twice, and so on, is small in the engine and without end when it is written out.
fn fits(value: &Value, left: &mut usize) -> bool {
    let own = match value {
        Value::String(text) => text.len(),
        _ => 1,
    };
    let Some(less) = left.checked_sub(own.max(1)) else {
        return false;
    };
    *left = less;
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, left)),
        Value::Set(items) => items.iter().all(|item| fits(item, left)),
        Value::Object(fields) => fields
            .iter()
            .all(|(key, value)| fits(key, left) && fits(value, left)),
        _ => true,
    }
}

fn is_code(code: &str) -> bool {
    code.len() <= 64
        && code
            .chars()
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
        && code
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

/// `text` with control and direction characters spelt out, so that what somebody signed cannot forge a line of a log or a
/// terminal.
fn legible(text: &str) -> String {
    excerpt_within(text, MAX_BYTES)
}

fn legible_details(details: Json) -> Json {
    match details {
        Json::String(text) => legible(&text).into(),
        Json::Array(items) => items.into_iter().map(legible_details).collect(),
        Json::Object(fields) => {
            let fields = fields.into_iter();
            fields
                .map(|(key, value)| (legible(&key), legible_details(value)))
                .collect()
        }
        other => other,
    }
}

const MAX_ELEMENTS: usize = 64;
const MAX_BYTES: usize = 64 * 1024;
