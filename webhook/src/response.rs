//! The response half of `admission.k8s.io/v1`: the only place where an answer takes the API server's shape.
//!
//! Lets no answer through that the API server would not take, and words no verdict: the review has done that.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_review::{Outcome, Review};
use countersign_workload::WorkloadError;
use serde::Serialize;
use serde_json::Value;

use crate::bounds::{annotations, message, warnings};

/// An answer in our words, before it has the shape of the wire.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// Stable code: `admitted`, `unchanged`, `signature/signed:unsigned`, …
    pub(crate) code: String,
    message: String,
    warnings: Vec<String>,
    annotations: BTreeMap<String, String>,
    patch: Vec<Value>,
}

/// A refusal of our own, where no review came to an end.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the review stopped unexpectedly; the log has more")]
    Internal,
    #[error("a List holds objects that would each have to be reviewed")]
    List,
    #[error("the request has no object")]
    ObjectMissing,
    #[error("{0}")]
    Object(WorkloadError),
    #[error("too many reviews at once; retry")]
    Overloaded,
}

impl Refusal {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Internal => "internal_error",
            Self::List => "object_list",
            Self::ObjectMissing => "object_missing",
            Self::Object(error) => error.code(),
            Self::Overloaded => "overloaded",
        }
    }

    /// An object that cannot be read was looked at; an overload, a limit or a crash says nothing about it.
    fn outcome(&self) -> Outcome {
        match self {
            Self::Internal | Self::Overloaded | Self::Object(WorkloadError::TooMany { .. }) => {
                Outcome::CouldNotLook
            }
            Self::List | Self::Object(_) | Self::ObjectMissing => Outcome::Deny,
        }
    }
}

impl Answer {
    /// Nothing was judged, for the reason that `code` names.
    pub(crate) fn pass(code: &str) -> Self {
        Self {
            outcome: Outcome::Admit,
            code: code.to_owned(),
            message: String::new(),
            warnings: Vec::new(),
            annotations: BTreeMap::new(),
            patch: Vec::new(),
        }
    }

    /// The verdict of a review.
    pub(crate) fn reviewed(review: &Review) -> Self {
        Self {
            outcome: review.outcome(),
            code: review.code(),
            message: review.message(),
            warnings: review.warnings(),
            annotations: review.audit_annotations(),
            patch: Vec::new(),
        }
    }

    /// The operations that pin images; none is no patch.
    pub(crate) fn pinned(patch: Vec<Value>) -> Self {
        let code = if patch.is_empty() {
            "nothing_to_pin"
        } else {
            "pinned"
        };
        Self {
            patch,
            ..Self::pass(code)
        }
    }

    /// A refusal of our own.
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let (outcome, code) = (refusal.outcome(), refusal.code());
        let message = match outcome {
            Outcome::CouldNotLook => format!("could not look: {refusal} ({code})"),
            Outcome::Admit | Outcome::Deny => format!("{refusal} ({code})"),
        };
        let annotations = BTreeMap::from([
            ("decision".to_owned(), outcome.as_str().to_owned()),
            ("code".to_owned(), code.to_owned()),
        ]);
        Self {
            outcome,
            message,
            annotations,
            ..Self::pass(code)
        }
    }

    /// The body of the response to the review that has this `uid`.
    pub(crate) fn to_json(&self, uid: &str) -> Vec<u8> {
        let allowed = self.outcome == Outcome::Admit;
        let status = (!allowed).then(|| StatusWire {
            status: "Failure",
            message: message(&self.message),
            reason: "Forbidden",
            code: 403,
        });
        let patch = (!self.patch.is_empty())
            .then(|| STANDARD.encode(Value::Array(self.patch.clone()).to_string()));
        let review = ReviewWire {
            api_version: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            response: ResponseWire {
                uid,
                allowed,
                status,
                patch_type: patch.is_some().then_some("JSONPatch"),
                patch,
                warnings: warnings(&self.warnings),
                audit_annotations: annotations(&self.annotations),
            },
        };
        serde_json::to_vec(&review).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReviewWire<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: ResponseWire<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseWire<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct StatusWire {
    status: &'static str,
    message: String,
    reason: &'static str,
    code: u16,
}

#[cfg(test)]
mod tests;
