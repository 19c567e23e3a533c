//! The text of a module, taken apart as far as it takes to ask one expression after the other.
//!
//! Evaluates nothing; leaves out functions, whose bodies mean nothing without arguments.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value as Json;

use crate::SourceFile;
use crate::module::{Module, items, span, tree};
use crate::rego::RegoError;
use crate::yaml::Position;

/// A module and the rules in it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) module: Module,
    /// `package` and the imports, as they are written.
    pub(crate) header: String,
    pub(crate) definitions: Vec<Definition>,
}

/// One way in which a rule may come to a value.
#[derive(Debug)]
pub(crate) struct Definition {
    /// Of the rule, within its package.
    pub(crate) name: String,
    pub(crate) at: Position,
    pub(crate) statements: Vec<Statement>,
    /// What the rule is where they hold.
    pub(crate) term: Option<Expression>,
    /// The names in that.
    pub(crate) parts: Vec<String>,
    /// What the comprehension demands that the term is.
    pub(crate) inner: Vec<Statement>,
}

/// A line of a body.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) at: Position,
    pub(crate) text: String,
    pub(crate) is_negated: bool,
    /// ` with … as …`, as it is written.
    pub(crate) with: String,
    /// What stands in place of input and data, by name.
    pub(crate) replaced: Vec<(String, String)>,
    /// The sides of a comparison, if it is one.
    pub(crate) sides: Option<[String; 2]>,
    /// What its outcome depends on.
    pub(crate) operands: Vec<Expression>,
}

/// Something that has a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expression {
    pub(crate) at: Position,
    pub(crate) text: String,
    /// The names in it that stand for rules, in full.
    pub(crate) rules: Vec<String>,
}

impl Source {
    /// Takes `file` apart.
    pub(crate) fn read(file: &SourceFile) -> Result<Self, RegoError> {
        let tree = tree(file)?;
        let module = Module::from_tree(&tree, file);
        let heads = module.heads.iter().map(|head| head.name.clone());
        let reader = Reader {
            text: &file.text,
            rules: heads.collect(),
            module: &module,
        };
        let imports = items(&tree["imports"]).iter();
        let header = std::iter::once(&tree["package"])
            .chain(imports)
            .map(|part| reader.line_of(part))
            .collect();
        let rules = items(&tree["rules"]).iter();
        let definitions = rules.flat_map(|rule| reader.definitions(rule)).collect();
        Ok(Self {
            path: file.path.clone(),
            header,
            definitions,
            module,
        })
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Names of the rules of this module.
    rules: BTreeSet<String>,
    module: &'a Module,
}

impl Reader<'_> {
    /// The source of `node`, up to the end of its line: spans of imports leave out the alias.
    fn line_of(&self, node: &Json) -> String {
        let start = range(&node["span"]).map_or(0, |range| range.start);
        let rest = self.text.get(start..).unwrap_or_default();
        format!("{}\n", rest.lines().next().unwrap_or_default())
    }

    fn source(&self, node: &Json) -> String {
        self.slice(&node["span"])
    }

    fn slice(&self, span: &Json) -> String {
        let text = range(span).and_then(|range| self.text.get(range));
        text.unwrap_or_default().trim().to_owned()
    }

