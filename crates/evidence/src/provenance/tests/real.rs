//! Provenance of real builders. What is expected was read in the files, not taken from what the code answers.

use serde_json::json;

use super::*;

const GENERATOR: &str =
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";
const EXAMPLE: &str = "git+https://github.com/slsa-framework/example-package";

/// The statement in a fixture: bare, in an envelope, in a bundle, or as `gcloud` prints it.
fn statement_of(file: &str) -> Value {
    let json: Value = serde_json::from_slice(&fixture(file)).unwrap();
    let envelope = [
        "/payload",
        "/dsseEnvelope/payload",
        "/provenance_summary/provenance/0/envelope/payload",
    ];
    let payload = envelope.iter().find_map(|pointer| json.pointer(pointer));
    let Some(payload) = payload else {
        return json;
    };
    // Cloud Build's is in the alphabet for URLs.
    let payload = payload
        .as_str()
        .unwrap()
        .replace('-', "+")
        .replace('_', "/");
    serde_json::from_slice(&crate::base64::decode(&payload).unwrap()).unwrap()
}

fn read_file(file: &str) -> Value {
    read_statement(&statement_of(file))
}

fn read_statement(statement: &Value) -> Value {
    let predicate_type = statement["predicateType"].as_str().unwrap();
    read_as(predicate_type, &statement["predicate"]).unwrap()
}

/// Takes the members out that the test does not spell out.
fn without(mut found: Value, members: &[&str]) -> Value {
    for member in members {
        found.as_object_mut().unwrap().remove(*member).unwrap();
    }
    found
}

#[test]
fn an_attestation_of_github_from_a_reusable_workflow() {
    assert_eq!(
        read_file("bundles/bcr-module-bazel.sigstore.json"),
        json!({
            "builderId": "https://github.com/bazel-contrib/publish-to-bcr/.github/workflows/publish.yaml@refs/tags/v0.0.1",
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "source": {
                "uri": "https://github.com/aspect-build/rules_lint", "ref": "refs/heads/publish-to-bcr",
                "digest": {"gitCommit": "8f70009fde0c94ade6ce2a054b94718c819126ec"}},
            "invocationId": "https://github.com/aspect-build/rules_lint/actions/runs/14095611671/attempts/1",
            "parameters": {"workflow": {
                "ref": "refs/heads/publish-to-bcr", "repository": "https://github.com/aspect-build/rules_lint",
                "path": ".github/workflows/release.yml"}},
            "dependencies": [{
                "uri": "git+https://github.com/aspect-build/rules_lint@refs/heads/publish-to-bcr",
                "digest": {"gitCommit": "8f70009fde0c94ade6ce2a054b94718c819126ec"}}],
            "builderVersion": {}, "entryPoint": ".github/workflows/release.yml",
            "environment": {"github": {
                "event_name": "workflow_dispatch", "repository_id": "631710741", "repository_owner_id": "60951090",
                "runner_environment": "github-hosted"}},
            "complete": {"parameters": false, "dependencies": false, "environment": false},
            "reproducible": false, "hermetic": null, "detail": null,
        })
    );
}

