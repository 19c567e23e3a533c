//! `policy input`, `explain` and `eval`: what the rules of policies see of an image, and why they decide as they do.

use std::fs;

use serde_json::Value;

use super::checking::{release, shop};
use super::{Ended, Shell, snapshot};

/// Runs `policy …` on an image of the registry.
async fn policy(shell: &Shell, arguments: &str) -> Ended {
    let host = shell.registry.host();
    shell
        .run(&format!("policy {arguments} --plain-http {host}"))
        .await
}

#[tokio::test]
async fn what_the_rules_are_given_is_what_they_declare_and_no_more() {
    let shell = shop().await;
    release(&shell).await;
    let input = policy(&shell, "input --policies policies REGISTRY/shop/api:1")
        .await
        .is(0)
        .json();
    assert_eq!(input["apiVersion"], "countersign.dev/input/v1");
    assert_eq!(
        input["evidence"]["signatures"][0]["authorities"],
        serde_json::json!(["release"])
    );
    assert_eq!(input["evidence"]["sboms"][0]["kind"], "spdx");
    assert_eq!(
        input["workload"],
        Value::Null,
        "no rule of the policy reads it"
    );
    let signed = "input --policies policies --rule signature/signed REGISTRY/shop/api:1";
    let input = policy(&shell, signed).await.is(0).json();
    assert!(input["evidence"]["signatures"][0].is_object(), "{input}");
    assert_eq!(input["evidence"]["sboms"], Value::Null);
}

#[tokio::test]
async fn an_input_that_is_not_clear_or_not_there_is_refused() {
    let shell = shop().await;
    let second = fs::read_to_string(shell.path("policies/production.yaml")).unwrap();
    shell.write(
        "policies/second.yaml",
        &second.replace("name: production", "name: second"),
    );
    let ended = policy(&shell, "input --policies policies REGISTRY/shop/api:1").await;
    ended.fails(2, "ambiguous_input");
    assert!(
        ended
            .stderr
            .contains("\n  policy production\n  policy second\n"),
        "{}",
        ended.stderr
    );
    for (arguments, code, reason) in [
        (
            "--policy second REGISTRY/shop/api:1 --rule signature/singed",
            2,
            "unknown_rule",
        ),
        ("--policy third REGISTRY/shop/api:1", 2, "unknown_policy"),
        (
            "--policy second REGISTRY/shop/api:1 --platform linux/amd64",
            2,
            "unknown_platform",
        ),
        ("REGISTRY/other/api:1", 1, "unmatched"),
        (
            "--policy second REGISTRY/shop/absent:1",
            3,
            "image_not_found",
        ),
    ] {
        let ended = policy(&shell, &format!("input --policies policies {arguments}")).await;
        ended.fails(code, reason);
    }
}

#[tokio::test]
async fn a_denial_is_explained_down_to_the_expression_and_what_it_saw() {
    let shell = shop().await;
    shell.write(
        "policies/production.yaml",
        fs::read_to_string(shell.path("policies/production.yaml"))
            .unwrap()
            .split("    - { rule: provenance")
            .next()
            .unwrap(),
    );
    let ended = policy(&shell, "explain --policies policies REGISTRY/shop/api:1").await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    deny: REGISTRY/shop/api:1 sha256:[…]
    policy production (enforce)
      signature/signed denies
        unsigned: wanted a signature by authority release, found none
          fix  countersign sign --key KEY REGISTRY/shop/api@sha256:[…]
        rules/signature/signed/signed.rego:35: deny holds
          rules/signature/signed/signed.rego:41:5: holds: not _satisfied
            _satisfied is undefined
            rules/signature/signed/signed.rego:45: _satisfied does not hold
              rules/signature/signed/signed.rego:46:5: holds: params := data.params
              rules/signature/signed/signed.rego:47:5: holds: params.threshold == 1
              rules/signature/signed/signed.rego:48:5: does not hold: some signature in input.evidence.signatures
                input.evidence.signatures = []
            rules/signature/signed/signed.rego:45: _satisfied does not hold
              rules/signature/signed/signed.rego:52:11: does not hold: count(_signers) >= data.params.threshold
                count(_signers) = 0
                _signers = []
                data.params.threshold = 1
                rules/signature/signed/signed.rego:55: _signers holds
                  rules/signature/signed/signed.rego:55:52: does not hold: some signature in signatures.accepted
                    signatures.accepted = []
                    lib/signatures.rego:8: accepted holds
                      lib/signatures.rego:8:26: does not hold: some signature in _verified
                        _verified = []
                        lib/signatures.rego:23: _verified holds
      provenance/slsa_level denies
        no_provenance: wanted provenance of SLSA build level 3, found no verified provenance
          fix  countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json REGISTRY/shop/api@sha256:[…]
        rules/provenance/slsa_level/slsa_level.rego:29: deny holds
          rules/provenance/slsa_level/slsa_level.rego:29:29: holds: not _satisfied
            _satisfied is undefined
            rules/provenance/slsa_level/slsa_level.rego:49: _satisfied does not hold
              rules/provenance/slsa_level/slsa_level.rego:50:5: holds: params := data.params
              rules/provenance/slsa_level/slsa_level.rego:51:5: does not hold: some entry in input.evidence.provenance
                input.evidence.provenance = []
            rules/provenance/slsa_level/slsa_level.rego:49: _satisfied does not hold
              rules/provenance/slsa_level/slsa_level.rego:59:5: does not hold: some entry in provenance.verified
                provenance.verified = []
                lib/provenance.rego:12: verified holds
      provenance/builder_id denies
        no_provenance: wanted provenance of builder https://builder.acme.example/v1, found no verified provenance
          fix  countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json REGISTRY/shop/api@sha256:[…]
        rules/provenance/builder_id/builder_id.rego:37: deny holds
          rules/provenance/builder_id/builder_id.rego:37:29: holds: not _satisfied
            _satisfied is undefined
            rules/provenance/builder_id/builder_id.rego:57: _satisfied does not hold
              rules/provenance/builder_id/builder_id.rego:58:5: holds: params := data.params
              rules/provenance/builder_id/builder_id.rego:59:5: does not hold: some entry in input.evidence.provenance
                input.evidence.provenance = []
            rules/provenance/builder_id/builder_id.rego:57: _satisfied does not hold
              rules/provenance/builder_id/builder_id.rego:67:5: does not hold: some entry in provenance.verified
                provenance.verified = []
                lib/provenance.rego:12: verified holds
      sbom/required denies
        no_sbom: wanted an SBOM (spdx or cyclonedx) that lists at least 1 package, found none that is verified
          fix  countersign attest --key KEY --type spdxjson --predicate sbom.spdx.json REGISTRY/shop/api@sha256:[…]
        rules/sbom/required/required.rego:42: deny holds
          rules/sbom/required/required.rego:42:81: holds: count(sboms.verified) == 0
            count(sboms.verified) = 0
            sboms.verified = []
    --- stderr
    "#);
    let json = policy(
        &shell,
        "explain --policies policies -o json REGISTRY/shop/api:1",
    )
    .await
    .is(1)
    .json();
    assert_eq!(json["outcome"], "deny");
    let rule = &json["evaluations"][0]["rules"][0];
    assert_eq!(rule["violations"][0]["code"], "unsigned");
    let step = &rule["traces"][0]["definitions"][0]["steps"][0];
    assert_eq!(
        (&step["expression"], &step["outcome"]),
        (&"not _satisfied".into(), &"holds".into())
    );
    let step = &step["because"][0]["definitions"][0]["steps"][2];
    assert_eq!(
        (&step["expression"], &step["outcome"]),
        (
            &"some signature in input.evidence.signatures".into(),
            &"fails".into()
        )
    );
}

