#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

use countersign_image::media_type;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Case, Signer, code, fixture, statement};

const V01: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
const V02: &str = "application/vnd.dev.sigstore.bundle+json;version=0.2";
const V03: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";

/// A good bundle of a key, with `change` made to it, as it is attached to an image.
fn attached(change: impl FnOnce(&mut Value)) -> Result<Sealed, Refusal> {
    seal(altered(change).as_bytes())
}

/// The same as a file.
fn file(change: impl FnOnce(&mut Value)) -> Result<BundleFile, Refusal> {
    read_file(altered(change).as_bytes())
}

fn altered(change: impl FnOnce(&mut Value)) -> String {
    let mut bundle = Signer::new().bundle(&statement("https://example.com/any", &json!({})));
    change(&mut bundle);
    bundle.to_string()
}

/// What is presented beside the signature of a file with `change` made to it.
fn material(change: impl FnOnce(&mut Value)) -> Result<Material, Refusal> {
    file(change).map(|file| match file {
        BundleFile::Statement(sealed) => sealed.material,
        BundleFile::Artifact(detached) => detached.material,
    })
}

fn entry() -> Value {
    let case = Case::named("conformance", "happy-path-v0.3");
    case.bundle["verificationMaterial"]["tlogEntries"][0].clone()
}

#[test]
fn a_file_may_be_of_an_older_version_and_an_attached_bundle_may_not() {
    for (media_type, as_file, as_attached) in [
        (V01, None, Some("unsupported_format")),
        (V02, None, Some("unsupported_format")),
        (V03, None, None),
        (media_type::BUNDLE_V03, None, None),
        (
            "application/vnd.dev.sigstore.bundle.v0.2+json",
            Some("unsupported_format"),
            Some("unsupported_format"),
        ),
        (
            "application/vnd.dev.sigstore.bundle.v0.4+json",
            Some("unsupported_format"),
            Some("unsupported_format"),
        ),
        (
            "application/vnd.dev.sigstore.bundle+json;version=0.3 ",
            Some("unsupported_format"),
            Some("unsupported_format"),
        ),
        (
            "APPLICATION/vnd.dev.sigstore.bundle.v0.3+json",
            Some("unsupported_format"),
            Some("unsupported_format"),
        ),
        ("", Some("unsupported_format"), Some("unsupported_format")),
    ] {
        let change = |bundle: &mut Value| bundle["mediaType"] = json!(media_type);
        let outcome = |refusal: Option<Refusal>| refusal.map(|refusal| refusal.reason.code());
        assert_eq!(
            outcome(file(change).err()),
            as_file,
            "{media_type:?} as a file"
        );
        assert_eq!(
            outcome(attached(change).err()),
            as_attached,
            "{media_type:?} attached"
        );
    }
    let without = |bundle: &mut Value| drop(bundle.as_object_mut().unwrap().remove("mediaType"));
    assert_eq!(code(file(without)), "malformed");
    assert_eq!(code(attached(without)), "malformed");
}

#[test]
fn only_a_file_of_version_0_1_may_do_without_inclusion_proof() {
    let suffices = |media_type: &str| {
        material(|bundle| bundle["mediaType"] = json!(media_type))
            .unwrap()
            .promise_suffices
    };
    assert!(suffices(V01));
    assert!(!suffices(V02) && !suffices(V03) && !suffices(media_type::BUNDLE_V03));
    assert!(!attached(|_| ()).unwrap().material.promise_suffices);
}

#[test]
fn the_signature_of_a_blob_is_read_from_a_file_and_not_from_an_image() {
    let blob = |signature: Value| {
        move |bundle: &mut Value| {
            bundle["dsseEnvelope"] = Value::Null;
            bundle["messageSignature"] = json!({"signature": signature});
        }
    };
    let Ok(BundleFile::Artifact(detached)) = file(blob(json!("AAAA"))) else {
        panic!("the signature of a blob")
    };
    assert_eq!(detached.signature, [0; 3]);
    assert_eq!(code(attached(blob(json!("AAAA")))), "unsupported_format");
    for none in [
        json!(""),
        json!("%"),
        json!(null),
        json!([0]),
        json!("AAAA\n"),
    ] {
        assert_eq!(
            code(file(blob(none.clone())).map(|_| ())),
            "malformed",
            "{none}"
        );
    }
}

