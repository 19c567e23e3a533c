//! Bundles made to cost much: refused before they do, however large the list and the file.

use std::collections::BTreeMap;
use std::fs;

use countersign_evidence::{
    Artifact, Authority, IdentityMatcher, Pattern, Signers, Transparency, TrustRoot, Verifier,
};
use countersign_image::{Digest, strict_members};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Row;
use crate::clock::{both, once};

pub(crate) fn rows() -> Vec<Row> {
    let good: Value = serde_json::from_str(BUNDLE).expect("a bundle");
    let mut rows: Vec<Row> = Vec::new();
    let mut grown: f64 = 0.0;
    for (what, bundle) in [
        (
            "100,000 log entries",
            repeated(&good, "/verificationMaterial/tlogEntries"),
        ),
        (
            "100,000 signatures",
            repeated(&good, "/dsseEnvelope/signatures"),
        ),
        ("100,000 timestamps", timestamps(&good)),
        ("100,000 subjects", subjects(&good)),
        ("64 MiB of payload", padded(&good)),
    ] {
        let before = resident();
        let cost = refused(&bundle);
        grown = grown.max(resident() - before);
        rows.push(Row {
            what: format!("hostile bundle: {what}"),
            figures: format!("{:.1} MB", bundle.len() as f64 / 1e6),
            value: cost,
            bound: 10.0,
            unit: "ms",
        });
    }
    let bound = countersign_image::limits::STATEMENT_BYTES as f64 / 1e6;
    rows.push(Row {
        what: "hostile bundles: resident memory more than before".to_owned(),
        figures: "the most that any of them grew it by".to_owned(),
        value: grown,
        bound,
        unit: "MB",
    });
    let (few, many) = (members(MANY / 10), members(MANY));
    let read = |text: &str| strict_members(text).map(|members| members.len());
    let (few, many) = both(5, || read(&few), || read(&many));
    let what = "an object of 100,000 members, to one of 10,000";
    rows.push(Row::ratio(what, many, few, 30.0));
    rows
}

/// Time that grows with the square would be a hundred times as long for ten times as many.
fn members(count: usize) -> String {
    let members: Vec<String> = (0..count).map(|name| format!("\"{name}\":0")).collect();
    format!("{{{}}}", members.join(","))
}

/// The CPU time of the refusal, in milliseconds.
fn refused(bundle: &[u8]) -> f64 {
    let any = || Pattern::matching(".*").expect("a pattern");
    let verifier = Verifier::new(vec![Authority {
        name: "anybody".to_owned(),
        signers: Signers::Keyless(vec![IdentityMatcher {
            issuer: Some(any()),
            subject: any(),
            claims: BTreeMap::new(),
        }]),
        trust_root: TrustRoot::built_in("public-good"),
        transparency: Transparency::LOG,
    }])
    .expect("an authority");
    let digest: Digest = format!("sha256:{DIGEST}").parse().expect("a digest");
    let mut verify = || {
        let refused = verifier.verify_bundle(bundle, &Artifact::Digest(&digest), NOW);
        assert!(refused.is_err(), "it verifies");
    };
    once(&mut verify);
    once(&mut verify).millis()
}

fn repeated(good: &Value, list: &str) -> Vec<u8> {
    let mut bundle = good.clone();
    let items = bundle
        .pointer_mut(list)
        .and_then(Value::as_array_mut)
        .expect("a list");
    let first = items.first().cloned().expect("an item");
    *items = vec![first; MANY];
    bundle.to_string().into_bytes()
}

fn timestamps(good: &Value) -> Vec<u8> {
    let mut bundle = good.clone();
    let token = json!({ "signedTimestamp": "MAA=" });
    bundle["verificationMaterial"]["timestampVerificationData"] =
        json!({ "rfc3161Timestamps": vec![token; MANY] });
    bundle.to_string().into_bytes()
}

fn subjects(good: &Value) -> Vec<u8> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let subject = json!({ "name": "x", "digest": { "sha256": DIGEST } });
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": vec![subject; MANY],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
    });
    let mut bundle = good.clone();
    bundle["dsseEnvelope"]["payload"] = STANDARD.encode(statement.to_string()).into();
    bundle.to_string().into_bytes()
}

fn padded(good: &Value) -> Vec<u8> {
    let mut bundle = good.clone();
    bundle["dsseEnvelope"]["payload"] = "A".repeat(64 << 20).into();
    bundle.to_string().into_bytes()
}

/// Megabytes of memory that are in use.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1e3
}

const MANY: usize = 100_000;
const BUNDLE: &str = include_str!("../../fixtures/bundles/java-dsse-gha-slsa1.sigstore.json");
const DIGEST: &str = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";

/// When they are judged.
const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);