#[test]
fn attestations_of_github_and_of_npm_name_workflow_commit_and_run() {
    for (file, repository, reference, commit, path, run) in [
        (
            "gh-internal-attest-demo",
            "actions/attest-demo",
            "refs/heads/main",
            "a6c23b9806c593664f68637c8f9d45dfcf98b2db",
            "build-python.yml",
            "8788389601",
        ),
        (
            "gh-reusable-workflow",
            "malancas/attest-demo",
            "refs/heads/main",
            "95baf27389e83e6a5c48f42e190d48d7abcea19e",
            "shared.yml",
            "9228858953",
        ),
        (
            "gh-sigstore-js-2.1.0",
            "sigstore/sigstore-js",
            "refs/heads/main",
            "26d16513386ffaa790b1c32f927544f1322e4194",
            "release.yml",
            "6014488666",
        ),
        (
            "go-sigstorejs-2.0.0",
            "sigstore/sigstore-js",
            "refs/heads/main",
            "f0b49a04e5a62250e0f60fb128004a73110fe311",
            "release.yml",
            "5904696764",
        ),
        (
            "npm-gundam-visor-cli-v1-tag",
            "ramonpetgrave64/gundam-visor",
            "refs/tags/v1.0.1",
            "599500821344b070902a7a5666064bfdaba715df",
            "npm-publish.yml",
            "9358004112",
        ),
    ] {
        let found = read_file(&format!("bundles/{file}.sigstore.json"));
        assert_eq!(
            found["builderId"], "https://github.com/actions/runner/github-hosted",
            "{file}"
        );
        let source = json!({
            "uri": format!("https://github.com/{repository}"), "ref": reference, "digest": {"gitCommit": commit},
        });
        assert_eq!(found["source"], source, "{file}");
        assert_eq!(
            found["entryPoint"],
            format!(".github/workflows/{path}"),
            "{file}"
        );
        let run = format!("https://github.com/{repository}/actions/runs/{run}/attempts/1");
        assert_eq!(found["invocationId"], run, "{file}");
    }
    let own = read_file("bundles/java-dsse-gha-slsa1.sigstore.json");
    assert_eq!(
        own["builderId"],
        "https://github.com/loosebazooka/aa-test/.github/workflows/provenance.yaml@refs/heads/main"
    );
    assert_eq!(
        own["environment"]["github"]["runner_environment"],
        "github-hosted"
    );
}

#[test]
fn an_early_attestation_of_npm() {
    let found = read_file("bundles/go-dsse.sigstore.json");
    assert_eq!(found["environment"]["GITHUB_RUN_ID"], "3024091546");
    let commit = "29cff3dd65f780c3601bd457acb6fe4e5931c825";
    assert_eq!(
        without(found, &["environment"]),
        json!({
            "builderId": "https://github.com/npm/slsa-provenance@0.0.1",
            "buildType": "https://github.com/npm/slsa-provenance/gha@v0",
            "source": {
                "uri": "git+https://github.com/github/slsa-provenance", "ref": "refs/heads/demo",
                "digest": {"gitCommit": commit}},
            "invocationId": "3024091546-4", "parameters": {}, "entryPoint": "demo", "builderVersion": {},
            "dependencies": [{"uri": "git+https://github.com/github/slsa-provenance", "digest": {"sha1": commit}}],
            "complete": {"parameters": false, "dependencies": false, "environment": false},
            "reproducible": false, "hermetic": null, "detail": null,
        })
    );
}

#[test]
fn the_container_generator() {
    for (version, blob, reference, commit, run) in [
        (
            "v1.4.0",
            "784c5bd14237b9a979fd0251f01dcc7956f06da243ca1e9c52470c410e53c654",
            "refs/heads/main",
            "904e2c3e02725e314cf6cf141c4700081298dcbd",
            "3894877440-1",
        ),
        (
            "v1.6.0",
            "6a353e333eb116103813d4912f0b8d06e747412299b52f92a21bf87c1c54680a",
            "refs/heads/main",
            "c14c546e54940a410195ede9aa0e7ee2ef1e16d0",
            "5063709022-1",
        ),
        (
            "v2.0.0",
            "1a16dff13cea8be5dd3e4d31640da5f9b6c8a3ff879f728ec8be5d9e2b17499f",
            "refs/tags/v13.0.30",
            "693130cb6cb840a7bc9cb18c6510d536a95dc7e6",
            "8791219607-1",
        ),
    ] {
        let found = read_file(&format!(
            "layouts/slsa-generator-container-{version}/blobs/sha256/{blob}"
        ));
        assert_eq!(found["environment"]["github_repository_id"], "486325809");
        assert_eq!(
            without(found, &["environment"]),
            json!({
                "builderId": format!("{GENERATOR}generator_container_slsa3.yml@refs/tags/{version}"),
                "buildType": "https://github.com/slsa-framework/slsa-github-generator/container@v1",
                "source": {"uri": EXAMPLE, "ref": reference, "digest": {"gitCommit": commit}},
                "invocationId": run, "parameters": {}, "builderVersion": {},
                "dependencies": [{"uri": format!("{EXAMPLE}@{reference}"), "digest": {"sha1": commit}}],
                "entryPoint": ".github/workflows/verifier-e2e.all.workflow_dispatch.main.all.slsa3.yml",
                "complete": {"parameters": true, "dependencies": false, "environment": false},
                "reproducible": false, "hermetic": null, "detail": null,
            })
        );
    }
}

