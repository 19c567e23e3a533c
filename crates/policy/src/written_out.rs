//! A module's text with the names of imported modules written out, as the engine is given it.
//!
//! By its short name regorus 0.14.1 reads an imported module as a whole: all of its rules are evaluated where one is
//! wanted, and what the functions of that module import is undefined from then on, which drops a denial. Lines stay as
//! they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::module::items;
use crate::recursion::find_locals;

/// `text`, whose syntax tree has these `rules`; `imports` are the short names of its module.
pub(crate) fn written_out(rules: &Json, imports: &BTreeMap<String, String>, text: &str) -> String {
    let mut edits = BTreeMap::new();
    for rule in items(rules) {
        let mut locals = BTreeSet::new();
        find_locals(rule, text, &mut locals);
        let imports: BTreeMap<&str, &str> = imports
            .iter()
            .filter(|(name, target)| !locals.contains(*name) && target.starts_with("data."))
            .map(|(name, target)| (name.as_str(), target.as_str()))
            .collect();
        collect(rule, &imports, &mut edits);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, (end, name, target)) in edits {
        let (Some(before), Some(written)) = (text.get(done..start), text.get(start..end)) else {
            continue;
        };
        if written == name {
            out.push_str(before);
            out.push_str(target);
            done = end;
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// By where it begins: where a short name ends, the name, and what it stands for.
type Edits<'t> = BTreeMap<usize, (usize, &'t str, &'t str)>;

fn collect<'t>(tree: &Json, imports: &BTreeMap<&'t str, &'t str>, edits: &mut Edits<'t>) {
    match tree {
        Json::Array(items) => items.iter().for_each(|item| collect(item, imports, edits)),
        Json::Object(fields) => {
            for (key, value) in fields {
                match key.as_str() {
                    // What a rule is called.
                    "head" => collect_head(value, imports, edits),
                    "RefDot" | "RefBrack" => {
                        edits.extend(short_name(&value["refr"], imports));
                        collect(value, imports, edits);
                    }
                    _ => collect(value, imports, edits),
                }
            }
        }
        _ => {}
    }
}

fn collect_head<'t>(head: &Json, imports: &BTreeMap<&'t str, &'t str>, edits: &mut Edits<'t>) {
    for kind in head.as_object().into_iter().flat_map(|head| head.values()) {
        let parts = kind.as_object().into_iter().flatten();
        let parts = parts.filter(|(key, _)| *key != "refr");
        parts.for_each(|(_, value)| collect(value, imports, edits));
    }
}

fn short_name<'t>(
    variable: &Json,
    imports: &BTreeMap<&'t str, &'t str>,
) -> Option<(usize, (usize, &'t str, &'t str))> {
    let variable = variable.get("Var")?;
    let (name, target) = imports.get_key_value(variable["value"].as_str()?)?;
    let bound = |key: &str| usize::try_from(variable["span"][key].as_u64()?).ok();
    Some((bound("start")?, (bound("end")?, name, target)))
}

#[cfg(test)]
mod tests {
    use crate::SourceFile;
    use crate::module::Module;

    fn written_out(rego: &str) -> String {
        let header = "package a\n\nimport data.lib.b\nimport data.lib.c as d\nimport input.e\n\n";
        let file = SourceFile {
            path: "a.rego".to_owned(),
            text: format!("{header}{rego}"),
        };
        let text = Module::parse(&file).unwrap().written_out;
        text.strip_prefix(header).unwrap().to_owned()
    }

    #[test]
    fn short_names_of_modules_are_written_out_wherever_they_are_used() {
        for (rego, expected) in [
            ("x := b.y", "x := data.lib.b.y"),
            ("x := d[\"y\"].z", "x := data.lib.c[\"y\"].z"),
            ("x := d.f(b.y)", "x := data.lib.c.f(data.lib.b.y)"),
            (
                "x contains b.y if not d.z",
                "x contains data.lib.b.y if not data.lib.c.z",
            ),
            ("f(_) := b.y", "f(_) := data.lib.b.y"),
            (
                "default x := 1\n\nx := b.y",
                "default x := 1\n\nx := data.lib.b.y",
            ),
            (
                "x := [y | some y in b.z; y.b == b.q]",
                "x := [y | some y in data.lib.b.z; y.b == data.lib.b.q]",
            ),
            (
                "x := \"ü b.y\" if b.y # b.y\n",
                "x := \"ü b.y\" if data.lib.b.y # b.y\n",
            ),
            (
                "x if true with input.e as b.y",
                "x if true with input.e as data.lib.b.y",
            ),
        ] {
            assert_eq!(written_out(rego), expected);
        }
    }

    #[test]
    fn other_names_stay() {
        for rego in [
            "x := e.y",
            "x := y.b.z if y := input.y",
            "f(b) := b.y",
            "x if { some b in input.z; b.y }",
            "x if { b := input.z; b.y }",
            "x if { some b; input.z[b].y; b.q }",
            "x if { every b in input.z { b.y } }",
            "b.y := 1",
        ] {
            assert_eq!(written_out(rego), rego);
        }
    }
}
