//! `policy`: what those who write rules get to see.

use std::fs;
use std::path::Path;

use super::{Shell, snapshot};

const RULE: &str = r#"# METADATA
# title: Pods have an owner
# description: The pod carries the label owner.
# custom:
#   reads: [workload.labels]
package rules.shop.owner

deny contains {"code": "no_owner", "msg": "wanted the label owner, found none"} if not input.workload.labels.owner
"#;
const TEST: &str = r#"package rules.shop.owner_test

import data.rules.shop.owner

test_denies_a_pod_without_owner if count(owner.deny) == 1 with input as {}

test_admits_a_pod_with_one if {
	count(owner.deny) == 0 with input as {"workload": {"labels": {"owner": "me"}}}
}
"#;
const RULE_FILE: &str = "mine/rules/shop/owner/owner.rego";
const TEST_FILE: &str = "mine/rules/shop/owner/owner_test.rego";

/// A directory `mine` with a rule, its tests, and what else is appended to each.
async fn mine(rule: &str, test: &str) -> Shell {
    let shell = Shell::start().await;
    let folder = Path::new(RULE_FILE).parent().unwrap();
    fs::create_dir_all(shell.path(folder.to_str().unwrap())).unwrap();
    shell.write(RULE_FILE, &format!("{RULE}{rule}"));
    shell.write(TEST_FILE, &format!("{TEST}{test}"));
    shell
}

#[tokio::test]
async fn tests_that_pass_are_counted() {
    let shell = mine("", "").await;
    let ended = shell.run("policy test mine").await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    2 passed, 0 failed
    --- stderr
    "#);
    let one = shell.run(&format!("policy test {TEST_FILE}")).await.is(0);
    assert_eq!(one.stdout, ended.stdout);
}

#[tokio::test]
async fn a_test_that_fails_is_shown_with_its_place_and_what_it_printed() {
    let fails = "\ntest_that_fails if {\n\tprint(\"seen\")\n\t1 == 2\n}\n";
    let shell = mine("", fails).await;
    let ended = shell.run("policy test mine").await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    FAIL mine/rules/shop/owner/owner_test.rego:11 data.rules.shop.owner_test.test_that_fails: an expression of it does not hold
      printed rules/shop/owner/owner_test.rego:12: seen
    2 passed, 1 failed
    --- stderr
    "#);
}

#[tokio::test]
async fn no_tests_at_all_are_a_failure() {
    let shell = mine("", "").await;
    fs::remove_file(shell.path(TEST_FILE)).unwrap();
    shell.run("policy test mine").await.fails(1, "no_tests");
    shell
        .run(&format!("policy test {RULE_FILE}"))
        .await
        .fails(1, "no_tests");
    shell
        .run("policy test absent")
        .await
        .fails(2, "file_unreadable");
}

#[tokio::test]
async fn rego_that_does_not_compile_is_shown_with_its_place() {
    let shell = mine("", "test_x if (").await;
    let ended = shell.run("policy test mine").await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    --- stderr
    error: the Rego does not compile (rego_compile)
      mine/rules/shop/owner/owner_test.rego:10:12: expecting expression
    hint: `countersign policy lint` says all that is wrong
    "#);
}

#[tokio::test]
async fn a_rule_may_import_the_shipped_modules_and_replace_one() {
    let shell = mine(
        "",
        "test_import if data.lib.image.pinned == \"\" with input as {}\n",
    )
    .await;
    shell.run("policy test mine").await.is(1);
    fs::create_dir(shell.path("mine/lib")).unwrap();
    shell.write(
        "mine/lib/image.rego",
        "package lib.image\n\npinned := \"\"\n",
    );
    shell.run("policy test mine").await.is(0);
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_shown_with_place_and_advice() {
    let shell = mine("", "").await;
    let ended = shell.run("policy lint mine").await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    --- stderr
    2 files, nothing wrong
    "#);
    let shell = mine("\nlate if time.now_ns() > 1\n", "").await;
    let ended = shell.run("policy lint mine").await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    mine/rules/shop/owner/owner.rego:10:9: the built-in `time.now_ns` is not allowed in policies (rego_forbidden)
      hint: use `time.parse_rfc3339_ns(input.now)`
    --- stderr
    2 files, 1 mistake
    "#);
    fs::create_dir(shell.path("none")).unwrap();
    shell.run("policy lint none").await.fails(1, "no_rules");
}
