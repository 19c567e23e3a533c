//! What each kind of body commits to.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Case, altered, entry};
use crate::hash::Hash;
use crate::log::{Body, Entry, Logged, SignerKey};
use crate::testing::{code, fixture, public_key};

/// A good case for each kind, and the members of its body that commit to nothing that could be compared.
const KINDS: [(&str, &str, &[&str]); 5] = [
    ("conformance", "happy-path-v0.3", &[]),
    ("conformance", "managed-key-happy-path", &[]),
    (
        "conformance",
        "happy-path-intoto-in-dsse-v3",
        &["/spec/envelopeHash"],
    ),
    (
        "bundles",
        "gha_gradle-v2.1.0-workflow_dispatch",
        &["/spec/content/hash"],
    ),
    ("conformance", "rekor2-dsse-happy-path", &[]),
];

/// The body of the first entry with `change` made to it.
fn with_body(entry: &mut Value, change: impl FnOnce(&mut Value)) {
    let body = STANDARD
        .decode(entry["canonicalizedBody"].as_str().unwrap())
        .unwrap();
    let mut body = serde_json::from_slice(&body).unwrap();
    change(&mut body);
    entry["canonicalizedBody"] = json!(STANDARD.encode(body.to_string()));
}

/// The paths of all texts in `value`.
fn texts(value: &Value, path: &str, found: &mut Vec<String>) {
    let mut each = |name: &str, value: &Value| texts(value, &format!("{path}/{name}"), found);
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| each(name, value)),
        Value::Array(list) => (0..)
            .zip(list)
            .for_each(|(at, value): (u32, _)| each(&at.to_string(), value)),
        _ => found.push(path.to_owned()),
    }
}

fn body_of(case: &Case) -> Value {
    let mut bundle = case.bundle.clone();
    let mut body = Value::Null;
    with_body(entry(&mut bundle), |found| body = found.clone());
    body
}

#[test]
fn every_member_of_a_body_is_compared_or_known_to_say_nothing() {
    for (family, name, says_nothing) in KINDS {
        let case = Case::named(family, name);
        case.read().unwrap().witnesses().unwrap();
        let mut paths = Vec::new();
        texts(&body_of(&case), "", &mut paths);
        for path in paths {
            let refused = altered(&case, |entry| {
                with_body(entry, |body| {
                    let text = body.pointer_mut(&path).unwrap();
                    // In the middle: the first characters of a certificate or a signature are the same in all of them.
                    let mut bytes = text.as_str().unwrap().as_bytes().to_vec();
                    let middle = bytes.len() / 2;
                    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
                    *text = json!(String::from_utf8(bytes).unwrap());
                });
            });
            let expected: &[_] = if path == "/kind" || path == "/apiVersion" {
                &["log_entry_mismatch"]
            } else if says_nothing.iter().any(|member| path.starts_with(member)) {
                // The log has signed them all the same.
                &["log_proof_invalid"]
            } else {
                &["log_entry_mismatch"]
            };
            assert!(expected.contains(&refused), "{name} {path}: {refused}");
        }
    }
}

#[test]
fn a_body_without_one_of_its_members_does_not_read() {
    for (family, name, says_nothing) in KINDS {
        let case = Case::named(family, name);
        let mut paths = Vec::new();
        texts(&body_of(&case), "", &mut paths);
        paths.retain(|path| !says_nothing.iter().any(|member| path.starts_with(member)));
        for path in paths {
            let (parent, member) = path.rsplit_once('/').unwrap();
            let refused = altered(&case, |entry| {
                with_body(entry, |body| {
                    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut);
                    parent.unwrap().remove(member);
                });
            });
            assert_eq!(refused, "log_entry_mismatch", "{name} {path}");
        }
    }
}

#[test]
fn members_that_rekor_v2_does_not_have_are_refused() {
    let case = Case::named("conformance", "rekor2-happy-path");
    for parent in [
        "/spec",
        "/spec/hashedRekordV002",
        "/spec/hashedRekordV002/signature/verifier",
    ] {
        let refused = altered(&case, |entry| {
            with_body(entry, |body| {
                body.pointer_mut(parent).unwrap()["more"] = json!(1)
            });
        });
        assert_eq!(refused, "log_entry_mismatch", "{parent}");
    }
}

#[test]
fn a_body_is_of_the_kind_that_stands_beside_it() {
    let case = Case::named("conformance", "happy-path-v0.3");
    for (member, value) in [("kind", "dsse"), ("version", "0.0.2")] {
        let refused = altered(&case, |entry| entry["kindVersion"][member] = json!(value));
        assert_eq!(refused, "log_entry_mismatch", "{member}");
    }
}

