//! Rego that is out to do harm, or is only careless: refused when it is loaded, or denied within limits. The process goes on
//! in each case, and so does the policy.

use std::thread;

use countersign_policy::{PolicySet, TrustRoots, WorkloadContext};

use crate::support::{Image, codes, inline, refused};

/// What every rule here begins with.
const HEAD: &str = "package a\nd := {\"code\": \"found\", \"msg\": \"found\"}\n";

/// The code of the only mistake in it.
#[track_caller]
fn check_refused(body: &str, code: &str) {
    let errors = refused(inline(&format!("{HEAD}{body}")));
    assert!(
        errors.iter().any(|error| error.code == code),
        "{body:.200}: {errors:?}"
    );
}

/// The codes of its violations, evaluated on a stack as large as that of the threads that do it.
fn judge(rego: &str) -> Vec<String> {
    let document = inline(rego);
    let work = move || {
        let set = PolicySet::load(&[document], &TrustRoots::default()).unwrap();
        let judged = || {
            let verdict = Image::new().judge_as(&set, &workload());
            let found = codes(&verdict).into_iter();
            found
                .map(|(rule, code)| {
                    assert_eq!(rule, "inline/a");
                    code.to_owned()
                })
                .collect::<Vec<String>>()
        };
        let first = judged();
        assert_eq!(judged(), first, "the second time as the first");
        first
    };
    let thread = thread::Builder::new().stack_size(64 << 20).spawn(work);
    thread.unwrap().join().unwrap()
}

/// What somebody wrote who would like our rules to fail.
fn workload() -> WorkloadContext {
    let annotations = [
        ("pattern", "((".to_owned()),
        ("long", "a".repeat(200_000)),
        ("deep", "[".repeat(100_000)),
        ("number", "9007199254740993".to_owned()),
        ("host", "registry.example.com.evil.example".to_owned()),
    ];
    WorkloadContext {
        annotations: annotations
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        ..WorkloadContext::default()
    }
}

#[track_caller]
fn check(body: &str, code: &str) {
    let found = judge(&format!("{HEAD}{body}"));
    assert_eq!(found, [code], "{body:.200}");
}

#[track_caller]
fn check_condition(condition: &str, code: &str) {
    check(&format!("deny contains d if {{ {condition} }}"), code);
}

/// It finds nothing and harms nothing.
#[track_caller]
fn check_harmless(condition: &str) {
    let found = judge(&format!("{HEAD}deny contains d if {{ {condition} }}"));
    assert_eq!(found, [] as [&str; 0], "{condition}");
}

/// `x0 := start`, and each one after it from the one before; then `condition`.
fn steps(count: usize, start: &str, step: &str, condition: &str) -> String {
    let mut body = format!("deny contains d if {{\n\tx0 := {start}\n");
    for number in 1..=count {
        let step = step.replace('X', &format!("x{}", number - 1));
        body.push_str(&format!("\tx{number} := {step}\n"));
    }
    format!("{body}\t{condition}\n}}\n")
}

/// Rules that look at the next one each.
fn chain(length: usize, argument: &str) -> String {
    let link = |number| format!("r{number}{argument} := r{}{argument}\n", number + 1);
    let links: String = (0..length).map(link).collect();
    format!("{links}r{length}{argument} := 7\n")
}

#[test]
fn nesting_is_refused_before_it_is_parsed() {
    for (open, close) in [("[", "]"), ("{\"a\": ", "}"), ("{", "}"), ("(", ")")] {
        for depth in [20, 40, 1000] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            check_refused(
                &format!("deny contains d if x == {nested}"),
                "rego_too_deep",
            );
        }
    }
    let nested = format!("{}1{}", "[".repeat(20), "]".repeat(20));
    for before in [
        r##""#""##,
        r#""`""#,
        r##""\"#""##,
        r#""\\""#,
        "`\"`",
        "`#`",
        "`\\`",
        "1 # \" `\n",
    ] {
        check_refused(
            &format!("deny contains d if [{before}, {nested}]"),
            "rego_too_deep",
        );
    }
}

#[test]
fn long_chains_are_refused_and_shorter_ones_hold() {
    for argument in ["", "(x)"] {
        let call = argument.replace('x', "1");
        let deny = format!("deny contains d if r0{call} == 7\n");
        check(&format!("{deny}{}", chain(190, argument)), "found");
        for length in [1000, 100_000] {
            check_refused(
                &format!("{deny}{}", chain(length, argument)),
                "rego_too_large",
            );
        }
    }
}

