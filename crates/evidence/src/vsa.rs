//! SLSA verification summaries, version 1, as <https://slsa.dev/spec/v1.2/verification_summary> has them.
//!
//! Takes over what the verifier says and judges none of it: a level counts only where a rule trusts this signer for this
//! verifier. Refuses a summary without a required member, with another result than the two that there are, or with two
//! levels of one track, so that none is read as weaker or stronger than it was meant. One that says that the artifact
//! failed is never refused for what else it lacks.

use std::collections::{BTreeMap, BTreeSet};

use countersign_image::{Fields, excerpt};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json;
use crate::predicate;
use crate::provenance::{Dependency, Material, present};
use crate::rejection::{Reason, Refusal};

/// What a verifier says of an artifact that it looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerificationSummary {
    /// Who verified, as it calls itself.
    pub verifier: SummaryVerifier,
    /// As what the artifact was verified: where its consumers fetch it from. Empty where a failure does not say it.
    pub resource_uri: String,
    /// What it was verified against.
    pub policy: SummaryPolicy,
    /// The verdict.
    pub result: SummaryResult,
    /// The highest level of each track, and properties, as written.
    pub levels: Vec<String>,
    /// How many transitive dependencies reached each level; empty if there are none, absent if nothing is said of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependency_levels: Option<BTreeMap<String, u64>>,
    /// The version of SLSA that the verifier went by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slsa_version: Option<String>,
    /// When it was verified, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_verified: Option<String>,
    /// The attestations that the verdict rests on; empty if the verifier names none.
    pub input_attestations: Vec<Dependency>,
}

/// Who verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SummaryVerifier {
    /// Its URI.
    pub id: String,
    /// Versions of its parts.
    pub version: BTreeMap<String, String>,
}

/// What an artifact was verified against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SummaryPolicy {
    /// Its URI.
    pub uri: String,
    /// Its exact version.
    pub digest: BTreeMap<String, String>,
}

/// The verdict of a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SummaryResult {
    /// The artifact does not meet the policy: evidence against it.
    Failed,
    /// The artifact meets the policy.
    Passed,
}

impl VerificationSummary {
    /// The level that the artifact reached in `track` (`BUILD`, `SOURCE`); none if it failed, or was not evaluated there.
    #[must_use]
    pub fn level(&self, track: &str) -> Option<u32> {
        if self.result == SummaryResult::Failed {
            return None;
        }
        let levels = self.levels.iter().filter_map(|level| track_level(level));
        levels
            .filter(|(of, _)| *of == track)
            .find_map(|(_, level)| level)
    }

    /// Whether the artifact reached `level`: a level implies those below it in its track, a property only itself.
    #[must_use]
    pub fn reaches(&self, level: &str) -> bool {
        match track_level(level) {
            Some((track, Some(wanted))) => self.level(track).is_some_and(|found| found >= wanted),
            _ => self.result == SummaryResult::Passed && self.levels.iter().any(|it| it == level),
        }
    }
}

/// Reads a predicate of the type `predicate_type`, one of [`predicate::Family::VerificationSummary`].
pub(crate) fn read(predicate_type: &str, predicate: &str) -> Result<VerificationSummary, Refusal> {
    if predicate_type != predicate::VERIFICATION_SUMMARY {
        return Err(Refusal::new(
            Reason::UnsupportedFormat,
            "verification summaries before version 1, which know no tracks, are not read",
        ));
    }
    whole(predicate).or_else(|refusal| bare_failure(predicate).ok_or(refusal))
}

