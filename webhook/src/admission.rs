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
mod tests;
