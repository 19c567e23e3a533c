//! What of a review is read, and what is refused.

use super::*;

fn review(request: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{request}}}"#
    )
}

#[track_caller]
fn check(body: impl AsRef<[u8]>, code: &str) {
    let refusal = AdmissionRequest::parse(body.as_ref()).unwrap_err();
    assert_eq!(refusal.code(), code);
}

const KIND: &str = r#""kind":{"group":"apps","version":"v1","kind":"Deployment"}"#;

#[test]
fn a_request_is_read_with_everything_that_is_judged() {
    let request = AdmissionRequest::parse(
        review(&format!(
            r#"{{"uid":"u-1",{KIND},"operation":"UPDATE","namespace":"shop","name":"",
               "userInfo":{{"username":"dev","groups":["a","b"]}},"dryRun":true,
               "object":{{"a":1}},"oldObject":null,"unknown":[]}}"#
        ))
        .as_bytes(),
    )
    .unwrap();
    assert_eq!(
        (request.uid.as_str(), request.kind.as_str()),
        ("u-1", "Deployment")
    );
    assert_eq!(request.api_version, "apps/v1");
    assert_eq!(request.operation, Operation::Update);
    assert_eq!(request.namespace.as_deref(), Some("shop"));
    assert_eq!(request.name, None);
    assert_eq!((request.user.as_str(), request.groups.len()), ("dev", 2));
    assert!(request.dry_run && request.old_object.is_none());
    assert_eq!(request.object.unwrap().get(), r#"{"a":1}"#);
}

#[test]
fn what_is_no_review_is_refused_with_a_code() {
    check("", "review_malformed");
    check("{", "review_malformed");
    check("[]", "review_kind");
    check(b"\xff", "review_malformed");
    check("{}", "review_kind");
    check(
        r#"{"apiVersion":"v1","kind":"List","items":[]}"#,
        "review_kind",
    );
    check(
        r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#,
        "review_without_request",
    );
    check(
        review(&format!(r#"{{"uid":"u",{KIND},"operation":"PATCH"}}"#)),
        "review_operation",
    );
    check(
        review(r#"{"uid":"u","operation":"CREATE"}"#),
        "review_malformed",
    );
}

#[test]
fn an_older_version_is_refused_by_name_whatever_its_shape() {
    let body = r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":7}"#;
    let refusal = AdmissionRequest::parse(body.as_bytes()).unwrap_err();
    assert_eq!(refusal.code(), "review_version");
    assert!(refusal.to_string().contains("v1beta1"));
}

#[test]
fn a_uid_that_cannot_be_echoed_is_refused() {
    let body = |uid: &str| review(&format!(r#"{{"uid":{uid},{KIND},"operation":"CREATE"}}"#));
    check(
        review(&format!(r#"{{{KIND},"operation":"CREATE"}}"#)),
        "review_uid",
    );
    check(body(r#""""#), "review_uid");
    check(body(r#""a\nb""#), "review_uid");
    check(body(r#""é""#), "review_uid");
    check(body(&format!("\"{}\"", "a".repeat(1 << 20))), "review_uid");
    check(body("7"), "review_malformed");
    check(
        review(&format!(
            r#"{{"uid":"a","uid":"b",{KIND},"operation":"CREATE"}}"#
        )),
        "review_malformed",
    );
}

#[test]
fn we_answer_a_little_before_the_api_server_gives_up() {
    let allowed = |query: &str| time_allowed(Some(query)).as_millis();
    assert_eq!(allowed("timeout=10s"), 9_000);
    assert_eq!(allowed("timeout=1s"), 900);
    assert_eq!(allowed("a=b&timeout=1m30s"), 29_000);
    assert_eq!(allowed("timeout=1.5s"), 1_350);
    for odd in [
        "",
        "timeout=",
        "timeout=0s",
        "timeout=x",
        "timeout=-1s",
        "timeout=5",
        "timeout=1e9s",
    ] {
        assert_eq!(allowed(odd), 9_000, "{odd}");
    }
    assert_eq!(time_allowed(None).as_millis(), 9_000);
}
