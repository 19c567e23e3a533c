//! What answers look like on the wire.

use super::*;

fn response(answer: &Answer) -> Value {
    let review: Value = serde_json::from_slice(&answer.to_json("u-1")).unwrap();
    assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(review["kind"], "AdmissionReview");
    assert_eq!(review["response"]["uid"], "u-1");
    review["response"].clone()
}

#[test]
fn a_refusal_says_what_and_with_which_code() {
    let response = response(&Answer::refused(&Refusal::Overloaded));
    assert_eq!(response["allowed"], false);
    assert_eq!(response["status"]["code"], 403);
    assert_eq!(response["auditAnnotations"]["code"], "overloaded");
    assert_eq!(response["auditAnnotations"]["decision"], "could_not_look");
    let message = response["status"]["message"].as_str().unwrap();
    assert!(message.starts_with("could not look: "), "{message}");
    assert!(message.ends_with("(overloaded)"), "{message}");
}

#[test]
fn an_admission_carries_neither_status_nor_patch() {
    let response = response(&Answer::pass("unchanged"));
    assert_eq!(response, serde_json::json!({"uid": "u-1", "allowed": true}));
}

#[test]
fn a_patch_is_base64_of_its_operations() {
    let operation = serde_json::json!({"op": "test", "path": "/a", "value": 1});
    let response = response(&Answer::pinned(vec![operation.clone()]));
    assert_eq!(response["patchType"], "JSONPatch");
    let patch = STANDARD
        .decode(response["patch"].as_str().unwrap())
        .unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&patch).unwrap(),
        Value::Array(vec![operation])
    );
}
