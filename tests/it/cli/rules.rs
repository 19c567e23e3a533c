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
    ok      2  mine/rules/shop/owner/owner_test.rego
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
    FAIL  2/3  mine/rules/shop/owner/owner_test.rego
      mine/rules/shop/owner/owner_test.rego:11 rules.shop.owner_test.test_that_fails: an expression of it does not hold
        mine/rules/shop/owner/owner_test.rego:13:5: does not hold: 1 == 2
          differs 1 is not 2
        printed at mine/rules/shop/owner/owner_test.rego:12: seen
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
    error: the Rego does not compile (rego_syntax)
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

#[tokio::test]
async fn the_results_of_tests_are_json_or_junit_on_demand() {
    let fails = "\ntest_that_fails if {\n\tprint(\"seen <this>\")\n\t{\"a\": 1, \"b\": 2} == {\"a\": 1, \"b\": 3}\n}\n";
    let shell = mine("", fails).await;
    let json = shell
        .run("policy test mine --output json --run that_fails --run owner")
        .await
        .is(1)
        .json();
    assert_eq!((&json["passed"], &json["failed"]), (&2.into(), &1.into()));
    let test = &json["tests"][2];
    assert_eq!(test["name"], "rules.shop.owner_test.test_that_fails");
    assert_eq!(test["printed"][0]["text"], "seen <this>");
    assert_eq!(test["failure"]["definitions"][0]["file"], TEST_FILE);
    assert_eq!(test["failure"]["differences"][0], ".b: 2 is not 3");
    let junit = shell
        .run("policy test mine --output junit")
        .await
        .is(1)
        .stdout;
    for part in [
        "<testsuites name=\"countersign policy test\" tests=\"3\" failures=\"1\" errors=\"0\">",
        "<testcase classname=\"rules.shop.owner_test\" name=\"test_that_fails\" file=\"mine/rules/shop/owner/owner_test.rego\" line=\"11\">",
        "<system-out>seen &lt;this&gt;</system-out>",
    ] {
        assert!(junit.contains(part), "{junit}");
    }
}

#[tokio::test]
async fn one_test_may_be_run_alone() {
    let shell = mine("", "\ntest_that_fails if 1 == 2\n").await;
    let ended = shell.run("policy test mine --run admits_a_pod").await.is(0);
    assert!(
        ended.stdout.ends_with("1 passed, 0 failed\n"),
        "{}",
        ended.stdout
    );
    shell
        .run("policy test mine --run nonsense")
        .await
        .fails(1, "no_tests");
}

#[tokio::test]
async fn lines_that_no_test_reaches_are_a_failure_under_a_threshold() {
    let shell = mine(
        "\nwarn contains {\"code\": \"x\", \"msg\": \"y\"} if {\n\tinput.workload.labels.old\n}\n",
        "",
    )
    .await;
    let ended = shell
        .run("policy test mine --coverage --threshold 90")
        .await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    ok      2  mine/rules/shop/owner/owner_test.rego
    not reached: mine/rules/shop/owner/owner.rego: 10, 11
    1 of 3 lines reached
    2 passed, 0 failed
    --- stderr
    error: the tests reach 1 of 3 lines, wanted 90 % (coverage_low)
    hint: write tests that reach the lines above
    "#);
    shell
        .run("policy test mine --coverage --threshold 30")
        .await
        .is(0);
    let json = shell
        .run("policy test mine --coverage --output json")
        .await
        .is(0)
        .json();
    assert_eq!(
        json["coverage"][0]["notReached"],
        serde_json::json!([10, 11])
    );
}

#[tokio::test]
async fn a_new_rule_passes_its_tests_and_the_checks_as_it_is() {
    let shell = Shell::start().await;
    let ended = shell.run("policy new shop/owner_label --dir mine").await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    mine/rules/shop/owner_label/owner_label.rego
    mine/rules/shop/owner_label/owner_label_test.rego
    --- stderr
    hint: run its tests: countersign policy test mine
    "#);
    shell
        .run("policy test mine --coverage --threshold 100")
        .await
        .is(0);
    shell.run("policy lint mine").await.is(0);
    shell
        .run("policy new shop/owner_label --dir mine")
        .await
        .fails(2, "rule_exists");
    shell
        .run("policy new signature/signed --dir mine")
        .await
        .fails(2, "rule_exists");
    for name in [
        "owner",
        "Shop/owner",
        "shop/owner/label",
        "shop/../x",
        "shop/a_test",
        "shop/if",
        "/x",
    ] {
        shell.run(&format!("policy new {name}")).await.is(2);
    }
}

#[tokio::test]
async fn rules_are_listed_with_what_they_demand() {
    let shell = mine("", "").await;
    let ended = shell.run("policy list mine").await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    shop/owner  Pods have an owner
    --- stderr
    "#);
    let json = shell.run("policy list --output json").await.is(0).json();
    let signed = json
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["id"] == "signature/signed")
        .unwrap();
    assert_eq!(
        signed["params"],
        serde_json::json!(["authorities", "threshold"])
    );
    shell.run("policy list docker").await.fails(1, "no_rules");
}

#[tokio::test]
async fn each_rule_gets_a_page_from_its_metadata_and_its_tests() {
    let shell = mine("", "").await;
    let ended = shell.run("policy doc mine --dir pages").await.is(0);
    assert_eq!(ended.stdout, "pages/shop/owner.md\npages/README.md\n");
    let page = fs::read_to_string(shell.path("pages/shop/owner.md")).unwrap();
    for part in [
        "# shop/owner\n\nPods have an owner.\n\nThe pod carries the label owner.\n",
        "\n- denies a pod without owner\n- admits a pod with one\n",
        "\n```rego\ntest_denies_a_pod_without_owner if count(owner.deny) == 1 with input as {}\n```\n",
    ] {
        assert!(page.contains(part), "{page}");
    }
    let index = fs::read_to_string(shell.path("pages/README.md")).unwrap();
    assert!(
        index.contains("| [shop/owner](shop/owner.md) | Pods have an owner |\n"),
        "{index}"
    );
    shell
        .run("policy doc docker --dir pages")
        .await
        .fails(1, "no_rules");
}