#[test]
fn recursion_is_refused_by_whatever_way_round() {
    for body in [
        "x if y\ny if x",
        "x if data.a.y\ny if data.a.x",
        "x if data.a[k]\nk := \"x\"",
        "x if data[_]",
        "x := [z | z := y[_]]\ny := [z | z := x[_]]",
        "x if y with input.b as 2\ny if x with input.c as 3",
        "f(n) := g(n)\ng(n) := f(n)",
        "f(n) := g(n)\ng(n) := n\nx if f(1) with g as f",
        "f(n) := count(n)\nx if f([]) with count as f",
        "f(n) := data.a.f(n)",
    ] {
        check_refused(
            &format!("deny contains d if input.x\n{body}"),
            "rego_recursion",
        );
    }
}

#[test]
fn what_takes_as_much_memory_as_it_is_asked_for_is_refused() {
    for call in ["numbers.range(1, 1e15)", "numbers.range_step(1, 1e15, 2)"] {
        check_refused(
            &format!("deny contains d if count({call}) == 1"),
            "rego_forbidden",
        );
    }
}

#[test]
fn what_is_doubled_without_end_is_stopped() {
    check(
        &steps(
            45,
            "\"xxxxxxxx\"",
            "concat(\"\", [X, X])",
            "count(x45) == 1",
        ),
        "rule_limit",
    );
    check(
        &steps(
            45,
            "\"xxxxxxxx\"",
            "sprintf(\"%s%s\", [X, X])",
            "count(x45) == 1",
        ),
        "rule_limit",
    );
    check(
        &steps(45, "[1, 2]", "array.concat(X, X)", "count(x45) == 1"),
        "rule_limit",
    );
    check(&steps(30, "12345678901", "X * X", "x30 == 1"), "rule_limit");
    let function = steps(45, "[1, 2]", "array.concat(X, X)", "count(x45) == y")
        .replace("deny contains d if", "f(y) if");
    check(&format!("{function}deny contains d if f(1)"), "rule_limit");
}

#[test]
fn an_answer_that_would_never_end_is_not_written_out() {
    for doubled in ["[X, X]", "{[X], {X}}", "{\"a\": X, \"b\": X}"] {
        let mut body = steps(40, "[1, 2]", doubled, "input.now");
        body = body.replace(
            "deny contains d",
            "deny contains {\"code\": \"x\", \"msg\": \"x\", \"details\": x40}",
        );
        check(&body, "rule_limit");
    }
    check(
        "deny contains {\"code\": \"x\", \"msg\": input.workload.annotations.long}",
        "rule_limit",
    );
    check(
        "deny contains {\"code\": \"x\", \"msg\": sprintf(\"%d\", [x])} if \
         some x in indexof_n(substring(input.workload.annotations.long, 0, 100), \"a\")",
        "rule_limit",
    );
}

#[test]
fn products_of_long_lists_are_stopped() {
    let list = "l := indexof_n(input.workload.annotations.long, \"a\")";
    check_condition(
        &format!("{list}; count([1 | l[_]; l[_]; l[_]]) == 3"),
        "rule_limit",
    );
    check_condition(
        &format!("{list}; some x in l; some y in l; print(x, y, l)"),
        "rule_limit",
    );
    check_condition(
        &format!("{list}; some x in l; some y in l; trace(\"x\")"),
        "rule_limit",
    );
    check(
        &format!(
            "deny contains {{\"code\": \"x\", \"msg\": sprintf(\"%d\", [x + y])}} if {{ {list}; some x in l; some y in l }}"
        ),
        "rule_limit",
    );
}

#[test]
fn patterns_take_no_longer_than_their_text_is_long() {
    let long = "substring(input.workload.annotations.long, 0, 20000)";
    check_condition(
        "regex.match(`((a{1000}){1000}){1000}`, \"a\")",
        "rule_limit",
    );
    check_harmless(&format!(
        "regex.match(`^(a+)+$`, concat(\"\", [{long}, \"b\"]))"
    ));
    check_harmless(&format!("count(regex.find_n(`a`, {long}, -1)) == 3"));
    check_harmless(&format!("glob.match(\"*a*a*a*a*a*a*a*a*a*b\", [], {long})"));
}

