//! How a bundle is written: protobuf's JSON with names in camel case.
//!
//! Refuses lists that are too long while it reads them. Members that are not known are not read.

use countersign_image::{Fields, limits};
use serde::Deserialize;

use crate::base64;
use crate::dsse::Envelope;
use crate::json::{Bounded, Text};
use crate::log::WireEntry;
use crate::rejection::Refusal;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bundle<'a> {
    #[serde(borrow)]
    pub(super) media_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) verification_material: Option<Fields<VerificationMaterial<'a>>>,
    #[serde(borrow)]
    pub(super) dsse_envelope: Option<Fields<Envelope<'a>>>,
    #[serde(borrow)]
    pub(super) message_signature: Option<Fields<MessageSignature<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerificationMaterial<'a> {
    #[serde(borrow)]
    pub(super) public_key: Option<Fields<PublicKeyIdentifier<'a>>>,
    #[serde(borrow)]
    pub(super) certificate: Option<Fields<Certificate<'a>>>,
    #[serde(borrow)]
    pub(super) x509_certificate_chain: Option<Fields<CertificateChain<'a>>>,
    #[serde(borrow)]
    pub(super) tlog_entries: Option<Bounded<Fields<WireEntry<'a>>, { limits::LOG_ENTRIES }>>,
    #[serde(borrow)]
    pub(super) timestamp_verification_data: Option<Fields<TimestampVerificationData<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct PublicKeyIdentifier<'a> {
    #[serde(borrow)]
    pub(super) hint: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CertificateChain<'a> {
    #[serde(borrow)]
    pub(super) certificates: Option<Bounded<Fields<Certificate<'a>>, { limits::CERTIFICATES }>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Certificate<'a> {
    #[serde(borrow)]
    raw_bytes: Option<Text<'a>>,
}

impl Certificate<'_> {
    pub(super) fn der(&self) -> Result<Vec<u8>, Refusal> {
        decoded(self.raw_bytes.as_ref(), "a certificate")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TimestampVerificationData<'a> {
    #[serde(borrow, rename = "rfc3161Timestamps")]
    pub(super) rfc3161_timestamps:
        Option<Bounded<Fields<SignedTimestamp<'a>>, { limits::TIMESTAMPS }>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedTimestamp<'a> {
    #[serde(borrow)]
    signed_timestamp: Option<Text<'a>>,
}

impl SignedTimestamp<'_> {
    pub(super) fn der(&self) -> Result<Vec<u8>, Refusal> {
        decoded(self.signed_timestamp.as_ref(), "a timestamp")
    }
}

/// The digest beside it is signed by nobody: it is computed anew from the artifact.
#[derive(Deserialize)]
pub(super) struct MessageSignature<'a> {
    #[serde(borrow)]
    pub(super) signature: Text<'a>,
}

fn decoded(text: Option<&Text<'_>>, what: &str) -> Result<Vec<u8>, Refusal> {
    text.and_then(|text| base64::decode(text.as_str()))
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| Refusal::malformed(format!("{what} of the bundle is empty or not base64")))
}
