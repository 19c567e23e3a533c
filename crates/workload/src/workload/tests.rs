#![expect(clippy::indexing_slicing, reason = "tests")]

mod corpus;

use serde_json::{Value, json};

use super::*;

fn read(object: &Value) -> Result<Option<Workload>, &'static str> {
    Workload::from_json(object.to_string().as_bytes()).map_err(|error| error.code())
}

/// Field path and image of everything that `object` runs.
fn images_of(object: &Value) -> Vec<(String, String)> {
    let workload = read(object).unwrap().unwrap();
    workload
        .images
        .into_iter()
        .map(|image| (image.path, image.image))
        .collect()
}

fn pod(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "api", "namespace": "shop"}, "spec": spec})
}

fn deployment(template: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}, "spec": {"template": template}})
}

#[test]
fn every_kind_has_its_own_path() {
    let spec = json!({"containers": [{"name": "api", "image": "nginx"}]});
    let template = json!({"spec": spec});
    let in_spec = json!({"template": template});
    for (api_version, kind, body, path) in [
        ("v1", "Pod", json!({"spec": spec}), "spec"),
        (
            "v1",
            "PodTemplate",
            json!({"template": template}),
            "template.spec",
        ),
        (
            "v1",
            "ReplicationController",
            json!({"spec": in_spec}),
            "spec.template.spec",
        ),
        (
            "apps/v1",
            "Deployment",
            json!({"spec": in_spec}),
            "spec.template.spec",
        ),
        (
            "apps/v1beta2",
            "ReplicaSet",
            json!({"spec": in_spec}),
            "spec.template.spec",
        ),
        (
            "apps/v1",
            "StatefulSet",
            json!({"spec": in_spec}),
            "spec.template.spec",
        ),
        (
            "extensions/v1beta1",
            "DaemonSet",
            json!({"spec": in_spec}),
            "spec.template.spec",
        ),
        (
            "batch/v1",
            "Job",
            json!({"spec": in_spec}),
            "spec.template.spec",
        ),
        (
            "batch/v1",
            "CronJob",
            json!({"spec": {"jobTemplate": {"spec": in_spec}}}),
            "spec.jobTemplate.spec.template.spec",
        ),
    ] {
        let mut object = body;
        object["apiVersion"] = api_version.into();
        object["kind"] = kind.into();
        assert_eq!(
            images_of(&object),
            [(format!("{path}.containers[0].image"), "nginx".to_owned())],
            "{kind}"
        );
    }
}

#[test]
fn every_list_of_a_pod_is_read() {
    let object = pod(json!({
        "containers": [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}],
        "initContainers": [{"name": "sidecar", "image": "c", "restartPolicy": "Always"}],
        "ephemeralContainers": [{"name": "debug", "image": "d", "targetContainerName": "a"}],
        "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "model", "image": {"reference": "e", "pullPolicy": "Always"}}],
    }));
    let paths = [
        ("spec.initContainers[0].image", "c"),
        ("spec.containers[0].image", "a"),
        ("spec.containers[1].image", "b"),
        ("spec.ephemeralContainers[0].image", "d"),
        ("spec.volumes[1].image.reference", "e"),
    ];
    assert_eq!(
        images_of(&object),
        paths.map(|(path, image)| (path.to_owned(), image.to_owned()))
    );
    assert_eq!(read(&object).unwrap().unwrap().images[4].container, "model");
}

#[test]
fn labels_and_annotations_are_those_that_the_pods_will_carry() {
    let mut object = deployment(json!({
        "metadata": {"labels": {"owner": "pods"}, "annotations": {"note": "pods"}},
        "spec": {"serviceAccount": "old", "containers": []},
    }));
    object["metadata"]["labels"] = json!({"owner": "deployment", "tier": "web"});
    let workload = read(&object).unwrap().unwrap();
    assert_eq!(
        workload.labels,
        BTreeMap::from([("owner".to_owned(), "pods".to_owned())])
    );
    assert_eq!(
        workload.annotations,
        BTreeMap::from([("note".to_owned(), "pods".to_owned())])
    );
    assert_eq!(
        (
            workload.name.as_deref(),
            workload.service_account.as_deref()
        ),
        (Some("api"), Some("old"))
    );
    let spec = json!({"serviceAccountName": "new", "serviceAccount": "old", "containers": [{"image": "a"}]});
    let workload = read(&pod(spec)).unwrap().unwrap();
    assert_eq!(
        (
            workload.namespace.as_deref(),
            workload.service_account.as_deref()
        ),
        (Some("shop"), Some("new"))
    );
}