    fn definitions(&self, rule: &Json) -> Vec<Definition> {
        let head = &rule["Spec"]["head"];
        let (written, term) = match (head.get("Compr"), head.get("Set")) {
            (Some(written), _) => (written, &written["assign"]["value"]),
            (None, Some(written)) => (written, &written["key"]),
            (None, None) => return Vec::new(),
        };
        let Some(name) = crate::module::path(&written["refr"]) else {
            return Vec::new();
        };
        let parts = |term: &Json| {
            let mut names = Vec::new();
            self.names(term, false, &mut names);
            names.into_iter().map(|name| self.written(name)).collect()
        };
        let define = |statements: &Json, term: &Json| Definition {
            parts: parts(term),
            name: name.join("."),
            at: crate::module::place(&written["refr"]),
            statements: self.statements(statements),
            term: term.is_object().then(|| self.expression(term)),
            inner: ["SetCompr", "ArrayCompr", "ObjectCompr"]
                .iter()
                .find_map(|kind| term.get(kind))
                .map(|comprehension| self.statements(&comprehension["query"]["stmts"]))
                .unwrap_or_default(),
        };
        let bodies = items(&rule["Spec"]["bodies"]);
        if bodies.is_empty() {
            return vec![define(&Json::Null, term)];
        }
        let bodies = bodies.iter().map(|body| {
            let own = &body["assign"]["value"];
            let term = if own.is_object() { own } else { term };
            define(&body["query"]["stmts"], term)
        });
        bodies.collect()
    }

    fn statements(&self, statements: &Json) -> Vec<Statement> {
        let mut statements: Vec<&Json> = items(statements).iter().collect();
        let declared = statements
            .iter()
            .filter_map(|line| line["literal"].get("SomeVars"));
        let declared: Vec<String> = declared
            .flat_map(|some| items(&some["vars"]))
            .map(|variable| self.slice(variable))
            .collect();
        // The engine takes `x = …` before what uses the x of `some x`; asked in the order of the lines, that would fail
        // for want of an x.
        statements.sort_by_key(|line| {
            let assignment = &line["literal"]["Expr"]["expr"]["AssignExpr"];
            let binds = |side: &str| declared.contains(&self.written(&assignment[side]));
            line["literal"].get("SomeVars").is_none() && !binds("lhs") && !binds("rhs")
        });
        let statements = statements.into_iter();
        statements
            .map(|statement| self.statement(statement))
            .collect()
    }

    fn statement(&self, statement: &Json) -> Statement {
        let literal = &statement["literal"];
        let mut found = Vec::new();
        let mut sides = None;
        if let Some(plain) = literal.get("Expr") {
            found = parts(&plain["expr"]);
            let comparison = &plain["expr"]["BoolExpr"];
            if comparison["op"] == "Eq" {
                sides =
                    Some([&comparison["lhs"], &comparison["rhs"]].map(|side| self.written(side)));
            }
        } else if let Some(negated) = literal.get("NotExpr") {
            found.push(&negated["expr"]);
            found.extend(parts(&negated["expr"]));
        } else if let Some(some) = literal.get("SomeIn") {
            found.push(&some["collection"]);
        } else if let Some(every) = literal.get("Every") {
            found.push(&every["domain"]);
        }
        let with = items(&statement["with_mods"]);
        let replaced = with
            .iter()
            .map(|with| (self.written(&with["refr"]), self.written(&with["as"])));
        let with = with.iter().map(|with| {
            let (name, value) = (self.written(&with["refr"]), self.written(&with["as"]));
            format!(" with {name} as {value}")
        });
        let mut operands = Vec::new();
        for expression in found {
            operands.extend((!is_literal(expression)).then(|| self.expression(expression)));
            let mut names = Vec::new();
            self.names(expression, false, &mut names);
            operands.extend(names.into_iter().map(|name| self.expression(name)));
        }
        let mut known = BTreeSet::new();
        operands.retain(|operand: &Expression| known.insert(operand.text.clone()));
        let at = span(statement);
        Statement {
            at,
            text: self.source(statement),
            is_negated: literal.get("NotExpr").is_some(),
            with: with.collect(),
            replaced: replaced.collect(),
            sides,
            operands,
        }
    }

    fn expression(&self, expression: &Json) -> Expression {
        let mut names = Vec::new();
        self.names(expression, false, &mut names);
        let rules = names.iter().filter_map(|name| self.rule(name));
        Expression {
            at: crate::module::place(expression),
            rules: rules.collect(),
            text: self.written(expression),
        }
    }