#[test]
fn a_pattern_that_an_attacker_wrote_denies() {
    let call = "regex.match(input.workload.annotations.pattern, \"a\")";
    check_condition(call, "rule_error");
    check_condition(&format!("not {call}"), "rule_error");
}

#[test]
fn documents_within_documents_are_bounded() {
    check_condition(
        "json.unmarshal(input.workload.annotations.deep)",
        "rule_error",
    );
    check_condition(
        "not json.is_valid(input.workload.annotations.deep)",
        "found",
    );
    check_harmless("base64.decode(input.workload.annotations.long) == \"\"");
}

#[test]
fn built_ins_that_we_do_not_have_are_refused() {
    for call in [
        "net.cidr_expand(\"0.0.0.0/0\")",
        "net.cidr_merge([])",
        "regex.globs_match(\"a.*\", \"b.*\")",
        "yaml.unmarshal(\"a: &a [*a]\")",
        "json.patch({}, [])",
        "crypto.x509.parse_certificates(\"\")",
        "io.jwt.decode(\"\")",
        "graph.reachable({}, [])",
        "walk(input, [p, v])",
    ] {
        check_refused(
            &format!("deny contains d if {call}"),
            "rego_unknown_function",
        );
    }
}

#[test]
fn what_depends_on_more_than_the_input_is_refused() {
    for call in [
        "http.send({\"method\": \"get\", \"url\": \"http://169.254.169.254\"})",
        "net.lookup_ip_addr(input.image.registry)",
        "opa.runtime()",
        "time.now_ns()",
        "rand.intn(\"x\", 2)",
        "uuid.rfc4122(\"x\")",
    ] {
        check_refused(&format!("deny contains d if {call}"), "rego_forbidden");
    }
    // Nor may a mock bring them back.
    check_refused(
        "deny contains d if input.x with http.send as f\nf(x) := 1",
        "rego_forbidden",
    );
}

#[test]
fn times_out_of_range_deny() {
    for time in [
        "time.parse_rfc3339_ns(\"9999-12-31T23:59:59Z\") > 0",
        "time.parse_duration_ns(\"99999999999h\") > 0",
        "time.clock(99999999999999999999999) == []",
        "time.format([1, \"Nowhere/Here\"]) == \"\"",
    ] {
        check_condition(time, "rule_error");
    }
    check_condition(
        "not time.add_date(9223372036854775807, 1000000, 1, 1)",
        "found",
    );
}

#[test]
fn text_that_no_editor_wrote_is_refused() {
    check_refused(
        &format!("deny contains d if x == \"{}\"", "a".repeat(1 << 20)),
        "rego_too_large",
    );
    check_refused(
        &format!("deny contains d if x == \"{}\"", "a".repeat(2000)),
        "rego_syntax",
    );
    check_refused("deny contains d if x == \"a", "rego_syntax");
    check_refused("deny contains d if x == \"a\u{feff}", "rego_syntax");
    let with = "with input.y as 1\n ".repeat(100_000);
    check_refused(
        &format!("deny contains d if input.x {with}"),
        "rego_too_large",
    );
    let rules: String = (0..100_000).map(|rule| format!("r{rule} := 1\n")).collect();
    check_refused(
        &format!("deny contains d if input.x\n{rules}"),
        "rego_too_large",
    );
}

#[test]
fn long_else_chains_and_many_withs_hold() {
    let elses: String = (0..1000).map(|_| "else := 1 if input.q\n").collect();
    check(
        &format!("deny contains d if not x\nx := 1 if input.q\n{elses}"),
        "found",
    );
    let with = "with input.y as 1\n ".repeat(1000);
    check(&format!("deny contains d if input.y == 1 {with}"), "found");
}

