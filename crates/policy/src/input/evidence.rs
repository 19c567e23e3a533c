//! Evidence as rules see it.
//!
//! Everything but `rejected` is made from verified values, and none of them stands without its authorities.

use countersign_evidence::{
    Content, Format, Identity, Provenance, Rejection, Sbom, Signature, Statement,
    VerificationSummary, Verified,
};
use regorus::Value;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::rego;

/// The lists of `input.evidence`.
pub(super) const LISTS: [&str; 6] = [
    "attestations",
    "provenance",
    "rejected",
    "sboms",
    "signatures",
    "verificationSummaries",
];

/// What was verified against the authorities of the policy and may speak for what is judged, and what was not verified.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Evidence<'e> {
    /// Signatures of the image.
    signatures: Vec<Entry<'e, Signature>>,
    /// SLSA provenance of any version in one shape.
    provenance: Vec<Typed<'e, Provenance>>,
    /// SPDX and CycloneDX in one shape.
    sboms: Vec<Entry<'e, Sbom>>,
    /// SLSA verification summaries, passed and failed.
    verification_summaries: Vec<Entry<'e, VerificationSummary>>,
    /// Every verified statement.
    attestations: Vec<Typed<'e, Predicate>>,
    /// What is attached and counts for nothing.
    rejected: Vec<Rejected<'e>>,
}

/// What is signed, and what stands in every entry: who vouches for it, how, and for what.
#[derive(Serialize, JsonSchema)]
struct Entry<'e, T> {
    // Before ours, which win: a field that comes again replaces the first.
    #[serde(flatten)]
    value: &'e T,
    /// Those of the policy that vouch for it, at least one.
    authorities: &'e [String],
    /// Who signed.
    identity: &'e Identity,
    /// How it was stored: `buildkit` is what BuildKit wrote, unsigned by itself, into a signed index.
    format: Format,
    /// The digest that it speaks of.
    subject: String,
    /// `os/arch[/variant]` if it speaks of one child of an index; null if of the image, or of a child that names no platform.
    platform: Option<String>,
    /// When it existed, by the word of logs and timestamp authorities; empty if nobody proves a time.
    times: Vec<String>,
    /// Whether a trusted log holds it.
    logged: bool,
}

/// An entry that may be of several predicate types.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Typed<'e, T> {
    #[serde(flatten)]
    entry: Entry<'e, T>,
    /// The type of the predicate, as signed.
    predicate_type: &'e str,
}

#[derive(Serialize, JsonSchema)]
struct Predicate {
    /// The predicate, where the METADATA of the rule names its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate: Option<Json>,
}

/// Never with its content.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Rejected<'e> {
    /// How it was stored.
    format: &'e str,
    /// The manifest that carries it.
    digest: String,
    /// Why, such as `key_mismatch`.
    reason: &'static str,
    /// The same in words.
    detail: &'e str,
    /// The predicate type that it claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate_type: Option<&'e str>,
}

/// One of [`LISTS`], attestations with the raw predicate where its type is one of `predicates`.
pub(super) fn list(
    name: &str,
    evidence: &countersign_evidence::Evidence,
    predicates: &[String],
) -> Value {
    let statements = evidence.statements.iter();
    let list: Vec<Value> = match name {
        "signatures" => {
            let signatures = evidence.signatures.iter();
            signatures
                .map(|signature| rego(Entry::new(signature, signature.value())))
                .collect()
        }
        "attestations" => statements
            .map(|statement| attestation(statement, predicates))
            .collect(),
        "rejected" => evidence.rejected.iter().map(rejection).collect(),
        _ => statements
            .filter(|statement| list_of(&statement.value().content) == name)
            .filter_map(content)
            .collect(),
    };
    list.into()
}

/// The list of a statement beside `attestations`, which has all of them.
fn list_of(content: &Content) -> &'static str {
    match content {
        Content::Provenance(_) => "provenance",
        Content::Sbom(_) => "sboms",
        Content::VerificationSummary(_) => "verificationSummaries",
        _ => "attestations",
    }
}

fn content(statement: &Verified<Statement>) -> Option<Value> {
    match &statement.value().content {
        Content::Provenance(provenance) => Some(rego(Typed::new(statement, provenance))),
        Content::Sbom(sbom) => Some(rego(Entry::new(statement, sbom))),
        Content::VerificationSummary(summary) => Some(rego(Entry::new(statement, summary))),
        _ => None,
    }
}

/// Each verified value's list with the authorities that vouch for it.
pub(super) fn vouchers(
    evidence: &countersign_evidence::Evidence,
) -> impl Iterator<Item = (&'static str, &[String])> {
    let signatures = evidence
        .signatures
        .iter()
        .map(|signature| ("signatures", signature.authorities()));
    let statements = evidence.statements.iter().flat_map(|statement| {
        let authorities = statement.authorities();
        [
            (list_of(&statement.value().content), authorities),
            ("attestations", authorities),
        ]
    });
    signatures.chain(statements)
}

impl<'e, T> Entry<'e, T> {
    fn new<V>(verified: &'e Verified<V>, value: &'e T) -> Self {
        let times = verified.times().iter();
        Self {
            value,
            authorities: verified.authorities(),
            identity: verified.identity(),
            format: verified.format(),
            subject: verified.subject().to_string(),
            platform: verified.platform().map(|platform| platform.to_string()),
            times: times.map(|time| time.to_string()).collect(),
            logged: verified.logged(),
        }
    }
}

impl<'e, T> Typed<'e, T> {
    fn new(statement: &'e Verified<Statement>, value: &'e T) -> Self {
        Self {
            entry: Entry::new(statement, value),
            predicate_type: &statement.value().predicate_type,
        }
    }
}

fn attestation(statement: &Verified<Statement>, predicates: &[String]) -> Value {
    let value = statement.value();
    let wanted = predicates.contains(&value.predicate_type);
    // It was checked when the statement was verified.
    let predicate = || serde_json::from_slice(&value.predicate).unwrap_or_default();
    let predicate = wanted.then(predicate);
    rego(Typed::new(statement, &Predicate { predicate }))
}

fn rejection(rejection: &Rejection) -> Value {
    rego(Rejected {
        format: &rejection.format,
        digest: rejection.digest.to_string(),
        reason: rejection.reason.code(),
        detail: &rejection.detail,
        predicate_type: rejection.predicate_type.as_deref(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_we_vouch_for_wins_over_what_was_written() {
        let written = json!({ "authorities": ["root"], "platform": "a/b", "builderId": "x" });
        let identity = Identity::Key {
            fingerprint: "sha256:00".to_owned(),
        };
        let entry = rego(Entry {
            value: &written,
            authorities: &["ci".to_owned()],
            identity: &identity,
            format: Format::Bundle,
            subject: "sha256:11".to_owned(),
            platform: None,
            times: Vec::new(),
            logged: false,
        });
        let expected = json!({
            "authorities": ["ci"], "identity": { "kind": "key", "subject": "sha256:00" }, "format": "bundle",
            "subject": "sha256:11", "platform": null, "times": [], "logged": false, "builderId": "x",
        });
        assert_eq!(entry, rego(expected));
    }
}
