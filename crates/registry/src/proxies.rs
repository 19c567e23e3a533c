//! Which requests go through a proxy.
//!
//! A request to this machine never does: a proxy elsewhere would reach another machine by that name.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, NoProxy, Proxy};
use url::Url;

use crate::address;
use crate::settings::SettingsError;

/// Which requests go through a proxy.
#[derive(Clone, Debug)]
pub struct Proxies(Source);

#[derive(Clone, Debug)]
enum Source {
    Environment,
    Named { proxy: String, except: String },
    None,
}

impl Proxies {
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say when the client is made.
    #[must_use]
    pub fn environment() -> Self {
        Self(Source::Environment)
    }

    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self(Source::None)
    }

    /// All through one proxy, but for a list of hosts written as `NO_PROXY` is.
    #[must_use]
    pub fn through(proxy: &str, except: &str) -> Self {
        Self(Source::Named {
            proxy: proxy.to_owned(),
            except: except.to_owned(),
        })
    }

    pub(crate) fn configure(&self, builder: ClientBuilder) -> Result<ClientBuilder, SettingsError> {
        match &self.0 {
            Source::Environment => Ok(builder),
            Source::None => Ok(builder.no_proxy()),
            Source::Named { proxy, except } => {
                let malformed = |_| SettingsError::Proxy {
                    proxy: proxy.clone(),
                };
                let all = Proxy::all(proxy).map_err(malformed)?;
                Ok(builder.proxy(all.no_proxy(NoProxy::from_string(except))))
            }
        }
    }

    pub(crate) fn matcher(&self) -> Chooser {
        Chooser(match &self.0 {
            Source::Environment => Matcher::from_system(),
            Source::None => Matcher::builder().build(),
            Source::Named { proxy, except } => Matcher::builder()
                .all(proxy.as_str())
                .no(except.as_str())
                .build(),
        })
    }
}

/// Says of each request whether it goes through a proxy.
#[derive(Debug)]
pub(crate) struct Chooser(Matcher);

impl Chooser {
    pub(crate) fn proxied(&self, url: &Url) -> bool {
        let Ok(uri) = url.as_str().parse::<Uri>() else {
            return false;
        };
        !address::is_local(url) && self.0.intercept(&uri).is_some()
    }
}
