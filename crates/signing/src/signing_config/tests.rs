#![expect(clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-11-20T08:00:00Z";

#[test]
fn the_public_good_config_is_readable_and_names_every_kind_of_service() {
    let config = SigningConfig::public_good().unwrap();
    let endpoints = config.for_identity(now()).unwrap();
    let authority = endpoints.certificate_authority.unwrap();
    assert_eq!(authority.as_str(), "https://fulcio.sigstore.dev/");
    assert_eq!(
        endpoints.logs,
        [LogEndpoint {
            url: "https://rekor.sigstore.dev".parse().unwrap(),
            version: LogVersion::V1,
        }]
    );
    assert_eq!(
        endpoints.timestamp_authorities[0].as_str(),
        "https://timestamp.sigstore.dev/api/v1/timestamp"
    );
    assert_eq!(
        config.identity_provider(now()).unwrap().as_str(),
        "https://oauth2.sigstore.dev/auth"
    );
}

#[test]
fn the_highest_version_wins_then_the_newest_and_an_operator_counts_once() {
    let mut wire = wire();
    wire["rekorTlogUrls"] = json!([
        service("old", 2, "2024-01-01T00:00:00Z", "a"),
        service("new", 2, "2025-01-01T00:00:00Z", "a"),
        service("other", 2, "2023-01-01T00:00:00Z", "b"),
        service("newest-but-v1", 1, "2026-01-01T00:00:00Z", "c"),
        service("unknown", 3, "2026-01-01T00:00:00Z", "d"),
    ]);
    for (selector, expected) in [
        (json!({"selector": "ANY"}), vec!["new"]),
        (json!({"selector": "ALL"}), vec!["new", "other"]),
        (
            json!({"selector": "EXACT", "count": 2}),
            vec!["new", "other"],
        ),
        (json!({"selector": "EXACT", "count": 1}), vec!["new"]),
    ] {
        wire["rekorTlogConfig"] = selector;
        let logs = read(&wire).unwrap().for_key(now()).unwrap().logs;
        let hosts: Vec<_> = logs.iter().map(|log| log.url.host_str().unwrap()).collect();
        assert_eq!(hosts, expected);
        assert!(logs.iter().all(|log| log.version == LogVersion::V2));
    }
}

#[test]
fn what_is_out_of_its_time_is_not_used_and_the_end_is_inclusive() {
    for (start, end, usable) in [
        ("2026-11-20T08:00:00Z", None, true),
        ("2026-11-20T08:00:01Z", None, false),
        ("2020-01-01T00:00:00Z", Some("2026-11-20T08:00:00Z"), true),
        ("2020-01-01T00:00:00Z", Some("2026-11-20T07:59:59Z"), false),
    ] {
        let mut wire = wire();
        wire["rekorTlogUrls"][0]["validFor"] = json!({"start": start, "end": end});
        let chosen = read(&wire).unwrap().for_key(now());
        assert_eq!(
            chosen.err().map(|error| error.code()),
            (!usable).then_some("signing_config_none_usable"),
            "{start} {end:?}"
        );
    }
}

#[test]
fn a_demand_that_cannot_be_met_is_refused_not_reduced() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Value), code: &str) {
        let mut wire = wire();
        change(&mut wire);
        let chosen = read(&wire).and_then(|config| config.for_identity(now()));
        assert_eq!(chosen.unwrap_err().code(), code);
    }
    check(
        |wire| wire["tsaConfig"] = json!({"selector": "EXACT", "count": 2}),
        "signing_config_too_few",
    );
    check(
        |wire| wire["tsaConfig"] = json!({"selector": "SERVICE_SELECTOR_UNDEFINED"}),
        "signing_config_undefined",
    );
    check(
        |wire| drop(wire.as_object_mut().unwrap().remove("rekorTlogConfig")),
        "signing_config_undefined",
    );
    check(
        |wire| wire["rekorTlogUrls"][0]["majorApiVersion"] = json!(3),
        "signing_config_none_usable",
    );
    check(
        |wire| wire["caUrls"] = json!([]),
        "signing_config_none_usable",
    );
    check(
        |wire| wire["tsaUrls"] = json!([]),
        "signing_config_without_time",
    );
    check(
        |wire| {
            wire["tsaUrls"] = json!([]);
            wire["rekorTlogUrls"] = json!([]);
        },
        "signing_config_empty",
    );
}

#[test]
fn a_log_that_says_when_needs_no_timestamp_authority() {
    let mut wire = wire();
    wire["tsaUrls"] = json!([]);
    wire["rekorTlogUrls"][0]["majorApiVersion"] = json!(1);
    let endpoints = read(&wire).unwrap().for_identity(now()).unwrap();
    assert_eq!(endpoints.timestamp_authorities, []);
}

#[test]
fn no_identity_token_leaves_this_machine_in_the_clear() {
    for (url, refused) in [
        ("http://fulcio.example", true),
        ("http://127.0.0.1.example", true),
        ("http://10.0.0.1:5555", true),
        ("http://127.0.0.1:5555", false),
        ("http://[::1]:5555", false),
        ("http://localhost:5555", false),
        ("https://fulcio.example", false),
    ] {
        let mut wire = wire();
        wire["caUrls"][0]["url"] = json!(url);
        // Logs and timestamps carry no secret, and what they answer is verified.
        wire["tsaUrls"][0]["url"] = json!("http://timestamp.example");
        let chosen = read(&wire).unwrap().for_identity(now());
        assert_eq!(
            chosen.err().map(|error| error.code()),
            refused.then_some("signing_config_insecure"),
            "{url}"
        );
    }
}

#[test]
fn what_is_no_signing_config_is_not_taken_for_one() {
    #[track_caller]
    fn check(text: &str, code: &str) {
        let error = SigningConfig::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    check("", "signing_config_malformed");
    check("[]", "signing_config_malformed");
    check("{\"mediaType\": 1}", "signing_config_malformed");
    let good = wire().to_string();
    check(
        &good.replace("v0.2+json", "v0.1+json"),
        "signing_config_version",
    );
    check(
        &good.replacen("\"caUrls\"", "\"tsaUrls\"", 1),
        "signing_config_malformed",
    );
    for (from, to) in [
        ("https://ca", "ca"),
        ("https://ca", "ftp://ca"),
        ("https://ca", "https://user:pass@ca"),
        ("\"ANY\"", "\"SOME\""),
        ("\"ANY\"", "\"EXACT\""),
        ("\"2022-01-01T00:00:00Z\"", "\"yesterday\""),
    ] {
        check(&good.replacen(from, to, 1), "signing_config_malformed");
    }
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn read(wire: &Value) -> Result<SigningConfig, SigningConfigError> {
    SigningConfig::from_json(wire.to_string().as_bytes())
}

fn wire() -> Value {
    let any = json!({"selector": "ANY"});
    json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service("ca", 1, "2022-01-01T00:00:00Z", "a")],
        "oidcUrls": [service("login", 1, "2022-01-01T00:00:00Z", "a")],
        "rekorTlogUrls": [service("log", 2, "2022-01-01T00:00:00Z", "a")],
        "tsaUrls": [service("tsa", 1, "2022-01-01T00:00:00Z", "a")],
        "rekorTlogConfig": any,
        "tsaConfig": any,
    })
}

fn service(host: &str, version: u32, start: &str, operator: &str) -> Value {
    json!({
        "url": format!("https://{host}"),
        "majorApiVersion": version,
        "validFor": {"start": start},
        "operator": operator,
    })
}
