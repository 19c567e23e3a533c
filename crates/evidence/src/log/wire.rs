//! How entries are written: in Sigstore bundles, and in the annotation of cosign's older forms.
//!
//! Refuses what is no entry of any log, before anything is verified. A member that is not known is not read: least of all
//! a key (GHSA-fx35-mq7g-6g98).

use std::borrow::Cow;

use countersign_image::{Fields, limits};
use serde::Deserialize;

use super::{Entry, Proof};
use crate::base64;
use crate::json::{self, Bounded, Int64};
use crate::rejection::Refusal;

/// An entry of `tlogEntries`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireEntry<'a> {
    log_index: Option<Int64>,
    log_id: Option<Fields<LogId>>,
    kind_version: Option<Fields<KindVersion>>,
    integrated_time: Option<Int64>,
    inclusion_promise: Option<Fields<InclusionPromise>>,
    inclusion_proof: Option<Fields<InclusionProof>>,
    #[serde(borrow)]
    canonicalized_body: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogId {
    key_id: String,
}

#[derive(Debug, Deserialize)]
struct KindVersion {
    kind: String,
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InclusionPromise {
    signed_entry_timestamp: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InclusionProof {
    log_index: Option<Int64>,
    root_hash: Option<String>,
    tree_size: Option<Int64>,
    hashes: Option<Bounded<String, { limits::PROOF_HASHES }>>,
    checkpoint: Option<Fields<Checkpoint>>,
}

#[derive(Debug, Deserialize)]
struct Checkpoint {
    envelope: Option<String>,
}

impl TryFrom<WireEntry<'_>> for Entry {
    type Error = Refusal;

    fn try_from(wire: WireEntry<'_>) -> Result<Self, Refusal> {
        let Fields(LogId { key_id }) = wire.log_id.ok_or_else(|| lacks("logId"))?;
        let Fields(KindVersion { kind, version }) =
            wire.kind_version.ok_or_else(|| lacks("kindVersion"))?;
        let body = wire
            .canonicalized_body
            .as_deref()
            .filter(|body| !body.is_empty())
            .ok_or_else(|| lacks("canonicalizedBody"))?;
        let promise = wire
            .inclusion_promise
            .and_then(|Fields(promise)| promise.signed_entry_timestamp)
            .filter(|promise| !promise.is_empty());
        Ok(Self {
            log: hash(&key_id).ok_or_else(|| lacks("a logId that is a hash"))?,
            index: index(wire.log_index)?,
            kind: Some((kind, version)),
            body: base64::decode(body).ok_or_else(|| lacks("a body that is base64"))?,
            integrated: integrated(wire.integrated_time),
            promise: decode_promise(promise.as_deref())?,
            proof: wire
                .inclusion_proof
                .map(|Fields(proof)| proof.try_into())
                .transpose()?,
        })
    }
}

impl TryFrom<InclusionProof> for Proof {
    type Error = Refusal;

    fn try_from(wire: InclusionProof) -> Result<Self, Refusal> {
        let hashes = wire.hashes.unwrap_or_default().0;
        let checkpoint = wire
            .checkpoint
            .and_then(|Fields(checkpoint)| checkpoint.envelope)
            .filter(|checkpoint| !checkpoint.is_empty())
            .ok_or_else(|| lacks("the checkpoint of its inclusion proof"))?;
        Ok(Self {
            index: index(wire.log_index)?,
            size: index(wire.tree_size)?,
            root: base64::decode(&wire.root_hash.unwrap_or_default())
                .ok_or_else(|| lacks("a root hash that is base64"))?,
            hashes: hashes
                .iter()
                .map(|text| hash(text))
                .collect::<Option<_>>()
                .ok_or_else(|| lacks("hashes of 32 bytes in its inclusion proof"))?,
            checkpoint,
        })
    }
}

/// The entry of the annotation `dev.sigstore.cosign/bundle`.
pub(crate) fn from_annotation(json: &str) -> Result<Entry, Refusal> {
    let bundle: Annotation = json::bounded_object(json.as_bytes(), "log entry of cosign")?;
    let Fields(payload) = bundle.payload;
    Ok(Entry {
        log: hash_in_hex(&payload.log_id).ok_or_else(|| lacks("a logID that is a hash in hex"))?,
        index: index(Some(payload.log_index))?,
        kind: None,
        body: base64::decode(&payload.body).ok_or_else(|| lacks("a body that is base64"))?,
        integrated: integrated(Some(payload.integrated_time)),
        promise: decode_promise(
            bundle
                .promise
                .as_deref()
                .filter(|promise| !promise.is_empty()),
        )?,
        proof: None,
    })
}

#[derive(Deserialize)]
struct Annotation {
    #[serde(rename = "SignedEntryTimestamp")]
    promise: Option<String>,
    #[serde(rename = "Payload")]
    payload: Fields<Payload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    body: String,
    integrated_time: Int64,
    log_index: Int64,
    #[serde(rename = "logID")]
    log_id: String,
}

/// A number that protobuf leaves out when it is zero.
fn index(number: Option<Int64>) -> Result<u64, Refusal> {
    number
        .map_or(Ok(0), |Int64(number)| number.try_into())
        .map_err(|_| lacks("an index that is not negative"))
}

/// Zero is none.
fn integrated(seconds: Option<Int64>) -> Option<i64> {
    seconds
        .map(|Int64(seconds)| seconds)
        .filter(|seconds| *seconds != 0)
}

fn decode_promise(promise: Option<&str>) -> Result<Option<Vec<u8>>, Refusal> {
    promise
        .map(|promise| {
            base64::decode(promise).ok_or_else(|| lacks("a signed entry timestamp that is base64"))
        })
        .transpose()
}

fn hash(text: &str) -> Option<[u8; 32]> {
    base64::decode(text)?.try_into().ok()
}

fn hash_in_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn lacks(what: &str) -> Refusal {
    Refusal::malformed(format!("a log entry lacks {what}"))
}
