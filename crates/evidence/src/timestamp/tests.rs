#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, date_time_ymd};

use super::*;
use crate::testing::tsa::{Parts, SHA256, TIME_STAMPING, TST_INFO, Tsa, oid, sequence, tlv, usage};
use crate::testing::{Case, cases, code, fixture};
use crate::trust_root::Validity;

const ALWAYS: Validity = Validity {
    start: None,
    end: None,
};

fn authority(chain: &[Vec<u8>], valid: Validity) -> TimestampAuthority {
    TimestampAuthority::new("tsa.example".to_owned(), chain, valid).unwrap()
}

/// The code with which a token of an authority of its own is refused.
#[track_caller]
fn refused(change: impl FnOnce(&mut Parts)) -> &'static str {
    let tsa = Tsa::new(&PKCS_ECDSA_P256_SHA256);
    let token = tsa.token_with(b"signature", change);
    code(verify(
        &token,
        &[b"signature"],
        &[authority(&tsa.chain, ALWAYS)],
    ))
}

/// The time of a token with `change` made to it.
#[track_caller]
fn accepted(change: impl FnOnce(&mut Parts)) -> String {
    let tsa = Tsa::new(&PKCS_ECDSA_P256_SHA256);
    let token = tsa.token_with(b"signature", change);
    let authorities = [authority(&tsa.chain, ALWAYS)];
    let witness = verify(&token, &[b"signature"], &authorities).unwrap();
    assert_eq!(witness.authority, "tsa.example");
    witness.time.to_string()
}

#[test]
fn tokens_of_the_corpus_are_judged_as_their_cases_say() {
    let mut found = 0;
    for case in cases("conformance").chain(cases("bundles")) {
        let outcome = case
            .read()
            .and_then(|presented| presented.times().map(|times| times.len()));
        match (case.name.as_str(), outcome) {
            (
                "rekor2-timestamp-outside-tsa-cert-validity_fail"
                | "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail",
                outcome,
            ) => assert_eq!(code(outcome), "timestamp_invalid", "{}", case.name),
            (_, Ok(times)) => found += times,
            (name, Err(refusal)) => {
                assert!(
                    !case.passes && refusal.reason != Reason::TimestampInvalid,
                    "{name}"
                );
            }
        }
    }
    assert_eq!(found, 15);
}

#[test]
fn a_time_is_the_authoritys_own() {
    for (family, name, authority, time) in [
        (
            "conformance",
            "rekor2-timestamp-without-embedded-cert",
            "https://timestamp.sigstage.dev/api/v1/timestamp",
            "2025-08-06T19:03:51Z",
        ),
        (
            "bundles",
            "gh-internal-attest-demo",
            "timestamp.githubapp.com",
            "2024-04-22T17:33:26Z",
        ),
    ] {
        let case = Case::named(family, name);
        let presented = case.read().unwrap();
        let times = presented.times().unwrap();
        assert_eq!(
            (times[0].authority, times[0].time.to_string().as_str()),
            (authority, time)
        );
    }
}

#[test]
fn a_token_is_of_one_of_the_bytes_that_it_may_be_of() {
    let case = Case::named("bundles", "gh-internal-attest-demo");
    let presented = case.read().unwrap();
    let token = &presented.material().timestamps[0];
    let authorities = case.root.timestamp_authorities();
    let of = |stamped: &[&[u8]]| verify(token, stamped, authorities).map(|_| ());
    of(&[b"something", presented.signature()]).unwrap();
    assert_eq!(code(of(&[b"something", b""])), "timestamp_invalid");
    assert_eq!(code(of(&[])), "timestamp_invalid");
}

#[test]
fn a_changed_byte_of_what_was_signed_is_noticed() {
    let tsa = Tsa::new(&PKCS_ECDSA_P256_SHA256);
    let authorities = [authority(&tsa.chain, ALWAYS)];
    let token = tsa.token(b"signature");
    let good = verify(&token, &[b"signature"], &authorities).unwrap();
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] ^= 1;
        // Versions, the name of the issuer and the like are not signed, and say nothing.
        if let Ok(witness) = verify(&changed, &[b"signature"], &authorities) {
            assert_eq!(witness, good, "byte {at}");
        }
    }
}

