//! Promises of certificate logs: real ones, and ones made by hand.

#![expect(clippy::indexing_slicing, reason = "bytes are taken apart by place")]

use jiff::ToSpan as _;
use rcgen::{CustomExtension, KeyPair, SerialNumber};
use x509_cert::der::asn1::{AnyRef, OctetString};
use x509_cert::der::{Reader as _, SliceReader};

use super::*;
use crate::testing::ca::{Ca, SIGNED};
use crate::testing::{Signer, certificate, fixture};
use crate::{PublicKey, TrustRoot, Validity};

fn log_of(key: PublicKey) -> TrustedLog {
    let id = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.spki_der());
    TrustedLog {
        id: id.as_ref().try_into().unwrap(),
        key,
        valid: Validity {
            start: Some("2020-01-01T00:00:00Z".parse().unwrap()),
            end: None,
        },
        origin: "ct.example".to_owned(),
    }
}

fn issuer(ca: &Ca) -> Vec<u8> {
    spki(&ca.der)
}

fn spki(der: &[u8]) -> Vec<u8> {
    let certificate = Certificate::from_der(der).unwrap();
    let spki = certificate.tbs_certificate.subject_public_key_info;
    spki.to_der().unwrap()
}

#[track_caller]
fn refused(outcome: Result<(), Refusal>, reason: Reason) -> String {
    let refusal = outcome.unwrap_err();
    assert_eq!(refusal.reason, reason, "{}", refusal.detail);
    refusal.detail
}

#[test]
fn a_real_promise_verifies_with_its_log_and_issuer() {
    let leaf = Leaf::parse(&certificate("sct-certWithSct")).unwrap();
    let issuer = spki(&certificate("sct-fulcio.crt"));
    let text = String::from_utf8(fixture("certificates/sct-ctfe.pub")).unwrap();
    let log = log_of(PublicKey::from_pem(&text).unwrap());
    let stranger = log_of(Signer::new().public());
    verify(&leaf, &issuer, std::slice::from_ref(&log), 1).unwrap();
    verify(&leaf, &issuer, &[stranger.clone(), log.clone()], 1).unwrap();
    let own_key = leaf.key.spki_der();
    refused(
        verify(&leaf, own_key, std::slice::from_ref(&log), 1),
        Reason::SctInvalid,
    );
    refused(verify(&leaf, &issuer, &[stranger], 1), Reason::SctMissing);
    let unpromised = Leaf::parse(&certificate("sct-cert")).unwrap();
    refused(verify(&unpromised, &issuer, &[log], 1), Reason::SctMissing);
}

/// A log that makes promises.
struct Log {
    signer: Signer,
    trusted: TrustedLog,
}

impl Log {
    fn new() -> Self {
        let signer = Signer::new();
        let trusted = log_of(signer.public());
        Self { signer, trusted }
    }

    /// As RFC 6962 §3.2 and §3.3 spell it out, of a certificate that has no promises yet.
    fn promise(&self, der: &[u8], issuer: &[u8], time: Timestamp, extensions: &[u8]) -> Vec<u8> {
        let mut outer = SliceReader::new(AnyRef::from_der(der).unwrap().value()).unwrap();
        let tbs = outer.tlv_bytes().unwrap();
        let milliseconds = u64::try_from(time.as_millisecond()).unwrap().to_be_bytes();
        let extensions_length = u16::try_from(extensions.len()).unwrap().to_be_bytes();
        let mut signed = vec![0, 0];
        signed.extend(milliseconds);
        signed.extend([0, 1]);
        signed.extend(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, issuer).as_ref());
        signed.extend(&u32::try_from(tbs.len()).unwrap().to_be_bytes()[1..]);
        signed.extend(tbs);
        signed.extend(extensions_length);
        signed.extend(extensions);
        let signature = self.signer.sign(&signed);
        let mut sct = vec![0];
        sct.extend(self.trusted.id);
        sct.extend(milliseconds);
        sct.extend(extensions_length);
        sct.extend(extensions);
        sct.extend([4, 3]);
        sct.extend(u16::try_from(signature.len()).unwrap().to_be_bytes());
        sct.extend(signature);
        sct
    }
}

