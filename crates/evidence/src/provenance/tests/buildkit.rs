//! Provenance of BuildKit, in both versions and both modes.

use serde_json::json;

use super::*;

#[test]
fn a_build_of_a_local_folder_names_no_source_and_the_state_of_the_tree() {
    let blob = "371954672cfaa92735d6fbd70a787aac618a41d4c8ec8d6e12bd12d0cc601706";
    let found = read_file(
        V02,
        &format!("layouts/buildkit-unsigned-index/blobs/sha256/{blob}"),
    );
    assert_eq!(
        found,
        json!({
            "buildType": "https://mobyproject.org/buildkit@v1",
            "invocationId": "jckf4dzdrb4i99ygsshezjtsq",
            "startedOn": "2024-04-29T10:23:45.125886079Z", "finishedOn": "2024-04-29T10:23:46.287890106Z",
            "parameters": {"frontend": "dockerfile.v0", "locals": [{"name": "context"}, {"name": "dockerfile"}]},
            "dependencies": [
                {"uri": "pkg:docker/docker/buildkit-syft-scanner@stable-1",
                 "digest": {"sha256": "176e0869c38aeaede37e594fcf182c91d44391a932e1d71e99ec204873445a33"}},
                {"uri": "pkg:docker/alpine@latest?platform=linux%2Farm64",
                 "digest": {"sha256": "c5b1261d6d3e43071626931fc004f70149baeba2c8ec672bd4f27761f8e1ad6b"}}],
            "builderVersion": {}, "entryPoint": "Dockerfile", "environment": {"platform": "linux/amd64"},
            "vcs": {"repository": "git@github.com:docker/image-signer-verifier.git", "dirty": false,
                "revision": "ba33451b352942e366f12662f2c3a0c8ac54d696"},
            "complete": {"parameters": true, "dependencies": false, "environment": true},
            "reproducible": false, "hermetic": false, "detail": "max",
        })
    );
    let signed = predicate_of("docker-attest-example_attestation.json");
    let signed = read_as(V02, &signed).unwrap();
    let vcs = json!({
        "repository": "git@github.com:docker/image-signer-verifier.git", "dirty": false,
        "revision": "5914df2930aba701d6ddc3ba9272a5732dfe8ab4",
    });
    assert_eq!((&signed["vcs"], &signed["detail"]), (&vcs, &json!("max")));
}

#[test]
fn a_build_of_a_repository_names_it_and_mode_min_leaves_the_graph_out() {
    let min = "layouts/slsa-generator-container-v2.0.0/blobs/sha256/4efc1daf5276de13d358c242c9ce21f161c00234ab9bbac05e792b30f3f31350";
    let found = read_file(V02, min);
    let commit = "693130cb6cb840a7bc9cb18c6510d536a95dc7e6";
    assert_eq!(found["dependencies"].as_array().unwrap().len(), 3);
    let source = json!({
        "uri": "https://github.com/slsa-framework/example-package.git", "ref": commit, "digest": {"gitCommit": commit},
    });
    assert_eq!(
        (&found["source"], &found["entryPoint"]),
        (&source, &json!("Dockerfile"))
    );
    assert_eq!(found["parameters"], json!({"frontend": "dockerfile.v0"}));
    assert_eq!(
        found["complete"],
        json!({"parameters": false, "dependencies": true, "environment": true})
    );
    assert_eq!(
        (&found["detail"], &found["hermetic"]),
        (&json!("min"), &json!(false))
    );
    assert_eq!((found.get("builderId"), found.get("vcs")), (None, None));

    let max = "layouts/slsa-generator-container-v1.6.0/blobs/sha256/90bd5e7ffe5c5c94a631ce42a5483325703d0a9d0a70cccdbceae99e89dbb016";
    let found = read_file(V02, max);
    assert_eq!(
        found["builderId"],
        "https://github.com/slsa-framework/example-package/actions/runs/5063709022"
    );
    assert_eq!(found["detail"], "max");
    assert_eq!(
        found["parameters"]["args"]["label:org.opencontainers.image.title"],
        "example-package"
    );
    assert_eq!(
        found["parameters"]["secrets"][0],
        json!({"id": "GIT_AUTH_HEADER", "optional": true})
    );
}

