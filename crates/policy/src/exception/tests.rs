//! What exceptions make of an `anyOf`.

use serde_json::json;

use super::*;

fn exception(name: &str, rule: &str) -> Arc<ImageException> {
    Arc::new(ImageException {
        name: name.to_owned(),
        reason: "r".to_owned(),
        approver: "a".to_owned(),
        expires: Timestamp::MAX,
        images: Vec::new(),
        namespaces: Vec::new(),
        rules: vec![rule.to_owned()],
    })
}

/// The exceptions by which an `anyOf` of these alternatives is set aside, where `a/a` and `b/b` are excepted.
fn by(alternatives: &Json) -> Option<Vec<String>> {
    let all = [exception("a", "a/a"), exception("b", "b/b")];
    let exceptions = Exceptions {
        applying: all.iter().collect(),
        near: Vec::new(),
    };
    let details = json!({ "alternatives": alternatives });
    let covering = exceptions.covering(ANY_OF, &details)?;
    Some(covering.iter().map(|found| found.name.clone()).collect())
}

#[test]
fn an_any_of_is_set_aside_where_all_that_one_alternative_lacks_is() {
    let lacks = |rules: &[&str]| -> Json {
        rules
            .iter()
            .map(|rule| json!({"rule": rule, "code": "c", "details": null}))
            .collect()
    };
    let named = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(
        by(&json!([lacks(&["a/a"]), lacks(&["c/c"])])),
        named(&["a"])
    );
    assert_eq!(
        by(&json!([lacks(&["c/c"]), lacks(&["b/b"])])),
        named(&["b"])
    );
    assert_eq!(by(&json!([lacks(&["a/a", "b/b"])])), named(&["a", "b"]));
    assert_eq!(by(&json!([lacks(&["a/a", "c/c"]), lacks(&["c/c"])])), None);

    let inner =
        json!({"rule": ANY_OF, "details": {"alternatives": [lacks(&["c/c"]), lacks(&["a/a"])]}});
    assert_eq!(by(&json!([lacks(&["c/c"]), [inner]])), named(&["a"]));
}

#[test]
fn an_any_of_that_does_not_say_what_is_lacking_is_not_set_aside() {
    for alternatives in [
        json!(null),
        json!([]),
        json!([[]]),
        json!([{}]),
        json!([[{}]]),
        json!([["a/a"]]),
    ] {
        assert_eq!(by(&alternatives), None, "{alternatives}");
    }
}
