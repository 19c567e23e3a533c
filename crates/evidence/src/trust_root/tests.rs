//! Trust roots: real ones, and everything that makes one unusable.

#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

use std::collections::BTreeSet;

use countersign_image::limits;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::testing::ca::Ca;
use crate::testing::{certificate, fixture};

fn document() -> Value {
    serde_json::from_slice(&fixture("trust/staging.trusted_root.json")).unwrap()
}

fn read(document: &Value) -> Result<TrustRoot, TrustRootError> {
    TrustRoot::from_json("made", document.to_string().as_bytes(), 1)
}

/// The staging root with a change, and the code of why it is refused.
#[track_caller]
fn refused(change: impl FnOnce(&mut Value), code: &str) -> String {
    let mut document = document();
    read(&document).unwrap();
    change(&mut document);
    let error = read(&document).expect_err("it must not be read");
    assert_eq!(error.code(), code, "{error}");
    error.to_string()
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn the_built_in_roots_are_whole_and_parsed_once() {
    let public_good = TrustRoot::built_in("public-good").unwrap();
    assert_eq!(public_good.dated(), Some("2026-08-21"));
    assert_eq!(
        (
            public_good.scts(),
            public_good.log_count(),
            public_good.ct_log_count(),
            public_good.certificate_authorities().len(),
            public_good.timestamp_authority_count(),
        ),
        (1, 2, 2, 2, 1)
    );
    let github = TrustRoot::built_in("github").unwrap();
    assert_eq!(github.dated(), Some("2026-07-29"));
    assert_eq!(
        (
            github.scts(),
            github.log_count(),
            github.ct_log_count(),
            github.certificate_authorities().len(),
            github.timestamp_authorities().len(),
        ),
        (0, 0, 0, 6, 6)
    );
    assert_eq!(
        github.timestamp_authority_count(),
        1,
        "six keys of one authority"
    );
    for name in ["public-good", "github"] {
        let root = TrustRoot::built_in(name).unwrap();
        assert_eq!(root.name(), name);
        assert!(root.summary().unread.is_empty());
        assert!(Arc::ptr_eq(&root, &TrustRoot::built_in(name).unwrap()));
    }
    assert!(TrustRoot::built_in("public").is_none());
}

#[test]
fn logs_are_known_by_the_ids_that_stand_there_and_by_their_hosts() {
    let root = TrustRoot::built_in("public-good").unwrap();
    let logs: Vec<_> = root
        .logs()
        .iter()
        .map(|log| (log.origin.as_str(), log.id[0], log.key.algorithm()))
        .collect();
    assert_eq!(
        logs,
        [
            ("rekor.sigstore.dev", 0xc0, crate::KeyAlgorithm::EcdsaP256),
            (
                "log2025-1.rekor.sigstore.dev",
                0xcf,
                crate::KeyAlgorithm::Ed25519
            ),
        ]
    );
}

#[test]
fn roots_of_other_instances_are_read_as_sigstore_s_own_reader_reads_them() {
    for path in [
        "trust/staging.trusted_root.json",
        "conformance/rekor2-dsse-happy-path/trusted_root.json",
        "conformance/intoto-with-custom-trust-root/trusted_root.json",
        "conformance/trust-root-tlog-validity-end-inclusive/trusted_root.json",
    ] {
        let bytes = fixture(path);
        let ours = TrustRoot::from_json("fixture", &bytes, 1).unwrap();
        let theirs =
            sigstore_trust_root::TrustedRoot::from_json(std::str::from_utf8(&bytes).unwrap())
                .unwrap();
        assert_eq!(ours.summary().unread, Vec::<String>::new());
        let id = |id: &sigstore_types::LogId| id.key_id.as_bytes().to_vec();
        assert_eq!(
            ours.logs()
                .iter()
                .map(|log| log.id.to_vec())
                .collect::<BTreeSet<_>>(),
            theirs.tlogs.iter().map(|log| id(&log.log_id)).collect(),
        );
        assert_eq!(
            ours.certificate_logs()
                .iter()
                .map(|log| log.id.to_vec())
                .collect::<BTreeSet<_>>(),
            theirs.ctlogs.iter().map(|log| id(&log.log_id)).collect(),
        );
        for (ours, theirs) in ours.logs().iter().zip(&theirs.tlogs) {
            assert_eq!(ours.key.spki_der(), theirs.public_key.raw_bytes.as_bytes());
            let window = theirs.public_key.valid_for.unwrap();
            assert_eq!(ours.valid.start, Some(window.start));
            assert_eq!(ours.valid.end, window.end);
        }
        assert_eq!(
            ours.certificate_authorities().len(),
            theirs.certificate_authorities.len()
        );
        assert_eq!(
            ours.timestamp_authorities().len(),
            theirs.tsa_authorities().len()
        );
    }
}

#[test]
fn a_window_contains_both_its_ends() {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let window = Validity {
        start: Some(time("2026-01-01T00:00:00Z")),
        end: Some(time("2026-01-02T00:00:00.5Z")),
    };
    for (text, within) in [
        ("2025-12-31T23:59:59.999Z", false),
        ("2026-01-01T00:00:00Z", true),
        ("2026-01-02T00:00:00.5Z", true),
        ("2026-01-02T00:00:00.6Z", false),
    ] {
        assert_eq!(window.contains(time(text)), within, "{text}");
    }
    assert!(Validity::default().contains(Timestamp::MAX));
}

#[test]
fn a_root_is_a_trusted_root_of_a_version_that_is_read() {
    for media_type in [
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    ] {
        let mut document = document();
        document["mediaType"] = json!(media_type);
        read(&document).unwrap();
    }
    for media_type in [
        "application/vnd.dev.sigstore.trustedroot.v0.3+json",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json ",
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        "",
    ] {
        refused(
            |root| root["mediaType"] = json!(media_type),
            "trust_root_media_type",
        );
    }
    refused(
        |root| drop(root.as_object_mut().unwrap().remove("mediaType")),
        "trust_root_media_type",
    );
}

#[test]
fn a_root_with_nothing_in_it_is_refused() {
    let media_type = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
    let error = read(&json!({"mediaType": media_type})).unwrap_err();
    assert_eq!(error.code(), "trust_root_empty");
    assert!(error.hint().is_some());
    refused(
        |root| {
            for name in ["tlogs", "certificateAuthorities", "timestampAuthorities"] {
                root[name] = json!([]);
            }
        },
        "trust_root_empty",
    );
    // Each of them is something.
    for name in ["tlogs", "certificateAuthorities", "timestampAuthorities"] {
        let mut root = json!({"mediaType": media_type});
        root[name] = document()[name].clone();
        read(&root).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn what_is_not_one_json_document_of_this_shape_is_refused() {
    let code = |bytes: &[u8]| TrustRoot::from_json("made", bytes, 1).unwrap_err().code();
    let whole = document().to_string();
    for bytes in [
        "",
        "null",
        "[]",
        "{}]",
        "trusted_root.json",
        r#"{"mediaType":"a","mediaType":"b"}"#,
        r#"["application/vnd.dev.sigstore.trustedroot+json;version=0.1",[]]"#,
    ] {
        assert_eq!(code(bytes.as_bytes()), "trust_root_malformed", "{bytes}");
    }
    assert_eq!(code(&[0xff, 0xfe]), "trust_root_malformed");
    // A part as a list of its values, which derived readers would take.
    refused(
        |root| root["tlogs"][0]["logId"] = json!(["AAAA"]),
        "trust_root_malformed",
    );
    let duplicate = whole.replacen("\"tlogs\"", "\"tlogs\":[],\"tlogs\"", 1);
    assert_eq!(code(duplicate.as_bytes()), "trust_root_malformed");
    let padded = format!("{whole}{}", " ".repeat(limits::TRUST_ROOT_BYTES));
    assert_eq!(code(padded.as_bytes()), "trust_root_too_large");
}

#[test]
fn several_roots_in_one_file_are_called_what_they_are() {
    let line = document().to_string();
    let lines = format!("{line}\n{line}\n\n");
    let error = TrustRoot::from_json("gh", lines.as_bytes(), 1).unwrap_err();
    assert_eq!(error, TrustRootError::Several { count: 2 });
    assert_eq!(error.code(), "trust_root_several");
    assert!(
        error
            .hint()
            .unwrap()
            .contains("gh attestation trusted-root")
    );
    let one = format!("{line}\n");
    TrustRoot::from_json("gh", one.as_bytes(), 1).unwrap();
    let broken = format!("{line}\n{{\n");
    let error = TrustRoot::from_json("gh", broken.as_bytes(), 1).unwrap_err();
    assert_eq!(error.code(), "trust_root_malformed");
}

#[test]
fn windows_that_are_reversed_or_never_begin_are_refused() {
    let reversed = json!({"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"});
    let instant = json!({"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"});
    let no_start = json!({"end": "2026-01-01T00:00:00Z"});
    let paths = [
        "/tlogs/0/publicKey/validFor",
        "/ctlogs/0/publicKey/validFor",
        "/certificateAuthorities/0/validFor",
        "/timestampAuthorities/0/validFor",
    ];
    for path in paths {
        for window in [&reversed, &no_start] {
            refused(
                |root| *root.pointer_mut(path).unwrap() = window.clone(),
                "trust_root_window",
            );
        }
        let mut document = document();
        *document.pointer_mut(path).unwrap() = instant.clone();
        read(&document).unwrap();
        *document.pointer_mut(path).unwrap() = json!({"start": "yesterday"});
        assert_eq!(read(&document).unwrap_err().code(), "trust_root_malformed");
    }
}

// A log whose key has no beginning vouches for no time (conformance: trust-root-tlog-missing-validity-start).
#[test]
fn a_log_says_since_when_its_key_is_trusted_and_an_authority_need_not() {
    for path in ["/tlogs/0/publicKey", "/ctlogs/0/publicKey"] {
        for window in [json!(null), json!({}), json!({"start": null})] {
            let said = refused(
                |root| root.pointer_mut(path).unwrap()["validFor"] = window,
                "trust_root_window",
            );
            assert!(said.contains("sigstage.dev"), "{said}");
        }
    }
    let mut document = document();
    document["certificateAuthorities"][0]["validFor"] = json!(null);
    document["timestampAuthorities"][0]["validFor"] = json!(null);
    let root = read(&document).unwrap();
    assert_eq!(root.certificate_authorities()[0].valid, Validity::default());
}

#[test]
fn two_logs_of_one_id_are_refused() {
    for logs in ["tlogs", "ctlogs"] {
        refused(
            |root| {
                let first = root[logs][0].clone();
                root[logs].as_array_mut().unwrap().push(first);
            },
            "trust_root_duplicate_log",
        );
    }
}

#[test]
fn keys_that_do_not_read_or_are_of_another_kind_are_refused() {
    let set = |name: &'static str, value: Value| {
        move |root: &mut Value| root["tlogs"][0]["publicKey"][name] = value
    };
    for key in ["", "AQID", "not base64"] {
        refused(set("rawBytes", json!(key)), "trust_root_key");
    }
    let said = refused(set("keyDetails", json!("PKIX_ED25519")), "trust_root_key");
    assert!(said.contains("ECDSA P-256"), "{said}");
    for id in [json!({"keyId": ""}), json!({"keyId": "AQID"}), json!(null)] {
        refused(|root| root["tlogs"][0]["logId"] = id, "trust_root_key");
    }
    // Of Rekor v2 the other name will do.
    let mut document = document();
    let id = document["tlogs"][1]["logId"].take();
    document["tlogs"][1]["checkpointKeyId"] = id;
    assert_eq!(read(&document).unwrap().log_count(), 2);
}

#[test]
fn logs_of_kinds_that_are_not_read_are_left_aside_by_name() {
    let mut document = document();
    document["tlogs"][0]["publicKey"]["keyDetails"] = json!("ML_DSA_65");
    document["ctlogs"][2]["hashAlgorithm"] = json!("SHA2_512");
    let root = read(&document).unwrap();
    assert_eq!((root.log_count(), root.ct_log_count()), (1, 2));
    let unread = &root.summary().unread;
    assert_eq!(unread.len(), 2, "{unread:?}");
    assert!(unread[0].contains("rekor.sigstage.dev") && unread[0].contains("ML_DSA_65"));
    assert!(unread[1].contains("ctfe.sigstage.dev") && unread[1].contains("SHA2_512"));
}

#[test]
fn certificates_that_could_never_vouch_for_anything_are_refused() {
    let (top, stranger) = (Ca::root("top"), Ca::root("top"));
    let (sub, leaf) = (top.sub("sub"), top.leaf());
    let chain = |ders: &[&[u8]]| -> Value {
        let rows: Vec<_> = ders
            .iter()
            .map(|der| json!({"rawBytes": base64(der)}))
            .collect();
        json!({"certificates": rows})
    };
    let set = |value: Value| {
        move |root: &mut Value| root["certificateAuthorities"][0]["certChain"] = value
    };
    let crowd = vec![top.der.as_slice(); 33];
    for (what, ders) in [
        ("none", vec![]),
        ("too many", crowd),
        ("garbage", vec![b"garbage".as_slice()]),
        ("nothing", vec![b"".as_slice()]),
        ("a signer's", vec![&leaf, &top.der]),
        ("the wrong way round", vec![&top.der, &sub.der]),
        ("another's", vec![&sub.der, &stranger.der]),
    ] {
        let said = refused(set(chain(&ders)), "trust_root_certificate");
        assert!(
            said.starts_with("certificate authority 1: "),
            "{what}: {said}"
        );
    }
    refused(
        set(json!({"certificates": [{"rawBytes": "!"}]})),
        "trust_root_certificate",
    );
    for good in [vec![&sub.der[..], &top.der], vec![&top.der], vec![&sub.der]] {
        let mut document = document();
        set(chain(&good))(&mut document);
        read(&document).unwrap();
    }
    for name in ["bogus-root-invalid-ku", "bogus-leaf-missing-eku"] {
        refused(set(chain(&[&certificate(name)])), "trust_root_certificate");
    }
    for value in [json!({"certificates": []}), chain(&[b"garbage"]), json!({})] {
        refused(
            |root| root["timestampAuthorities"][0]["certChain"] = value,
            "trust_root_certificate",
        );
    }
}

#[test]
fn how_many_certificate_logs_are_wanted_can_be_said_later() {
    let root = TrustRoot::built_in("github").unwrap();
    let strict = root.with_scts(1);
    assert_eq!((root.scts(), strict.scts()), (0, 1));
    assert_eq!(strict.summary().scts, 1);
    assert_eq!(strict.ct_log_count(), 0);
}

#[test]
fn hosts_are_read_off_urls() {
    for (url, host) in [
        ("https://rekor.example", "rekor.example"),
        ("https://rekor.example/", "rekor.example"),
        ("https://log.example:3000/2025?x#y", "log.example"),
        ("http://user@log.example", "log.example"),
        ("log.example/path", "log.example"),
        ("http://[::1]:3000", "::1"),
        ("", ""),
    ] {
        assert_eq!(read::host(url), host, "{url}");
    }
}

#[test]
fn the_summary_tells_people_what_is_in_it() {
    let root = TrustRoot::built_in("public-good").unwrap();
    let summary = serde_json::to_value(root.summary()).unwrap();
    assert_eq!(summary["name"], "public-good");
    assert_eq!(summary["dated"], "2026-08-21");
    assert_eq!(
        summary["logs"][0],
        json!({
            "baseUrl": "https://rekor.sigstore.dev",
            "id": "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d",
            "key": "ECDSA P-256",
            "validity": {"start": "2021-01-12T11:53:27Z", "end": null},
        })
    );
    assert_eq!(
        summary["certificateAuthorities"][0],
        json!({
            "organization": "sigstore.dev",
            "commonName": "sigstore",
            "uri": "https://fulcio.sigstore.dev",
            "validity": {"start": "2021-03-07T03:20:29Z", "end": "2022-12-31T23:59:59.999Z"},
        })
    );
    assert_eq!(
        summary["timestampAuthorities"][0]["commonName"],
        "sigstore-tsa-selfsigned"
    );
    assert_eq!(summary["certificateLogs"].as_array().unwrap().len(), 2);
}
