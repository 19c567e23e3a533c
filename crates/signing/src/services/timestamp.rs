//! Timestamps by RFC 3161 over HTTP (RFC 3161 §3.4).
//!
//! Refuses an answer that grants nothing. Asks without a nonce: the signature that is stamped has never been seen
//! before, so no older answer is about it.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use countersign_registry::{ServiceClient, ServiceRequest};
use pkcs8::der::asn1::AnyRef;
use pkcs8::der::{self, Decode as _, Reader};
use url::Url;

use super::error::{ServiceFailure, TIMESTAMP_AUTHORITY};

/// The `TimeStampResp` over `signature`.
pub(super) async fn stamp(
    client: &ServiceClient,
    url: &Url,
    signature: &[u8],
) -> Result<Bytes, ServiceFailure> {
    let host = url.authority();
    let request = ServiceRequest {
        url: url.clone(),
        content: Some(("application/timestamp-query", question(signature).into())),
        accept: "application/timestamp-reply",
        bearer: None,
        limit: ANSWER_BYTES,
        timeout: TIMEOUT,
    };
    let response = client
        .ask(request)
        .await
        .map_err(|error| ServiceFailure::Unanswered {
            what: TIMESTAMP_AUTHORITY,
            error,
        })?;
    if !(200..300).contains(&response.status) {
        return Err(ServiceFailure::refused(
            TIMESTAMP_AUTHORITY,
            host,
            &response,
        ));
    }
    let malformed = |detail| ServiceFailure::malformed(TIMESTAMP_AUTHORITY, host, detail);
    match status(&response.body) {
        Some(GRANTED | GRANTED_WITH_MODS) => Ok(response.body),
        Some(status) => Err(malformed(format!(
            "it grants no timestamp (status {status})"
        ))),
        None => Err(malformed("it is no TimeStampResp".to_owned())),
    }
}

/// The `TimeStampReq` over the SHA-256 of `signature` that wants the certificate in the answer.
fn question(signature: &[u8]) -> Vec<u8> {
    [BEFORE_HASH, digest(&SHA256, signature).as_ref(), AFTER_HASH].concat()
}

/// The `PKIStatus` of a `TimeStampResp` (RFC 3161 §2.4.2).
fn status(response: &[u8]) -> Option<u8> {
    let response = AnyRef::from_der(response).ok()?;
    let status = response.sequence(|fields| {
        let status = AnyRef::decode(fields)?.sequence(first_number);
        skip_rest(fields)?;
        status
    });
    status.ok()
}

fn first_number<'a>(fields: &mut impl Reader<'a>) -> der::Result<u8> {
    let number = u8::decode(fields)?;
    skip_rest(fields)?;
    Ok(number)
}

fn skip_rest<'a>(fields: &mut impl Reader<'a>) -> der::Result<()> {
    while !fields.is_finished() {
        AnyRef::decode(fields)?;
    }
    Ok(())
}

// SEQUENCE { version 1, SEQUENCE { SEQUENCE { sha256, NULL }, OCTET STRING of 32 bytes }, certReq TRUE }
const BEFORE_HASH: &[u8] = &[
    0x30, 0x39, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
    0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];
const AFTER_HASH: &[u8] = &[0x01, 0x01, 0xff];

const GRANTED: u8 = 0;
const GRANTED_WITH_MODS: u8 = 1;

const ANSWER_BYTES: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_der_of_the_length_that_it_says() {
        let question = question(b"signature");
        let read = AnyRef::from_der(&question).unwrap();
        assert_eq!(read.value().len(), 57);
        let hash = digest(&SHA256, b"signature");
        assert!(question.windows(32).any(|part| part == hash.as_ref()));
    }

    #[test]
    fn the_status_is_found_whatever_stands_behind_it() {
        // Granted, with nothing else; rejected, with a text and a failure bit.
        assert_eq!(
            status(&[0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00]),
            Some(GRANTED)
        );
        let rejected = [
            0x30, 0x0f, 0x30, 0x0d, 0x02, 0x01, 0x02, 0x30, 0x04, 0x0c, 0x02, b'n', b'o', 0x03,
            0x02, 0x05, 0x20,
        ];
        assert_eq!(status(&rejected), Some(2));
        for response in [
            &b""[..],
            b"no",
            &[0x30, 0x00],
            &[0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00, 0x00],
        ] {
            assert_eq!(status(response), None, "{response:02x?}");
        }
    }
}
