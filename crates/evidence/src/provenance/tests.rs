#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

mod buildkit;
mod real;

use serde_json::json;

use super::*;
use crate::testing::fixture;

const V01: &str = predicate::SLSA_PROVENANCE_V01;
const V02: &str = predicate::SLSA_PROVENANCE_V02;
const V1: &str = predicate::SLSA_PROVENANCE_V1;

fn read_as(predicate_type: &str, predicate: &Value) -> Result<Value, Refusal> {
    let predicate = predicate.to_string();
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
fn cloud_build_names_the_source_that_it_built_and_else_that_of_its_configuration() {
    let build = |parameters: Value| {
        json!({
            "buildDefinition": {
                "buildType": "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1",
                "externalParameters": parameters,
                "internalParameters": {"triggerUri": "projects/1/locations/global/triggers/2"},
                "resolvedDependencies": [
                    {"uri": "git+https://github.com/acme/config@refs/heads/main", "digest": {"gitCommit": "c0"}},
                    {"uri": "git+https://github.com/acme/app@refs/heads/dev", "digest": {"gitCommit": "d0"}},
                    {"uri": "git+https://github.com/acme/app@refs/tags/v1", "digest": {"gitCommit": "a0"}}]},
            "runDetails": {
                "builder": {"id": "https://cloudbuild.googleapis.com/GoogleHostedWorker"},
                "metadata": {"invocationId": "https://cloudbuild.googleapis.com/v1/projects/p/builds/1"}},
        })
    };
    let config = json!({"path": "cloudbuild.yaml", "ref": "refs/heads/main", "repository": "git+https://github.com/acme/config"});
    let found = read_as(
        V1,
        &build(json!({"buildConfigSource": config, "substitutions": {}})),
    )
    .unwrap();
    let source = json!({"uri": "git+https://github.com/acme/config", "ref": "refs/heads/main", "digest": {"gitCommit": "c0"}});
    assert_eq!(
        (&found["source"], &found["entryPoint"]),
        (&source, &json!("cloudbuild.yaml"))
    );
    assert_eq!(
        found["environment"]["triggerUri"],
        "projects/1/locations/global/triggers/2"
    );
    let built =
        json!({"ref": "refs/tags/v1", "repository": "git+https://github.com/acme/app", "dir": ""});
    let found = read_as(
        V1,
        &build(json!({"buildConfigSource": config, "sourceToBuild": built})),
    )
    .unwrap();
    let source = json!({"uri": "git+https://github.com/acme/app", "ref": "refs/tags/v1", "digest": {"gitCommit": "a0"}});
    assert_eq!(found["source"], source);
    let inline = read_as(V1, &build(json!({"buildConfig": {"steps": []}}))).unwrap();
    assert_eq!(
        (inline.get("source"), inline.get("entryPoint")),
        (None, None)
    );
}

#[test]
fn the_recipe_of_0_1_says_which_material_it_is_in() {
    let build = |recipe: Value| {
        json!({
            "builder": {"id": "https://b"}, "recipe": recipe,
            "materials": [{"uri": "https://x/a", "digest": {"sha1": "aa"}}, {"uri": "https://x/b", "digest": {"sha1": "bb"}}],
            "metadata": {"reproducible": true, "completeness": {"arguments": true, "environment": true, "materials": true}},
        })
    };
    let cloud = "https://cloudbuild.googleapis.com/CloudBuildSteps@v0.1";
    for (recipe, uri) in [
        (
            json!({"type": "https://t", "definedInMaterial": 1}),
            Some("https://x/b"),
        ),
        (
            json!({"type": "https://t", "definedInMaterial": 0}),
            Some("https://x/a"),
        ),
        (json!({"type": "https://t", "definedInMaterial": 2}), None),
        (
            json!({"type": "https://t", "definedInMaterial": null}),
            None,
        ),
        (json!({"type": "https://t"}), None),
        (json!({"type": cloud}), Some("https://x/a")),
        (
            json!({"type": cloud, "definedInMaterial": "1"}),
            Some("https://x/b"),
        ),
        (json!({"type": cloud, "definedInMaterial": "-1"}), None),
        (json!({"type": cloud, "definedInMaterial": -1}), None),
        (
            json!({"type": "https://cloudbuild.googleapis.com.evil/x"}),
            None,
        ),
    ] {
        let found = read_as(V01, &build(recipe.clone())).unwrap();
        assert_eq!(
            found["source"].get("uri").and_then(Value::as_str),
            uri,
            "{recipe}"
        );
    }
    let found = read_as(
        V01,
        &build(json!({"arguments": {"a": 1}, "environment": {"e": 2}, "entryPoint": "x"})),
    )
    .unwrap();
    let complete = json!({"parameters": true, "dependencies": true, "environment": true});
    assert_eq!(
        (&found["complete"], &found["reproducible"]),
        (&complete, &json!(true))
    );
    assert_eq!(
        (
            &found["parameters"],
            &found["environment"],
            &found["entryPoint"]
        ),
        (&json!({"a": 1}), &json!({"e": 2}), &json!("x"))
    );
}

#[test]
fn a_commit_is_that_of_the_dependency_with_the_ref_that_was_asked_for() {
    let build = |uris: [&str; 2]| {
        let dependencies = uris.map(|uri| json!({"uri": uri, "digest": {"gitCommit": uri}}));
        json!({
            "buildDefinition": {
                "externalParameters": {"workflow": {"ref": "refs/tags/v1", "repository": "https://github.com/acme/app"}},
                "resolvedDependencies": dependencies},
            "runDetails": {"builder": {}},
        })
    };
    for (uris, commit) in [
        (
            [
                "git+https://github.com/acme/app@refs/heads/x",
                "git+https://github.com/acme/app@refs/tags/v1",
            ],
            1,
        ),
        (
            [
                "git+https://github.com/Acme/App.git",
                "git+https://github.com/acme/app@refs/tags/v1",
            ],
            0,
        ),
        (["pkg:oci/app", "https://github.com/acme/app"], 1),
    ] {
        let found = read_as(V1, &build(uris)).unwrap();
        assert_eq!(found["source"]["digest"]["gitCommit"], uris[commit]);
    }
    let other = build([
        "git+https://github.com/acme/app@refs/heads/x",
        "git+https://evil.example/acme/app@refs/tags/v1",
    ]);
    assert_eq!(read_as(V1, &other).unwrap()["source"]["digest"], json!({}));
}

#[test]
fn credentials_in_urls_are_dropped_wherever_they_stand() {
    let config = json!({"uri": "https://user:token@git.example/a@b/c.git#main:sub", "digest": {"sha1": "x"}});
    let materials = json!([{"uri": "https://token@host.example?q=a@b"}, {"uri": "pkg:docker/a@1"}]);
    let parameters = json!({
        "args": {"context:x": "git+https://u:p,w@host/x@y", "text": "get 'https://a:b@c/d' and https://e:f@g, mail h@i"},
        "list": [["ssh://git@host/r"], 7, null, true], "plain": "https://host/x@y",
    });
    let predicate = json!({
        "builder": {}, "materials": materials,
        "invocation": {"configSource": config, "parameters": parameters, "environment": {"REPO": "https://t@h/x"}},
    });
    let found = read_as(V02, &predicate).unwrap();
    assert_eq!(found["source"]["uri"], "https://git.example/a@b/c.git");
    assert_eq!(found["source"]["ref"], "main");
    assert_eq!(
        found["dependencies"][0]["uri"],
        "https://host.example?q=a@b"
    );
    assert_eq!(found["dependencies"][1]["uri"], "pkg:docker/a@1");
    assert_eq!(
        found["parameters"],
        json!({
            "args": {"context:x": "git+https://host/x@y", "text": "get 'https://c/d' and https://g, mail h@i"},
            "list": [["ssh://host/r"], 7, null, true], "plain": "https://host/x@y",
        })
    );
    assert_eq!(found["environment"]["REPO"], "https://h/x");
    let v1 = json!({
        "buildDefinition": {"externalParameters": {"source": "https://u:p@x/y"}, "internalParameters": {"a": "https://u:p@x"}},
        "runDetails": {"builder": {}},
    });
    let found = read_as(V1, &v1).unwrap();
    assert_eq!(
        (
            &found["parameters"]["source"],
            &found["environment"]["a"],
            &found["source"]["uri"]
        ),
        (
            &json!("https://x/y"),
            &json!("https://x"),
            &json!("https://x/y")
        )
    );
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
    let v01 = json!({"builder": {"id": "x"}, "recipe": {"type": "y"}});
    let v02 = json!({"builder": {"id": "x"}, "buildType": "y"});
    let v1 = json!({"buildDefinition": {}, "runDetails": {"builder": {"id": "x"}}});
    assert!(read_as(V01, &v01).is_ok() && read_as(V02, &v02).is_ok() && read_as(V1, &v1).is_ok());
    for (predicate_type, predicate) in [
        (V01, &v02),
        (V01, &v1),
        (V02, &v01),
        (V1, &v01),
        (
            V01,
            &json!({"builder": {}, "recipe": {"definedInMaterial": {}}}),
        ),
        (V02, &json!({"builder": {}, "invocation": ["a"]})),
        (V02, &json!({"builder": {}, "materials": [["https://x"]]})),
        (
            V1,
            &json!({"buildDefinition": {}, "runDetails": {"builder": {}, "metadata": ["a", "b", "c"]}}),
        ),
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
