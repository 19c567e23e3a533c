//! What a Rego module declares and refers to, read from its syntax tree.
//!
//! Evaluates nothing. Names are resolved exactly as the interpreter does, so that no spelling hides a call.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Parser, Source};
use serde_json::Value as Json;

use crate::SourceFile;
use crate::nesting::{self, MAX_NESTING};
use crate::recursion::{self, Link};
use crate::references::{Reference, references};
use crate::rego::RegoError;
use crate::written_out::written_out;
use crate::yaml::Position;

/// A parsed module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Module {
    pub(crate) package: Vec<String>,
    pub(crate) package_at: Position,
    /// The short names of imports with what they stand for.
    pub(crate) imports: BTreeMap<String, String>,
    pub(crate) heads: Vec<Head>,
    pub(crate) calls: Vec<Name>,
    /// Every name in the module, called or not.
    pub(crate) names: Vec<Name>,
    /// What is looked into by an index that only an evaluation knows.
    searched: BTreeSet<String>,
    /// Which of its rules looks at what.
    pub(crate) links: Vec<Link>,
    /// What they name of `input` and `data`.
    pub(crate) references: Vec<Reference>,
    /// Its text as the engine is given it.
    pub(crate) written_out: String,
}

/// A rule's head.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) kind: HeadKind,
    pub(crate) at: Position,
}

/// What a rule defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadKind {
    /// One value, or an object's keys.
    Value,
    Default,
    Function,
    /// Elements of a set: `name contains …`.
    Set,
}

/// A dotted name and its place.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) path: String,
    pub(crate) at: Position,
}

impl Module {
    /// Parses `file`.
    pub(crate) fn parse(file: &SourceFile) -> Result<Self, RegoError> {
        Ok(Self::from_tree(&tree(file)?, file))
    }

    /// Reads the syntax tree of `file`.
    pub(crate) fn from_tree(module: &Json, file: &SourceFile) -> Self {
        let package = &module["package"]["refr"];
        let mut found = Self {
            package: path(package).unwrap_or_default(),
            package_at: place(package),
            ..Self::default()
        };
        for import in items(&module["imports"]) {
            found.imports.extend(read_import(import, &file.text));
        }
        for rule in items(&module["rules"]) {
            let head = read_head(rule);
            if let Some(head) = &head {
                let name = found.full_name(&head.name);
                let resolve = |name: &str| found.resolve(name);
                let links = recursion::links(&name, rule, &file.text, &resolve);
                found.links.extend(links);
                let references = references(&name, rule, &found.imports);
                found.references.extend(references);
            }
            found.heads.extend(head);
            found.walk(rule);
        }
        found.written_out = written_out(&module["rules"], &found.imports, &file.text);
        found
    }

    /// What `name` stands for in this module: `data.…`, or a name that is none of ours.
    pub(crate) fn resolve(&self, name: &str) -> String {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        match self.imports.get(first) {
            Some(target) if rest.is_empty() => target.clone(),
            Some(target) => format!("{target}.{rest}"),
            None if first == "data" || first == "input" => name.to_owned(),
            None => self.full_name(name),
        }
    }

    /// The full names of everything in it, imports among them.
    pub(crate) fn mentions(&self) -> BTreeSet<String> {
        let names = self.names.iter().map(|name| &name.path);
        let names = names.chain(&self.searched).map(|name| self.resolve(name));
        self.imports.values().cloned().chain(names).collect()
    }

    /// `data.<package>.<name>`.
    pub(crate) fn full_name(&self, name: &str) -> String {
        format!("data.{}.{name}", self.package.join("."))
    }

    /// The names of the functions it defines, in full.
    pub(crate) fn functions(&self) -> impl Iterator<Item = String> {
        let functions = self
            .heads
            .iter()
            .filter(|head| head.kind == HeadKind::Function);
        functions.map(|head| self.full_name(&head.name))
    }

    /// Whether it has a set rule of that name.
    pub(crate) fn has_set(&self, name: &str) -> bool {
        self.heads
            .iter()
            .any(|head| head.name == name && head.kind == HeadKind::Set)
    }

    fn walk(&mut self, tree: &Json) {
        if let Some(components) = path(tree) {
            self.searched.extend(searched(tree));
            self.names.push(Name {
                path: components.join("."),
                at: place(tree),
            });
            return self.walk_indices(tree);
        }
        match tree {
            Json::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Json::Object(fields) => {
                if let Some(call) = fields.get("Call") {
                    let name = path(&call["fcn"]).unwrap_or_default().join(".");
                    self.calls.push(Name {
                        path: name,
                        at: place(&call["fcn"]),
                    });
                }
                fields.values().for_each(|value| self.walk(value));
            }
            _ => {}
        }
    }

