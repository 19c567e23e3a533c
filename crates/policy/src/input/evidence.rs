//! Evidence as rules see it.
//!
//! Everything but `rejected` is made from verified values, and none of them stands without its authorities.

use countersign_evidence::{Content, Evidence, Rejection, Statement, Verified};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

/// The lists of `input.evidence`.
pub(super) const LISTS: [&str; 6] = [
    "attestations",
    "provenance",
    "rejected",
    "sboms",
    "signatures",
    "verificationSummaries",
];

/// One of [`LISTS`], attestations with the raw predicate where its type is one of `predicates`.
pub(super) fn list(name: &str, evidence: &Evidence, predicates: &[String]) -> Json {
    let statements = evidence.statements.iter();
    match name {
        "signatures" => {
            let signatures = evidence.signatures.iter();
            signatures
                .map(|signature| with(entry(signature), signature.value()))
                .collect()
        }
        "attestations" => statements
            .map(|statement| attestation(statement, predicates))
            .collect(),
        "rejected" => evidence.rejected.iter().map(rejection).collect(),
        _ => statements
            .filter(|statement| list_of(&statement.value().content) == name)
            .map(content)
            .collect(),
    }
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

fn content(statement: &Verified<Statement>) -> Json {
    match &statement.value().content {
        Content::Provenance(provenance) => with(typed(statement), provenance),
        Content::Sbom(sbom) => with(entry(statement), sbom),
        Content::VerificationSummary(summary) => with(entry(statement), summary),
        _ => entry(statement),
    }
}

/// Each verified value's list with the authorities that vouch for it.
pub(super) fn vouchers(evidence: &Evidence) -> impl Iterator<Item = (&'static str, &[String])> {
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

/// What stands in every entry: who vouches for it, how, and for what.
fn entry<T>(verified: &Verified<T>) -> Json {
    let times = verified.times().iter();
    json!({
        "authorities": verified.authorities(),
        "identity": verified.identity(),
        "format": verified.format().as_str(),
        "subject": verified.subject().to_string(),
        "platform": verified.platform().map(|platform| platform.to_string()),
        "times": times.map(|time| time.to_string()).collect::<Vec<_>>(),
        "logged": verified.logged(),
    })
}

fn typed(statement: &Verified<Statement>) -> Json {
    let mut entry = entry(statement);
    let predicate_type = &statement.value().predicate_type;
    super::insert(&mut entry, "predicateType", Some(predicate_type));
    entry
}

fn attestation(statement: &Verified<Statement>, predicates: &[String]) -> Json {
    let mut attestation = typed(statement);
    let value = statement.value();
    if predicates.contains(&value.predicate_type) {
        // It was checked when the statement was verified.
        let predicate: Json = serde_json::from_slice(&value.predicate).unwrap_or_default();
        super::insert(&mut attestation, "predicate", Some(predicate));
    }
    attestation
}

/// `fields` with those of `value`; what we vouch for wins over what was written.
fn with(fields: Json, value: &impl Serialize) -> Json {
    let Json::Object(fields) = fields else {
        return fields;
    };
    let mut all = match serde_json::to_value(value) {
        Ok(Json::Object(all)) => all,
        _ => Map::new(),
    };
    all.extend(fields);
    Json::Object(all)
}

fn rejection(rejection: &Rejection) -> Json {
    let mut fields = json!({
        "format": rejection.format,
        "digest": rejection.digest.to_string(),
        "reason": rejection.reason.code(),
        "detail": rejection.detail,
    });
    super::insert(
        &mut fields,
        "predicateType",
        rejection.predicate_type.as_ref(),
    );
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_vouch_for_wins_over_what_was_written() {
        let ours = json!({ "authorities": ["ci"], "platform": null });
        let written = json!({ "authorities": ["root"], "platform": "a/b", "builderId": "x" });
        let expected = json!({ "authorities": ["ci"], "platform": null, "builderId": "x" });
        assert_eq!(with(ours, &written), expected);
    }
}