/// Certificates of one key, which are the same but for their promises.
struct Subject {
    ca: Ca,
    key: KeyPair,
}

impl Subject {
    fn new() -> Self {
        Self {
            ca: Ca::root("ca"),
            key: KeyPair::generate().unwrap(),
        }
    }

    fn der(&self, list: Option<&[u8]>) -> Vec<u8> {
        self.ca.leaf_of(&self.key, |params| {
            params.serial_number = Some(SerialNumber::from(7_u64));
            if let Some(list) = list {
                let octets = OctetString::new(list).unwrap().to_der().unwrap();
                let oid = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
                let extension = CustomExtension::from_oid_content(&oid, octets);
                // Not the last: the others around it must stay as they are.
                params.custom_extensions.insert(0, extension);
            }
        })
    }

    fn with(&self, scts: &[Vec<u8>]) -> Leaf {
        let list: Vec<_> = scts.iter().flat_map(|sct| vector(sct)).collect();
        Leaf::parse(&self.der(Some(&vector(&list)))).unwrap()
    }

    fn promise(&self, log: &Log) -> Vec<u8> {
        log.promise(&self.der(None), &issuer(&self.ca), SIGNED, b"")
    }
}

/// `bytes` with their count before them.
fn vector(bytes: &[u8]) -> Vec<u8> {
    [
        &u16::try_from(bytes.len()).unwrap().to_be_bytes()[..],
        bytes,
    ]
    .concat()
}

#[test]
fn distinct_trusted_logs_are_counted() {
    let subject = Subject::new();
    let (one, two, unknown) = (Log::new(), Log::new(), Log::new());
    let trusted = [one.trusted.clone(), two.trusted.clone()];
    let promise = |log| subject.promise(log);
    let check = |scts: &[Vec<u8>], wanted| {
        verify(&subject.with(scts), &issuer(&subject.ca), &trusted, wanted)
    };
    check(&[promise(&one)], 1).unwrap();
    check(&[promise(&unknown), promise(&one), promise(&two)], 2).unwrap();
    check(&[], 0).unwrap();
    for scts in [
        vec![],
        vec![promise(&unknown)],
        vec![promise(&unknown), promise(&unknown)],
    ] {
        refused(check(&scts, 1), Reason::SctMissing);
        check(&scts, 0).unwrap();
    }
    // CVE-2026-49834: one log several times is one log.
    let detail = refused(
        check(&[promise(&one), promise(&one), promise(&one)], 2),
        Reason::SctMissing,
    );
    assert!(detail.contains("1 trusted certificate logs"), "{detail}");
    let crowd: Vec<_> = (0..=limits::CERTIFICATE_TIMESTAMPS)
        .map(|_| promise(&one))
        .collect();
    refused(check(&crowd, 1), Reason::TooMany);
    check(&crowd[1..], 1).unwrap();
}

#[test]
fn a_promise_is_of_this_certificate_by_this_issuer_at_its_time() {
    let subject = Subject::new();
    let log = Log::new();
    let ours = issuer(&subject.ca);
    let check = |scts: &[Vec<u8>]| {
        let logs = std::slice::from_ref(&log.trusted);
        verify(&subject.with(scts), &ours, logs, 1)
    };
    let plain = subject.der(None);
    check(&[log.promise(&plain, &ours, SIGNED, b"extensions")]).unwrap();

    let other = subject.ca.leaf();
    refused(
        check(&[log.promise(&other, &ours, SIGNED, b"")]),
        Reason::SctInvalid,
    );
    // Another authority of the same name and another key.
    let other_issuer = issuer(&Ca::root("ca"));
    refused(
        check(&[log.promise(&plain, &other_issuer, SIGNED, b"")]),
        Reason::SctInvalid,
    );
    let good = log.promise(&plain, &ours, SIGNED, b"x");
    // The kind of signature is the log's to say, not the promise's.
    let said_by_the_key = 44..46;
    for at in (0..good.len()).filter(|at| !said_by_the_key.contains(at)) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(check(std::slice::from_ref(&bad)).is_err(), "byte {at}");
        // One with another time is broken, and does not spoil one that is not.
        if (33..41).contains(&at) {
            check(&[bad, good.clone()]).unwrap();
        }
    }
}

