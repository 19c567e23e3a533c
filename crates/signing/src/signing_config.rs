//! Signing configs: which certificate authority, logs and timestamp authorities a signature is shown to.
//!
//! Refuses a config of another version, and one whose demand cannot be met: asking fewer services than it wants would
//! leave signatures that its verifiers do not accept. Source: sigstore/protobuf-specs `sigstore_trustroot.proto`,
//! `SigningConfig`.

mod error;
mod select;

use countersign_image::{Fields, excerpt, parse_strict};
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

pub use error::SigningConfigError;
pub(crate) use select::is_private;
pub use select::{Endpoints, LogEndpoint, LogVersion};

/// A signing config, read and not yet chosen from.
#[derive(Clone, Debug)]
pub struct SigningConfig {
    certificate_authorities: Vec<Service>,
    identity_providers: Vec<Service>,
    logs: Vec<Service>,
    timestamp_authorities: Vec<Service>,
    log_selector: Selector,
    timestamp_selector: Selector,
}

#[derive(Clone, Debug)]
struct Service {
    url: Url,
    version: u32,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    operator: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Selector {
    All,
    Any,
    Exact(usize),
    /// Left open, which is an error where there is something to choose from.
    Undefined,
}

impl SigningConfig {
    /// When the config of the public-good instance that is compiled in was current.
    pub const PUBLIC_GOOD_DATE: &str = "2026-10-23";

    /// Reads a `signing_config.v0.2.json`.
    ///
    /// # Errors
    ///
    /// When it is not that.
    pub fn from_json(json: &[u8]) -> Result<Self, SigningConfigError> {
        let Fields(wire): Fields<Wire> = parse_strict(json).map_err(malformed)?;
        if wire.media_type != MEDIA_TYPE {
            return Err(SigningConfigError::Version {
                found: excerpt(&wire.media_type),
            });
        }
        Ok(Self {
            certificate_authorities: services(wire.ca_urls)?,
            identity_providers: services(wire.oidc_urls)?,
            logs: services(wire.rekor_tlog_urls)?,
            timestamp_authorities: services(wire.tsa_urls)?,
            log_selector: selector(wire.rekor_tlog_config)?,
            timestamp_selector: selector(wire.tsa_config)?,
        })
    }

    /// The config of Sigstore's public-good instance, as of [`Self::PUBLIC_GOOD_DATE`].
    ///
    /// # Errors
    ///
    /// None in a binary whose tests ran.
    pub fn public_good() -> Result<Self, SigningConfigError> {
        Self::from_json(include_bytes!("../configs/public-good.signing_config.json"))
    }
}

fn services(wires: Vec<Fields<ServiceWire>>) -> Result<Vec<Service>, SigningConfigError> {
    wires
        .into_iter()
        .map(|Fields(wire)| {
            let Fields(window) = wire.valid_for.unwrap_or_default();
            Ok(Service {
                url: url(&wire.url)?,
                version: wire.major_api_version,
                start: window.start,
                end: window.end,
                operator: wire.operator,
            })
        })
        .collect()
}

fn url(text: &str) -> Result<Url, SigningConfigError> {
    let refused = |detail: &str| malformed(format!("{}: {detail}", excerpt(text)));
    let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(refused("it is neither an https nor an http URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it carries credentials"));
    }
    Ok(url)
}

fn selector(wire: Option<Fields<SelectorWire>>) -> Result<Selector, SigningConfigError> {
    let Some(Fields(wire)) = wire else {
        return Ok(Selector::Undefined);
    };
    match (wire.selector.as_str(), wire.count) {
        ("ALL", _) => Ok(Selector::All),
        ("ANY", _) => Ok(Selector::Any),
        ("EXACT", Some(count)) if count > 0 => Ok(Selector::Exact(count)),
        ("EXACT", _) => Err(malformed("the selector EXACT needs a count above 0")),
        ("" | "SERVICE_SELECTOR_UNDEFINED", _) => Ok(Selector::Undefined),
        (other, _) => Err(malformed(format!("unknown selector {}", excerpt(other)))),
    }
}

fn malformed(detail: impl ToString) -> SigningConfigError {
    SigningConfigError::Malformed {
        detail: detail.to_string(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    media_type: String,
    #[serde(default)]
    ca_urls: Vec<Fields<ServiceWire>>,
    #[serde(default)]
    oidc_urls: Vec<Fields<ServiceWire>>,
    #[serde(default)]
    rekor_tlog_urls: Vec<Fields<ServiceWire>>,
    #[serde(default)]
    tsa_urls: Vec<Fields<ServiceWire>>,
    rekor_tlog_config: Option<Fields<SelectorWire>>,
    tsa_config: Option<Fields<SelectorWire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceWire {
    url: String,
    major_api_version: u32,
    valid_for: Option<Fields<WindowWire>>,
    #[serde(default)]
    operator: String,
}

#[derive(Default, Deserialize)]
struct WindowWire {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

#[derive(Deserialize)]
struct SelectorWire {
    #[serde(default)]
    selector: String,
    count: Option<usize>,
}

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

#[cfg(test)]
mod tests;