#[test]
fn an_empty_image_is_inherited_in_a_template_and_an_error_in_a_pod() {
    for image in [json!(""), json!(null)] {
        let spec = json!({"containers": [{"name": "a", "image": image}], "volumes": [{"name": "v", "image": {"reference": image}}]});
        assert_eq!(images_of(&deployment(json!({"spec": spec}))), []);
        let workload = read(&pod(spec)).unwrap().unwrap();
        let codes: Vec<_> = workload
            .images
            .iter()
            .map(|image| image.reference.as_ref().map_err(ReferenceError::code).err())
            .collect();
        assert_eq!(codes, [Some("reference_empty"), Some("reference_empty")]);
    }
}

#[test]
fn an_image_that_nobody_can_read_is_kept_with_its_error() {
    for object in [
        pod(json!({"containers": [{"image": " "}]})),
        deployment(json!({"spec": {"containers": [{"image": " "}]}})),
    ] {
        let workload = read(&object).unwrap().unwrap();
        assert_eq!(
            workload.images[0]
                .reference
                .as_ref()
                .map_err(ReferenceError::code)
                .err(),
            Some("reference_malformed")
        );
    }
}

#[test]
fn a_template_may_be_missing_and_the_containers_of_a_pod_may_not() {
    for template in [
        json!(null),
        json!({}),
        json!({"spec": null}),
        json!({"spec": {"containers": null}}),
    ] {
        assert_eq!(images_of(&deployment(template)), []);
    }
    for spec in [
        json!({}),
        json!(null),
        json!({"containers": null}),
        json!({"containers": []}),
        json!({"initContainers": [{"image": "a"}]}),
    ] {
        assert_eq!(read(&pod(spec)), Err("workload_incomplete"));
    }
}

#[test]
fn a_field_of_the_wrong_type_is_an_error_and_never_a_skip() {
    for spec in [
        json!({"containers": [{"image": 5}]}),
        json!({"containers": [{"image": ["nginx"]}]}),
        json!({"containers": [{"image": true}]}),
        json!({"containers": [{"image": {"reference": "nginx"}}]}),
        json!({"containers": {}}),
        json!({"containers": "nginx"}),
        json!({"containers": [null]}),
        json!({"containers": [["a", "nginx"]]}),
        json!([null, [{"name": "a", "image": "nginx"}], null, null, null, null]),
        json!({"containers": [{"image": "a"}], "initContainers": {}}),
        json!({"containers": [{"image": "a"}], "ephemeralContainers": 1}),
        json!({"containers": [{"image": "a"}], "volumes": [{"name": "v", "image": "nginx"}]}),
        json!({"containers": [{"image": "a"}], "volumes": [{"name": "v", "image": {"reference": 1}}]}),
        json!([]),
        json!("text"),
    ] {
        assert_eq!(read(&pod(spec.clone())), Err("workload_shape"), "{spec}");
        assert_eq!(
            read(&deployment(json!({"spec": spec}))),
            Err("workload_shape"),
            "{spec}"
        );
    }
    let mut object = pod(json!({"containers": [{"image": "a"}]}));
    object["metadata"]["labels"] = json!({"a": 1});
    assert_eq!(read(&object), Err("workload_shape"));
    assert_eq!(
        read(&json!({"apiVersion": "v1", "kind": ["Pod"], "spec": {}})),
        Err("workload_shape")
    );
    for text in ["5", "[]", "null", "\"Pod\""] {
        assert_eq!(
            Workload::from_json(text.as_bytes()).map_err(|error| error.code()),
            Err("workload_shape"),
            "{text}"
        );
    }
}

#[test]
fn a_key_that_stands_twice_is_an_error_wherever_it_is_read() {
    for text in [
        r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"a","image":"b"}]}}"#,
        r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"a","\u0069mage":"b"}]}}"#,
        r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"a"}],"containers":[{"image":"b"}]}}"#,
        r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"a"}]},"spec":{"containers":[{"image":"b"}]}}"#,
        r#"{"apiVersion":"v1","kind":"Role","kind":"Pod","spec":{"containers":[{"image":"a"}]}}"#,
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a":"1","a":"2"}},"spec":{"containers":[{"image":"a"}]}}"#,
        r#"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{}},"template":null}}"#,
        r#"{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{},"template":{}}}}}"#,
    ] {
        assert_eq!(
            Workload::from_json(text.as_bytes()).map_err(|error| error.code()),
            Err("json_duplicate_key"),
            "{text}"
        );
    }
}

