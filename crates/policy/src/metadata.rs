//! The METADATA comment of a rule: what it is, takes and reads.
//!
//! Refuses keys it does not know and a rule that declares nothing.

use countersign_image::excerpt;
use serde_json::Value as Json;

use crate::SourceFile;
use crate::fields::{Fields, Problems, list, name, text};
use crate::reads::Reads;
use crate::schema::{Schema, Shape};
use crate::yaml::{self, Node, START, Value};

/// What a rule declares.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) params: Schema,
    /// Predicate types whose raw predicate the rule is given.
    predicates: Vec<PredicateType>,
    /// All parts of the input that it may look at.
    pub(crate) reads: Reads,
    /// Those that it is given only where a parameter is true, with that parameter.
    pub(crate) conditional: Vec<(String, String)>,
    /// The codes of its denials with what each means; a rule of one's own need not list them.
    pub(crate) codes: Vec<(String, String)>,
    /// Parameters as they might stand in a policy.
    pub(crate) example: Option<Node>,
}

/// A predicate type as METADATA names it.
#[derive(Clone, Debug)]
enum PredicateType {
    Named(String),
    /// What this parameter says.
    Param(String),
}

impl Metadata {
    /// Reads the block above `package` in `file`; `None` if it cannot be used, and says why.
    pub(crate) fn read(file: &SourceFile, problems: &mut Problems) -> Option<Self> {
        let before = problems.count();
        let node = block(file, problems)?;
        let metadata = Self::from_node(&node, problems)?;
        (problems.count() == before).then_some(metadata)
    }

    /// The predicate types whose raw predicate the rule is given when it has these parameters.
    pub(crate) fn predicates(&self, params: &Json) -> Vec<String> {
        let types = self
            .predicates
            .iter()
            .filter_map(|predicate| match predicate {
                PredicateType::Named(name) => Some(name.as_str()),
                PredicateType::Param(param) => params.get(param)?.as_str(),
            });
        types.map(str::to_owned).collect()
    }

    /// The parts of the input that the rule is given when it has these parameters.
    pub(crate) fn reads_with(&self, params: &Json) -> Reads {
        let is_off = |param: &str| params.get(param) != Some(&Json::Bool(true));
        let off = self.conditional.iter().filter(|(_, param)| is_off(param));
        self.reads.without(off.map(|(part, _)| part.as_str()))
    }

    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::open(
            node,
            "METADATA",
            &["title", "description", "custom"],
            problems,
        )?;
        let title = name(fields.require("title", problems)?, "title", problems)?.to_owned();
        let description = name(
            fields.require("description", problems)?,
            "description",
            problems,
        )?;
        let custom = fields.require("custom", problems)?;
        let known = ["params", "predicates", "reads", "codes", "example"];
        let custom = Fields::open(custom, "custom", &known, problems)?;
        let params = match custom.get("params") {
            Some(node) => Schema::read(node, problems)?,
            None => Schema::empty(),
        };
        let (reads, conditional) = reads(custom.require("reads", problems)?, &params, problems);
        Some(Self {
            title,
            description: description.to_owned(),
            predicates: predicates(custom.get("predicates"), &params, problems),
            params,
            reads,
            conditional,
            codes: custom
                .get("codes")
                .map(|node| codes(node, problems))
                .unwrap_or_default(),
            example: custom.get("example").cloned(),
        })
    }
}

