//! Provenance that claims what its certificate does not, member by member.

use serde_json::json;

use super::real::{signer, statement};
use super::*;

/// The detail of the contradiction once `value` stands at `pointer` of the predicate in `file`.
fn forged(file: &str, pointer: &str, value: Value) -> Option<String> {
    let file = format!("bundles/{file}.sigstore.json");
    let mut statement = statement(&file);
    *statement["predicate"]
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("{file} has no {pointer}")) = value;
    let predicate_type = statement["predicateType"].as_str().unwrap();
    let refusal = between(
        &signer(&file),
        &provenance(predicate_type, &statement["predicate"]),
    )?;
    assert_eq!(refusal.reason, Reason::ProvenanceContradiction);
    Some(refusal.detail)
}

#[track_caller]
fn check(file: &str, pointer: &str, value: Value, topic: &str) {
    let detail = forged(file, pointer, value.clone());
    let begins = format!("it says that the {topic} is ");
    assert!(
        detail
            .as_ref()
            .is_some_and(|detail| detail.starts_with(&begins)),
        "{file} {pointer} {value}: {detail:?}"
    );
}

const COMMIT: &str = "0123456789012345678901234567890123456789";

#[test]
fn each_member_of_an_attestation_of_github_must_be_what_the_certificate_says() {
    let file = "bcr-module-bazel";
    let workflow = "/buildDefinition/externalParameters/workflow";
    for (pointer, value, topic) in [
        (
            "/buildDefinition/externalParameters/workflow/repository",
            "https://github.com/acme/app",
            "source repository",
        ),
        (
            "/buildDefinition/externalParameters/workflow/repository",
            "https://github.com/aspect-build/rules_lint-fork",
            "source repository",
        ),
        (
            "/buildDefinition/externalParameters/workflow/repository",
            "https://github.com.evil/aspect-build/rules_lint",
            "source repository",
        ),
        (
            "/buildDefinition/externalParameters/workflow/ref",
            "refs/heads/main",
            "workflow",
        ),
        (
            "/buildDefinition/externalParameters/workflow/path",
            ".github/workflows/other.yml",
            "workflow",
        ),
        (
            "/buildDefinition/internalParameters/github/event_name",
            "push",
            "trigger",
        ),
        (
            "/buildDefinition/internalParameters/github/repository_id",
            "1",
            "id of the source repository",
        ),
        (
            "/buildDefinition/internalParameters/github/runner_environment",
            "self-hosted",
            "runner environment",
        ),
        (
            "/buildDefinition/resolvedDependencies/0/digest/gitCommit",
            COMMIT,
            "source revision",
        ),
        (
            "/buildDefinition/resolvedDependencies/0/uri",
            "git+https://github.com/aspect-build/rules_lint@refs/heads/main",
            "source ref",
        ),
        (
            "/runDetails/builder/id",
            "https://github.com/aspect-build/rules_lint/.github/workflows/release.yml@refs/heads/publish-to-bcr",
            "builder",
        ),
        (
            "/runDetails/builder/id",
            "https://github.com/bazel-contrib/publish-to-bcr/.github/workflows/publish.yaml@refs/tags/v0.0.2",
            "builder",
        ),
        (
            "/runDetails/builder/id",
            "https://github.com/actions/runner/self-hosted",
            "runner environment",
        ),
        (
            "/runDetails/metadata/invocationId",
            "https://github.com/aspect-build/rules_lint/actions/runs/1/attempts/1",
            "run",
        ),
        (
            "/runDetails/metadata/invocationId",
            "https://github.com/aspect-build/rules_lint/actions/runs/14095611671/attempts/2",
            "run",
        ),
        (
            "/runDetails/metadata/invocationId",
            "https://github.com/acme/app/actions/runs/14095611671/attempts/1",
            "run",
        ),
    ] {
        check(file, pointer, json!(value), topic);
    }
    let mut hosted =
        json!({"ref": "refs/heads/publish-to-bcr", "path": ".github/workflows/release.yml"});
    hosted["repository"] = json!("https://github.com/aspect-build/rules_lint");
    assert_eq!(forged(file, workflow, hosted), None);
    check(
        "npm-gundam-visor-cli-v1-tag",
        "/runDetails/builder/id",
        json!("https://github.com/actions/runner/self-hosted"),
        "runner environment",
    );
}