#[test]
fn rsa_and_the_curves_are_verified_with_the_hash_that_the_token_names() {
    let sha384 = "2.16.840.1.101.3.4.2.2";
    let p384 = Tsa::new(&PKCS_ECDSA_P384_SHA384);
    let rsa = Tsa::new(&PKCS_RSA_SHA256);
    for (tsa, algorithm, good) in [
        (&p384, "1.2.840.10045.4.3.3", true),
        (&p384, "1.2.840.10045.4.3.2", false),
        (&p384, "1.2.840.113549.1.1.12", true),
        (&rsa, "1.2.840.113549.1.1.11", true),
        (&rsa, "1.2.840.113549.1.1.1", true),
        (&rsa, "1.2.840.113549.1.1.13", false),
        (&rsa, "1.2.840.113549.1.1.5", false),
        (&rsa, "1.2.840.113549.1.1.10", false),
    ] {
        let token = tsa.token_with(b"signature", |parts| parts.algorithm = oid(algorithm));
        let verified = verify(&token, &[b"signature"], &[authority(&tsa.chain, ALWAYS)]).is_ok();
        assert_eq!(verified, good, "{algorithm}");
    }
    // With the plain name of RSA the hash is that of the attributes.
    let token = rsa.token_with(b"signature", |parts| {
        parts.algorithm = oid("1.2.840.113549.1.1.1");
        parts.digest = oid(sha384);
    });
    assert!(verify(&token, &[b"signature"], &[authority(&rsa.chain, ALWAYS)]).is_err());
}

#[test]
fn a_public_authority_with_rsa_keys_is_read() {
    let pem = String::from_utf8(fixture("timestamps/freetsa_chain.pem")).unwrap();
    let chain: Vec<_> = pem::parse_many(pem)
        .unwrap()
        .into_iter()
        .map(pem::Pem::into_contents)
        .collect();
    let response = fixture("timestamps/freetsa_response.tsr");
    let token = Token::parse(&response).unwrap();
    assert_eq!(token.time.to_string(), "2025-05-02T13:21:07Z");
    assert!(authority(&chain, ALWAYS).check(&token).is_ok());
    let of_another = Tsa::new(&PKCS_ECDSA_P256_SHA256);
    assert!(authority(&of_another.chain, ALWAYS).check(&token).is_err());
}

#[test]
fn what_stands_in_a_token_adds_no_trust() {
    // CVE-2026-39984
    let [ours, theirs] = [(); 2].map(|()| Tsa::new(&PKCS_ECDSA_P256_SHA256));
    let embedded = |chain: &[Vec<u8>]| tlv(0xa0, &chain.concat());
    let with = |tsa: &Tsa, certificates: Vec<u8>| {
        let token = tsa.token_with(b"signature", |parts| parts.between = certificates);
        verify(&token, &[b"signature"], &[authority(&ours.chain, ALWAYS)]).map(|_| ())
    };
    for certificates in [
        embedded(&ours.chain),
        embedded(&theirs.chain),
        [embedded(&ours.chain), tlv(0xa1, b"")].concat(),
    ] {
        with(&ours, certificates.clone()).unwrap();
        assert_eq!(code(with(&theirs, certificates)), "timestamp_invalid");
    }
    // Whoever names our certificate has not signed with its key.
    let leaf = x509_cert::der::Decode::from_der(&ours.chain[0]);
    let leaf: x509_cert::Certificate = leaf.unwrap();
    let serial = tlv(2, leaf.tbs_certificate.serial_number.as_bytes());
    let forged = theirs.token_with(b"signature", |parts| parts.serial = serial);
    let authorities = [authority(&ours.chain, ALWAYS)];
    let refused = verify(&forged, &[b"signature"], &authorities);
    assert_eq!(code(refused), "timestamp_invalid");
}

#[test]
fn a_token_counts_while_its_authority_and_all_its_certificates_do() {
    let tsa = Tsa::new(&PKCS_ECDSA_P256_SHA256);
    let token = tsa.token(b"signature");
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let within = |start, end| {
        let authorities = [authority(&tsa.chain, Validity { start, end })];
        verify(&token, &[b"signature"], &authorities).map(|_| ())
    };
    let noon = "2026-01-01T12:00:00Z";
    within(at(noon), at(noon)).unwrap();
    let early = within(at("2026-01-01T12:00:01Z"), None).unwrap_err();
    assert_eq!(early.reason.code(), "timestamp_invalid");
    assert_eq!(
        early.detail,
        "the timestamp does not hold: it is of 2026-01-01T12:00:00Z, when tsa.example did not count"
    );
    assert_eq!(
        code(within(None, at("2026-01-01T11:59:59Z"))),
        "timestamp_invalid"
    );
    for time in [b"20251231235959Z", b"20260102000001Z"] {
        assert_eq!(
            refused(|parts| parts.time = tlv(0x18, time)),
            "timestamp_invalid"
        );
    }
}