#[test]
fn what_is_neither_true_nor_false_denies() {
    check("deny contains false", "rule_result_invalid");
    check("deny contains null", "rule_result_invalid");
    check("deny contains \"no\"", "rule_result_invalid");
    check("deny contains {\"code\": \"x\"}", "rule_result_invalid");
    check(
        "deny contains {\"code\": \"x\", \"msg\": 1}",
        "rule_result_invalid",
    );
    check(
        "deny contains {\"code\": \"X y\", \"msg\": \"x\"}",
        "rule_result_invalid",
    );
    for error in [
        "to_number(\"x\") == 1",
        "not to_number(\"x\") == 1",
        "1 / 0 == 0",
        "1 % 0 == 0",
    ] {
        check_condition(error, "rule_error");
    }
    // Widths that overflow panic in one build and ask for memory in another.
    check_condition(
        "sprintf(\"%99999999999999999999d\", [1]) == \"\"",
        "rule_panic",
    );
}

#[test]
fn values_of_another_type_than_expected_do_not_pass() {
    for wrong in [
        "startswith(input.workload.annotations, \"x\")",
        "count(input.now.x) == 0",
        "some x in input.image.digest.list; x",
        "sum(input.workload.annotations.long) == 0",
    ] {
        let found = judge(&format!(
            "{HEAD}deny contains d if not good\ngood if {{ {wrong} }}"
        ));
        assert!(!found.is_empty(), "{wrong}");
    }
}

#[test]
fn nothing_that_decides_can_be_replaced() {
    for package in ["params", "builders", "lib.vouch", "rules.signature.signed"] {
        let rego = format!("package {package}\ndeny contains 1 if input.x");
        let errors = refused(inline(&rego));
        assert_eq!(errors[0].code, "rego_package", "{errors:?}");
    }
    for body in [
        "default allow := true",
        "allow if true",
        "default deny := false",
        "",
    ] {
        let errors = refused(inline(&format!("package a\n{body}")));
        let codes = ["rego_no_deny", "rego_deny_shape", "rego_syntax"];
        assert!(
            errors.iter().any(|error| codes.contains(&error.code)),
            "{body}: {errors:?}"
        );
    }
    // Rules of other policies are not there to be looked at, nor to be written to.
    check_refused(
        "deny contains d if not data.shop.secret",
        "rego_unknown_data",
    );
}

#[test]
fn rules_that_contradict_each_other_deny() {
    check("deny contains d if x == 1\nx := 1\nx := 2", "rule_error");
    check(
        "deny contains d if x == 3\nx := 1 if input.now\nx := 2 if input.image.digest",
        "rule_error",
    );
}

#[test]
fn variables_that_nothing_binds_are_refused() {
    check_refused("deny contains d if not x == 1", "rego_compile");
    check_refused("deny contains d if x == y", "rego_compile");
    check("deny contains {\"code\": \"x\", \"msg\": m}", "rule_error");
}

#[test]
fn numbers_are_what_they_are_written_as() {
    check_refused("deny contains d if 1e999 > 1", "rego_syntax");
    check_condition("to_number(\"NaN\") == 1", "rule_error");
    check_condition("to_number(\"Infinity\") > 1", "rule_error");
    check_harmless("9007199254740993 == 9007199254740992");
    check_harmless("to_number(input.workload.annotations.number) == 9007199254740992");
    check_condition("-0 == 0", "found");
    check_condition("-0.0 == 0", "found");
}

#[test]
fn letters_that_look_alike_are_different() {
    check_harmless("\"\u{e9}\" == \"e\u{301}\"");
    check_harmless("lower(\"\u{130}\") == \"i\"");
    check_harmless("\"registry.ex\u{430}mple.com\" == \"registry.example.com\"");
    // A prefix of a host is no host.
    check_condition(
        "h := input.workload.annotations.host; startswith(h, \"registry.example.com\"); not startswith(h, \"registry.example.com/\")",
        "found",
    );
}

#[test]
fn control_characters_in_what_a_rule_says_are_spelt_out() {
    let document = inline(
        "package a\ndeny contains {\"code\": \"x\", \"msg\": \"a\\nallowed\\u001b[2J\\u202e\", \"fix\": \"b\\r\"} if input.now",
    );
    let set = PolicySet::load(&[document], &TrustRoots::default()).unwrap();
    let verdict = Image::new().judge(&set);
    let [violation] = verdict.violations.as_slice() else {
        panic!("{verdict:?}");
    };
    let shown = format!("{}{}", violation.message, violation.fix.as_deref().unwrap());
    assert!(shown.contains("allowed"), "{shown}");
    assert!(
        !shown
            .chars()
            .any(|letter| letter.is_control() || letter == '\u{202e}'),
        "{shown:?}"
    );
}