#[test]
fn kinds_that_are_not_known_are_named() {
    let case = Case::named("conformance", "happy-path-v0.3");
    for (kind, version) in [
        ("rekord", "0.0.1"),
        ("hashedrekord", "0.0.3"),
        ("dsse", "0.0.2"),
    ] {
        let presented = case.read_altered(|bundle| {
            let entry = entry(bundle);
            entry["kindVersion"] = json!({"kind": kind, "version": version});
            with_body(entry, |body| {
                body["kind"] = json!(kind);
                body["apiVersion"] = json!(version);
            });
        });
        let refusal = presented.unwrap().witnesses().unwrap_err();
        assert_eq!(refusal.reason.code(), "unsupported_format");
        assert_eq!(
            refusal.detail,
            format!("log entries of kind {kind} {version} are not read")
        );
    }
}

#[test]
fn a_body_that_two_readers_could_understand_differently_is_refused() {
    let case = Case::named("conformance", "happy-path-v0.3");
    let refused = altered(&case, |entry| {
        let body = STANDARD
            .decode(entry["canonicalizedBody"].as_str().unwrap())
            .unwrap();
        let twice = String::from_utf8(body)
            .unwrap()
            .replacen('{', r#"{"kind":"dsse","#, 1);
        entry["canonicalizedBody"] = json!(STANDARD.encode(twice));
    });
    assert_eq!(refused, "log_entry_mismatch");
}

#[test]
fn an_entry_of_an_envelope_is_none_of_a_blob_and_the_other_way_round() {
    let [blob, envelope, intoto] = [
        ("conformance", "happy-path-v0.3"),
        ("conformance", "happy-path-intoto-in-dsse-v3"),
        ("bundles", "gha_gradle-v2.1.0-workflow_dispatch"),
    ]
    .map(|(family, name)| Case::named(family, name));
    let entry_of = |case: &Case| case.bundle["verificationMaterial"]["tlogEntries"][0].clone();
    for (case, other) in [
        (&blob, &envelope),
        (&blob, &intoto),
        (&envelope, &blob),
        (&intoto, &envelope),
    ] {
        let swapped = entry_of(other);
        assert_eq!(
            altered(case, |entry| *entry = swapped),
            "log_entry_mismatch"
        );
    }
}

#[test]
fn a_key_is_no_certificate_of_that_key() {
    let keyless = Case::named("conformance", "happy-path-v0.3");
    let presented = keyless.read().unwrap();
    let bare = SignerKey {
        certificate: None,
        ..presented.signer()
    };
    let entry: &Entry = &presented.material().entries[0];
    let body = Body::parse(&entry.body, entry.kind.as_ref()).unwrap();
    let digest = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf"
        .parse()
        .unwrap();
    let what = Logged::Digest(&digest);
    body.commits_to(&what, presented.signature(), &presented.signer())
        .unwrap();
    let refused = body.commits_to(&what, presented.signature(), &bare);
    assert_eq!(code(refused), "log_entry_mismatch");
}

#[test]
fn a_digest_of_another_kind_cannot_be_compared_and_is_refused() {
    let case = Case::named("conformance", "happy-path-v0.3");
    let presented = case.read().unwrap();
    let entry = &presented.material().entries[0];
    let body = Body::parse(&entry.body, entry.kind.as_ref()).unwrap();
    let sha512 = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
    let what = Logged::Digest(&sha512);
    let refused = body.commits_to(&what, presented.signature(), &presented.signer());
    assert_eq!(code(refused), "log_entry_mismatch");
    let bytes = fixture("conformance/a.txt");
    let what = Logged::Artifact(&bytes);
    body.commits_to(&what, presented.signature(), &presented.signer())
        .unwrap();
}

#[test]
fn of_several_signatures_in_an_entry_one_must_be_this_one() {
    let case = Case::named("conformance", "happy-path-intoto-in-dsse-v3");
    let refused = altered(&case, |entry| {
        with_body(entry, |body| {
            let signatures = body["spec"]["signatures"].as_array_mut().unwrap();
            signatures.insert(0, json!({"signature": "AAAA", "verifier": "AAAA"}));
        });
    });
    assert_eq!(
        refused, "log_proof_invalid",
        "commits to it, and the log has another"
    );
    let none: Map<String, Value> = Map::new();
    let refused = altered(&case, |entry| {
        with_body(entry, |body| body["spec"]["signatures"] = json!([none]));
    });
    assert_eq!(refused, "log_entry_mismatch");
}

/// What a body that is made by hand says against a signature of `message` by the key of the fixture `name`.
fn judged(name: &str, body: &Value) -> Result<(), &'static str> {
    let key = public_key(&format!("keys/made/{name}.pub"));
    let signer = SignerKey {
        key: &key,
        certificate: None,
    };
    let body = Body::parse(body.to_string().as_bytes(), None).unwrap();
    body.commits_to(&Logged::Artifact(b"message"), b"signature", &signer)
        .map_err(|refusal| refusal.reason.code())
}

