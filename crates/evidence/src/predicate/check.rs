//! Whether a predicate is what its type says, before somebody signs it.
//!
//! Refuses what a verifier would call malformed, and provenance that names no builder. Knows nothing against types that
//! it does not know.

use countersign_image::check_strict;
use serde_json::value::RawValue;

use crate::evidence::Content;
use crate::rejection::{Reason, Refusal};
use crate::statement::{self, Carried};

/// Checks that `predicate` reads as what `predicate_type` says.
///
/// # Errors
///
/// Why it does not.
pub fn check_predicate(predicate_type: &str, predicate: &RawValue) -> Result<(), PredicateFlaw> {
    check_strict(predicate.get().as_bytes()).map_err(|error| PredicateFlaw::Unreadable {
        reason: Reason::Malformed,
        detail: error.to_string(),
    })?;
    match statement::content(Carried::Signed, predicate_type, predicate.get())? {
        Content::Provenance(provenance) if provenance.builder_id.is_none() => {
            Err(PredicateFlaw::NoBuilder)
        }
        _ => Ok(()),
    }
}

/// Why a predicate is not fit to be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PredicateFlaw {
    /// Provenance that does not say who built.
    #[error("the provenance names no builder")]
    NoBuilder,
    /// Not what its type says.
    #[error("{detail}")]
    Unreadable {
        /// As which a verifier would reject it.
        reason: Reason,
        /// The same in words.
        detail: String,
    },
}

impl PredicateFlaw {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoBuilder => "provenance_without_builder",
            Self::Unreadable { reason, .. } => reason.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoBuilder => Some(
                "set `builder.id` (SLSA 1: `runDetails.builder.id`) to the URI of what built it",
            ),
            Self::Unreadable { .. } => None,
        }
    }
}

impl From<Refusal> for PredicateFlaw {
    fn from(refusal: Refusal) -> Self {
        Self::Unreadable {
            reason: refusal.reason,
            detail: refusal.detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::predicate::{
        COSIGN_CUSTOM, CYCLONEDX, SLSA_PROVENANCE_V1, SLSA_PROVENANCE_V02, SPDX,
        VERIFICATION_SUMMARY,
    };
    use crate::testing::fixture;

    fn check(predicate_type: &str, predicate: &Value) -> Result<(), &'static str> {
        check_text(predicate_type, &predicate.to_string())
    }

    fn check_text(predicate_type: &str, predicate: &str) -> Result<(), &'static str> {
        let predicate: Box<RawValue> = serde_json::from_str(predicate).unwrap();
        check_predicate(predicate_type, &predicate).map_err(|flaw| flaw.code())
    }

    #[test]
    fn what_is_of_its_type_may_be_signed() {
        let v1 = json!({"buildDefinition": {}, "runDetails": {"builder": {"id": "https://b"}}});
        assert_eq!(check(SLSA_PROVENANCE_V1, &v1), Ok(()));
        let sbom = String::from_utf8(fixture("sbom/alpine-small-spdx.json")).unwrap();
        assert_eq!(check_text(SPDX, &sbom), Ok(()));
        let vex = String::from_utf8(fixture("sbom/cyclonedx-vex-affected.json")).unwrap();
        assert_eq!(check_text(CYCLONEDX, &vex), Ok(()));
        for anything in [json!(null), json!([1]), json!({"a": {}})] {
            assert_eq!(check(COSIGN_CUSTOM, &anything), Ok(()));
            assert_eq!(check("https://acme.example/review/v1", &anything), Ok(()));
        }
    }

    #[test]
    fn what_is_not_of_its_type_is_refused_with_the_code_of_a_verifier() {
        for (predicate_type, predicate, code) in [
            (
                SPDX,
                json!({"artifacts": [], "descriptor": {}}),
                "predicate_mismatch",
            ),
            (SPDX, json!({"spdxVersion": "SPDX-2.3"}), "sbom_malformed"),
            (SPDX, json!("no tags"), "sbom_malformed"),
            (
                CYCLONEDX,
                json!({"bomFormat": "CycloneDX", "specVersion": "1.0"}),
                "unsupported_format",
            ),
            (SLSA_PROVENANCE_V1, json!({}), "provenance_malformed"),
            (
                SLSA_PROVENANCE_V02,
                json!({"builder": {}}),
                "provenance_without_builder",
            ),
            (
                SLSA_PROVENANCE_V02,
                json!({"builder": {"id": ""}}),
                "provenance_without_builder",
            ),
            (
                VERIFICATION_SUMMARY,
                json!({"verificationResult": "PASSED"}),
                "vsa_malformed",
            ),
        ] {
            assert_eq!(check(predicate_type, &predicate), Err(code), "{predicate}");
        }
        assert!(PredicateFlaw::NoBuilder.hint().is_some());
    }

    #[test]
    fn json_that_two_readers_could_read_in_two_ways_is_refused_whatever_its_type() {
        assert_eq!(
            check_text(COSIGN_CUSTOM, r#"{"a":1,"a":2}"#),
            Err("malformed")
        );
    }
}