#[test]
fn what_signed_is_named_exactly_once() {
    let signer = |signer: Value, media_type: &str| {
        material(|bundle| {
            bundle["mediaType"] = json!(media_type);
            bundle["verificationMaterial"] = signer;
        })
        .map(|material| material.signer)
    };
    let certificate = json!({"rawBytes": "AAAA"});
    let chain = json!({"certificates": [certificate, {"rawBytes": "AAAB"}, {"rawBytes": "AAAC"}]});
    assert_eq!(
        signer(json!({"publicKey": {"hint": "of a key"}}), V03).unwrap(),
        SignerClaim::Key {
            hint: "of a key".to_owned()
        }
    );
    assert_eq!(
        signer(json!({"publicKey": {}}), V03).unwrap(),
        SignerClaim::Nothing
    );
    for version in [V01, V02, V03] {
        let claim = SignerClaim::Certificate {
            leaf: vec![0; 3],
            intermediates: Vec::new(),
        };
        assert_eq!(
            signer(json!({"certificate": certificate}), version).unwrap(),
            claim
        );
    }
    for version in [V01, V02] {
        let claim = SignerClaim::Certificate {
            leaf: vec![0; 3],
            intermediates: vec![vec![0, 0, 1], vec![0, 0, 2]],
        };
        assert_eq!(
            signer(json!({"x509CertificateChain": chain}), version).unwrap(),
            claim
        );
    }
    for (bad, version) in [
        (json!({"x509CertificateChain": chain}), V03),
        (json!({"x509CertificateChain": {"certificates": []}}), V01),
        (json!({"x509CertificateChain": {}}), V01),
        (json!({"x509CertificateChain": {"certificates": [{}]}}), V01),
        (json!({"certificate": {}}), V03),
        (json!({"certificate": {"rawBytes": ""}}), V03),
        (json!({"certificate": {"rawBytes": "%"}}), V03),
        (json!({"publicKey": {}, "certificate": certificate}), V03),
        (json!({"publicKey": {}, "x509CertificateChain": chain}), V01),
        (
            json!({"certificate": certificate, "x509CertificateChain": chain}),
            V01,
        ),
        (json!({}), V03),
        (json!({"publicKey": null}), V03),
    ] {
        assert_eq!(code(signer(bad.clone(), version)), "malformed", "{bad}");
    }
}

#[test]
fn one_log_entry_does_not_count_twice() {
    let twice = |other: Value| {
        material(|bundle| bundle["verificationMaterial"]["tlogEntries"] = json!([entry(), other]))
    };
    assert_eq!(code(twice(entry())), "malformed");
    let mut disguised = entry();
    disguised["inclusionProof"] = Value::Null;
    disguised["integratedTime"] = json!("7");
    assert_eq!(code(twice(disguised)), "malformed");
    let mut another = entry();
    another["logIndex"] = json!("7");
    assert_eq!(twice(another).unwrap().entries.len(), 2);
}

#[test]
fn lists_are_read_up_to_their_limit_and_refused_beyond() {
    let entries = |count: u32| -> Value {
        let number = |number| {
            let mut entry = entry();
            entry["logIndex"] = json!(number);
            entry
        };
        json!({"publicKey": {}, "tlogEntries": (0..count).map(number).collect::<Vec<_>>()})
    };
    let timestamps = |count: usize| {
        let list = vec![json!({"signedTimestamp": "AAAA"}); count];
        json!({"publicKey": {}, "timestampVerificationData": {"rfc3161Timestamps": list}})
    };
    let certificates = |count: usize| json!({"x509CertificateChain": {"certificates": vec![json!({"rawBytes": "AAAA"}); count]}});
    let read = |with: Value| {
        material(|bundle| {
            bundle["mediaType"] = json!(V01);
            bundle["verificationMaterial"] = with;
        })
    };
    assert_eq!(read(entries(32)).unwrap().entries.len(), 32);
    assert_eq!(read(timestamps(32)).unwrap().timestamps.len(), 32);
    assert!(read(certificates(limits::CERTIFICATES)).is_ok());
    for over in [
        entries(33),
        timestamps(33),
        certificates(limits::CERTIFICATES + 1),
    ] {
        assert_eq!(code(read(over)), "too_many");
    }
    let signatures = |count: usize| {
        let change = |bundle: &mut Value| {
            let one = bundle["dsseEnvelope"]["signatures"][0].clone();
            bundle["dsseEnvelope"]["signatures"] = json!(vec![one; count]);
        };
        file(change).map(|_| ())
    };
    assert!(signatures(1).is_ok());
    for (count, expected) in [
        (0, "malformed"),
        (2, "malformed"),
        (8, "malformed"),
        (9, "too_many"),
        (100_000, "too_many"),
    ] {
        assert_eq!(code(signatures(count)), expected, "{count}");
    }
}

