//! Which rule of a module looks at which, and whether one comes back to itself.
//!
//! Refuses every way round: a function that calls itself overflows the stack of its thread, and that ends the process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value as Json;

use crate::module::{items, path, place};
use crate::yaml::Position;

/// One rule or function that another looks at, or that stands in for it (`with`).
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) at: Position,
    is_call: bool,
}

/// What leads back to where it began.
#[derive(Debug)]
pub(crate) struct Cycle {
    pub(crate) at: Position,
    /// Full names, the first and the last the same.
    pub(crate) names: Vec<String>,
}

/// What the rule called `name` looks at; `resolve` makes full names of written ones.
pub(crate) fn links(
    name: &str,
    rule: &Json,
    text: &str,
    resolve: &impl Fn(&str) -> String,
) -> Vec<Link> {
    let mut locals = BTreeSet::new();
    find_locals(rule, text, &mut locals);
    let mut reader = Reader {
        from: name.to_owned(),
        locals,
        resolve,
        links: Vec::new(),
    };
    match rule.get("Spec") {
        Some(spec) => {
            let heads = spec["head"].as_object().into_iter().flatten();
            heads.for_each(|(_, head)| reader.walk_head(head));
            reader.walk(&spec["bodies"]);
        }
        None => reader.walk(&rule["Default"]["value"]),
    }
    reader.links
}

/// The first of `links` that leads back to where it began.
pub(crate) fn cycle(links: &[Link]) -> Option<Cycle> {
    let names: BTreeSet<&str> = links.iter().map(|link| link.from.as_str()).collect();
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for link in links {
        let reached = names.iter().filter(|name| link.reaches(name));
        next.entry(&link.from).or_default().extend(reached);
    }
    links.iter().find_map(|link| {
        let names = way_back(&link.from, &next)?;
        Some(Cycle { at: link.at, names })
    })
}

impl Link {
    /// Whether it leads to the rule called `name`: a function is called by its name, a rule is part of what a shorter name
    /// stands for, and is looked into by a longer one.
    pub(crate) fn reaches(&self, name: &str) -> bool {
        let within = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match self.is_call {
            true => self.to == name,
            false => within(&self.to, name) || within(name, &self.to),
        }
    }
}

/// The shortest way from `start` back to it.
fn way_back<'l>(
    start: &'l str,
    next: &BTreeMap<&'l str, BTreeSet<&'l str>>,
) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(name) = queue.pop_front() {
        for reached in next.get(name).into_iter().flatten() {
            if *reached == start {
                let mut names = vec![start.to_owned(), name.to_owned()];
                let mut at = name;
                while let Some(before) = came_from.get(at) {
                    names.push((*before).to_owned());
                    at = before;
                }
                if name == start {
                    names.pop();
                    names.push(start.to_owned());
                }
                names.reverse();
                return Some(names);
            }
            if !came_from.contains_key(reached) {
                came_from.insert(reached, name);
                queue.push_back(reached);
            }
        }
    }
    None
}

struct Reader<'r, R> {
    from: String,
    /// Names that are variables of the rule. They hide rules, but no functions.
    locals: BTreeSet<String>,
    resolve: &'r R,
    links: Vec<Link>,
}

impl<R: Fn(&str) -> String> Reader<'_, R> {
    /// Everything of a head but its own name.
    fn walk_head(&mut self, head: &Json) {
        self.walk_indices(&head["refr"]);
        for part in ["assign", "key", "args"] {
            self.walk(&head[part]);
        }
    }

    fn walk(&mut self, tree: &Json) {
        if path(tree).is_some() {
            self.link(tree, false);
            return self.walk_indices(tree);
        }
        match tree {
            Json::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Json::Object(fields) => {
                if let Some(call) = fields.get("Call") {
                    self.link(&call["fcn"], true);
                    return self.walk(&call["params"]);
                }
                for with in items(&tree["with_mods"]) {
                    self.walk_with(with);
                }
                let others = fields.iter().filter(|(key, _)| *key != "with_mods");
                others.for_each(|(_, value)| self.walk(value));
            }
            _ => {}
        }
    }

    /// A function that is replaced looks at what replaces it, and so does all that calls it. Values are there before.
    fn walk_with(&mut self, with: &Json) {
        self.walk(&with["as"]);
        let (Some(target), Some(replacement)) = (path(&with["refr"]), path(&with["as"])) else {
            return;
        };
        if target.first().is_some_and(|root| root != "input") {
            self.links.push(Link {
                from: (self.resolve)(&target.join(".")),
                to: (self.resolve)(&replacement.join(".")),
                at: place(&with["as"]),
                is_call: true,
            });
        }
    }

    fn walk_indices(&mut self, reference: &Json) {
        if let Some(brackets) = reference.get("RefBrack") {
            self.walk(&brackets["index"]);
            self.walk_indices(&brackets["refr"]);
        } else if let Some(dot) = reference.get("RefDot") {
            self.walk_indices(&dot["refr"]);
        }
    }

    fn link(&mut self, reference: &Json, is_call: bool) {
        let Some(components) = path(reference) else {
            return self.walk(reference);
        };
        let is_local = components
            .first()
            .is_some_and(|first| self.locals.contains(first));
        if is_call || !is_local {
            self.links.push(Link {
                from: self.from.clone(),
                to: (self.resolve)(&components.join(".")),
                at: place(reference),
                is_call,
            });
        }
    }
}

/// The variables that a rule declares: arguments, `:=`, `some` and `every`.
pub(crate) fn find_locals(tree: &Json, text: &str, locals: &mut BTreeSet<String>) {
    match tree {
        Json::Array(items) => items
            .iter()
            .for_each(|item| find_locals(item, text, locals)),
        Json::Object(fields) => {
            for (key, value) in fields {
                match key.as_str() {
                    "args" => variables(value, locals),
                    "AssignExpr" if value["op"] == "ColEq" => variables(&value["lhs"], locals),
                    "SomeIn" => {
                        variables(&value["key"], locals);
                        variables(&value["value"], locals);
                    }
                    "SomeVars" => {
                        let names = items(&value["vars"]).iter();
                        locals.extend(names.filter_map(|span| written(span, text)));
                    }
                    "Every" => {
                        let names = [&value["key"], &value["value"]].into_iter();
                        locals.extend(names.filter_map(|span| written(span, text)));
                    }
                    _ => {}
                }
                find_locals(value, text, locals);
            }
        }
        _ => {}
    }
}

fn variables(tree: &Json, found: &mut BTreeSet<String>) {
    match tree {
        Json::Array(items) => items.iter().for_each(|item| variables(item, found)),
        Json::Object(fields) => {
            if let Some(name) = fields
                .get("Var")
                .and_then(|variable| variable["value"].as_str())
            {
                found.insert(name.to_owned());
            }
            fields.values().for_each(|value| variables(value, found));
        }
        _ => {}
    }
}

/// The text that a span of the syntax tree stands for.
pub(crate) fn written(span: &Json, text: &str) -> Option<String> {
    let bound = |key: &str| usize::try_from(span[key].as_u64()?).ok();
    text.get(bound("start")?..bound("end")?).map(str::to_owned)
}

#[cfg(test)]
mod tests;
