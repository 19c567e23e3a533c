//! One HTTP exchange: over which connection, for how long, and how much of the answer is read.
//!
//! Follows no redirect and knows no credentials. Reads no body beyond its cap, and allocates by what came, never by
//! what was announced.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use countersign_image::{Repository, SourceError, excerpt};
use http::{HeaderValue, header};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use rustls::RootCertStore;
use tracing::debug;
use url::Url;

use crate::address::{self, AddressRefused, Kind, Resolver};
use crate::call::{Answer, Call};
use crate::destination;
use crate::proxies::Chooser;
use crate::retry;
use crate::settings::{Settings, SettingsError};
use crate::tls;

/// On whose word a host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// We named it.
    Ours,
    /// A server at an address of this kind named it.
    LedBy(Kind),
}

/// The connections of a client.
#[derive(Debug)]
pub(crate) struct Transport {
    common: Connections,
    /// Of the hosts that have authorities of their own, by the authority in their URLs.
    own: BTreeMap<String, Connections>,
    chooser: Chooser,
    settings: Settings,
}

/// Connections that trust the same authorities.
#[derive(Debug)]
struct Connections {
    proxied: Client,
    ours: Client,
    led_by_loopback: Client,
    led_by_private: Client,
    led_by_public: Client,
}

impl Connections {
    fn new(settings: &Settings, roots: RootCertStore) -> Result<Self, SettingsError> {
        let tls = tls::trusting(roots)?;
        let given = Arc::new(settings.addresses.clone());
        let direct = |led_by| {
            let resolver = Resolver {
                given: Arc::clone(&given),
                led_by,
            };
            base(settings, &tls)
                .no_proxy()
                .dns_resolver(resolver)
                .build()
        };
        let proxied = settings.proxies.configure(base(settings, &tls))?;
        Ok(Self {
            proxied: proxied.build()?,
            ours: direct(None)?,
            led_by_loopback: direct(Some(Kind::Loopback))?,
            led_by_private: direct(Some(Kind::Private))?,
            led_by_public: direct(Some(Kind::Public))?,
        })
    }

