//! Which namespaces a policy covers.
//!
//! Guesses nothing: a selector over labels that nobody told counts as matching, and says so.

use std::collections::BTreeMap;

use crate::fields::{Fields, Problems, list, name, text};
use crate::yaml::{Node, Value};

/// The namespace of a workload, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its name; it alone yields the label `kubernetes.io/metadata.name`.
    pub name: Option<String>,
    /// Its labels; `None` if nobody knows them.
    pub labels: Option<BTreeMap<String, String>>,
}

impl Namespace {
    /// What is known of the label `key`: its value, that it is absent, or nothing.
    fn label(&self, key: &str) -> Known<'_> {
        if key == NAME_LABEL {
            // The API server sets this label from the name, so the name decides.
            return self.name.as_deref().map_or(Known::Nothing, Known::Value);
        }
        match &self.labels {
            None => Known::Nothing,
            Some(labels) => labels
                .get(key)
                .map_or(Known::Absent, |value| Known::Value(value)),
        }
    }
}

enum Known<'a> {
    Nothing,
    Absent,
    Value(&'a str),
}

/// A Kubernetes label selector; the empty one selects everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

/// Whether a selector selects a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    No,
    Yes,
    /// It would depend on these labels, which nobody told.
    Undecided(Vec<String>),
}

impl Selector {
    /// Reads a `namespaceSelector`.
    pub(crate) fn read(node: &Node, problems: &mut Problems) -> Self {
        let mut selector = Self::default();
        let known = ["matchLabels", "matchExpressions"];
        let Some(fields) = Fields::open(node, "namespaceSelector", &known, problems) else {
            return selector;
        };
        if let Some(labels) = fields.get("matchLabels") {
            match &labels.value {
                Value::Map(entries) => {
                    for entry in entries {
                        if let Some(value) = text(&entry.value, "the label", problems) {
                            let operator = Operator::In(vec![value.to_owned()]);
                            selector.requirements.push(Requirement {
                                key: entry.key.clone(),
                                operator,
                            });
                        }
                    }
                }
                _ => problems.report(labels.at, "wrong_type", "matchLabels must be a mapping"),
            }
        }
        if let Some(expressions) = fields.get("matchExpressions") {
            for item in list(expressions, "matchExpressions", problems).unwrap_or_default() {
                selector
                    .requirements
                    .extend(Requirement::read(item, problems));
            }
        }
        selector
    }

    /// One that selects the namespace of this name.
    pub(crate) fn of(namespace: &str) -> Self {
        let requirement = Requirement {
            key: NAME_LABEL.to_owned(),
            operator: Operator::In(vec![namespace.to_owned()]),
        };
        Self {
            requirements: vec![requirement],
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Decides for `namespace`, as far as what is known of it allows.
    pub(crate) fn select(&self, namespace: &Namespace) -> Selection {
        let mut unknown = Vec::new();
        for requirement in &self.requirements {
            match requirement.holds(namespace) {
                Some(true) => {}
                Some(false) => return Selection::No,
                None => unknown.push(requirement.key.clone()),
            }
        }
        if unknown.is_empty() {
            Selection::Yes
        } else {
            Selection::Undecided(unknown)
        }
    }
}

impl Requirement {
    fn read(node: &Node, problems: &mut Problems) -> Option<Self> {
        let known = ["key", "operator", "values"];
        let fields = Fields::open(node, "a match expression", &known, problems)?;
        let key = name(fields.require("key", problems)?, "key", problems)?.to_owned();
        let written = fields.require("operator", problems)?;
        let mut values = Vec::new();
        if let Some(items) = fields.get("values") {
            for item in list(items, "values", problems)? {
                values.push(text(item, "a value", problems)?.to_owned());
            }
        }
        let operator = match (text(written, "operator", problems)?, values.is_empty()) {
            ("In", false) => Operator::In(values),
            ("NotIn", false) => Operator::NotIn(values),
            ("Exists", true) => Operator::Exists,
            ("DoesNotExist", true) => Operator::DoesNotExist,
            ("In" | "NotIn", true) => {
                problems.report(
                    node.at,
                    "invalid_value",
                    "In and NotIn need at least one value",
                );
                return None;
            }
            ("Exists" | "DoesNotExist", false) => {
                problems.report(
                    node.at,
                    "invalid_value",
                    "Exists and DoesNotExist take no values",
                );
                return None;
            }
            (other, _) => {
                let message = format!("there is no operator `{other}`");
                let known = ["In", "NotIn", "Exists", "DoesNotExist"];
                problems.unknown(written.at, "invalid_value", message, other, known);
                return None;
            }
        };
        Some(Self { key, operator })
    }

    fn holds(&self, namespace: &Namespace) -> Option<bool> {
        let value = match namespace.label(&self.key) {
            Known::Nothing => return None,
            Known::Absent => None,
            Known::Value(value) => Some(value),
        };
        let listed =
            |values: &[String]| value.is_some_and(|value| values.iter().any(|one| one == value));
        Some(match &self.operator {
            Operator::In(values) => listed(values),
            Operator::NotIn(values) => !listed(values),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        })
    }
}

const NAME_LABEL: &str = "kubernetes.io/metadata.name";