#[test]
fn a_promise_counts_while_its_log_is_trusted() {
    let subject = Subject::new();
    let log = Log::new();
    let leaf = subject.with(&[subject.promise(&log)]);
    let within = |start, end| {
        let mut trusted = log.trusted.clone();
        trusted.valid = Validity { start, end };
        verify(&leaf, &issuer(&subject.ca), &[trusted], 1)
    };
    within(Some(SIGNED), Some(SIGNED)).unwrap();
    within(None, None).unwrap();
    let second = 1.second();
    for (start, end) in [(Some(SIGNED + second), None), (None, Some(SIGNED - second))] {
        let detail = refused(within(start, end), Reason::SctInvalid);
        assert!(detail.contains("not trusted (ct.example)"), "{detail}");
    }
}

#[test]
fn promises_that_do_not_read_are_refused() {
    let subject = Subject::new();
    let log = Log::new();
    let good = subject.promise(&log);
    let wanting = |list: &[u8], wanted| {
        let leaf = Leaf::parse(&subject.der(Some(list))).unwrap();
        let logs = std::slice::from_ref(&log.trusted);
        verify(&leaf, &issuer(&subject.ca), logs, wanted)
    };
    let check = |list: &[u8]| wanting(list, 1);
    let list = vector(&vector(&good));
    check(&list).unwrap();
    let version_2 = [&[1], &good[1..]].concat();
    let longer = [good.as_slice(), b"\0"].concat();
    for bad in [
        b"".to_vec(),
        b"\0\x05abc".to_vec(),
        [list.as_slice(), b"\0"].concat(),
        list[..list.len() - 1].to_vec(),
        vector(&vector(b"")),
        vector(&vector(&version_2)),
        vector(&vector(&longer)),
        vector(&vector(&good[..40])),
    ] {
        refused(check(&bad), Reason::SctInvalid);
        wanting(&bad, 0).unwrap();
    }
}

// sigstore-rust#153: two intermediates of one name; the one that signed is the issuer.
#[test]
fn the_issuer_is_the_one_that_the_path_leads_through() {
    use serde_json::json;
    let log = Log::new();
    let root = Ca::root("root");
    let (other, sub) = (root.sub("sub"), root.sub("sub"));
    let key = KeyPair::generate().unwrap();
    let subject = Subject { ca: sub, key };
    let leaf = subject.with(&[subject.promise(&log)]);
    let row = |ca: &Ca| json!({"rawBytes": encode(&ca.der)});
    let authority = |sub: &Ca| json!({"certChain": {"certificates": [row(sub), row(&root)]}});
    let ct_log = json!({
        "baseUrl": "https://ct.example",
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": encode(log.trusted.key.spki_der()),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": "2020-01-01T00:00:00Z"},
        },
        "logId": {"keyId": encode(&log.trusted.id)},
    });
    let document = json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "certificateAuthorities": [authority(&other), authority(&subject.ca)],
        "ctlogs": [ct_log],
    });
    let trust = TrustRoot::from_json("made", document.to_string().as_bytes(), 1).unwrap();
    crate::chain::verify_fulcio(&leaf, &[], &trust, &[SIGNED]).unwrap();
    // Also where both are found on the way.
    let document = json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "certificateAuthorities": [{"certChain": {"certificates": [row(&root)]}}],
        "ctlogs": document["ctlogs"],
    });
    let trust = TrustRoot::from_json("made", document.to_string().as_bytes(), 1).unwrap();
    let shipped = [other.der.clone(), subject.ca.der.clone()];
    crate::chain::verify_fulcio(&leaf, &shipped, &trust, &[SIGNED]).unwrap();
    let unpromised = Leaf::parse(&subject.der(None)).unwrap();
    let outcome = crate::chain::verify_fulcio(&unpromised, &shipped, &trust, &[SIGNED]);
    assert_eq!(outcome.unwrap_err().reason, Reason::SctMissing);
}

fn encode(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}
