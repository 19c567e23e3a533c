//! A TUF repository on a server.
//!
//! Speaks plain HTTP only to hosts that are named for it, follows redirects where a registry's would be followed, and
//! reads no answer beyond its limit.

use std::error::Error;
use std::sync::Arc;

use countersign_image::{excerpt, limits};
use reqwest::{Client, Response};
use tokio::time::timeout;
use url::Url;

use crate::address::{self, Kind, Resolver};
use crate::destination;
use crate::proxies::Chooser;
use crate::settings::{Settings, SettingsError};
use crate::tls;
use crate::transport;
use crate::tuf::TufError;

#[derive(Debug)]
pub(super) struct Http {
    base: Url,
    settings: Settings,
    tls: rustls::ClientConfig,
    chooser: Chooser,
    direct: Client,
    proxied: Client,
}

impl Http {
    pub(super) fn new(base: &Url, settings: &Settings) -> Result<Self, TufError> {
        let host = destination::authority(base);
        if base.scheme() == "http" && !settings.plain_http.contains(&host) {
            return Err(TufError::Location {
                location: destination::shown(base),
                detail: "plain HTTP is not allowed for that host",
            });
        }
        let tls = tls::config(settings)?;
        Ok(Self {
            base: base.clone(),
            direct: direct(settings, &tls, None)?,
            proxied: build(
                settings
                    .proxies
                    .configure(transport::base(settings, &tls))?,
            )?,
            chooser: settings.proxies.matcher(),
            settings: settings.clone(),
            tls,
        })
    }

    /// The content of a file whose name was checked; `None` when the server says that there is none of that name.
    pub(super) async fn get(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, TufError> {
        let too_long = || TufError::Timeout {
            what: destination::shown(&self.base),
        };
        timeout(self.settings.request_timeout, self.follow(file, limit))
            .await
            .map_err(|_| too_long())?
    }

    async fn follow(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, TufError> {
        // Joined as text: a name with a colon or two slashes would be taken for another host.
        let mut url: Url = match format!("{}{file}", self.base).parse() {
            Ok(url) => url,
            Err(_) => return Err(unreachable(&self.base, "the name makes no URL")),
        };
        let mut led_by = None;
        for _ in 0..=limits::REDIRECTS {
            let proxied = self.chooser.proxied(&url);
            let response = self
                .client(proxied, led_by)?
                .get(url.clone())
                .send()
                .await
                .map_err(|error| failure(&url, error))?;
            let Some(location) = location(&response) else {
                return read(file, response, limit).await;
            };
            let Ok(target) = url.join(location) else {
                return Err(unreachable(&url, "it sends us to what is no URL"));
            };
            let peer = peer(&url, &response, proxied);
            let plain_http = &self.settings.plain_http;
            if let Some(objection) = destination::objection(&url, peer, &target, plain_http) {
                let to = destination::shown(&target);
                return Err(unreachable(
                    &url,
                    &format!("it sends us to {to}: {objection}"),
                ));
            }
            if !destination::same_origin(&url, &target) {
                led_by = Some(peer);
            }
            url = target;
        }
        Err(unreachable(&url, "too many redirects"))
    }

    fn client(&self, proxied: bool, led_by: Option<Kind>) -> Result<Client, TufError> {
        match (proxied, led_by) {
            (true, _) => Ok(self.proxied.clone()),
            (false, None) => Ok(self.direct.clone()),
            (false, led_by) => direct(&self.settings, &self.tls, led_by),
        }
    }
}

fn direct(
    settings: &Settings,
    tls: &rustls::ClientConfig,
    led_by: Option<Kind>,
) -> Result<Client, TufError> {
    let given = Arc::new(settings.addresses.clone());
    let resolver = Resolver { given, led_by };
    build(
        transport::base(settings, tls)
            .no_proxy()
            .dns_resolver(resolver),
    )
}

fn build(builder: reqwest::ClientBuilder) -> Result<Client, TufError> {
    Ok(builder.build().map_err(SettingsError::from)?)
}

fn location(response: &Response) -> Option<&str> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    response
        .headers()
        .get(http::header::LOCATION)?
        .to_str()
        .ok()
}

fn peer(url: &Url, response: &Response, proxied: bool) -> Kind {
    match (proxied, response.remote_addr()) {
        // Behind a proxy the address is the proxy's and says nothing of the server.
        (true, _) | (false, None) => address::literal(url).unwrap_or(Kind::Public),
        (false, Some(address)) => Kind::of(address.ip()),
    }
}

async fn read(file: &str, mut response: Response, limit: u64) -> Result<Option<Vec<u8>>, TufError> {
    let url = response.url().clone();
    match response.status().as_u16() {
        200 => {}
        404 => return Ok(None),
        // What object stores say of files that do not exist, to those who may not list them.
        403 if file.ends_with(".root.json") => return Ok(None),
        status => {
            return Err(unreachable(
                &url,
                &format!("it answers {status} for {file}"),
            ));
        }
    }
    let over = || TufError::TooLarge {
        file: excerpt(file),
        limit,
    };
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(over());
    }
    let mut body = Vec::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| failure(&url, error))?
    {
        body.extend_from_slice(&piece);
        if body.len() as u64 > limit {
            return Err(over());
        }
    }
    Ok(Some(body))
}

/// What a failure of the HTTP library means: its innermost cause.
fn failure(url: &Url, error: reqwest::Error) -> TufError {
    if error.is_timeout() {
        let what = destination::shown(url);
        return TufError::Timeout { what };
    }
    let error = error.without_url();
    let mut detail = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        detail = inner.to_string();
        cause = transport::below(inner);
    }
    unreachable(url, &detail)
}

fn unreachable(url: &Url, detail: &str) -> TufError {
    TufError::Unreachable {
        host: destination::authority(url),
        detail: excerpt(detail),
    }
}