#[test]
fn the_generic_generator() {
    for (file, version, reference, commit, run) in [
        (
            "provenance/gha-binary-linux-amd64-workflow_dispatch.intoto.jsonl",
            "v1.4.0",
            "refs/heads/main",
            "904e2c3e02725e314cf6cf141c4700081298dcbd",
            "3894877440-1",
        ),
        (
            "bundles/gha_generic-v2.1.0-push-v14.sigstore.json",
            "v2.1.0",
            "refs/tags/v14",
            "4d329c75e7ec1725f7c9ce917a8799d408d06be3",
            "13530999509-1",
        ),
    ] {
        let found = read_file(file);
        assert_eq!(
            found["builderId"],
            format!("{GENERATOR}generator_generic_slsa3.yml@refs/tags/{version}")
        );
        assert_eq!(
            found["buildType"],
            "https://github.com/slsa-framework/slsa-github-generator/generic@v1"
        );
        assert_eq!(
            found["source"],
            json!({"uri": EXAMPLE, "ref": reference, "digest": {"gitCommit": commit}})
        );
        assert_eq!(
            (&found["invocationId"], &found["parameters"]),
            (&json!(run), &json!({}))
        );
    }
}

#[test]
fn the_container_based_builder() {
    for (file, version, reference, commit, config, run) in [
        (
            "v1.7.0-workflow_dispatch",
            "v1.7.0",
            "refs/heads/main",
            "62cb1f1e485829bafe8bbec8b9900c0cb7624fe7",
            "config-workflow_dispatch.toml",
            "5201384557",
        ),
        (
            "v1.9.0-push-v14",
            "v1.9.0",
            "refs/tags/v14",
            "2bcaa7495e1cbd11fbd4f598d857b3a6f18df933",
            "config-tag-v14.toml",
            "5947345503",
        ),
        (
            "v2.0.0-push-v13.0.30",
            "v2.0.0",
            "refs/tags/v13.0.30",
            "693130cb6cb840a7bc9cb18c6510d536a95dc7e6",
            "config-tag-v13.0.30.toml",
            "8791219607",
        ),
    ] {
        let found = read_file(&format!("bundles/gha_container-based-{file}.sigstore.json"));
        assert_eq!(
            found["builderId"],
            format!("{GENERATOR}builder_container-based_slsa3.yml@refs/tags/{version}")
        );
        assert_eq!(
            found["buildType"],
            "https://slsa.dev/container-based-build/v0.1?draft"
        );
        assert_eq!(
            found["source"],
            json!({"uri": EXAMPLE, "ref": reference, "digest": {"gitCommit": commit}})
        );
        assert_eq!(
            found["entryPoint"],
            format!(".github/configs-docker/{config}")
        );
        let run = format!(
            "https://github.com/slsa-framework/example-package/actions/runs/{run}/attempts/1"
        );
        assert_eq!(found["invocationId"], run);
        assert_eq!(
            found["parameters"]["builderImage"]["uri"],
            "bash@sha256:9e2ba52487d945504d250de186cb4fe2e3ba023ed2921dd6ac8b97ed43e76af9"
        );
        let dependencies = found["dependencies"].as_array().unwrap();
        assert_eq!(
            dependencies[0],
            json!({"uri": format!("{EXAMPLE}@{reference}"), "digest": {"sha1": commit}})
        );
        assert_eq!(
            dependencies[1]["uri"],
            format!(
                "git+https://github.com/slsa-framework/slsa-github-generator@refs/tags/{version}"
            )
        );
        assert_eq!(found["environment"]["GITHUB_SHA"], commit);
    }
}

