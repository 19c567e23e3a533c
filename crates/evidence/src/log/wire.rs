//! How entries are written: in Sigstore bundles, and in the annotation of cosign's older forms.
//!
//! Refuses what is no entry of any log, before anything is verified. A member that is not known is not read: least of all
//! a key (GHSA-fx35-mq7g-6g98).

use countersign_image::{Fields, limits};
use serde::Deserialize;

use super::{Entry, Proof};
use crate::base64;
use crate::json::{self, Bounded, Int64, Text};
use crate::rejection::Refusal;

/// An entry of `tlogEntries`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireEntry<'a> {
    log_index: Option<Int64>,
    #[serde(borrow)]
    log_id: Option<Fields<LogId<'a>>>,
    #[serde(borrow)]
    kind_version: Option<Fields<KindVersion<'a>>>,
    integrated_time: Option<Int64>,
    #[serde(borrow)]
    inclusion_promise: Option<Fields<InclusionPromise<'a>>>,
    #[serde(borrow)]
    inclusion_proof: Option<Fields<InclusionProof<'a>>>,
    #[serde(borrow)]
    canonicalized_body: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogId<'a> {
    #[serde(borrow)]
    key_id: Text<'a>,
}

#[derive(Debug, Deserialize)]
struct KindVersion<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InclusionPromise<'a> {
    #[serde(borrow)]
    signed_entry_timestamp: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InclusionProof<'a> {
    log_index: Option<Int64>,
    #[serde(borrow)]
    root_hash: Option<Text<'a>>,
    tree_size: Option<Int64>,
    #[serde(borrow)]
    hashes: Option<Bounded<Text<'a>, { limits::PROOF_HASHES }>>,
    #[serde(borrow)]
    checkpoint: Option<Fields<Checkpoint<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Checkpoint<'a> {
    #[serde(borrow)]
    envelope: Option<Text<'a>>,
}

impl TryFrom<WireEntry<'_>> for Entry {
    type Error = Refusal;

    fn try_from(wire: WireEntry<'_>) -> Result<Self, Refusal> {
        let Fields(LogId { key_id }) = wire.log_id.ok_or_else(|| lacks("logId"))?;
        let Fields(KindVersion { kind, version }) =
            wire.kind_version.ok_or_else(|| lacks("kindVersion"))?;
        let body = present(wire.canonicalized_body.as_ref());
        let body = body.ok_or_else(|| lacks("canonicalizedBody"))?;
        let promise = wire
            .inclusion_promise
            .and_then(|Fields(promise)| promise.signed_entry_timestamp);
        Ok(Self {
            log: hash(key_id.as_str()).ok_or_else(|| lacks("a logId that is a hash"))?,
            index: index(wire.log_index)?,
            kind: Some((kind.0.into_owned(), version.0.into_owned())),
            body: base64::decode(body).ok_or_else(|| lacks("a body that is base64"))?,
            integrated: integrated(wire.integrated_time),
            promise: decode_promise(promise.as_ref())?,
            proof: wire
                .inclusion_proof
                .map(|Fields(proof)| proof.try_into())
                .transpose()?,
        })
    }
}

impl TryFrom<InclusionProof<'_>> for Proof {
    type Error = Refusal;

    fn try_from(wire: InclusionProof<'_>) -> Result<Self, Refusal> {
        let hashes = wire.hashes.unwrap_or_default().0;
        let checkpoint = wire
            .checkpoint
            .and_then(|Fields(checkpoint)| checkpoint.envelope);
        let checkpoint = present(checkpoint.as_ref())
            .ok_or_else(|| lacks("the checkpoint of its inclusion proof"))?;
        let root = wire.root_hash.as_ref().map_or("", Text::as_str);
        Ok(Self {
            index: index(wire.log_index)?,
            size: index(wire.tree_size)?,
            root: base64::decode(root).ok_or_else(|| lacks("a root hash that is base64"))?,
            hashes: hashes
                .iter()
                .map(|text| hash(text.as_str()))
                .collect::<Option<_>>()
                .ok_or_else(|| lacks("hashes of 32 bytes in its inclusion proof"))?,
            checkpoint: checkpoint.to_owned(),
        })
    }
}

/// The entry of the annotation `dev.sigstore.cosign/bundle`.
pub(crate) fn from_annotation(json: &str) -> Result<Entry, Refusal> {
    let bundle: Annotation<'_> = json::bounded_object(json.as_bytes(), "log entry of cosign")?;
    let Fields(payload) = bundle.payload;
    Ok(Entry {
        log: hash_in_hex(payload.log_id.as_str())
            .ok_or_else(|| lacks("a logID that is a hash in hex"))?,
        index: index(Some(payload.log_index))?,
        kind: None,
        body: base64::decode(payload.body.as_str())
            .ok_or_else(|| lacks("a body that is base64"))?,
        integrated: integrated(Some(payload.integrated_time)),
        promise: decode_promise(bundle.promise.as_ref())?,
        proof: None,
    })
}

#[derive(Deserialize)]
struct Annotation<'a> {
    #[serde(borrow, rename = "SignedEntryTimestamp")]
    promise: Option<Text<'a>>,
    #[serde(borrow, rename = "Payload")]
    payload: Fields<Payload<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(borrow)]
    body: Text<'a>,
    integrated_time: Int64,
    log_index: Int64,
    #[serde(borrow, rename = "logID")]
    log_id: Text<'a>,
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

fn decode_promise(promise: Option<&Text<'_>>) -> Result<Option<Vec<u8>>, Refusal> {
    let decode = |promise| {
        base64::decode(promise).ok_or_else(|| lacks("a signed entry timestamp that is base64"))
    };
    present(promise).map(decode).transpose()
}

/// What is empty is not there.
fn present<'a>(text: Option<&'a Text<'_>>) -> Option<&'a str> {
    text.map(Text::as_str).filter(|text| !text.is_empty())
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