#[test]
fn what_is_not_json_is_refused_with_the_code_of_json() {
    for (text, code) in [
        (String::new(), "json_syntax"),
        ("{".to_owned(), "json_syntax"),
        (
            r#"{"apiVersion":"v1","kind":"Role"} {}"#.to_owned(),
            "json_syntax",
        ),
        ("\u{feff}{}".to_owned(), "json_byte_order_mark"),
        (
            format!(
                r#"{{"apiVersion":"v1","kind":"Pod","spec":{{"containers":{}"#,
                "[".repeat(100_000)
            ),
            "json_too_deep",
        ),
        (
            r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"\ud800"}]}}"#
                .to_owned(),
            "json_syntax",
        ),
    ] {
        assert_eq!(
            Workload::from_json(text.as_bytes()).map_err(|error| error.code()),
            Err(code),
            "{text:.100}"
        );
    }
    assert_eq!(
        Workload::from_json(b"{\"kind\":\"\xff\"}").map_err(|error| error.code()),
        Err("json_invalid_utf8")
    );
}

/// The API server's own decoder is case-sensitive, so these are fields that nobody runs.
#[test]
fn other_spellings_of_a_field_are_other_fields() {
    let object = pod(
        json!({"containers": [{"image": "a", "Image": "b", "IMAGE": 5}], "Containers": [{"image": "c"}]}),
    );
    assert_eq!(
        images_of(&object),
        [("spec.containers[0].image".to_owned(), "a".to_owned())]
    );
}

#[test]
fn kinds_that_run_no_images_are_none_whatever_they_contain() {
    for object in [
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": 5, "spec": "text"}),
        json!({"apiVersion": "example.com/v1", "kind": "Pod", "spec": {"containers": 5}}),
        json!({"apiVersion": "v1", "kind": "Service", "template": []}),
    ] {
        assert_eq!(read(&object), Ok(None));
    }
    for object in [
        json!({"kind": "Pod"}),
        json!({"apiVersion": "v1"}),
        json!({"apiVersion": null, "kind": "Pod"}),
    ] {
        assert_eq!(read(&object), Err("workload_incomplete"));
    }
}

#[test]
fn an_object_may_leave_its_kind_to_the_request_and_may_not_contradict_it() {
    let bare = json!({"spec": {"containers": [{"name": "a", "image": "nginx"}]}}).to_string();
    let workload = Workload::from_json_as(bare.as_bytes(), "v1", "Pod")
        .unwrap()
        .unwrap();
    assert_eq!((workload.kind.as_str(), workload.images.len()), ("Pod", 1));
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "spec": {"containers": [{"image": "a"}]}});
    let outcome = Workload::from_json_as(role.to_string().as_bytes(), "v1", "Pod");
    assert_eq!(
        outcome.map_err(|error| error.code()),
        Err("workload_kind_mismatch")
    );
}

#[test]
fn an_update_is_about_new_images_by_value_and_list() {
    let old = pod(
        json!({"containers": [{"image": "a"}, {"image": "b"}], "initContainers": [{"image": "c"}]}),
    );
    let new = |spec: Value| {
        let new = read(&pod(spec))
            .unwrap()
            .unwrap()
            .new_images(&read(&old).unwrap().unwrap());
        new.images
            .into_iter()
            .map(|image| image.path)
            .collect::<Vec<_>>()
    };
    let unchanged: [&str; 0] = [];
    assert_eq!(
        new(
            json!({"containers": [{"image": "a"}, {"image": "b"}], "initContainers": [{"image": "c"}]})
        ),
        unchanged
    );
    assert_eq!(
        new(json!({"containers": [{"image": "b"}, {"image": "a"}, {"image": "a"}]})),
        unchanged
    );
    assert_eq!(
        new(json!({"containers": [{"image": "a"}, {"image": "b:2"}]})),
        ["spec.containers[1].image"]
    );
    assert_eq!(
        new(json!({"containers": [{"image": "a"}], "initContainers": [{"image": "b"}]})),
        ["spec.initContainers[0].image"]
    );
    assert_eq!(
        new(json!({"containers": [{"image": "a"}], "ephemeralContainers": [{"image": "a"}]})),
        ["spec.ephemeralContainers[0].image"]
    );
    assert_eq!(
        new(json!({"containers": [{"image": "docker.io/library/a:latest"}]})),
        ["spec.containers[0].image"]
    );
}

#[test]
fn a_pod_of_more_containers_than_are_looked_at_is_refused_and_not_cut() {
    let containers = |count: usize| vec![json!({"name": "c", "image": "nginx"}); count];
    let limit = limits::WORKLOAD_IMAGES;
    let most = pod(json!({"containers": containers(limit - 1), "initContainers": containers(1)}));
    assert_eq!(images_of(&most).len(), limit);
    for spec in [
        json!({"containers": containers(limit + 1)}),
        json!({"containers": containers(limit + 2)}),
        json!({"containers": containers(limit), "ephemeralContainers": containers(1)}),
        json!({"containers": containers(1), "volumes": vec![json!({"name": "v"}); limit + 1]}),
    ] {
        assert_eq!(read(&pod(spec)), Err("too_many"));
    }
}