#[tokio::test]
async fn an_admission_is_explained_by_what_would_have_denied_it() {
    let shell = shop().await;
    release(&shell).await;
    let ended = policy(&shell, "explain --policies policies REGISTRY/shop/api:1")
        .await
        .is(0);
    assert!(ended.stdout.starts_with("admit: "), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("\n  signature/signed holds\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("deny does not hold\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains(": does not hold: not _satisfied\n"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn an_input_in_a_file_is_judged_as_the_image_is() {
    let shell = shop().await;
    let input = policy(&shell, "input --policies policies REGISTRY/shop/api:1")
        .await
        .is(0);
    shell.write("input.json", &input.stdout);
    let explained = policy(
        &shell,
        "explain --policies policies -o json REGISTRY/shop/api:1",
    )
    .await
    .is(1)
    .json();
    let evaluated = shell
        .run("policy eval --policies policies --input input.json -o json")
        .await
        .is(1)
        .json();
    assert_eq!(
        evaluated["evaluations"][0]["rules"],
        explained["evaluations"][0]["rules"]
    );
    let one = "policy eval --policies policies --input input.json --rule signature/signed";
    let ended = shell.run(one).await.is(1);
    assert!(
        ended
            .stdout
            .contains("unsigned: wanted a signature by authority release, found none"),
        "{}",
        ended.stdout
    );

    release(&shell).await;
    let input = policy(&shell, "input --policies policies REGISTRY/shop/api:1")
        .await
        .is(0);
    shell.write("input.json", &input.stdout);
    shell
        .run("policy eval --policies policies --input input.json")
        .await
        .is(0);

    shell.write("broken.json", "{");
    shell
        .run("policy eval --policies policies --input broken.json")
        .await
        .fails(2, "input_malformed");
    shell.write("broken.json", "[]");
    shell
        .run("policy eval --policies policies --input broken.json")
        .await
        .fails(2, "input_malformed");
    let unknown = "policy eval --policies policies --input input.json --rule signature/singed";
    shell.run(unknown).await.fails(2, "unknown_rule");
}

#[tokio::test]
async fn what_a_rule_prints_is_shown() {
    let shell = shop().await;
    let policy = fs::read_to_string(shell.path("policies/production.yaml")).unwrap();
    let rego = "    - rego: |\n        package shop.owner\n\n        deny contains {\"code\": \"no_owner\", \"msg\": \"no owner\"} if {\n          print(\"labels:\", input.workload.labels)\n          not input.workload.labels.owner\n        }\n";
    shell.write("policies/production.yaml", &format!("{policy}{rego}"));
    shell.write(
        "input.json",
        "{\"workload\": {\"labels\": {\"team\": \"x\"}}}",
    );
    let ended = shell
        .run("policy eval --policies policies --input input.json --rule inline/shop.owner")
        .await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    policy production (enforce)
      inline/shop.owner denies
        no_owner: no owner
        printed at : rego:4: labels: {"team": "x"}
        rego:3: deny holds
          rego:4:3: holds: print("labels:", input.workload.labels)
            print("labels:", input.workload.labels) = true
            input.workload.labels = {"team":"x"}
          rego:5:3: holds: not input.workload.labels.owner
            input.workload.labels.owner is undefined
    --- stderr
    "#);
}