#[test]
fn each_member_of_the_generators_must_be_what_the_certificate_says() {
    let file = "gha_generic-v2.1.0-push-v14";
    let other = "git+https://github.com/acme/app@refs/tags/v14";
    let branch = "git+https://github.com/slsa-framework/example-package@refs/heads/main";
    for (pointer, value, topic) in [
        (
            "/invocation/configSource/uri",
            json!(other),
            "source repository",
        ),
        ("/invocation/configSource/uri", json!(branch), "source ref"),
        (
            "/invocation/configSource/digest/sha1",
            json!(COMMIT),
            "source revision",
        ),
        (
            "/invocation/environment/github_ref",
            json!("refs/heads/main"),
            "source ref",
        ),
        (
            "/invocation/environment/github_sha1",
            json!(COMMIT),
            "source revision",
        ),
        (
            "/invocation/environment/github_event_name",
            json!("workflow_dispatch"),
            "trigger",
        ),
        (
            "/invocation/environment/github_repository_id",
            json!("1"),
            "id of the source repository",
        ),
        ("/invocation/environment/github_run_id", json!("1"), "run"),
        (
            "/invocation/environment/github_run_attempt",
            json!("2"),
            "run",
        ),
        ("/metadata/buildInvocationID", json!("13530999509-2"), "run"),
        (
            "/builder/id",
            json!(
                "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0"
            ),
            "builder",
        ),
    ] {
        check(file, pointer, value, topic);
    }

    let file = "gha_container-based-v1.7.0-workflow_dispatch";
    for (pointer, value, topic) in [
        (
            "/buildDefinition/externalParameters/source/uri",
            json!(other),
            "source repository",
        ),
        (
            "/buildDefinition/externalParameters/source/digest/sha1",
            json!(COMMIT),
            "source revision",
        ),
        (
            "/buildDefinition/internalParameters/GITHUB_REPOSITORY",
            json!("acme/app"),
            "source repository",
        ),
        (
            "/buildDefinition/internalParameters/GITHUB_SHA",
            json!(COMMIT),
            "source revision",
        ),
        (
            "/buildDefinition/internalParameters/GITHUB_RUN_ID",
            json!(1),
            "run",
        ),
        (
            "/buildDefinition/internalParameters/GITHUB_WORKFLOW_REF",
            json!("slsa-framework/example-package/.github/workflows/x.yml@refs/heads/main"),
            "workflow",
        ),
        (
            "/runDetails/builder/id",
            json!("https://github.com/acme/builders/.github/workflows/x.yml@refs/tags/v1.7.0"),
            "builder",
        ),
    ] {
        check(file, pointer, value, topic);
    }

    let file = "gha_delegator-v2.0.0-push-v14";
    for (pointer, value, topic) in [
        (
            "/buildDefinition/resolvedDependencies/0/uri",
            json!(other),
            "source repository",
        ),
        (
            "/buildDefinition/internalParameters/GITHUB_REF",
            json!("refs/heads/main"),
            "source ref",
        ),
        (
            "/buildDefinition/internalParameters/GITHUB_EVENT_NAME",
            json!("pull_request_target"),
            "trigger",
        ),
        (
            "/runDetails/metadata/invocationId",
            json!("https://github.com/slsa-framework/example-package/actions/runs/1/attempts/1"),
            "run",
        ),
    ] {
        check(file, pointer, value, topic);
    }
    // Who delegated stands in no certificate, and what was checked out need not be what began the run.
    let delegating = json!("https://github.com/acme/builders/.github/workflows/x.yml@refs/tags/v1");
    assert_eq!(forged(file, "/runDetails/builder/id", delegating), None);
    let commit = "/buildDefinition/resolvedDependencies/0/digest/gitCommit";
    assert_eq!(forged(file, commit, json!(COMMIT)), None);
}

#[test]
fn what_the_certificate_says_is_compared_with_every_statement() {
    let statement = statement("bundles/bcr-module-bazel.sigstore.json");
    let provenance = provenance(predicate::SLSA_PROVENANCE_V1, &statement["predicate"]);
    let Identity::Certificate {
        subject, claims, ..
    } = signer("bundles/bcr-module-bazel.sigstore.json")
    else {
        panic!("a certificate")
    };
    for (claim, value, topic) in [
        (
            "buildConfigURI",
            "https://github.com/aspect-build/rules_lint/.github/workflows/x.yml@refs/heads/main",
            "workflow",
        ),
        (
            "buildSignerURI",
            "https://github.com/acme/app/.github/workflows/publish.yaml@refs/tags/v0.0.1",
            "builder",
        ),
        ("buildTrigger", "pull_request", "trigger"),
        (
            "runInvocationURI",
            "https://github.com/aspect-build/rules_lint/actions/runs/2/attempts/1",
            "run",
        ),
        ("runnerEnvironment", "self-hosted", "runner environment"),
        ("sourceRepositoryDigest", COMMIT, "source revision"),
        (
            "sourceRepositoryIdentifier",
            "2",
            "id of the source repository",
        ),
        ("sourceRepositoryRef", "refs/heads/main", "source ref"),
        (
            "sourceRepositoryURI",
            "https://gitlab.com/aspect-build/rules_lint",
            "source repository",
        ),
    ] {
        let mut others = claims.clone();
        assert!(others.insert(claim, value.to_owned()).is_some(), "{claim}");
        let refusal = between(&certificate(&subject, others), &provenance).unwrap();
        assert!(
            refusal
                .detail
                .starts_with(&format!("it says that the {topic} is ")),
            "{claim}: {}",
            refusal.detail
        );
    }
    // The same repository in other spellings, and what only one of them says, is no contradiction.
    for (claim, value) in [
        (
            "sourceRepositoryURI",
            "https://github.com/Aspect-Build/Rules_Lint.git",
        ),
        (
            "runInvocationURI",
            "https://github.com/aspect-build/rules_lint/actions/runs/14095611671",
        ),
        ("runInvocationURI", "https://gitlab.com/a/b/-/jobs/1"),
        (
            "buildSignerURI",
            "https://github.com/Bazel-contrib/publish-to-bcr/.github/workflows/publish.yaml@refs/tags/v0.0.1",
        ),
    ] {
        let mut others = claims.clone();
        others.insert(claim, value.to_owned());
        let found = between(&certificate(&subject, others), &provenance);
        assert!(found.is_none(), "{claim}: {found:?}");
    }
    assert!(between(&certificate("jo@acme.example", Claims::new()), &provenance).is_none());
}

