//! The formats in which `check` writes its verdicts, and that no text of others changes their meaning.

use std::fs;

use countersign_testkit::Fault;
use serde_json::json;

use super::checking::{CHECK, shop};
use super::{Ended, Shell, snapshot};

/// A shop whose policy wants a signature and nothing else, with a manifest of two objects.
pub(super) async fn unsigned() -> Shell {
    let shell = shop().await;
    let policy = fs::read_to_string(shell.path("policies/production.yaml")).unwrap();
    let (policy, _) = policy
        .split_once("    - {rule: provenance/slsa_level")
        .unwrap();
    shell.write("policies/production.yaml", policy);
    shell.write("pod.yaml", MANIFEST);
    shell
}

pub(super) async fn check(shell: &Shell, arguments: &str) -> Ended {
    shell
        .run(&format!("{CHECK} --unpinned allow {arguments}"))
        .await
}

#[tokio::test]
async fn json_says_all_that_is_known() {
    let shell = unsigned().await;
    let ended = check(&shell, "-o json -f pod.yaml").await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    {
      "outcome": "deny",
      "errors": [],
      "unknown": [],
      "reviews": [
        {
          "name": "Pod shop/api",
          "file": "pod.yaml",
          "outcome": "deny",
          "code": "signature/signed:unsigned",
          "images": [
            {
              "image": "REGISTRY/shop/api:1",
              "digest": "sha256:[…]",
              "paths": [
                "spec.initContainers[0].image",
                "spec.containers[0].image"
              ],
              "lines": [
                8,
                11
              ],
              "outcome": "deny",
              "codes": [
                "signature/signed:unsigned"
              ],
              "verdicts": [
                {
                  "policy": "production",
                  "mode": "enforce",
                  "violations": [
                    {
                      "rule": "signature/signed",
                      "code": "unsigned",
                      "message": "wanted a signature by authority release, found none",
                      "details": {
                        "found": [],
                        "nearest": [],
                        "wanted": "a signature by authority release"
                      },
                      "fix": "countersign sign --key KEY REGISTRY/shop/api@sha256:[…]"
                    }
                  ],
                  "warnings": [],
                  "authorities": []
                }
              ]
            }
          ],
          "warnings": [],
          "message": "REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none (signature/signed)\n\nimage      REGISTRY/shop/api:1\ndigest     sha256:[…]\nused by    spec.initContainers[0].image, spec.containers[0].image\npolicy     production\n  signature/signed (unsigned): wanted a signature by authority release, found none\n    fix      countersign sign --key KEY REGISTRY/shop/api@sha256:[…]\nreproduce  countersign check --policies DIR --namespace shop REGISTRY/shop/api@sha256:[…]"
        }
      ]
    }
    --- stderr
    "#);
}

#[tokio::test]
async fn sarif_has_a_rule_for_each_result_and_points_at_the_line_of_the_image() {
    let shell = unsigned().await;
    let ended = check(&shell, "-o sarif -f pod.yaml").await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "runs": [
        {
          "columnKind": "unicodeCodePoints",
          "invocations": [
            {
              "executionSuccessful": true,
              "toolExecutionNotifications": []
            }
          ],
          "results": [
            {
              "level": "error",
              "locations": [
                {
                  "logicalLocations": [
                    {
                      "fullyQualifiedName": "Pod shop/api: spec.initContainers[0].image"
                    }
                  ],
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "pod.yaml"
                    },
                    "region": {
                      "startLine": 8
                    }
                  }
                }
              ],
              "message": {
                "text": "REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none\nfix: countersign sign --key KEY REGISTRY/shop/api@sha256:[…]"
              },
              "ruleId": "signature/signed"
            },
            {
              "level": "error",
              "locations": [
                {
                  "logicalLocations": [
                    {
                      "fullyQualifiedName": "Pod shop/api: spec.containers[0].image"
                    }
                  ],
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "pod.yaml"
                    },
                    "region": {
                      "startLine": 11
                    }
                  }
                }
              ],
              "message": {
                "text": "REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none\nfix: countersign sign --key KEY REGISTRY/shop/api@sha256:[…]"
              },
              "ruleId": "signature/signed"
            }
          ],
          "tool": {
            "driver": {
              "name": "countersign",
              "rules": [
                {
                  "fullDescription": {
                    "text": "At least `threshold` different signers, each accepted by one of the authorities, signed the digest of the image.\nA signer is a key, or the subject and issuer of a certificate, and no signature: it counts once, however often it\nsigned and however many authorities accept it."
                  },
                  "help": {
                    "text": "At least `threshold` different signers, each accepted by one of the authorities, signed the digest of the image.\nA signer is a key, or the subject and issuer of a certificate, and no signature: it counts once, however often it\nsigned and however many authorities accept it."
                  },
                  "id": "signature/signed",
                  "shortDescription": {
                    "text": "The image is signed by enough signers"
                  }
                }
              ],
              "version": "0.0.0"
            }
          }
        }
      ],
      "version": "2.1.0"
    }
    --- stderr
    "#);
}