    /// The text of an expression; nodes are enums of one entry.
    fn written(&self, expression: &Json) -> String {
        let first = &expression["Object"]["fields"][0][1];
        if let Some(key) = first.as_object().and_then(|node| node.values().next()) {
            // The engine has the span of an object of several keys begin at the second.
            let end = range(&expression["Object"]["span"]).map(|range| range.end);
            let before = range(&key["span"]).and_then(|range| self.text.get(..range.start));
            let start = before.and_then(|before| before.rfind('{'));
            let text = start
                .zip(end)
                .and_then(|(start, end)| self.text.get(start..end));
            return text.unwrap_or_default().to_owned();
        }
        let inner = expression.as_object().and_then(|node| node.values().next());
        inner.map(|inner| self.source(inner)).unwrap_or_default()
    }

    /// References in `expression`, each as long as its brackets hold no variable. Within a query of its own only those
    /// that mean the same outside.
    fn names<'j>(&self, expression: &'j Json, inside: bool, found: &mut Vec<&'j Json>) {
        if let Some((stem, root)) = stem(expression) {
            let is_global = root == "input"
                || root == "data"
                || self.rules.contains(root)
                || self.module.imports.contains_key(root);
            if is_global || !inside {
                found.push(stem);
            }
            return;
        }
        match expression {
            Json::Array(items) => items
                .iter()
                .for_each(|item| self.names(item, inside, found)),
            Json::Object(fields) => {
                for (key, value) in fields {
                    // The name of a function has no value.
                    if key != "fcn" && key != "span" {
                        self.names(value, inside || key == "query", found);
                    }
                }
            }
            _ => {}
        }
    }

    /// The rule that a reference stands for, in full: of this package, or `data.…`.
    fn rule(&self, reference: &Json) -> Option<String> {
        let path = crate::module::path(reference)?;
        let (root, rest) = path.split_first()?;
        if self.rules.contains(root) {
            return Some(self.module.full_name(root));
        }
        let full = match self.module.imports.get(root) {
            Some(target) => std::iter::once(target.clone()).chain(rest.iter().cloned()),
            None if root == "data" => std::iter::once(root.clone()).chain(rest.iter().cloned()),
            None => return None,
        };
        Some(full.collect::<Vec<_>>().join("."))
    }
}

/// What an expression is made of: the sides of an operator, the arguments of a call, or itself.
fn parts(expression: &Json) -> Vec<&Json> {
    if let Some(comparison) = expression.get("BoolExpr") {
        return vec![&comparison["lhs"], &comparison["rhs"]];
    }
    if let Some(assignment) = expression.get("AssignExpr") {
        return vec![&assignment["rhs"]];
    }
    if let Some(membership) = expression.get("Membership") {
        return vec![&membership["value"], &membership["collection"]];
    }
    match expression.get("Call") {
        Some(call) => std::iter::once(expression)
            .chain(items(&call["params"]))
            .collect(),
        None => vec![expression],
    }
}

/// A reference up to the first bracket that holds a variable, and the name that it begins with.
fn stem(reference: &Json) -> Option<(&Json, &str)> {
    let (mut stem, mut current) = (reference, reference);
    loop {
        if let Some(variable) = current.get("Var") {
            return Some((stem, variable["value"].as_str()?));
        }
        if let Some(dot) = current.get("RefDot") {
            current = &dot["refr"];
        } else {
            let brackets = current.get("RefBrack")?;
            current = &brackets["refr"];
            if brackets["index"].get("String").is_none() {
                stem = current;
            }
        }
    }
}

fn is_literal(expression: &Json) -> bool {
    let kinds = ["String", "RawString", "Number", "Bool", "Null"];
    kinds.iter().any(|kind| expression.get(kind).is_some())
}

fn range(span: &Json) -> Option<Range<usize>> {
    let bound = |key: &str| usize::try_from(span[key].as_u64()?).ok();
    Some(bound("start")?..bound("end")?)
}
