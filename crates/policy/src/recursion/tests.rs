//! Cycles that are there, and none that are not.

use crate::SourceFile;
use crate::module::Module;
use crate::recursion::cycle;

fn found(rego: &str) -> Option<Vec<String>> {
    let file = SourceFile {
        path: "a.rego".to_owned(),
        text: format!("package a\n\nimport data.a.h as other\n\n{rego}"),
    };
    let module = Module::parse(&file).unwrap();
    cycle(&module.links).map(|cycle| cycle.names)
}

#[test]
fn a_way_back_is_found_however_it_leads() {
    for (rego, names) in [
        ("x if x", "x x"),
        ("x if y\ny if z\nz if x", "x y z x"),
        ("f(n) := f(n)", "f f"),
        ("f(n) := g(n)\ng(n) := f(n)", "f g f"),
        ("f(n) := data.a.f(n)", "f f"),
        ("h(n) := other(n)", "h h"),
        ("f(n) := f2(n)\nf2(n) := x if x := [1 | f(n)]", "f f2 f"),
        (
            "f(n) := f2(n)\nf2(n) := x if { f2 := 1; x := f(f2) }",
            "f f2 f",
        ),
        ("f(n) := input.x[f(n)]", "f f"),
        ("f(n) := input.x[f(n)].y.z", "f f"),
        ("x := 1 if y = 1\ny := 1 if x = 1", "x y x"),
        ("x if data.a", "x x"),
        ("x if data[_]", "x x"),
        ("x if data.a[y]\ny := \"z\"", "x x"),
        ("x contains y if y := x[_]", "x x"),
        ("x[y] := 1 if some y in x", "x x"),
        ("x := 1 if { false } else := x", "x x"),
        ("default x := [1 | x]", "x x"),
        ("x.b := 1 if x.c", ""),
        ("x.b := 1 if x.b", "x.b x.b"),
        ("x.b := 1 if x", "x.b x.b"),
        ("x := {\"b\": 1} if x.b", "x x"),
        ("x if every y in [1] { x == y }", "x x"),
        ("x if not x", "x x"),
        // What is replaced is another from then on.
        ("f(n) := g(n)\ng(n) := n\nx if f(1) with g as f", "f g f"),
        (
            "f(n) := count(n)\nx if f([]) with count as f",
            "count f count",
        ),
        ("y := 1 if x\nx if input.b\nz if x with input.b as y", ""),
    ] {
        let names: Vec<String> = names
            .split_whitespace()
            .map(|name| format!("data.a.{name}"))
            .collect();
        let names = (!names.is_empty()).then_some(names);
        let found = found(rego);
        let turned = |cycle: &Vec<String>| {
            let mut names = cycle.clone();
            names.sort();
            names.dedup();
            names
        };
        assert_eq!(
            found.as_ref().map(turned),
            names.as_ref().map(turned),
            "{rego}: {found:?}"
        );
        if let Some(found) = found {
            assert_eq!(found.first(), found.last());
        }
    }
}

#[test]
fn variables_of_one_name_with_a_rule_are_no_recursion() {
    for rego in [
        "x := y if y := 1\ny := x if x := 1",
        "f(x) := x\nx := f(1)",
        "x if some y in [1]\ny if some x in [1]",
        "x if every y in [1] { y }\ny if x",
        "x if { some y; [y] = [1] }\ny if x",
        "x := input.y\ny := input.x",
        "x := {\"y\": 1}\ny := x.y",
    ] {
        assert_eq!(found(rego), None, "{rego}");
    }
}
