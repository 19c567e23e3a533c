#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

use serde_json::json;

use super::*;
use crate::testing::fixture;

const V02: &str = predicate::SLSA_PROVENANCE_V02;
const V1: &str = predicate::SLSA_PROVENANCE_V1;

fn read_as(predicate_type: &str, predicate: &Value) -> Result<Value, Refusal> {
    let predicate: Box<RawValue> = serde_json::from_str(&predicate.to_string()).unwrap();
    read(predicate_type, &predicate).map(|provenance| serde_json::to_value(provenance).unwrap())
}

/// The predicate in a fixture, whether statement or envelope.
fn predicate_of(file: &str) -> Value {
    let mut json: Value = serde_json::from_slice(&fixture(&format!("provenance/{file}"))).unwrap();
    if let Some(payload) = json.get("payload") {
        json = serde_json::from_slice(&crate::base64::decode(payload.as_str().unwrap()).unwrap())
            .unwrap();
    }
    json["predicate"].take()
}

#[test]
fn the_generic_generator_of_slsa_is_read() {
    let file = predicate_of("gha-binary-linux-amd64-workflow_dispatch.intoto.jsonl");
    let mut found = read_as(V02, &file).unwrap();
    assert_eq!(found["environment"].take()["github_actor"], "asraa");
    let commit = json!("904e2c3e02725e314cf6cf141c4700081298dcbd");
    assert_eq!(
        found,
        json!({
            "builderId": "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v1.4.0",
            "buildType": "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
            "source": {"uri": "git+https://github.com/slsa-framework/example-package", "ref": "refs/heads/main", "digest": {"gitCommit": commit}},
            "invocationId": "3894877440-1",
            "parameters": {}, "environment": null,
            "dependencies": [{"uri": "git+https://github.com/slsa-framework/example-package@refs/heads/main", "digest": {"sha1": commit}}],
            "builderVersion": {}, "entryPoint": ".github/workflows/verifier-e2e.all.workflow_dispatch.main.all.slsa3.yml",
            "complete": {"parameters": true, "dependencies": false, "environment": false},
            "reproducible": false, "hermetic": null, "detail": null,
        })
    );
}

#[test]
fn tekton_chains_is_read_with_what_it_leaves_out() {
    let found = read_as(V02, &predicate_of("guac-oci-dsse-att.json")).unwrap();
    assert_eq!(found["builderId"], "https://tekton.dev/chains/v2");
    assert_eq!(found["startedOn"], "2022-12-20T14:09:04Z");
    assert_eq!(found["parameters"]["CONTEXT"], "src");
    for absent in ["source", "entryPoint", "invocationId", "vcs"] {
        assert_eq!(found.get(absent), None, "{absent}");
    }
}

#[test]
fn buildkit_is_read() {
    let found = read_as(V1, &predicate_of("buildkit-slsa1-single-provenance.json")).unwrap();
    let commit = "bdb96fcfe8cc9e3a54800bc2537a4d4a14f0c5fe";
    let source = json!({"uri": "https://github.com/docker/github-builder-test.git", "ref": commit, "digest": {"gitCommit": commit}});
    assert_eq!(found["source"], source);
    assert_eq!(found["entryPoint"], "hello.Dockerfile");
    assert_eq!(found["invocationId"], "7qg2yuux3iklv02ktbmbtwgeb");
    assert_eq!(
        found["builderId"],
        "https://github.com/docker/github-builder-test/actions/runs/18937328894/attempts/1"
    );
    assert_eq!(found["dependencies"].as_array().unwrap().len(), 3);
}

#[test]
fn a_workflow_of_github_names_its_source_and_the_commit_among_the_dependencies() {
    let build = |uri: &str| {
        json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {"workflow": {"ref": "refs/tags/v1", "repository": "https://github.com/acme/app", "path": ".github/workflows/r.yml"}},
                "internalParameters": {"github": {"event_name": "push"}},
                "resolvedDependencies": [{"uri": uri, "digest": {"gitCommit": "abc"}}]},
            "runDetails": {"builder": {"id": "https://github.com/acme/app/.github/workflows/r.yml@refs/tags/v1", "version": {"x": "1"}},
                           "metadata": {"invocationId": "run", "startedOn": "a", "finishedOn": "b"}},
        })
    };
    let found = read_as(V1, &build("git+https://github.com/acme/app@refs/tags/v1")).unwrap();
    let source = json!({"uri": "https://github.com/acme/app", "ref": "refs/tags/v1", "digest": {"gitCommit": "abc"}});
    assert_eq!(found["source"], source);
    assert_eq!(
        (&found["entryPoint"], &found["finishedOn"]),
        (&json!(".github/workflows/r.yml"), &json!("b"))
    );
    assert_eq!(found["builderVersion"], json!({"x": "1"}));
    // A dependency that is another repository lends its commit to nobody.
    let found = read_as(
        V1,
        &build("git+https://github.com/acme/app-fork@refs/tags/v1"),
    )
    .unwrap();
    assert_eq!(found["source"]["digest"], json!({}));
}