#[test]
fn an_authority_is_for_timestamps_alone_and_its_certificates_are_one_path() {
    let new = |chain: &[Vec<u8>]| {
        TimestampAuthority::new("tsa.example".to_owned(), chain, ALWAYS).map(|_| ())
    };
    let alone = Err("its first certificate is not for timestamps alone".to_owned());
    let with = |purposes: &'static [&'static str], critical: bool| {
        let tsa = Tsa::with(&PKCS_ECDSA_P256_SHA256, |params| {
            params.custom_extensions = vec![usage(purposes, critical)];
        });
        new(&tsa.chain)
    };
    assert_eq!(with(&[TIME_STAMPING], true), Ok(()));
    assert_eq!(with(&[TIME_STAMPING], false), alone);
    assert_eq!(with(&["1.3.6.1.5.5.7.3.3"], true), alone);
    assert_eq!(with(&[TIME_STAMPING, "1.3.6.1.5.5.7.3.3"], true), alone);
    let without = Tsa::with(&PKCS_ECDSA_P256_SHA256, |params| {
        params.custom_extensions.clear()
    });
    assert_eq!(new(&without.chain), alone);

    let tsa = Tsa::new(&PKCS_ECDSA_P256_SHA256);
    let [leaf, between, root] = tsa.chain.as_slice() else {
        panic!("three")
    };
    let other = Tsa::new(&PKCS_ECDSA_P256_SHA256).chain;
    assert_eq!(
        new(&[leaf.clone(), between.clone()]),
        Ok(()),
        "the last one is the end"
    );
    assert!(new(&[leaf.clone(), root.clone()]).is_err());
    assert!(new(&[leaf.clone(), between.clone(), other[2].clone()]).is_err());
    assert!(new(&[root.clone(), between.clone(), leaf.clone()]).is_err());
    assert!(new(&[]).is_err());
    assert!(new(&[b"no certificate".to_vec()]).is_err());
    let later = Tsa::with(&PKCS_ECDSA_P256_SHA256, |params| {
        params.not_before = date_time_ymd(2041, 1, 1);
        params.not_after = date_time_ymd(2042, 1, 1);
    });
    let never = "its certificates are at no time valid together";
    assert_eq!(new(&later.chain), Err(never.to_owned()));
}

#[test]
fn the_serial_number_of_a_certificate_may_have_its_highest_bit_set() {
    let tsa = Tsa::with(&PKCS_ECDSA_P256_SHA256, |params| {
        params.serial_number = Some(vec![0x80, 0x01].into());
    });
    let with = |serial: &[u8]| {
        let token = tsa.token_with(b"signature", |parts| parts.serial = tlv(2, serial));
        verify(&token, &[b"signature"], &[authority(&tsa.chain, ALWAYS)]).map(|_| ())
    };
    with(&[0x00, 0x80, 0x01]).unwrap();
    assert_eq!(code(with(&[0x00, 0x80, 0x02])), "timestamp_invalid");
}

#[test]
fn a_response_must_be_granted_and_a_bare_token_is_one_too() {
    let noon = "2026-01-01T12:00:00Z";
    assert_eq!(accepted(|parts| parts.status = Some(1)), noon);
    assert_eq!(accepted(|parts| parts.status = None), noon);
    for status in 2..=5 {
        assert_eq!(
            refused(|parts| parts.status = Some(status)),
            "timestamp_invalid"
        );
    }
}

#[test]
fn times_are_in_utc_with_or_without_fractions() {
    for (time, expected) in [
        ("20260101120000.5Z", "2026-01-01T12:00:00.5Z"),
        (
            "20260101120000.000000001Z",
            "2026-01-01T12:00:00.000000001Z",
        ),
    ] {
        assert_eq!(
            accepted(|parts| parts.time = tlv(0x18, time.as_bytes())),
            expected
        );
    }
    for time in [
        "20260101120000",
        "20260101120000+0000",
        "202601011200Z",
        "20260101120000.Z",
        "20260101120000,5Z",
        "20260101120000.0000000001Z",
        "20261301120000Z",
        "20260101250000Z",
        "2026-101120000Z",
        "+2260101120000Z",
        "Z",
        "",
    ] {
        assert_eq!(
            refused(|parts| parts.time = tlv(0x18, time.as_bytes())),
            "timestamp_invalid",
            "{time}"
        );
    }
    let short = |parts: &mut Parts| parts.time = tlv(0x17, b"260101120000Z");
    assert_eq!(refused(short), "timestamp_invalid");
}