    fn direct(&self, route: Route) -> &Client {
        match route {
            Route::Ours => &self.ours,
            Route::LedBy(Kind::Loopback) => &self.led_by_loopback,
            Route::LedBy(Kind::Private) => &self.led_by_private,
            Route::LedBy(Kind::Public | Kind::Special) => &self.led_by_public,
        }
    }
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Result<Self, SettingsError> {
        let roots = tls::roots(&settings)?;
        let mut own = BTreeMap::new();
        for (host, pems) in &settings.host_ca_pem {
            let mut roots = roots.clone();
            tls::add(&mut roots, pems)?;
            own.insert(served_at(host), Connections::new(&settings, roots)?);
        }
        Ok(Self {
            common: Connections::new(&settings, roots)?,
            own,
            chooser: settings.proxies.matcher(),
            settings,
        })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Asks until there is an answer, or a failure that asking again would not mend.
    pub(crate) async fn ask(
        &self,
        route: Route,
        call: &Call<'_>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, SourceError> {
        let mut attempt = 0;
        loop {
            let outcome = self.exchange(route, call, authorization).await;
            note(call, &outcome);
            let Some(pause) = retry::pause(&self.settings, call, attempt, &outcome) else {
                return outcome;
            };
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn exchange(
        &self,
        route: Route,
        call: &Call<'_>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, SourceError> {
        let proxied = self.chooser.proxied(&call.url);
        let own = self.own.get(&destination::authority(&call.url));
        let connections = own.unwrap_or(&self.common);
        let client = if proxied {
            &connections.proxied
        } else {
            connections.direct(route)
        };
        let mut request = client
            .request(call.method.clone(), call.url.clone())
            .header(header::ACCEPT, &call.accept);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(content) = &call.content {
            request = request
                .header(header::CONTENT_TYPE, &content.media_type)
                .body(content.bytes.clone());
        }
        let exchange = async {
            let response = request.send().await.map_err(|error| failure(call, error))?;
            read(call, response, proxied).await
        };
        let timeout = || SourceError::Timeout {
            host: destination::authority(&call.url),
            what: call.what.clone(),
        };
        tokio::time::timeout(self.settings.request_timeout, exchange)
            .await
            .map_err(|_| timeout())?
    }
}

/// The authority in the URLs of `host`: where Docker Hub answers, and without the port that goes without saying.
fn served_at(host: &str) -> String {
    let repository = format!("{host}/x").parse::<Repository>();
    let host = match &repository {
        Ok(repository) => repository.api_host(),
        Err(_) => host,
    };
    match Url::parse(&format!("https://{host}/")) {
        Ok(url) => destination::authority(&url),
        Err(_) => host.to_owned(),
    }
}

pub(crate) fn base(settings: &Settings, tls: &rustls::ClientConfig) -> reqwest::ClientBuilder {
    Client::builder()
        .connect_timeout(settings.connect_timeout)
        .redirect(Policy::none())
        .referer(false)
        .tls_backend_preconfigured(tls.clone())
        .user_agent(&settings.user_agent)
}

async fn read(call: &Call<'_>, response: Response, proxied: bool) -> Result<Answer, SourceError> {
    let peer = match (proxied, response.remote_addr()) {
        // Behind a proxy the address is the proxy's and says nothing of the server.
        (true, _) | (false, None) => address::literal(&call.url).unwrap_or(Kind::Public),
        (false, Some(address)) => Kind::of(address.ip()),
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let body = if status.is_success() {
        body(call, response).await?
    } else {
        drain(response).await
    };
    Ok(Answer {
        status,
        headers,
        body,
        url: call.url.clone(),
        peer,
    })
}

/// The whole body, if it is within the cap and, where the size was announced, exactly of that size.
async fn body(call: &Call<'_>, mut response: Response) -> Result<Bytes, SourceError> {
    let over = |got: u64| {
        let (host, what) = (call.registry(), call.what.clone());
        match call.size {
            Some(wanted) if got != wanted => Err(SourceError::SizeMismatch {
                host,
                what,
                wanted,
                got,
            }),
            None if got > call.limit as u64 => Err(SourceError::TooLarge {
                host,
                what,
                limit: call.limit,
            }),
            _ => Ok(()),
        }
    };
    if let Some(length) = response.content_length() {
        over(length)?;
    }
    let cap = call.size.unwrap_or(call.limit as u64);
    let mut body = BytesMut::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| failure(call, error))?
    {
        body.extend_from_slice(&piece);
        if body.len() as u64 > cap {
            over(body.len() as u64)?;
        }
    }
    over(body.len() as u64)?;
    Ok(body.freeze())
}

fn note(call: &Call<'_>, outcome: &Result<Answer, SourceError>) {
    let (host, what) = (destination::authority(&call.url), &call.what);
    match outcome {
        Ok(answer) => debug!(
            host,
            what,
            status = answer.status.as_u16(),
            "asked a registry"
        ),
        Err(error) => debug!(host, what, code = error.code(), "asked a registry in vain"),
    }
}

/// Reads what a failure says, so that the connection can be used again, and forgets it.
async fn drain(mut response: Response) -> Bytes {
    let mut read = 0;
    while let Ok(Some(piece)) = response.chunk().await {
        read += piece.len();
        if read > DRAIN_BYTES {
            break;
        }
    }
    Bytes::new()
}

/// What a failure of the HTTP library means. Never repeats URLs, which may carry signatures.
fn failure(call: &Call<'_>, error: reqwest::Error) -> SourceError {
    let host = destination::authority(&call.url);
    if error.is_timeout() {
        return SourceError::Timeout {
            host,
            what: call.what.clone(),
        };
    }
    let error = error.without_url();
    let mut detail = error.to_string();
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if inner.is::<AddressRefused>() {
            let target = destination::shown(&call.url);
            return SourceError::RedirectRefused {
                host: call.registry(),
                target,
                detail: inner.to_string(),
            };
        }
        if let Some(tls) = inner.downcast_ref() {
            return tls::failure(host, tls);
        }
        detail = inner.to_string();
        cause = below(inner);
    }
    SourceError::Unreachable {
        host,
        detail: excerpt(&detail),
    }
}

/// The cause of an error. What an I/O error wraps is not its source but what it is.
pub(crate) fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// A registry's error bodies are shorter; of what is longer the connection is given up.
const DRAIN_BYTES: usize = 16 * 1024;