#[test]
fn rekor_v2_goes_by_the_kind_and_the_hash_of_the_key() {
    let kinds = [
        ("p256", "PKIX_ECDSA_P256_SHA_256", "SHA2_256", Hash::Sha256),
        ("p384", "PKIX_ECDSA_P384_SHA_384", "SHA2_384", Hash::Sha384),
        ("p521", "PKIX_ECDSA_P521_SHA_512", "SHA2_512", Hash::Sha512),
        (
            "rsa2048",
            "PKIX_RSA_PKCS1V15_2048_SHA256",
            "SHA2_256",
            Hash::Sha256,
        ),
        ("ed25519", "PKIX_ED25519_PH", "SHA2_512", Hash::Sha512),
    ];
    for (name, details, algorithm, hash) in kinds {
        let key = public_key(&format!("keys/made/{name}.pub"));
        let body = |details: &str, algorithm: &str, hash: Hash| {
            let digest = STANDARD.encode(hash.of(b"message"));
            let verifier = json!({
                "keyDetails": details,
                "publicKey": {"rawBytes": STANDARD.encode(key.spki_der())},
            });
            let signature = json!({"content": STANDARD.encode("signature"), "verifier": verifier});
            let data = json!({"algorithm": algorithm, "digest": digest});
            json!({
                "apiVersion": "0.0.2",
                "kind": "hashedrekord",
                "spec": {"hashedRekordV002": {"data": data, "signature": signature}},
            })
        };
        assert_eq!(
            judged(name, &body(details, algorithm, hash)),
            Ok(()),
            "{name}"
        );
        for (_, other_details, other_algorithm, other_hash) in kinds {
            if other_details != details {
                let refused = judged(name, &body(other_details, algorithm, hash));
                assert_eq!(
                    refused,
                    Err("log_entry_mismatch"),
                    "{name} as {other_details}"
                );
            }
            if other_hash != hash {
                for body in [
                    body(details, other_algorithm, other_hash),
                    body(details, other_algorithm, hash),
                    body(details, algorithm, other_hash),
                ] {
                    assert_eq!(
                        judged(name, &body),
                        Err("log_entry_mismatch"),
                        "{name} {body}"
                    );
                }
            }
        }
        // Of this kind a log takes prehashed signatures alone.
        let pure = judged(name, &body("PKIX_ED25519", algorithm, hash));
        assert_eq!(pure, Err("log_entry_mismatch"));
    }
}

#[test]
fn rekor_v1_hashes_as_it_says_and_names_the_key_in_pem() {
    let body = |algorithm: &str, value: String, key: &str| {
        json!({
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": {"hash": {"algorithm": algorithm, "value": value}},
                "signature": {
                    "content": STANDARD.encode("signature"),
                    "publicKey": {"content": STANDARD.encode(key)},
                },
            },
        })
    };
    let key = public_key("keys/made/p384.pub").to_pem();
    for (algorithm, hash) in [
        ("sha256", Hash::Sha256),
        ("sha384", Hash::Sha384),
        ("sha512", Hash::Sha512),
    ] {
        let value = hash.hex_of(b"message");
        let good = body(algorithm, value.clone(), &key);
        assert_eq!(judged("p384", &good), Ok(()), "{algorithm}");
        for bad in [
            body(algorithm, hash.hex_of(b"another"), &key),
            body(algorithm, value.to_uppercase(), &key),
            body(algorithm, format!("{value}00"), &key),
            body("sha1", value.clone(), &key),
            body(algorithm, value.clone(), &format!("{key}{key}")),
            body(algorithm, value.clone(), &key.replace("PUBLIC", "PRIVATE")),
            body(
                algorithm,
                value.clone(),
                &public_key("keys/made/p256.pub").to_pem(),
            ),
            body(algorithm, value, ""),
        ] {
            assert_eq!(judged("p384", &bad), Err("log_entry_mismatch"), "{bad}");
        }
    }
}
