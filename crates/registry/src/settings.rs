//! How a client reaches registries: what a binary decides once, at its start.
//!
//! The defaults are the safe ones; each weakening names the host that it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_image::limits;

use crate::credentials::{Anonymous, Credentials};
use crate::proxies::Proxies;

/// How a client reaches registries.
#[derive(Clone)]
pub struct Settings {
    /// Addresses of hosts that are not asked of DNS.
    pub addresses: BTreeMap<String, Vec<SocketAddr>>,
    /// How many attached bytes the collections of the client hold at once, beside one of them; what is more waits.
    pub attachment_room: usize,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// Who may present what to whom.
    pub credentials: Arc<dyn Credentials>,
    /// PEM files of certificate authorities that are trusted beside the system's.
    pub extra_ca_pem: Vec<String>,
    /// PEM files of certificate authorities that are trusted for one host beside those, and for no other: by `host` or
    /// `host:port`.
    pub host_ca_pem: BTreeMap<String, Vec<String>>,
    /// A registry that asks to be left alone for longer than this is not asked again.
    pub longest_wait: Duration,
    /// The registries, as `host` or `host:port`, that are spoken to without TLS.
    pub plain_http: BTreeSet<String>,
    /// Which requests go through a proxy.
    pub proxies: Proxies,
    /// Token services on other hosts that get a registry's credentials: pairs of registry and service, each `host` or
    /// `host:port`. Docker Hub's and GitLab's need not be named.
    pub realm_pairs: Vec<(String, String)>,
    /// How long one request may take, its body included.
    pub request_timeout: Duration,
    /// How often a failed request is repeated.
    pub retries: u32,
    /// What the client calls itself.
    pub user_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            addresses: BTreeMap::new(),
            attachment_room: limits::ATTACHMENT_BYTES_AT_ONCE,
            connect_timeout: Duration::from_secs(3),
            credentials: Arc::new(Anonymous),
            extra_ca_pem: Vec::new(),
            host_ca_pem: BTreeMap::new(),
            longest_wait: Duration::from_secs(3),
            plain_http: BTreeSet::new(),
            proxies: Proxies::environment(),
            realm_pairs: Vec::new(),
            request_timeout: Duration::from_secs(8),
            retries: 2,
            user_agent: concat!("countersign/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl Settings {
    /// Adds what is said of one host, `host` or `host:port` as image references have it; changes nothing for others.
    pub fn add_host(&mut self, host: &str, plain_http: bool, ca_pem: Option<&str>) {
        if plain_http {
            self.plain_http.insert(host.to_owned());
        }
        if let Some(pem) = ca_pem {
            let pems = self.host_ca_pem.entry(host.to_owned()).or_default();
            pems.push(pem.to_owned());
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("plain_http", &self.plain_http)
            .field("realm_pairs", &self.realm_pairs)
            .finish_non_exhaustive()
    }
}

/// Why settings make no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file of certificate authorities holds none, or something else.
    #[error("not a PEM file of certificates: {detail}")]
    Certificates {
        /// What is wrong with it.
        detail: String,
    },
    /// The HTTP library refuses them.
    #[error("no HTTP client can be made")]
    Http(#[from] reqwest::Error),
    /// A proxy that is not a URL.
    #[error("not the URL of a proxy: {proxy}")]
    Proxy {
        /// The text.
        proxy: String,
    },
    /// The TLS library refuses them.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

impl SettingsError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Certificates { .. } => "ca_malformed",
            Self::Http(_) => "http_setup_failed",
            Self::Proxy { .. } => "proxy_malformed",
            Self::Tls(_) => "tls_setup_failed",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Certificates { .. } => {
                Some("give a file with -----BEGIN CERTIFICATE----- blocks")
            }
            Self::Proxy { .. } => Some("a proxy is named as http://host:port"),
            Self::Http(_) | Self::Tls(_) => None,
        }
    }
}
