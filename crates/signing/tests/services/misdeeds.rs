//! Services that do wrong: each is named, and nothing is pushed.

use countersign_testkit::RawServer;
use countersign_testkit::sigstore::{
    CertificateFlaw, CheckpointFlaw, LogFlaw, Misdeed, Scts, StampFlaw,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::lab::Lab;

const FULCIO: &str = "/api/v2/signingCert";
const TSA: &str = "/api/v1/timestamp";
const REKOR_1: &str = "/api/v1/log/entries";
const REKOR_2: &str = "/api/v2/log/entries";

#[tokio::test]
async fn a_certificate_that_does_not_verify_is_shown_to_no_log() {
    for (misdeed, code) in [
        (Misdeed::CertifiesAnotherKey, "service_malformed"),
        (
            Misdeed::Certifies(CertificateFlaw::IssuedByStranger),
            "certificate_untrusted",
        ),
        (
            Misdeed::Certifies(CertificateFlaw::NotForCode),
            "certificate_purpose",
        ),
        (
            Misdeed::Certifies(CertificateFlaw::IssuerMissing),
            "certificate_malformed",
        ),
        (Misdeed::Promises(Scts::None), "sct_missing"),
        (Misdeed::Promises(Scts::Forged), "sct_invalid"),
    ] {
        check(FULCIO, misdeed, code, 0).await;
    }
}

#[tokio::test]
async fn a_timestamp_that_does_not_verify_is_shown_to_no_log() {
    for (flaw, code) in [
        (StampFlaw::OtherImprint, "timestamp_invalid"),
        (StampFlaw::Forged, "timestamp_invalid"),
        (StampFlaw::Refused, "service_malformed"),
    ] {
        check(TSA, Misdeed::Stamps(flaw), code, 0).await;
    }
}

#[tokio::test]
async fn an_entry_that_does_not_verify_is_not_pushed() {
    for (path, flaw, code) in [
        (REKOR_1, LogFlaw::PromiseForged, "log_promise_invalid"),
        (REKOR_1, LogFlaw::ProofOfOther, "log_proof_invalid"),
        (REKOR_2, LogFlaw::ProofOfOther, "log_proof_invalid"),
        (REKOR_2, LogFlaw::ProofEmpty, "log_proof_invalid"),
        (
            REKOR_2,
            LogFlaw::Checkpoint(CheckpointFlaw::Forged),
            "log_checkpoint_invalid",
        ),
    ] {
        check(path, Misdeed::Logs(flaw), code, 1).await;
    }
}

#[tokio::test]
async fn an_entry_for_another_signature_is_not_pushed() {
    for (path, version) in [(REKOR_1, 1), (REKOR_2, 2)] {
        let lab = Lab::new().await;
        lab.sign(version).await.unwrap();
        let pushed = lab.pushed();
        lab.services.misbehave(path, Misdeed::RepeatsItself);
        let error = lab.sign(version).await.unwrap_err();
        assert_eq!(error.code(), "log_entry_mismatch", "{error}");
        assert_eq!(lab.pushed(), pushed);
    }
}

#[tokio::test]
async fn a_failure_says_whose_it_is_and_what_was_said() {
    for (path, what) in [
        (FULCIO, "the certificate authority"),
        (TSA, "the timestamp authority"),
        (REKOR_1, "the transparency log"),
        (REKOR_2, "the transparency log"),
    ] {
        let said = br#"{"code": 13, "message": "the disk\u001b[31m is full"}"#;
        let misdeed = Misdeed::Answers(
            StatusCode::INTERNAL_SERVER_ERROR,
            HeaderMap::new(),
            said.to_vec(),
        );
        let (lab, message) = fails(path, misdeed, "service_refused").await;
        let expected = format!(
            "{what} at {} refuses, with status 500: the disk\\u{{1b}}[31m is full",
            lab.services.host()
        );
        assert_eq!(message, expected);
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_told_from_a_refusal() {
    for path in [FULCIO, TSA, REKOR_1, REKOR_2] {
        for body in ["", "{}", "[]", "null", "{\"a\":1,\"a\":2}", "<html>"] {
            let misdeed = Misdeed::Answers(StatusCode::OK, HeaderMap::new(), body.into());
            fails(path, misdeed, "service_malformed").await;
        }
    }
}

#[tokio::test]
async fn an_answer_without_end_or_elsewhere_is_not_followed() {
    let elsewhere = RawServer::start("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", false).await;
    let place = format!("http://{}/", elsewhere.host());
    let headers =
        HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_str(&place).unwrap())]);
    for path in [FULCIO, TSA, REKOR_1, REKOR_2] {
        for status in [StatusCode::TEMPORARY_REDIRECT, StatusCode::CONFLICT] {
            let misdeed = Misdeed::Answers(status, headers.clone(), Vec::new());
            fails(path, misdeed, "service_refused").await;
        }
    }
    assert_eq!(elsewhere.log().lines(), [] as [&str; 0]);
    let long = Misdeed::Answers(StatusCode::OK, HeaderMap::new(), vec![0; 64 * 1024 + 1]);
    fails(TSA, long, "too_large").await;
}

/// That nothing is pushed of a signature that meets this misdeed, after this many logs were shown it.
async fn check(path: &str, misdeed: Misdeed, code: &str, logged: usize) {
    let shown = format!("{misdeed:?}");
    let (lab, _) = fails(path, misdeed, code).await;
    assert_eq!(lab.logged(), logged, "{shown}");
}

async fn fails(path: &str, misdeed: Misdeed, code: &str) -> (Lab, String) {
    let lab = Lab::new().await;
    let shown = format!("{misdeed:?}");
    lab.services.misbehave(path, misdeed);
    let version = if path == REKOR_1 { 1 } else { 2 };
    let error = lab.sign(version).await.unwrap_err();
    assert_eq!(error.code(), code, "{path} {shown}: {error}");
    assert_eq!(lab.pushed(), 0, "{path} {shown}");
    (lab, error.to_string())
}