    /// Looks into the brackets of a reference whose name is already known.
    fn walk_indices(&mut self, reference: &Json) {
        if let Some(brackets) = reference.get("RefBrack") {
            self.walk(&brackets["index"]);
            self.walk_indices(&brackets["refr"]);
        } else if let Some(dot) = reference.get("RefDot") {
            self.walk_indices(&dot["refr"]);
        }
    }
}

/// The syntax tree of `file`.
pub(crate) fn tree(file: &SourceFile) -> Result<Json, RegoError> {
    if let Some(line) = nesting::too_deep(&file.text) {
        return Err(RegoError {
            at: Position { line, column: 1 },
            code: "rego_too_deep",
            message: format!("brackets are nested more than {MAX_NESTING} deep"),
        });
    }
    let wrong = |error| RegoError {
        code: "rego_syntax",
        ..RegoError::new(error)
    };
    let source = Source::from_contents(file.path.clone(), file.text.clone()).map_err(wrong)?;
    let mut parser = Parser::new(&source).map_err(wrong)?;
    parser.enable_rego_v1().map_err(wrong)?;
    let module = parser.parse().map_err(wrong)?;
    // Not by `Engine::get_ast_as_json`, whose indented text of it takes longer than everything else that loading does.
    serde_json::to_value(&module).map_err(RegoError::new)
}

/// The components of a reference, as the interpreter reads a path: an index that is no string is passed over.
pub(crate) fn path(expression: &Json) -> Option<Vec<String>> {
    if let Some(variable) = expression.get("Var") {
        return Some(vec![variable["value"].as_str()?.to_owned()]);
    }
    if let Some(dot) = expression.get("RefDot") {
        let mut components = path(&dot["refr"])?;
        components.push(dot["field"][1].as_str()?.to_owned());
        return Some(components);
    }
    let brackets = expression.get("RefBrack")?;
    let mut components = path(&brackets["refr"])?;
    if let Some(index) = brackets["index"].get("String") {
        components.push(index["value"].as_str()?.to_owned());
    }
    Some(components)
}

/// The components of a reference before the first index that is no string, if there is one.
fn searched(expression: &Json) -> Option<String> {
    if let Some(dot) = expression.get("RefDot") {
        return searched(&dot["refr"]);
    }
    let brackets = expression.get("RefBrack")?;
    let inner = searched(&brackets["refr"]);
    if inner.is_some() || brackets["index"].get("String").is_some() {
        return inner;
    }
    Some(path(&brackets["refr"])?.join("."))
}

/// The place of an expression: where it begins, dots and brackets apart.
pub(crate) fn place(expression: &Json) -> Position {
    let inner = ["RefDot", "RefBrack"]
        .iter()
        .find_map(|kind| expression.get(kind));
    match inner {
        Some(inner) => place(&inner["refr"]),
        None => expression
            .as_object()
            .and_then(|fields| fields.values().next())
            .map_or_else(Position::default, span),
    }
}

pub(crate) fn span(node: &Json) -> Position {
    let number = |key: &str| {
        node["span"][key]
            .as_u64()
            .and_then(|value| u32::try_from(value).ok())
    };
    Position {
        line: number("line").unwrap_or_default(),
        column: number("col").unwrap_or_default(),
    }
}

fn read_import(import: &Json, text: &str) -> Option<(String, String)> {
    let target = path(&import["refr"])?;
    let alias = match import.get("as") {
        Some(span) => recursion::written(span, text)?,
        None => target.last()?.clone(),
    };
    Some((alias, target.join(".")))
}

fn read_head(rule: &Json) -> Option<Head> {
    let head = |node: &Json, kind| {
        Some(Head {
            name: path(&node["refr"])?.join("."),
            kind,
            at: place(&node["refr"]),
        })
    };
    if let Some(default) = rule.get("Default") {
        return head(default, HeadKind::Default);
    }
    let written = &rule["Spec"]["head"];
    [
        ("Set", HeadKind::Set),
        ("Func", HeadKind::Function),
        ("Compr", HeadKind::Value),
    ]
    .into_iter()
    .find_map(|(name, kind)| head(written.get(name)?, kind))
}

pub(crate) fn items(node: &Json) -> &[Json] {
    node.as_array().map(Vec::as_slice).unwrap_or_default()
}
