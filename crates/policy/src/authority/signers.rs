//! Who may sign for an authority: holders of a key, of keyless certificates, or of certificates of one's own.
//!
//! Refuses an identity without its issuer or its subject, and a list of identities that is empty: neither names anybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_evidence::{
    CertificateChain, IdentityMatcher, Pattern, PublicKey, Signers, claim_named, claim_names,
};
use countersign_image::excerpt;

use crate::fields::{Fields, Problems, list, name, text};
use crate::yaml::{Node, Value};

/// Reads the one of `key`, `keyless` and `certificate` that is there.
pub(super) fn read(authority: &Fields<'_>, problems: &mut Problems) -> Option<Signers> {
    let (kind, node) = authority.exactly_one(&["key", "keyless", "certificate"], problems)?;
    match kind {
        "key" => Some(Signers::Keys(vec![key(node, problems)?])),
        "keyless" => {
            let fields = Fields::open(node, "keyless", &["trustRoot", "identities"], problems)?;
            // Where it leads is looked up with the trust root.
            fields.require("trustRoot", problems);
            let known = [
                "issuer",
                "issuerPattern",
                "subject",
                "subjectPattern",
                "claims",
            ];
            Some(Signers::Keyless(identities(&fields, &known, problems)?))
        }
        _ => {
            let fields = Fields::open(node, "certificate", &["chain", "identities"], problems)?;
            let chain = chain(&fields, problems);
            let identities = identities(&fields, &["subject", "subjectPattern"], problems);
            Some(Signers::Certificates {
                chain: Arc::new(chain?),
                identities: identities?,
            })
        }
    }
}

/// The name of the trust root of keyless signers; its absence was reported with them.
pub(super) fn trust_root(keyless: &Node) -> Option<&Node> {
    let Value::Map(entries) = &keyless.value else {
        return None;
    };
    let entry = entries.iter().find(|entry| entry.key == "trustRoot")?;
    (!matches!(entry.value.value, Value::Null)).then_some(&entry.value)
}

fn key(node: &Node, problems: &mut Problems) -> Option<PublicKey> {
    let key = Fields::open(node, "key", &["pem", "secretRef"], problems)?;
    if key.get("secretRef").is_some() {
        let message = "a key in a Secret cannot be read from a directory of policies";
        problems.advise(
            key.key("secretRef"),
            "unsupported_feature",
            message,
            "write the public key as `pem`",
        );
        return None;
    }
    let pem = key.require("pem", problems)?;
    match PublicKey::from_pem(text(pem, "pem", problems)?) {
        Ok(key) => Some(key),
        Err(error) => {
            problems.with_hint(pem.at, error.code(), error.to_string(), error.hint());
            None
        }
    }
}

fn chain(certificate: &Fields<'_>, problems: &mut Problems) -> Option<CertificateChain> {
    let node = certificate.require("chain", problems)?;
    match CertificateChain::from_pem(text(node, "chain", problems)?) {
        Ok(chain) => Some(chain),
        Err(error) => {
            let message = format!("the chain cannot be used: {error}");
            problems.with_hint(node.at, error.code(), message, error.hint());
            None
        }
    }
}

/// Reads `identities`, each with no other fields than `known`.
fn identities(
    signers: &Fields<'_>,
    known: &[&str],
    problems: &mut Problems,
) -> Option<Vec<IdentityMatcher>> {
    let node = signers.require("identities", problems)?;
    let items = list(node, "identities", problems)?;
    if items.is_empty() {
        let message = "the authority accepts no identity: nothing could satisfy it";
        problems.report(node.at, "no_identities", message);
        return None;
    }
    let all: Vec<_> = items
        .iter()
        .map(|item| identity(item, known, problems))
        .collect();
    all.into_iter().collect()
}

fn identity(node: &Node, known: &[&str], problems: &mut Problems) -> Option<IdentityMatcher> {
    let fields = Fields::open(node, "an identity", known, problems)?;
    let with_issuer = known.contains(&"issuer");
    let issuer = with_issuer.then(|| matcher(&fields, ["issuer", "issuerPattern"], problems));
    let subject = matcher(&fields, ["subject", "subjectPattern"], problems);
    let claims = match fields.get("claims") {
        Some(node) => claims(node, problems),
        None => Some(BTreeMap::new()),
    };
    Some(IdentityMatcher {
        // A missing issuer must not read as any issuer.
        issuer: match issuer {
            Some(issuer) => Some(issuer?),
            None => None,
        },
        subject: subject?,
        claims: claims?,
    })
}

/// The one of two spellings that is there: a text, or a pattern for the whole of it.
fn matcher(
    identity: &Fields<'_>,
    spellings: [&'static str; 2],
    problems: &mut Problems,
) -> Option<Pattern> {
    let (spelling, node) = identity.exactly_one(&spellings, problems)?;
    let written = name(node, spelling, problems)?;
    if !spelling.ends_with("Pattern") {
        return Some(Pattern::Exact(written.to_owned()));
    }
    match Pattern::matching(written) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let message = format!("the {spelling} cannot be used: {error}");
            problems.report(node.at, "invalid_pattern", message);
            None
        }
    }
}

fn claims(node: &Node, problems: &mut Problems) -> Option<BTreeMap<&'static str, String>> {
    let Value::Map(entries) = &node.value else {
        let message = format!("claims is {}, wanted a mapping", node.kind());
        problems.report(node.at, "wrong_type", message);
        return None;
    };
    let mut claims = BTreeMap::new();
    let before = problems.count();
    for entry in entries {
        let what = "the value of a claim";
        match claim_named(&entry.key) {
            Some(known) => {
                if let Some(value) = name(&entry.value, what, problems) {
                    claims.insert(known, value.to_owned());
                }
            }
            None => {
                let message = format!("certificates have no claim `{}`", excerpt(&entry.key));
                let known = claim_names();
                problems.unknown(entry.at, "unknown_claim", message, &entry.key, known);
            }
        }
    }
    (problems.count() == before).then_some(claims)
}
