//! The request half of `admission.k8s.io/v1`: bytes to an [`AdmissionRequest`].
//!
//! Refuses reviews of another version, and those that could not be answered because their `uid` cannot be echoed.

use std::borrow::Cow;
use std::time::Duration;

use countersign_image::excerpt;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What the API server asks.
#[derive(Debug)]
pub(crate) struct AdmissionRequest {
    pub(crate) uid: String,
    /// `v1`, `apps/v1`, …
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) operation: Operation,
    pub(crate) namespace: Option<String>,
    /// Absent while the server has yet to generate it.
    pub(crate) name: Option<String>,
    pub(crate) user: String,
    pub(crate) groups: Vec<String>,
    pub(crate) dry_run: bool,
    pub(crate) object: Option<Box<RawValue>>,
    pub(crate) old_object: Option<Box<RawValue>>,
}

/// What is to be done with the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Connect,
    Create,
    Delete,
    Update,
}

impl Operation {
    /// As the wire spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Create => "CREATE",
            Self::Delete => "DELETE",
            Self::Update => "UPDATE",
        }
    }
}

/// Why a body is no review that can be answered. The API server treats it as a failure of the webhook.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedReview {
    #[error("the body is not an AdmissionReview: {detail}")]
    Json { detail: String },
    #[error("the body is a {kind}, not an AdmissionReview")]
    Kind { kind: String },
    #[error("the operation {operation} is none of CREATE, UPDATE, DELETE, CONNECT")]
    Operation { operation: String },
    #[error("the review has no request")]
    Request,
    #[error("request.uid is missing, longer than {UID_BYTES} bytes, or not printable ASCII")]
    Uid,
    #[error("{version} is not supported: name v1 in admissionReviewVersions")]
    Version { version: String },
}

impl MalformedReview {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Json { .. } => "review_malformed",
            Self::Kind { .. } => "review_kind",
            Self::Operation { .. } => "review_operation",
            Self::Request => "review_without_request",
            Self::Uid => "review_uid",
            Self::Version { .. } => "review_version",
        }
    }
}

impl AdmissionRequest {
    /// Reads the body of a review. Its objects are not looked into yet.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, MalformedReview> {
        let malformed = |error: serde_json::Error| MalformedReview::Json {
            detail: excerpt(&error.to_string()),
        };
        let review: ReviewWire<'_> = match serde_json::from_slice(body) {
            Ok(review) => review,
            // Another version may have another shape, and then the shape is not what is wrong.
            Err(error) => {
                serde_json::from_slice::<HeaderWire<'_>>(body)
                    .map_err(malformed)?
                    .check()?;
                return Err(malformed(error));
            }
        };
        HeaderWire {
            api_version: review.api_version,
            kind: review.kind,
        }
        .check()?;
        let request = review.request.ok_or(MalformedReview::Request)?;
        // It goes into a log line and back over the wire.
        if request.uid.is_empty()
            || request.uid.len() > UID_BYTES
            || !request.uid.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(MalformedReview::Uid);
        }
        let operation = match request.operation.as_ref() {
            "CONNECT" => Operation::Connect,
            "CREATE" => Operation::Create,
            "DELETE" => Operation::Delete,
            "UPDATE" => Operation::Update,
            other => {
                return Err(MalformedReview::Operation {
                    operation: excerpt(other),
                });
            }
        };
        let named = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self {
            uid: request.uid.into_owned(),
            api_version: request.kind.api_version(),
            kind: request.kind.kind.into_owned(),
            operation,
            namespace: named(request.namespace),
            name: named(request.name),
            user: request.user_info.username.into_owned(),
            groups: request.user_info.groups.unwrap_or_default(),
            dry_run: request.dry_run.unwrap_or_default(),
            object: request.object.map(ToOwned::to_owned),
            old_object: request.old_object.map(ToOwned::to_owned),
        })
    }
}

/// How long we may take, from the `timeout` that the API server puts into the query: a little less than it waits, so
/// that it gets a reason in place of a timeout.
pub(crate) fn time_allowed(query: Option<&str>) -> Duration {
    let timeout = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(go_duration)
        .filter(|timeout| !timeout.is_zero())
        .unwrap_or(DEFAULT_TIMEOUT)
        .min(LONGEST_TIMEOUT);
    timeout - (timeout / 10).min(MARGIN)
}

/// A duration as Go prints it: `10s`, `1m30s`, `1.5s`, `500ms`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut total = 0_f64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = tail;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderWire<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
}

impl HeaderWire<'_> {
    fn check(&self) -> Result<(), MalformedReview> {
        if self.kind != "AdmissionReview" {
            return Err(MalformedReview::Kind {
                kind: excerpt(&self.kind),
            });
        }
        if self.api_version != "admission.k8s.io/v1" {
            return Err(MalformedReview::Version {
                version: excerpt(&self.api_version),
            });
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewWire<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Option<RequestWire<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestWire<'a> {
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    kind: KindWire<'a>,
    namespace: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(borrow, default)]
    user_info: UserWire<'a>,
    dry_run: Option<bool>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    old_object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct KindWire<'a> {
    #[serde(borrow, default)]
    group: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

impl KindWire<'_> {
    fn api_version(&self) -> String {
        if self.group.is_empty() {
            return self.version.clone().into_owned();
        }
        format!("{}/{}", self.group, self.version)
    }
}

#[derive(Default, Deserialize)]
struct UserWire<'a> {
    #[serde(borrow, default)]
    username: Cow<'a, str>,
    groups: Option<Vec<String>>,
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a webhook configuration can ask for.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);
const MARGIN: Duration = Duration::from_secs(1);
/// A UUID has 36.
const UID_BYTES: usize = 128;

#[cfg(test)]
mod tests {
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
        let body =
            r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":7}"#;
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
}