#[test]
fn version_1_says_the_same_and_leaves_its_build_graph_out_of_the_environment() {
    let found = read_as(V1, &predicate_of("buildkit-slsa1-single-provenance.json")).unwrap();
    let commit = "bdb96fcfe8cc9e3a54800bc2537a4d4a14f0c5fe";
    let mut environment = found["environment"].clone();
    assert_eq!(environment["builderPlatform"], "linux/amd64");
    assert_eq!(environment["github_run_id"], "18937328894");
    assert_eq!(environment["buildConfig"].take(), json!(null));
    let mut rest = found;
    rest.as_object_mut().unwrap().remove("environment");
    assert_eq!(
        rest,
        json!({
            "builderId": "https://github.com/docker/github-builder-test/actions/runs/18937328894/attempts/1",
            "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            "source": {
                "uri": "https://github.com/docker/github-builder-test.git", "ref": commit, "digest": {"gitCommit": commit}},
            "invocationId": "7qg2yuux3iklv02ktbmbtwgeb",
            "startedOn": "2025-10-30T10:19:52.868710505Z", "finishedOn": "2025-10-30T10:19:57.635810119Z",
            "parameters": {
                "configSource": {
                    "uri": format!("https://github.com/docker/github-builder-test.git#{commit}"),
                    "digest": {"sha1": commit}, "path": "hello.Dockerfile"},
                "request": {"frontend": "dockerfile.v0", "secrets": [
                    {"id": "GIT_AUTH_HEADER", "optional": true}, {"id": "GIT_AUTH_TOKEN", "optional": true}]}},
            "dependencies": [
                {"uri": "pkg:docker/docker/buildkit-syft-scanner@stable-1",
                 "digest": {"sha256": "e930c2697be77cb7271d316ecfa78768b5eac73de3b16018ed38eb0ea0b5a7cb"}},
                {"uri": "pkg:docker/alpine@latest?platform=linux%2Famd64",
                 "digest": {"sha256": "4b7ce07002c69e8f3d704a9c5d6fd3053be500b7f1c69fc0d80990c2ad8dd412"}},
                {"uri": format!("https://github.com/docker/github-builder-test.git#{commit}"), "digest": {"sha1": commit}}],
            "builderVersion": {}, "entryPoint": "hello.Dockerfile",
            "complete": {"parameters": true, "dependencies": true, "environment": false},
            "reproducible": false, "hermetic": false, "detail": "max",
        })
    );
    let documented = read_as(V1, &predicate_of("docs-slsa-provenance-01.json")).unwrap();
    assert_eq!(documented["invocationId"], "yirbp1aosi1vqjmi3z6bc75nb");
    assert_eq!(
        (&documented["detail"], &documented["entryPoint"]),
        (&json!("min"), &json!("Dockerfile"))
    );
    assert_eq!(
        documented["complete"],
        json!({"parameters": false, "dependencies": false, "environment": false})
    );
}

/// What only BuildKit says, in 0.2 and in 1.
fn both(vcs: &Value, members: bool, build_type: Option<&str>) -> [Value; 2] {
    let v02 = json!({
        "builder": {"id": ""}, "buildType": build_type.unwrap_or("https://mobyproject.org/buildkit@v1"),
        "invocation": {"configSource": {"entryPoint": "app.Dockerfile"}},
        "metadata": {
            "reproducible": members, "completeness": {"parameters": members, "materials": members},
            "https://mobyproject.org/buildkit@v1#hermetic": members,
            "https://mobyproject.org/buildkit@v1#metadata": {"vcs": vcs}},
    });
    let v1_type =
        "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";
    let v1 = json!({
        "buildDefinition": {
            "buildType": build_type.unwrap_or(v1_type), "externalParameters": {"configSource": {"path": "app.Dockerfile"}}},
        "runDetails": {"builder": {"id": ""}, "metadata": {
            "buildkit_reproducible": members, "buildkit_hermetic": members,
            "buildkit_completeness": {"request": members, "resolvedDependencies": members},
            "buildkit_metadata": {"vcs": vcs}}},
    });
    [read_as(V02, &v02).unwrap(), read_as(V1, &v1).unwrap()]
}

#[test]
fn the_working_tree_is_told_as_buildx_found_it() {
    let revision = "ba33451b352942e366f12662f2c3a0c8ac54d696";
    let dirty = format!("{revision}-dirty");
    for (vcs, found) in [
        (json!({}), json!(null)),
        (json!({"revision": "", "source": ""}), json!(null)),
        (
            json!({"source": "https://user:token@git.acme.example/app.git"}),
            json!({"repository": "https://git.acme.example/app.git", "dirty": false}),
        ),
        (
            json!({"revision": revision}),
            json!({"revision": revision, "dirty": false}),
        ),
        (
            json!({"revision": dirty}),
            json!({"revision": revision, "dirty": true}),
        ),
        (
            json!({"revision": revision, "localdir:dockerfile": ".", "localdir:context": "."}),
            json!({"revision": revision, "dirty": false, "dockerfile": "app.Dockerfile"}),
        ),
        (
            json!({"localdir:dockerfile": "deploy/api"}),
            json!({"dirty": false, "dockerfile": "deploy/api/app.Dockerfile"}),
        ),
    ] {
        for provenance in both(&vcs, false, None) {
            assert_eq!(
                provenance.get("vcs").unwrap_or(&json!(null)),
                &found,
                "{vcs}"
            );
        }
    }
}

#[test]
fn what_buildkit_vouches_for_itself_is_read_in_both_versions_and_of_no_other_builder() {
    for members in [false, true] {
        for provenance in both(&json!({}), members, None) {
            assert_eq!(provenance["hermetic"], members);
            assert_eq!(provenance["reproducible"], members);
            let complete =
                json!({"parameters": members, "dependencies": members, "environment": false});
            assert_eq!(provenance["complete"], complete);
            assert_eq!(provenance["detail"], "min");
        }
    }
    for provenance in both(
        &json!({"revision": "x"}),
        true,
        Some("https://acme.example/build/v1"),
    ) {
        let only_buildkits = (
            &provenance["hermetic"],
            &provenance["detail"],
            provenance.get("vcs"),
        );
        assert_eq!(only_buildkits, (&json!(null), &json!(null), None));
    }
}

fn read_file(predicate_type: &str, file: &str) -> Value {
    let statement: Value = serde_json::from_slice(&fixture(file)).unwrap();
    assert_eq!(statement["predicateType"], predicate_type);
    read_as(predicate_type, &statement["predicate"]).unwrap()
}