#[test]
fn builders_that_the_generator_delegates_to() {
    for (file, builder, reference, commit, run, input) in [
        (
            "gha_delegator-v2.0.0-push-v14",
            "https://github.com/slsa-framework/example-trw/.github/workflows/builder_high-perms_slsa3.yml@refs/tags/v2.0.0".to_owned(),
            "refs/tags/v14", "693130cb6cb840a7bc9cb18c6510d536a95dc7e6", "8791219359",
            ("content", "hello"),
        ),
        (
            "gha_maven-v1.10.0-push-v14", format!("{GENERATOR}builder_maven_slsa3.yml@refs/tags/v1.10.0"),
            "refs/tags/v14", "d37a7f740ee7404914456f24dcd90e865a0509e8", "8373486918",
            ("directory", "./e2e/maven/workflow_dispatch"),
        ),
        (
            "gha_gradle-v2.1.0-workflow_dispatch", format!("{GENERATOR}builder_gradle_slsa3.yml@refs/tags/v2.1.0"),
            "refs/heads/main", "4d329c75e7ec1725f7c9ce917a8799d408d06be3", "13531731005",
            ("directory", "./e2e/gradle/workflow_dispatch"),
        ),
    ] {
        let found = read_file(&format!("bundles/{file}.sigstore.json"));
        assert_eq!(found["builderId"], builder, "{file}");
        assert_eq!(
            found["buildType"],
            "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0"
        );
        assert_eq!(found["source"], json!({"uri": EXAMPLE, "ref": reference, "digest": {"gitCommit": commit}}));
        let run = format!("https://github.com/slsa-framework/example-package/actions/runs/{run}/attempts/1");
        assert_eq!(found["invocationId"], run);
        assert_eq!(found["parameters"]["inputs"][input.0], input.1);
        assert_eq!(found["environment"]["GITHUB_REF"], reference);
        assert_eq!(found.get("entryPoint"), None);
    }
}

#[test]
fn tekton_chains_in_both_versions() {
    let found = read_file("provenance/guac-oci-dsse-att.json");
    assert_eq!(found["parameters"]["CONTEXT"], "src");
    assert_eq!(
        without(found, &["parameters"]),
        json!({
            "builderId": "https://tekton.dev/chains/v2", "buildType": "tekton.dev/v1beta1/TaskRun",
            "startedOn": "2022-12-20T14:09:04Z", "finishedOn": "2022-12-20T14:09:36Z",
            "dependencies": [], "builderVersion": {}, "environment": {},
            "complete": {"parameters": false, "dependencies": false, "environment": false},
            "reproducible": false, "hermetic": null, "detail": null,
        })
    );

    let template =
        String::from_utf8(fixture("provenance/tekton-pipeline-output-image.json")).unwrap();
    let filled = template
        .replace("{{range .URIDigest}}", "")
        .replace("{{end}}", "")
        .replace("{{.URI}}", "oci://distroless.dev/busybox")
        .replace(
            "{{.Digest}}",
            "186312fcf3f381b5fc1dd80b1afc0d316f3ed39fb4add8ff900d1f0c7c49a92c",
        )
        .replace("{{.UID}}", "1aa04ff2-9c2a-47f5-9c75-ed43d259649a")
        .replace("{{.PipelineStartedOn}}", "2023-01-01T12:34:56Z")
        .replace("{{.PipelineFinishedOn}}", "2023-01-01T12:44:56Z");
    let found = read_statement(&serde_json::from_str(&filled).unwrap());
    assert_eq!(
        found["parameters"]["runSpec"]["timeouts"]["pipeline"],
        "1h0m0s"
    );
    // The type defines its inputs as whatever tasks named, of which the source may be one: it is not guessed.
    assert_eq!(
        without(found, &["parameters"]),
        json!({
            "builderId": "https://tekton.dev/chains/v2", "buildType": "https://tekton.dev/chains/v2/slsa",
            "invocationId": "1aa04ff2-9c2a-47f5-9c75-ed43d259649a",
            "startedOn": "2023-01-01T12:34:56Z", "finishedOn": "2023-01-01T12:44:56Z",
            "dependencies": [
                {"uri": "oci://distroless.dev/busybox",
                 "digest": {"sha256": "186312fcf3f381b5fc1dd80b1afc0d316f3ed39fb4add8ff900d1f0c7c49a92c"}},
                {"uri": "git+https://my-git-url.git", "digest": {"sha1": "my-git-commit"}}],
            "builderVersion": {}, "environment": {},
            "complete": {"parameters": false, "dependencies": false, "environment": false},
            "reproducible": false, "hermetic": null, "detail": null,
        })
    );
}

