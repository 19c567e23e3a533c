//! Evidence as rules see it.
//!
//! Everything but `rejected` is made from verified values, and none of them stands without its authorities.

use countersign_evidence::{Content, Evidence, Rejection, Statement, Verified};
use countersign_image::Document;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

/// The lists of `input.evidence`.
pub(super) const LISTS: [&str; 5] = [
    "attestations",
    "provenance",
    "rejected",
    "sboms",
    "signatures",
];

/// One of [`LISTS`], attestations with the raw predicate where its type is one of `predicates`.
pub(super) fn list(
    name: &str,
    evidence: &Evidence,
    content: &Document,
    predicates: &[String],
) -> Json {
    let statements = evidence.statements.iter();
    match name {
        "signatures" => {
            let entry = |signature: &Verified<_>| {
                entry(signature, json!({ "times": [], "logged": false }), content)
            };
            evidence
                .signatures
                .iter()
                .map(|signature| with(entry(signature), signature.value()))
                .collect()
        }
        "provenance" => statements
            .filter_map(|statement| match &statement.value().content {
                Content::Provenance(provenance) => {
                    Some(with(typed(statement, content), provenance))
                }
                _ => None,
            })
            .collect(),
        "sboms" => statements
            .filter_map(|statement| match &statement.value().content {
                Content::Sbom(sbom) => Some(with(entry(statement, json!({}), content), sbom)),
                _ => None,
            })
            .collect(),
        "attestations" => statements
            .map(|statement| attestation(statement, content, predicates))
            .collect(),
        _ => evidence.rejected.iter().map(rejection).collect(),
    }
}

/// Each verified value's list with the authorities that vouch for it.
pub(super) fn vouchers(evidence: &Evidence) -> impl Iterator<Item = (&'static str, &[String])> {
    let signatures = evidence
        .signatures
        .iter()
        .map(|signature| ("signatures", signature.authorities()));
    let statements = evidence.statements.iter().flat_map(|statement| {
        let list = match &statement.value().content {
            Content::Provenance(_) => "provenance",
            Content::Sbom(_) => "sboms",
            _ => "attestations",
        };
        [
            (list, statement.authorities()),
            ("attestations", statement.authorities()),
        ]
    });
    signatures.chain(statements)
}

fn entry<T>(verified: &Verified<T>, mut fields: Json, content: &Document) -> Json {
    let subject = verified.subject();
    let platform = super::platforms(content).find(|(_, digest)| *digest == subject);
    if let Json::Object(fields) = &mut fields {
        fields.insert("authorities".to_owned(), json!(verified.authorities()));
        fields.insert("identity".to_owned(), json!(verified.identity()));
        fields.insert("format".to_owned(), json!(verified.format().as_str()));
        fields.insert("subject".to_owned(), json!(subject.to_string()));
        fields.insert(
            "platform".to_owned(),
            json!(platform.map(|(platform, _)| platform.to_string())),
        );
    }
    fields
}

fn typed(statement: &Verified<Statement>, content: &Document) -> Json {
    entry(
        statement,
        json!({ "predicateType": statement.value().predicate_type }),
        content,
    )
}

fn attestation(statement: &Verified<Statement>, content: &Document, predicates: &[String]) -> Json {
    let mut attestation = typed(statement, content);
    if predicates.contains(&statement.value().predicate_type) {
        super::insert(
            &mut attestation,
            "predicate",
            Some(&statement.value().predicate),
        );
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