#[test]
fn the_older_extensions_stand_in_for_the_newer_ones() {
    let file = "bundles/gha_generic-v2.1.0-push-v14.sigstore.json";
    let statement = statement(file);
    let provenance = provenance(predicate::SLSA_PROVENANCE_V02, &statement["predicate"]);
    let Identity::Certificate {
        subject, claims, ..
    } = signer(file)
    else {
        panic!("a certificate")
    };
    let old: Claims = claims
        .into_iter()
        .filter(|(name, _)| name.starts_with("githubWorkflow"))
        .collect();
    assert_eq!(old.len(), 4);
    assert!(between(&certificate(&subject, old.clone()), &provenance).is_none());
    for (claim, topic) in [
        ("githubWorkflowRef", "source ref"),
        ("githubWorkflowRepository", "source repository"),
        ("githubWorkflowSHA", "source revision"),
        ("githubWorkflowTrigger", "trigger"),
    ] {
        let mut others = old.clone();
        others.insert(claim, "other".to_owned());
        let refusal = between(&certificate(&subject, others), &provenance).unwrap();
        assert!(
            refusal
                .detail
                .starts_with(&format!("it says that the {topic} is ")),
            "{}",
            refusal.detail
        );
    }
    let other = subject.replace("generator_generic_slsa3", "other");
    let refusal = between(&certificate(&other, old), &provenance).unwrap();
    assert!(
        refusal.detail.starts_with("it says that the builder is "),
        "{}",
        refusal.detail
    );
}

#[test]
fn a_run_that_a_builder_of_buildkit_names_must_be_of_the_same_repository() {
    let signer = signer("bundles/bcr-module-bazel.sigstore.json");
    let built_by = |builder: &str, v1: bool| {
        if v1 {
            let build_type = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";
            let predicate = json!({"buildDefinition": {"buildType": build_type}, "runDetails": {"builder": {"id": builder}}});
            provenance(predicate::SLSA_PROVENANCE_V1, &predicate)
        } else {
            let predicate = json!({"buildType": "https://mobyproject.org/buildkit@v1", "builder": {"id": builder}});
            provenance(predicate::SLSA_PROVENANCE_V02, &predicate)
        }
    };
    for v1 in [false, true] {
        for same in [
            "https://github.com/aspect-build/rules_lint/actions/runs/14095611671/attempts/1",
            "https://github.com/aspect-build/rules_lint/actions/runs/14095611671/attempts/2",
            "https://github.com/aspect-build/rules_lint/actions/runs/7",
            "",
            "https://builder.acme.example/v1",
        ] {
            assert!(between(&signer, &built_by(same, v1)).is_none(), "{same}");
        }
        let other = "https://github.com/acme/app/actions/runs/14095611671/attempts/1";
        let refusal = between(&signer, &built_by(other, v1)).unwrap();
        assert_eq!(refusal.reason, Reason::ProvenanceContradiction);
        assert!(
            refusal.detail.starts_with("it says that the run is "),
            "{}",
            refusal.detail
        );
    }
}

#[test]
fn build_types_that_are_not_known_say_nothing() {
    let signer = signer("bundles/bcr-module-bazel.sigstore.json");
    for build_type in [
        "https://acme.example/build/v1",
        "https://actions.github.io/buildtypes/workflow/v2",
        "https://github.com/slsa-framework/slsa-github-generator/other@v1",
        "",
    ] {
        let predicate = json!({
            "buildDefinition": {
                "buildType": build_type,
                "externalParameters": {"workflow": {"repository": "https://github.com/acme/app", "ref": "refs/heads/x", "path": "x"}},
                "internalParameters": {"github": {"event_name": "x"}, "GITHUB_SHA": COMMIT}},
            "runDetails": {
                "builder": {"id": "https://github.com/acme/app/.github/workflows/x.yml@refs/heads/x"},
                "metadata": {"invocationId": "1-1"}},
        });
        let provenance = provenance(predicate::SLSA_PROVENANCE_V1, &predicate);
        assert!(between(&signer, &provenance).is_none(), "{build_type}");
    }
}