#[test]
fn google_cloud_build() {
    for (file, uri, commit, run, started, finished) in [
        (
            "gcloud-container-github",
            "https://github.com/laurentsimon/gcb-tests",
            "01ce393d04eb6df2a7b2b3e95d4126e687afb7ae",
            "11f6c682-3451-4f72-ac2a-8e386eab66af",
            "2022-09-06T17:54:10.226833361Z",
            "2022-09-06T17:54:22.169342Z",
        ),
        (
            "gcloud-container-github-tag",
            "git+https://github.com/slsa-framework/example-package",
            "c750fd73a1669b095df7c74da9f1ff2032f926c9",
            "40edaaed-b2ce-49b7-bc4d-4f67779fd0dc",
            "2023-03-15T03:14:09.188170704Z",
            "2023-03-15T03:14:35.163724Z",
        ),
    ] {
        let found = read_file(&format!("provenance/gcb/{file}.json"));
        assert_eq!(found["parameters"]["substitutions"]["COMMIT_SHA"], commit);
        assert_eq!(
            without(found, &["parameters"]),
            json!({
                "builderId": "https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.3",
                "buildType": "https://cloudbuild.googleapis.com/CloudBuildYaml@v0.1",
                "source": {"uri": uri, "digest": {"gitCommit": commit}},
                "invocationId": run, "startedOn": started, "finishedOn": finished,
                "dependencies": [{"uri": uri, "digest": {"sha1": commit}}],
                "builderVersion": {}, "entryPoint": "cloudbuild.yaml", "environment": {},
                "complete": {"parameters": false, "dependencies": false, "environment": false},
                "reproducible": false, "hermetic": null, "detail": null,
            })
        );
    }
}

#[test]
fn a_release_of_kubernetes() {
    assert_eq!(
        read_file("provenance/k8s-kube-slsa-v1.25.1.json"),
        json!({
            "builderId": "https://git.k8s.io/release/docs/krel",
            "buildType": "https://cloudbuild.googleapis.com/CloudBuildYaml@v1",
            "invocationId": "9c2b8db3-705f-43e4-8042-6395125c0301",
            "startedOn": "2022-09-14T19:37:23.921934811Z", "finishedOn": "2022-09-14T20:58:10.934867166Z",
            "parameters": {
                "branch": "release-1.25", "build-version": "v1.25.1-rc.0.43+981393505a8762", "nomock": "true",
                "type": "official"},
            "dependencies": [{
                "uri": "git+https://github.com/kubernetes/kubernetes",
                "digest": {"sha1": "'9ea33a8d02b38a2ac996f4328e7b1449f2cbc888'"}}],
            "builderVersion": {}, "entryPoint": "https://git.k8s.io/release/gcb/stage/cloudbuild.yaml", "environment": {},
            "complete": {"parameters": true, "dependencies": true, "environment": false},
            "reproducible": false, "hermetic": null, "detail": null,
        })
    );
}