#[test]
fn a_source_may_be_plain_text_and_is_never_guessed() {
    let build = |parameters: Value| {
        json!({
            "buildDefinition": {"externalParameters": parameters, "resolvedDependencies": [
                {"uri": "git+https://x/y@refs/heads/main", "digest": {"gitCommit": "abc"}}]},
            "runDetails": {"builder": {}},
        })
    };
    let source = |parameters: Value| {
        read_as(V1, &build(parameters))
            .unwrap()
            .get("source")
            .cloned()
    };
    let expected = json!({"uri": "git+https://x/y", "digest": {"gitCommit": "abc"}});
    assert_eq!(source(json!({"source": "git+https://x/y"})), Some(expected));
    for nothing in [
        json!({}),
        json!(null),
        json!({"source": ""}),
        json!({"source": 1}),
        json!({"workflow": {}}),
        json!([]),
    ] {
        assert_eq!(source(nothing.clone()), None, "{nothing}");
    }
}

#[test]
fn credentials_in_urls_are_dropped() {
    let config = json!({"uri": "https://user:token@git.example/a@b/c.git#main:sub", "digest": {"sha1": "x"}});
    let materials = json!([{"uri": "https://token@host.example?q=a@b"}, {"uri": "pkg:docker/a@1"}]);
    let predicate =
        json!({"builder": {}, "invocation": {"configSource": config}, "materials": materials});
    let found = read_as(V02, &predicate).unwrap();
    assert_eq!(found["source"]["uri"], "https://git.example/a@b/c.git");
    assert_eq!(found["source"]["ref"], "main");
    assert_eq!(
        found["dependencies"][0]["uri"],
        "https://host.example?q=a@b"
    );
    assert_eq!(found["dependencies"][1]["uri"], "pkg:docker/a@1");
}

#[test]
fn what_is_empty_is_left_out() {
    let found = read_as(
        V02,
        &json!({"builder": {"id": ""}, "buildType": "", "metadata": null}),
    )
    .unwrap();
    let complete = json!({"parameters": false, "dependencies": false, "environment": false});
    assert_eq!(
        found,
        json!({
            "parameters": {}, "environment": {}, "dependencies": [], "builderVersion": {}, "complete": complete,
            "reproducible": false, "hermetic": null, "detail": null,
        })
    );
}

#[test]
fn a_predicate_of_another_version_or_shape_is_refused() {
    let v02 = json!({"builder": {"id": "x"}, "buildType": "y"});
    let v1 = json!({"buildDefinition": {}, "runDetails": {"builder": {"id": "x"}}});
    assert!(read_as(V02, &v02).is_ok() && read_as(V1, &v1).is_ok());
    for (predicate_type, predicate) in [
        (V1, &v02),
        (V02, &v1),
        (V1, &json!({"buildDefinition": {}, "runDetails": {}})),
        (
            V1,
            &json!({"buildDefinition": {"resolvedDependencies": {}}, "runDetails": {"builder": {}}}),
        ),
        (V02, &json!({"builder": {"id": 7}})),
        (
            V02,
            &json!({"builder": {}, "materials": [{"digest": {"sha256": 1}}]}),
        ),
        (
            V02,
            &json!({"builder": {}, "metadata": {"buildInvocationId": "a", "buildInvocationID": "b"}}),
        ),
        (V02, &json!("provenance")),
        (V1, &json!(null)),
    ] {
        let refusal = read_as(predicate_type, predicate).unwrap_err();
        assert_eq!(refusal.reason, Reason::ProvenanceMalformed, "{predicate}");
        assert!(
            refusal.detail.starts_with("it is not SLSA provenance "),
            "{}",
            refusal.detail
        );
    }
}