#[tokio::test]
async fn annotations_of_github_point_at_the_line_of_the_image() {
    let shell = unsigned().await;
    let ended = shell.run(&format!("{CHECK} -o github -f pod.yaml")).await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    ::error file=pod.yaml,line=8,title=signature/signed::Pod shop/api: spec.initContainers[0].image: REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none%0Afix: countersign sign --key KEY REGISTRY/shop/api@sha256:[…]
    ::warning file=pod.yaml,line=8,title=unpinned::Pod shop/api: spec.initContainers[0].image: REGISTRY/shop/api:1 is a tag, judged as sha256:[…]: write REGISTRY/shop/api@sha256:[…], for the node will ask again what the tag means
    ::error file=pod.yaml,line=11,title=signature/signed::Pod shop/api: spec.containers[0].image: REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none%0Afix: countersign sign --key KEY REGISTRY/shop/api@sha256:[…]
    ::warning file=pod.yaml,line=11,title=unpinned::Pod shop/api: spec.containers[0].image: REGISTRY/shop/api:1 is a tag, judged as sha256:[…]: write REGISTRY/shop/api@sha256:[…], for the node will ask again what the tag means
    --- stderr
    "#);
}

#[tokio::test]
async fn junit_has_a_case_for_each_use_of_an_image() {
    let shell = unsigned().await;
    let ended = check(&shell, "-o junit -f pod.yaml").await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="countersign check" tests="2" failures="2" errors="0">
      <testsuite name="pod.yaml" tests="2" failures="2" errors="0">
        <testcase classname="Pod shop/api" name="spec.initContainers[0].image: REGISTRY/shop/api:1" file="pod.yaml" line="8">
          <failure message="REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none (signature/signed)" type="signature/signed:unsigned">REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none (signature/signed)&#10;&#10;image      REGISTRY/shop/api:1&#10;digest     sha256:[…]&#10;used by    spec.initContainers[0].image, spec.containers[0].image&#10;policy     production&#10;  signature/signed (unsigned): wanted a signature by authority release, found none&#10;    fix      countersign sign --key KEY REGISTRY/shop/api@sha256:[…]&#10;reproduce  countersign check --policies DIR --namespace shop REGISTRY/shop/api@sha256:[…]</failure>
        </testcase>
        <testcase classname="Pod shop/api" name="spec.containers[0].image: REGISTRY/shop/api:1" file="pod.yaml" line="11">
          <failure message="REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none (signature/signed)" type="signature/signed:unsigned">REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none (signature/signed)&#10;&#10;image      REGISTRY/shop/api:1&#10;digest     sha256:[…]&#10;used by    spec.initContainers[0].image, spec.containers[0].image&#10;policy     production&#10;  signature/signed (unsigned): wanted a signature by authority release, found none&#10;    fix      countersign sign --key KEY REGISTRY/shop/api@sha256:[…]&#10;reproduce  countersign check --policies DIR --namespace shop REGISTRY/shop/api@sha256:[…]</failure>
        </testcase>
      </testsuite>
    </testsuites>
    --- stderr
    "#);
    shell
        .run("sign --key release.key REGISTRY/shop/api:1")
        .await
        .is(0);
    let ended = check(&shell, "-o junit -f pod.yaml").await.is(0);
    assert!(
        ended
            .stdout
            .contains("tests=\"2\" failures=\"0\" errors=\"0\""),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn the_summary_is_a_table_beside_the_verdicts_or_at_the_end_of_a_file() {
    let shell = unsigned().await;
    let ended = check(&shell, "--summary -f pod.yaml").await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    denied: Pod shop/api (pod.yaml)
      REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none (signature/signed)

      image      REGISTRY/shop/api:1
      digest     sha256:[…]
      used by    spec.initContainers[0].image, spec.containers[0].image
      policy     production
        signature/signed (unsigned): wanted a signature by authority release, found none
          fix      countersign sign --key KEY REGISTRY/shop/api@sha256:[…]
      reproduce  countersign check --policies DIR --namespace shop REGISTRY/shop/api@sha256:[…]
    --- stderr
    | verdict | image | used by | reason |
    |---|---|---|---|
    | denied | `REGISTRY/shop/api:1` | `Pod shop/api (pod.yaml)` | `signature/signed:unsigned` |
    "#);
    shell.write("summary.md", "Before.\n\n");
    for _ in 0..2 {
        let ended = check(&shell, "-o json --summary=summary.md -f pod.yaml")
            .await
            .is(1);
        assert_eq!(ended.stderr, "");
    }
    let summary = fs::read_to_string(shell.path("summary.md")).unwrap();
    assert!(summary.starts_with("Before.\n\n| verdict |"), "{summary}");
    assert_eq!(summary.matches("| denied | ").count(), 2, "{summary}");
    check(&shell, "--summary=absent/summary.md -f pod.yaml")
        .await
        .fails(2, "file_unwritable");
}

#[tokio::test]
async fn what_a_policy_only_warns_of_is_a_warning_in_every_format() {
    let shell = unsigned().await;
    let policy = fs::read_to_string(shell.path("policies/production.yaml")).unwrap();
    shell.write(
        "policies/production.yaml",
        &policy.replace("spec:\n", "spec:\n  mode: warn\n"),
    );
    let sarif = check(&shell, "-o sarif -f pod.yaml").await.is(0).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let levels: Vec<_> = results
        .iter()
        .map(|result| (&result["level"], &result["ruleId"]))
        .collect();
    assert_eq!(levels, [(&json!("warning"), &json!("signature/signed")); 2]);
    let github = check(&shell, "-o github -f pod.yaml").await.is(0).stdout;
    let warnings = github
        .lines()
        .filter(|line| line.starts_with("::warning file=pod.yaml,line="));
    assert_eq!(warnings.count(), 2, "{github}");
    let junit = check(&shell, "-o junit -f pod.yaml").await.is(0).stdout;
    assert_eq!(junit.matches("<system-out>").count(), 2, "{junit}");
    assert!(junit.contains("failures=\"0\" errors=\"0\""), "{junit}");
}

#[tokio::test]
async fn what_could_not_be_looked_at_is_no_failure_but_an_error() {
    let shell = unsigned().await;
    shell
        .registry
        .fault(Fault::on("GET /v2/*/referrers/*").status(500));
    let junit = check(&shell, "-o junit -f pod.yaml").await.is(3).stdout;
    assert!(
        junit.contains("tests=\"2\" failures=\"0\" errors=\"2\""),
        "{junit}"
    );
    assert!(junit.contains("type=\"registry_error\""), "{junit}");
    let sarif = check(&shell, "-o sarif -f pod.yaml").await.is(3).json();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "registry_error");
    assert_eq!(sarif["runs"][0]["results"][0]["level"], "error");
}

#[tokio::test]
async fn what_could_not_be_read_stands_in_every_format() {
    let shell = unsigned().await;
    shell.write(
        "broken.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: 7\n",
    );
    let says = "broken.yaml: Pod p: the object's spec cannot be read";
    let sarif = check(&shell, "-o sarif -f broken.yaml -f pod.yaml")
        .await
        .is(2)
        .json();
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notification = &invocation["toolExecutionNotifications"][0];
    assert!(
        notification["message"]["text"]
            .as_str()
            .unwrap()
            .starts_with(says),
        "{notification}"
    );
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 2);
    let github = check(&shell, "-o github -f broken.yaml").await.is(2).stdout;
    assert!(
        github.starts_with(&format!("::error title=countersign::{says}")),
        "{github}"
    );
    let junit = check(&shell, "-o junit -f broken.yaml").await.is(2).stdout;
    assert!(
        junit.contains("tests=\"1\" failures=\"0\" errors=\"1\""),
        "{junit}"
    );
    let table = check(&shell, "--summary -f broken.yaml").await.is(2).stderr;
    assert!(
        table.contains(&format!("| not read | | | `{says}")),
        "{table}"
    );
}