/// A bundle that ends in the middle: whoever refuses it for a list has not looked at what follows.
#[test]
fn a_list_that_is_too_long_is_refused_before_anything_behind_it_is_read() {
    for (list, what) in [
        (r#""verificationMaterial":{"tlogEntries":["#, "{},"),
        (
            r#""verificationMaterial":{"timestampVerificationData":{"rfc3161Timestamps":["#,
            "{},",
        ),
        (
            r#""dsseEnvelope":{"payload":"","payloadType":"","signatures":["#,
            r#"{"sig":""},"#,
        ),
    ] {
        let cut = format!("{{{list}{}", what.repeat(33));
        assert_eq!(
            code(read_file(cut.as_bytes()).map(|_| ())),
            "too_many",
            "{list}"
        );
        let within = format!("{{{list}{}", what.repeat(7));
        assert_eq!(
            code(read_file(within.as_bytes()).map(|_| ())),
            "malformed",
            "{list}"
        );
    }
}

#[test]
fn only_what_was_signed_may_be_large() {
    let large = |parent: &str, member: &str, length: usize| {
        file(|bundle| {
            bundle["verificationMaterial"]["tlogEntries"] = json!([entry()]);
            let stamped = json!({"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]});
            bundle["verificationMaterial"]["timestampVerificationData"] = stamped;
            bundle.pointer_mut(parent).unwrap()[member] = json!("A".repeat(length));
        })
        .map(|_| ())
    };
    let log = "/verificationMaterial/tlogEntries/0";
    for (parent, member) in [
        ("/dsseEnvelope/signatures/0", "sig"),
        ("/verificationMaterial/publicKey", "hint"),
        (
            "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0",
            "signedTimestamp",
        ),
        (log, "canonicalizedBody"),
        (&format!("{log}/logId"), "keyId"),
        (&format!("{log}/inclusionPromise"), "signedEntryTimestamp"),
        (&format!("{log}/inclusionProof"), "rootHash"),
        (&format!("{log}/inclusionProof/checkpoint"), "envelope"),
    ] {
        let refused = code(large(parent, member, limits::PROOF_BYTES + 4));
        assert_eq!(refused, "too_many", "{parent} {member}");
    }
    large("/dsseEnvelope", "payload", 4 * limits::PROOF_BYTES).unwrap();
    large("/dsseEnvelope/signatures/0", "sig", limits::PROOF_BYTES).unwrap();
}

#[test]
fn a_bundle_of_too_many_bytes_is_refused_by_its_size() {
    let bytes = vec![b'x'; limits::STATEMENT_BYTES + 1];
    let refusal = read_file(&bytes).unwrap_err();
    assert_eq!(refusal.reason.code(), "too_many");
    assert_eq!(
        refusal.detail,
        "the bundle has 33554433 bytes, at most 33554432 are read"
    );
    assert_eq!(code(read_file(&bytes[1..]).map(|_| ())), "malformed");
}

#[test]
fn names_are_in_camel_case_and_others_are_not_read() {
    let snake = |bundle: &mut Value| {
        let material = bundle["verificationMaterial"].take();
        bundle["verification_material"] = material;
    };
    assert_eq!(code(file(snake).map(|_| ())), "malformed");
    let beside = |bundle: &mut Value| bundle["verificationMaterial"]["tlog_entries"] = json!([{}]);
    assert_eq!(material(beside).unwrap().entries, []);
    let unknown = Case::named("bundles", "alt-unknown-json-fields");
    assert!(unknown.read().unwrap().witnesses().is_ok());
}

#[test]
fn what_two_readers_could_understand_differently_is_refused() {
    let good = altered(|_| ());
    for twice in [
        good.replacen('{', r#"{"mediaType":"x","#, 1),
        good.replacen('{', r#"{"a":{"b":1,"b":2},"#, 1),
        good.replacen(r#""signatures":"#, r#""signatures":[],"signatures":"#, 1),
        format!("{good}{good}"),
        format!("\u{feff}{good}"),
        format!("[{good}]"),
    ] {
        assert_eq!(code(read_file(twice.as_bytes()).map(|_| ())), "malformed");
    }
    let mut cut = fixture("bundles/java-dsse-gha-slsa1.sigstore.json");
    cut.truncate(cut.len() / 2);
    assert_eq!(code(read_file(&cut).map(|_| ())), "malformed");
}
