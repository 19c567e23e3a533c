//! The services that a signature is shown to: certificate authority, timestamp authorities, logs.
//!
//! Believes none of them: what they answer is bounded and read here, and verified before anything is pushed.

mod error;
mod fulcio;
mod oidc;
mod rekor;
mod timestamp;

use std::time::Duration;

use bytes::Bytes;
use countersign_evidence::Transparency;
use countersign_registry::{ServiceClient, ServiceRequest};
use futures_util::future::try_join_all;
use serde::Serialize;
use sigstore_types::TransparencyLogEntry;
use url::Url;

use crate::key::PrivateKey;
use crate::signing_config::Endpoints;
use crate::token::IdentityToken;

pub use error::ServiceFailure;
pub(crate) use fulcio::Certificate;
pub use oidc::{Login, actions_token};
pub(crate) use rekor::Entry;

/// The services of a signing config that were chosen, and how they are reached.
#[derive(Debug)]
pub struct Services {
    client: ServiceClient,
    endpoints: Endpoints,
}

impl Services {
    /// The services at `endpoints`.
    #[must_use]
    pub fn new(client: ServiceClient, endpoints: Endpoints) -> Self {
        Self { client, endpoints }
    }

    /// Where they are.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What a signature can prove that was shown to all of them.
    pub(crate) fn transparency(&self) -> Transparency {
        let count = |length| u8::try_from(length).unwrap_or(u8::MAX);
        Transparency {
            logs: count(self.endpoints.logs.len()),
            timestamps: count(self.endpoints.timestamp_authorities.len()),
        }
    }

    /// A certificate that says that `key` is held by whom `token` names.
    pub(crate) async fn certify(
        &self,
        token: &IdentityToken,
        key: &PrivateKey,
    ) -> Result<Certificate, ServiceFailure> {
        match &self.endpoints.certificate_authority {
            Some(authority) => fulcio::certify(&self.client, authority, token, key).await,
            None => Err(ServiceFailure::NoCertificateAuthority),
        }
    }

    /// A timestamp of `signature` from each timestamp authority.
    pub(crate) async fn stamp(&self, signature: &[u8]) -> Result<Vec<Bytes>, ServiceFailure> {
        let authorities = self.endpoints.timestamp_authorities.iter();
        let stamps = authorities.map(|url| timestamp::stamp(&self.client, url, signature));
        try_join_all(stamps).await
    }

    /// What each log says that has taken `entry`.
    pub(crate) async fn log(
        &self,
        entry: &Entry<'_>,
    ) -> Result<Vec<TransparencyLogEntry>, ServiceFailure> {
        let logs = self.endpoints.logs.iter();
        try_join_all(logs.map(|log| rekor::log(&self.client, log, entry))).await
    }
}

/// A question in JSON whose answer is JSON.
fn json<T: Serialize>(
    url: Url,
    question: &T,
    timeout: Duration,
) -> Result<ServiceRequest, ServiceFailure> {
    let content = serde_json::to_vec(question).map_err(|_| ServiceFailure::Unwritable)?;
    Ok(ServiceRequest {
        url,
        content: Some((JSON, content.into())),
        accept: JSON,
        bearer: None,
        limit: ANSWER_BYTES,
        timeout,
    })
}

/// `path` below the address of a service, which may have a path of its own.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

const JSON: &str = "application/json";
/// A log entry repeats what was sent to it; nothing else comes near this.
const ANSWER_BYTES: usize = countersign_image::limits::STATEMENT_BYTES;
