use regorus::Engine;
use serde_json::json;

use super::*;

fn explainer(files: &[(&str, &str)], input: Json) -> Explainer {
    let files: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    let mut engine = Engine::new();
    engine.set_gather_prints(true);
    for file in &files {
        engine
            .add_policy(file.path.clone(), file.text.clone())
            .unwrap();
    }
    engine.set_input(input.into());
    Explainer::new(engine, &files)
}

/// A trace as lines: place, outcome, expression, values.
fn lines(trace: &Trace) -> Vec<String> {
    let mut lines = vec![match &trace.value {
        Some(value) => format!("{} = {value}", trace.rule),
        None => format!("{} undefined", trace.rule),
    }];
    for attempt in &trace.definitions {
        lines.push(format!(
            "  {}:{} holds {}",
            attempt.file, attempt.line, attempt.holds
        ));
        for step in &attempt.steps {
            lines.push(format!(
                "    {}:{} {:?} {}",
                step.line, step.column, step.outcome, step.expression
            ));
            for seen in &step.saw {
                let values = Json::from(seen.values.clone());
                lines.push(format!("      {} = {values}", seen.expression));
            }
            for trace in &step.because {
                lines.extend(
                    self::lines(trace)
                        .iter()
                        .map(|line| format!("      {line}")),
                );
            }
        }
    }
    lines
}

#[track_caller]
fn check(rego: &str, rule: &str, input: Json, wanted: &[&str]) {
    let explainer = explainer(&[("a.rego", rego)], input);
    let found = lines(&explainer.trace(rule));
    assert_eq!(found, wanted, "{found:#?}");
}

const RULE: &str = "package a

import data.lib.words as w

deny contains {\"code\": \"few\"} if {
	input.checked # whether
	not _enough
}

_enough if count(_good) >= input.wanted

_good := {item.name |
	some item in input.items
	item.good == true
}
";

#[test]
fn a_denial_is_followed_to_the_expression_that_does_not_hold() {
    let input = json!({"checked": true, "wanted": 1, "items": [{"name": "x", "good": false}]});
    let wanted = [
        "data.a.deny = [{\"code\":\"few\"}]",
        "  a.rego:5 holds true",
        "    6:5 Holds input.checked",
        "      input.checked = [true]",
        "    7:5 Holds not _enough",
        "      _enough = []",
        "      data.a._enough undefined",
        "        a.rego:10 holds false",
        "          10:12 Fails count(_good) >= input.wanted",
        "            count(_good) = [0]",
        "            _good = [[]]",
        "            input.wanted = [1]",
        "            data.a._good = []",
        "              a.rego:12 holds true",
        "                13:5 Holds some item in input.items",
        "                14:5 Fails item.good == true",
        "                  item.good = [false]",
    ];
    check(RULE, "data.a.deny", input, &wanted);
}

#[test]
fn what_is_not_there_is_undefined() {
    let wanted = [
        "data.a.deny = []",
        "  a.rego:5 holds false",
        "    6:5 Fails input.checked",
        "      input.checked = []",
    ];
    check(RULE, "data.a.deny", json!({}), &wanted);
}

#[test]
fn every_value_of_a_loop_is_seen_up_to_a_few() {
    let rego = "package a\ndeny contains 1 if {\n\tsome item in input.items\n\titem > 9\n}\n";
    let wanted = [
        "data.a.deny = []",
        "  a.rego:2 holds false",
        "    3:5 Holds some item in input.items",
        "    4:5 Fails item > 9",
        "      item = [1,2,3]",
    ];
    let trace =
        explainer(&[("a.rego", rego)], json!({"items": [1, 2, 2, 3, 4, 5]})).trace("data.a.deny");
    assert_eq!(lines(&trace), wanted);
    assert_eq!(trace.definitions[0].steps[1].saw[0].more, 2);
}

#[test]
fn a_head_that_is_undefined_is_what_fails() {
    let rego = "package a\ndeny contains {\"msg\": input.text} if input.on\n";
    let wanted = [
        "data.a.deny = []",
        "  a.rego:2 holds false",
        "    2:38 Holds input.on",
        "      input.on = [true]",
        "    2:15 Fails {\"msg\": input.text}",
        "      input.text = []",
    ];
    check(rego, "data.a.deny", json!({"on": true}), &wanted);
}

#[test]
fn rules_of_other_modules_are_followed_and_each_is_told_once() {
    let library = "package lib.words\n\nany := input.any\n";
    let rule = "package a\nimport data.lib.words as w\ndeny contains 1 if not w.any\ndeny contains 2 if not w.any\n";
    let explainer = explainer(&[("lib/words.rego", library), ("a.rego", rule)], json!({}));
    let wanted = [
        "data.a.deny = [1,2]",
        "  a.rego:3 holds true",
        "    3:20 Holds not w.any",
        "      w.any = []",
        "      data.lib.words.any undefined",
        "        lib/words.rego:3 holds false",
        "          3:8 Fails input.any",
        "            input.any = []",
        "  a.rego:4 holds true",
        "    4:20 Holds not w.any",
        "      w.any = []",
    ];
    assert_eq!(lines(&explainer.trace("data.a.deny")), wanted);
}

#[test]
fn a_variable_that_is_bound_only_further_down_is_bound_first() {
    let rego = "package a\ndeny contains 1 if {\n\tsome x\n\tx > 1\n\tx = input.x\n}\n";
    let wanted = [
        "data.a.deny = []",
        "  a.rego:2 holds false",
        "    3:5 Holds some x",
        "    5:5 Holds x = input.x",
        "    4:5 Fails x > 1",
        "      x = [1]",
    ];
    check(rego, "data.a.deny", json!({"x": 1}), &wanted);
}

#[test]
fn behind_with_no_rule_is_followed() {
    let rego = "package a\ndeny contains 1 if b == 3 with input as {\"b\": 2}\nb := input.b\n";
    let wanted = [
        "data.a.deny = []",
        "  a.rego:2 holds false",
        "    2:20 Fails b == 3 with input as {\"b\": 2}",
        "      b = [2]",
    ];
    check(rego, "data.a.deny", json!({}), &wanted);
}

#[test]
fn long_values_are_cut() {
    let rego = "package a\ndeny contains 1 if input.text == 1\n";
    let input = json!({"text": "a".repeat(BYTES)});
    let trace = explainer(&[("a.rego", rego)], input).trace("data.a.deny");
    let Json::String(text) = &trace.definitions[0].steps[0].saw[0].values[0] else {
        panic!("{trace:#?}")
    };
    assert!(
        text.ends_with('…') && text.chars().count() == BYTES + 1,
        "{text}"
    );
}