/// The YAML in the comment lines after `# METADATA`.
fn block(file: &SourceFile, problems: &mut Problems) -> Option<Node> {
    let mut text = String::new();
    let mut inside = false;
    for line in file.text.lines() {
        match line.strip_prefix('#') {
            Some(" METADATA") if !inside => {
                inside = true;
                text.push('\n');
            }
            Some(comment) if inside => {
                text.push_str(comment.strip_prefix(' ').unwrap_or(comment));
                text.push('\n');
            }
            _ if inside => break,
            // Empty lines keep the numbers of the lines that follow.
            _ => text.push('\n'),
        }
    }
    let document = SourceFile {
        path: file.path.clone(),
        text,
    };
    match yaml::parse(&document) {
        Ok(mut nodes) if inside && nodes.len() == 1 => nodes.pop(),
        Ok(_) => {
            problems.advise(
                START,
                "metadata",
                "the rule has no METADATA",
                "begin the file with a comment `# METADATA` that has title, description and custom.reads",
            );
            None
        }
        Err(error) => {
            problems.add(error);
            None
        }
    }
}

/// The parts of the input, and which of them depend on a parameter.
fn reads(node: &Node, params: &Schema, problems: &mut Problems) -> (Reads, Vec<(String, String)>) {
    let mut parts = Vec::new();
    let mut conditional = Vec::new();
    for item in list(node, "reads", problems).unwrap_or_default() {
        match &item.value {
            Value::Map(_) => {
                if let Some((part, param)) = conditional_part(item, params, problems) {
                    conditional.extend(written(part).map(|part| (part, param)));
                    parts.push(part);
                }
            }
            _ => parts.push(item),
        }
    }
    (Reads::read(parts, problems), conditional)
}

fn written(part: &Node) -> Option<String> {
    match &part.value {
        Value::Text(part) => Some(part.clone()),
        _ => None,
    }
}

fn conditional_part<'n>(
    node: &'n Node,
    params: &Schema,
    problems: &mut Problems,
) -> Option<(&'n Node, String)> {
    let fields = Fields::open(node, "an entry of reads", &["part", "when"], problems)?;
    let part = fields.require("part", problems)?;
    let is_boolean = |shape: &Shape| matches!(shape, Shape::Boolean);
    let param = fields.require("when", problems)?;
    Some((
        part,
        known_param(param, params, is_boolean, "a boolean", problems)?,
    ))
}

/// The parameter that `node` names, if the rule has it with such a shape.
fn known_param(
    node: &Node,
    params: &Schema,
    is_it: impl Fn(&Shape) -> bool,
    kind: &str,
    problems: &mut Problems,
) -> Option<String> {
    let param = name(node, "a parameter", problems)?;
    let such = params.properties().iter();
    let such = such.filter(|property| is_it(&property.schema.shape));
    let known: Vec<&str> = such.map(|property| property.name.as_str()).collect();
    if !known.contains(&param) {
        let message = format!(
            "the rule has no parameter `{}` that is {kind}",
            excerpt(param)
        );
        problems.unknown(node.at, "metadata", message, param, known);
        return None;
    }
    Some(param.to_owned())
}

fn predicates(node: Option<&Node>, params: &Schema, problems: &mut Problems) -> Vec<PredicateType> {
    let Some(items) = node.and_then(|node| list(node, "predicates", problems)) else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| match &item.value {
            Value::Map(_) => predicate_param(item, params, problems),
            _ => {
                let name = name(item, "a predicate type", problems)?;
                Some(PredicateType::Named(name.to_owned()))
            }
        })
        .collect()
}

fn predicate_param(node: &Node, params: &Schema, problems: &mut Problems) -> Option<PredicateType> {
    let fields = Fields::open(node, "a predicate type", &["param"], problems)?;
    let is_text = |shape: &Shape| matches!(shape, Shape::Text { .. });
    let param = fields.require("param", problems)?;
    known_param(param, params, is_text, "a string", problems).map(PredicateType::Param)
}

fn codes(node: &Node, problems: &mut Problems) -> Vec<(String, String)> {
    let Value::Map(entries) = &node.value else {
        problems.report(
            node.at,
            "metadata",
            "codes must be a mapping from code to meaning",
        );
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|entry| {
            Some((
                entry.key.clone(),
                text(&entry.value, "a meaning", problems)?.to_owned(),
            ))
        })
        .collect()
}
