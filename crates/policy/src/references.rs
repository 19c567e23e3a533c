//! What the rules of a module name of `input` and `data`, read from its syntax tree.
//!
//! Follows no variable: whoever names a part of the input without going on names all of it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::module::{items, path, place};
use crate::yaml::Position;

/// A name that begins with `input` or `data`, however it is written.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The full name of the rule that it stands in.
    pub(crate) from: String,
    pub(crate) root: Root,
    /// What comes after the root, up to what is not written out.
    pub(crate) path: Vec<String>,
    pub(crate) at: Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    Input,
    Data,
}

/// What the rule called `from` names; `imports` are the short names of its module.
pub(crate) fn references(
    from: &str,
    rule: &Json,
    imports: &BTreeMap<String, String>,
) -> Vec<Reference> {
    let mut reader = Reader {
        from,
        imports,
        found: Vec::new(),
    };
    reader.walk(rule);
    reader.found
}

struct Reader<'r> {
    from: &'r str,
    imports: &'r BTreeMap<String, String>,
    found: Vec<Reference>,
}

impl Reader<'_> {
    fn walk(&mut self, tree: &Json) {
        if let Some((names, _)) = chain(tree) {
            self.add(names, tree);
            return self.walk_indices(tree);
        }
        match tree {
            Json::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Json::Object(fields) => {
                if let Some(call) = fields.get("Call") {
                    return self.walk_call(call);
                }
                // What `with` replaces is not looked at; what it is replaced by is.
                let targets = items(&tree["with_mods"]).iter();
                targets.for_each(|with| self.walk(&with["as"]));
                let others = fields.iter().filter(|(key, _)| *key != "with_mods");
                others.for_each(|(_, value)| self.walk(value));
            }
            _ => {}
        }
    }

    fn walk_call(&mut self, call: &Json) {
        self.walk(&call["fcn"]);
        let mut params = items(&call["params"]);
        let is_get = path(&call["fcn"]).is_some_and(|name| name == ["object", "get"]);
        if is_get
            && let [object, keys, rest @ ..] = params
            && let Some((names, true)) = chain(object)
            && let Some(keys) = written(keys)
        {
            self.add(names.into_iter().chain(keys).collect(), object);
            params = rest;
        }
        params.iter().for_each(|param| self.walk(param));
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

    fn add(&mut self, names: Vec<String>, tree: &Json) {
        let Some((first, rest)) = names.split_first() else {
            return;
        };
        let target = self
            .imports
            .get(first)
            .map_or(first.as_str(), String::as_str);
        let mut target = target.split('.');
        let root = match target.next() {
            Some("input") => Root::Input,
            Some("data") => Root::Data,
            _ => return,
        };
        self.found.push(Reference {
            from: self.from.to_owned(),
            root,
            path: target
                .map(str::to_owned)
                .chain(rest.iter().cloned())
                .collect(),
            at: place(tree),
        });
    }
}

/// The names of a reference up to the first that is not written out, and whether these are all.
fn chain(expression: &Json) -> Option<(Vec<String>, bool)> {
    if let Some(variable) = expression.get("Var") {
        return Some((vec![variable["value"].as_str()?.to_owned()], true));
    }
    let (inner, name) = match (expression.get("RefDot"), expression.get("RefBrack")) {
        (Some(dot), _) => (&dot["refr"], dot["field"][1].as_str()),
        (_, Some(brackets)) => (&brackets["refr"], string(&brackets["index"])),
        _ => return None,
    };
    let (mut names, whole) = chain(inner)?;
    match name {
        Some(name) if whole => names.push(name.to_owned()),
        _ => return Some((names, false)),
    }
    Some((names, true))
}

/// The keys that `object.get` is called with, if they are written out: one, or a list.
fn written(keys: &Json) -> Option<Vec<String>> {
    if let Some(key) = string(keys) {
        return Some(vec![key.to_owned()]);
    }
    let keys = items(&keys.get("Array")?["items"]).iter();
    keys.map(|key| string(key).map(str::to_owned)).collect()
}

fn string(expression: &Json) -> Option<&str> {
    expression.get("String")?["value"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceFile;
    use crate::module::Module;

    /// The names in `rego`, as paths; a module of this package and these imports is around it.
    fn found(rego: &str) -> Vec<String> {
        let file = SourceFile {
            path: "a.rego".to_owned(),
            text: format!(
                "package a\n\nimport data.lib.image as pictures\nimport input.evidence as proof\n\n{rego}"
            ),
        };
        let module = Module::parse(&file).unwrap();
        let names = module.references.iter().map(|reference| {
            let root = match reference.root {
                Root::Input => "input",
                Root::Data => "data",
            };
            assert_eq!(reference.from, "data.a.x");
            [&[root.to_owned()], reference.path.as_slice()]
                .concat()
                .join(".")
        });
        names.collect()
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        for (rego, names) in [
            ("x if input.image.digest", "input.image.digest"),
            ("x if input[\"image\"].digest", "input.image.digest"),
            ("x if input.image[\"digest\"]", "input.image.digest"),
            ("x if proof.sboms[0].name", "input.evidence.sboms"),
            ("x if pictures.name", "data.lib.image.name"),
            ("x if { y := input.evidence; y.sboms }", "input.evidence"),
            ("x if { y := input; y.evidence }", "input"),
            ("x if { y := \"image\"; input[y].z == 1 }", "input"),
            ("x if input[`image`]", "input"),
            (
                "x if input.evidence[data.params.list]",
                "input.evidence data.params.list",
            ),
            (
                "x := object.get(input, [\"image\", \"tag\"], input.now)",
                "input.image.tag input.now",
            ),
            ("x := object.get(input, \"now\", 1)", "input.now"),
            ("x := object.get(input, [y], 1) if y := \"image\"", "input"),
            (
                "x := object.get(input.image, data.params.keys, 1)",
                "input.image data.params.keys",
            ),
            ("x := walk(input)", "input"),
            (
                "x := [y | some y in input.evidence.sboms]",
                "input.evidence.sboms",
            ),
            (
                "x if every y in input.image.platforms { y == input.now }",
                "input.image.platforms input.now",
            ),
            ("x if not input.image", "input.image"),
            (
                "x := y if { y := 1 with input as input.image }",
                "input.image",
            ),
            (
                "x if pictures.y with input.evidence as data.params.z",
                "data.params.z data.lib.image.y",
            ),
            ("x contains input.now", "input.now"),
            ("x[input.now] := data.builders", "input.now data.builders"),
            ("x(y) := input.now", "input.now"),
            ("default x := input", "input"),
            ("x if data[_]", "data"),
            ("x if { y := {}; y.input }", ""),
        ] {
            let mut found = found(rego);
            let mut names: Vec<_> = names.split_whitespace().map(str::to_owned).collect();
            found.sort();
            names.sort();
            assert_eq!(found, names, "{rego}");
        }
    }
}
