//! A trust root as JSON: protobuf-specs `sigstore_trustroot.proto`, `TrustedRoot`.
//!
//! Unknown members are ignored, as the format asks of its readers.

use countersign_image::Fields;
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    #[serde(default)]
    pub(super) media_type: String,
    #[serde(default)]
    pub(super) tlogs: Vec<Fields<Log>>,
    #[serde(default)]
    pub(super) certificate_authorities: Vec<Fields<Authority>>,
    #[serde(default)]
    pub(super) ctlogs: Vec<Fields<Log>>,
    #[serde(default)]
    pub(super) timestamp_authorities: Vec<Fields<Authority>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log {
    #[serde(default)]
    pub(super) base_url: String,
    pub(super) hash_algorithm: String,
    pub(super) public_key: Fields<Key>,
    pub(super) log_id: Option<Fields<LogId>>,
    pub(super) checkpoint_key_id: Option<Fields<LogId>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Key {
    pub(super) raw_bytes: String,
    pub(super) key_details: String,
    pub(super) valid_for: Option<Fields<Window>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogId {
    pub(super) key_id: String,
}

#[derive(Deserialize)]
pub(super) struct Window {
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Authority {
    pub(super) subject: Option<Fields<Subject>>,
    pub(super) uri: Option<String>,
    pub(super) cert_chain: Fields<Chain>,
    pub(super) valid_for: Option<Fields<Window>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subject {
    pub(super) organization: Option<String>,
    pub(super) common_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Chain {
    #[serde(default)]
    pub(super) certificates: Vec<Fields<Certificate>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Certificate {
    pub(super) raw_bytes: String,
}