#[tokio::test]
async fn nobodys_words_change_what_a_format_means() {
    let shell = unsigned().await;
    let file = "a,line=1::b%0A::error::c.yaml";
    shell.write(file, HOSTILE);
    for format in ["text", "github"] {
        let ended = check(&shell, &format!("--summary=s.md -o {format} -f {file}"))
            .await
            .is(1);
        let commands: Vec<_> = ended
            .stdout
            .lines()
            .filter(|line| line.starts_with("::"))
            .collect();
        let ours = |line: &&str| {
            line.starts_with(
                "::error file=a%2Cline=1%3A%3Ab%250A%3A%3Aerror%3A%3Ac.yaml,line=5,title=",
            )
        };
        let expected = usize::from(format == "github");
        assert_eq!(commands.len(), expected, "{}", ended.stdout);
        assert!(commands.iter().all(ours), "{commands:?}");
        assert!(!ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
    }
    let table = fs::read_to_string(shell.path("s.md")).unwrap();
    assert_eq!(table.lines().count(), 8, "{table}");
    let junit = check(&shell, &format!("-o junit -f {file}"))
        .await
        .is(1)
        .stdout;
    assert_eq!(junit.matches("<testcase ").count(), 1, "{junit}");
    assert_eq!(junit.matches("<failure ").count(), 1, "{junit}");
    let sarif = check(&shell, &format!("-o sarif -f {file}"))
        .await
        .is(1)
        .json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "a%2Cline%3D1%3A%3Ab%250A%3A%3Aerror%3A%3Ac.yaml"
    );
    let text = result["message"]["text"].as_str().unwrap();
    assert!(text.contains("[a\\](http://x)"), "{text}");
}

const MANIFEST: &str = r#"# The shop.
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec:
  initContainers:
    - name: migrate
      image: "REGISTRY/shop/api:1"
  containers:
    - name: api
      image: "REGISTRY/shop/api:1"
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
"#;

const HOSTILE: &str = r#"apiVersion: v1
kind: Pod
metadata: {name: "p\n::error::x\u001b[2J | [a](http://x) `<b>`]]></failure>"}
spec:
  containers: [{name: c, image: "x\n::stop-commands::y [a](http://x) | ` ]]></failure> \u001b[2J"}]
"#;