fn whole(predicate: &str) -> Result<VerificationSummary, Refusal> {
    let wire: Wire = json::object(predicate).map_err(malformed)?;
    let Fields(verifier) = wire.verifier;
    let Fields(policy) = wire.policy;
    let summary = VerificationSummary {
        verifier: SummaryVerifier {
            id: required(verifier.id, "verifier.id")?,
            version: verifier.version.unwrap_or_default(),
        },
        resource_uri: required(wire.resource_uri, "resourceUri")?,
        policy: SummaryPolicy {
            uri: required(policy.uri, "policy.uri")?,
            digest: policy.digest.unwrap_or_default(),
        },
        result: match wire.verification_result.as_str() {
            "FAILED" => SummaryResult::Failed,
            "PASSED" => SummaryResult::Passed,
            other => {
                let other = excerpt(other);
                return Err(malformed(format!(
                    "verificationResult is \"{other}\", neither PASSED nor FAILED"
                )));
            }
        },
        levels: wire.verified_levels,
        dependency_levels: wire.dependency_levels,
        slsa_version: present(wire.slsa_version),
        time_verified: present(wire.time_verified),
        input_attestations: wire
            .input_attestations
            .unwrap_or_default()
            .into_iter()
            .map(Dependency::from)
            .collect(),
    };
    // A failure keeps its force whatever is wrong beside the verdict.
    if summary.result == SummaryResult::Passed {
        check_passed(&summary)?;
    }
    Ok(summary)
}

/// A failure keeps its force also where other members are missing or malformed: only who says it must be known.
fn bare_failure(predicate: &str) -> Option<VerificationSummary> {
    let verdict: Verdict = json::object(predicate).ok()?;
    let Fields(Verifier { id }) = verdict.verifier;
    let says_so = verdict.verification_result == FAILED && !id.is_empty();
    says_so.then(|| VerificationSummary {
        verifier: SummaryVerifier {
            id,
            version: BTreeMap::new(),
        },
        resource_uri: String::new(),
        policy: SummaryPolicy {
            uri: String::new(),
            digest: BTreeMap::new(),
        },
        result: SummaryResult::Failed,
        levels: Vec::new(),
        dependency_levels: None,
        slsa_version: None,
        time_verified: None,
        input_attestations: Vec::new(),
    })
}

fn check_passed(summary: &VerificationSummary) -> Result<(), Refusal> {
    if let Some(time) = &summary.time_verified
        && time.parse::<Timestamp>().is_err()
    {
        let time = excerpt(time);
        return Err(malformed(format!(
            "timeVerified is \"{time}\", which is no time"
        )));
    }
    if summary.levels.iter().any(|level| level == FAILED) {
        return Err(malformed(
            "verificationResult is PASSED, but verifiedLevels says FAILED",
        ));
    }
    let mut tracks = BTreeSet::new();
    for (track, _) in summary.levels.iter().filter_map(|level| track_level(level)) {
        if !tracks.insert(track) {
            return Err(malformed(format!(
                "verifiedLevels has more than one level of the track {}",
                excerpt(track)
            )));
        }
    }
    Ok(())
}

/// The track and the number of `SLSA_<TRACK>_LEVEL_<N>`, no number for `UNEVALUATED`; none for anything else.
fn track_level(level: &str) -> Option<(&str, Option<u32>)> {
    let (track, level) = level.strip_prefix("SLSA_")?.split_once("_LEVEL_")?;
    if level == "UNEVALUATED" {
        return Some((track, None));
    }
    let number: u32 = level.parse().ok()?;
    // One spelling per level: neither `+3` nor `03`.
    (number.to_string() == level).then_some((track, Some(number)))
}

fn required(text: String, member: &str) -> Result<String, Refusal> {
    if text.is_empty() {
        return Err(malformed(format!("{member} is empty")));
    }
    Ok(text)
}

fn malformed(error: impl std::fmt::Display) -> Refusal {
    let detail = format!("it does not read as an SLSA verification summary: {error}");
    Refusal::new(Reason::VsaMalformed, detail)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    verifier: Fields<WireVerifier>,
    time_verified: Option<String>,
    resource_uri: String,
    policy: Fields<WirePolicy>,
    input_attestations: Option<Vec<Fields<Material>>>,
    verification_result: String,
    verified_levels: Vec<String>,
    dependency_levels: Option<BTreeMap<String, u64>>,
    slsa_version: Option<String>,
}

#[derive(Deserialize)]
struct WireVerifier {
    id: String,
    version: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct WirePolicy {
    uri: String,
    digest: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    verifier: Fields<Verifier>,
    verification_result: String,
}

#[derive(Deserialize)]
struct Verifier {
    id: String,
}

const FAILED: &str = "FAILED";

#[cfg(test)]
mod tests;
