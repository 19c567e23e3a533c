//! HTTP to services that are no registry: certificate authorities, logs, timestamp authorities, TUF repositories.
//!
//! Trusts and proxies as the registry client does. Follows no redirect, keeps no credentials, asks once, and reads no
//! body beyond its cap.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use countersign_image::excerpt;
use http::header;
use reqwest::{Client, Response};
use url::Url;

use crate::proxies::Chooser;
use crate::settings::{Settings, SettingsError};
use crate::{destination, tls, transport};

/// A client for services.
pub struct ServiceClient {
    proxied: Client,
    direct: Client,
    chooser: Chooser,
}

/// One question to a service.
#[derive(Clone)]
pub struct ServiceRequest {
    /// Where.
    pub url: Url,
    /// What is sent, with its media type: then the request is a POST, otherwise a GET.
    pub content: Option<(&'static str, Bytes)>,
    /// What is wanted.
    pub accept: &'static str,
    /// A token to present. It is never shown.
    pub bearer: Option<String>,
    /// How large the answer may be.
    pub limit: usize,
    /// How long it may take, its body included.
    pub timeout: Duration,
}

/// What a service answered, whatever its status.
#[derive(Clone, Debug)]
pub struct ServiceResponse {
    /// The HTTP status.
    pub status: u16,
    /// Where it says that something is; nothing is fetched from there.
    pub location: Option<String>,
    /// The body, whole; of a failure as much as fits a message.
    pub body: Bytes,
}

impl ServiceClient {
    /// A client that trusts and proxies as `settings` say; what they say of registries does not concern it.
    ///
    /// # Errors
    ///
    /// When no such client can be made.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let tls = tls::config(settings)?;
        let base = || transport::base(settings, &tls);
        Ok(Self {
            proxied: settings.proxies.configure(base())?.build()?,
            direct: base().no_proxy().build()?,
            chooser: settings.proxies.matcher(),
        })
    }

    /// Asks once.
    ///
    /// # Errors
    ///
    /// A [`ServiceError`] when there is no whole answer. A status that means failure is an answer.
    pub async fn ask(&self, request: ServiceRequest) -> Result<ServiceResponse, ServiceError> {
        let host = destination::authority(&request.url);
        let timeout = request.timeout;
        tokio::time::timeout(timeout, self.exchange(request))
            .await
            .map_err(|_| ServiceError::Timeout { host })?
    }

    async fn exchange(&self, request: ServiceRequest) -> Result<ServiceResponse, ServiceError> {
        let host = destination::authority(&request.url);
        let client = if self.chooser.proxied(&request.url) {
            &self.proxied
        } else {
            &self.direct
        };
        let mut asked = match request.content {
            Some((media_type, content)) => client
                .post(request.url)
                .header(header::CONTENT_TYPE, media_type)
                .body(content),
            None => client.get(request.url),
        };
        asked = asked.header(header::ACCEPT, request.accept);
        if let Some(token) = &request.bearer {
            asked = asked.bearer_auth(token);
        }
        let response = asked.send().await.map_err(|error| failure(&host, error))?;
        let status = response.status();
        let location = response.headers().get(header::LOCATION);
        let location = location
            .and_then(|place| place.to_str().ok())
            .map(str::to_owned);
        let body = if status.is_success() {
            body(&host, response, request.limit).await?
        } else {
            beginning(response).await
        };
        Ok(ServiceResponse {
            status: status.as_u16(),
            location,
            body,
        })
    }
}

impl fmt::Debug for ServiceClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServiceClient")
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServiceRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServiceRequest")
            .field("host", &destination::authority(&self.url))
            .finish_non_exhaustive()
    }
}

async fn body(host: &str, mut response: Response, limit: usize) -> Result<Bytes, ServiceError> {
    let over = || ServiceError::TooLarge {
        host: host.to_owned(),
        limit,
    };
    if response
        .content_length()
        .is_some_and(|length| length > limit as u64)
    {
        return Err(over());
    }
    let mut body = BytesMut::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| failure(host, error))?
    {
        if body.len() + piece.len() > limit {
            return Err(over());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// What a failure says first; a connection that breaks meanwhile has said what it had to.
async fn beginning(mut response: Response) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(piece)) = response.chunk().await {
        let room = FAILURE_BYTES - body.len();
        body.extend(piece.iter().take(room));
        if body.len() == FAILURE_BYTES {
            break;
        }
    }
    body.freeze()
}

/// Never repeats URLs, which may carry what is nobody's business.
fn failure(host: &str, error: reqwest::Error) -> ServiceError {
    let host = host.to_owned();
    if error.is_timeout() {
        return ServiceError::Timeout { host };
    }
    let error = error.without_url();
    let mut detail = error.to_string();
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        detail = inner.to_string();
        if inner.is::<rustls::Error>() {
            let detail = excerpt(&detail);
            return ServiceError::TlsFailed { host, detail };
        }
        cause = transport::below(inner);
    }
    let detail = excerpt(&detail);
    ServiceError::Unreachable { host, detail }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// Not in time.
    #[error("{host} did not answer in time")]
    Timeout {
        /// The service.
        host: String,
    },
    /// No secure connection.
    #[error("no secure connection to {host}: {detail}")]
    TlsFailed {
        /// The service.
        host: String,
        /// Why.
        detail: String,
    },
    /// More bytes than we read.
    #[error("the answer of {host} is larger than {limit} bytes")]
    TooLarge {
        /// The service.
        host: String,
        /// The bound, in bytes.
        limit: usize,
    },
    /// No connection, or one that broke.
    #[error("cannot reach {host}: {detail}")]
    Unreachable {
        /// The service.
        host: String,
        /// Why.
        detail: String,
    },
}

impl ServiceError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "timeout",
            Self::TlsFailed { .. } => "tls_failed",
            Self::TooLarge { .. } => "too_large",
            Self::Unreachable { .. } => "service_unreachable",
        }
    }
}

const FAILURE_BYTES: usize = 4 * 1024;