#[test]
fn a_token_that_could_mean_two_things_is_refused() {
    let attribute = |name: &str, value: Vec<u8>| sequence(&[oid(name), tlv(0x31, &value)]);
    let content_type = || attribute("1.2.840.113549.1.9.3", oid(TST_INFO));
    let message_digest = || attribute("1.2.840.113549.1.9.4", tlv(4, &[0; 32]));
    assert_eq!(
        accepted(|parts| parts.more_attributes = attribute("1.2.3.4", tlv(5, b""))).len(),
        20
    );
    assert_eq!(
        refused(|parts| parts.more_attributes = content_type()),
        "timestamp_invalid"
    );
    assert_eq!(
        refused(|parts| parts.more_attributes = message_digest()),
        "timestamp_invalid"
    );
    assert_eq!(
        refused(|parts| parts.content_type = oid("1.2.3.4")),
        "timestamp_invalid"
    );
    assert_eq!(
        refused(|parts| parts.content_type = [oid(TST_INFO), oid(TST_INFO)].concat()),
        "timestamp_invalid"
    );
    assert_eq!(
        refused(|parts| parts.message_digest = Some(vec![0; 32])),
        "timestamp_invalid"
    );
    assert_eq!(refused(|parts| parts.version = 2), "timestamp_invalid");
    for signers in [0, 2, 3] {
        assert_eq!(
            refused(|parts| parts.signers = signers),
            "timestamp_invalid"
        );
    }
}

#[test]
fn hashes_that_are_not_safe_or_not_known_are_refused() {
    for hash in [
        "1.3.14.3.2.26",
        "1.2.840.113549.2.5",
        "2.16.840.1.101.3.4.2.4",
        "1.2.3.4",
    ] {
        assert_eq!(
            refused(|parts| parts.imprint_hash = oid(hash)),
            "timestamp_invalid",
            "{hash}"
        );
        assert_eq!(
            refused(|parts| parts.digest = oid(hash)),
            "timestamp_invalid",
            "{hash}"
        );
    }
    assert_eq!(
        refused(|parts| parts.imprint_hash = oid("2.16.840.1.101.3.4.2.3")),
        "timestamp_invalid"
    );
    assert_eq!(
        accepted(|parts| parts.imprint_hash = oid(SHA256)),
        "2026-01-01T12:00:00Z"
    );
}

#[test]
fn what_is_no_token_is_refused() {
    let tsa = Tsa::new(&PKCS_ECDSA_P256_SHA256);
    let token = tsa.token(b"signature");
    let refused = |bytes: &[u8]| {
        code(verify(
            bytes,
            &[b"signature"],
            &[authority(&tsa.chain, ALWAYS)],
        ))
    };
    for length in 0..token.len() {
        assert_eq!(refused(&token[..length]), "timestamp_invalid", "{length}");
    }
    assert_eq!(
        refused(&[token.as_slice(), b"x"].concat()),
        "timestamp_invalid"
    );
    assert_eq!(
        refused(&fixture("timestamps/sigstore_tsa_response_invalid.tsr")),
        "timestamp_invalid"
    );
    assert_eq!(refused(b"{}"), "timestamp_invalid");
    let deep = [[0x30, 0x82, 0xff, 0xff].repeat(10_000), vec![0; 65_535]].concat();
    assert_eq!(refused(&deep), "timestamp_invalid");
    let sigstore = fixture("timestamps/sigstore_tsa_response_with_embedded_certs.tsr");
    assert_eq!(
        Token::parse(&sigstore).unwrap().time.to_string(),
        "2025-04-22T14:59:52Z"
    );
}

/// The times that Sigstore's own client takes from a token.
fn oracle(case: &Case, token: &[u8], signature: &[u8]) -> Vec<Timestamp> {
    let json = std::str::from_utf8(&case.root_json).unwrap();
    let root = sigstore_trust_root::TrustedRoot::from_json(json).unwrap();
    let token = sigstore_types::TimestampToken::new(token.to_vec());
    let signature = sigstore_types::SignatureBytes::new(signature.to_vec());
    let verify = |authority| {
        sigstore_tsa::verify_timestamp_for_authority(&token, &signature, &authority).ok()
    };
    root.tsa_authorities()
        .into_iter()
        .filter_map(verify)
        .collect()
}

#[test]
fn under_every_root_tokens_are_judged_as_sigstores_own_client_judges_them() {
    let all: Vec<_> = cases("conformance").chain(cases("bundles")).collect();
    let mut accepted = 0;
    for case in &all {
        let Ok(presented) = case.read() else { continue };
        let signature = presented.signature();
        for token in &presented.material().timestamps {
            for other in &all {
                let ours = verify(token, &[signature], other.root.timestamp_authorities());
                let ours = ours.ok().map(|witness| witness.time);
                let theirs = oracle(other, token, signature);
                assert_eq!(
                    ours,
                    theirs.first().copied(),
                    "{} under {}",
                    case.name,
                    other.name
                );
                accepted += usize::from(ours.is_some());
            }
        }
    }
    assert!(accepted > 15, "{accepted}");
}
