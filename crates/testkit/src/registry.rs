//! A registry under test: how it is configured, started, watched, broken and stopped.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use http::StatusCode;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::auth::{Demand, Issuer};
use crate::fault::{Fault, Faults};
use crate::log::Log;
use crate::serve;
use crate::store::Store;
use crate::tls::Identity;

/// An OCI registry on a loopback port. It stops when it is dropped.
pub struct TestRegistry {
    pub(crate) shared: Arc<Shared>,
    host: String,
    server: JoinHandle<std::convert::Infallible>,
}

/// How a [`TestRegistry`] is to behave.
#[must_use]
pub struct Builder {
    options: Options,
    listen: String,
    host: Option<String>,
    identity: Option<Identity>,
    demand: Wanted,
}

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    store: Mutex<Store>,
    demand: Demand,
}

#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) referrers: bool,
    pub(crate) artifacts: bool,
    pub(crate) page_size: usize,
    pub(crate) issuer: Option<Issuer>,
    report: bool,
}

enum Wanted {
    Nothing,
    Basic {
        user: String,
        password: String,
    },
    Token {
        issuer: Issuer,
        realm: Option<String>,
        scope: Option<String>,
    },
}

impl TestRegistry {
    /// An open registry with the referrers API.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts to describe a registry.
    pub fn builder() -> Builder {
        Builder {
            options: Options {
                referrers: true,
                artifacts: true,
                page_size: usize::MAX,
                issuer: None,
                report: false,
            },
            listen: "127.0.0.1:0".to_owned(),
            host: None,
            identity: None,
            demand: Wanted::Nothing,
        }
    }

    /// `host:port`, as it stands in image references.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What was asked so far.
    pub fn log(&self) -> &Log {
        &self.shared.log
    }

    /// Misbehaves from now on.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }

    /// Behaves again.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Stops listening and cuts every connection.
    pub async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    /// Serves until the process ends.
    pub async fn run(mut self) {
        let _ = (&mut self.server).await;
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.shared.store()
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Builder {
    /// Without the referrers API, as many registries are: fallback tags only.
    pub fn without_referrers(mut self) -> Self {
        self.options.referrers = false;
        self
    }

    /// Refuses manifests that have an artifact type or a subject, as old registries do.
    pub fn without_artifacts(mut self) -> Self {
        self.options.artifacts = false;
        self.options.referrers = false;
        self
    }

    /// Lists at most this many referrers a page.
    pub fn page_size(mut self, size: usize) -> Self {
        self.options.page_size = size;
        self
    }

    /// Demands Basic authentication.
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        self.demand = Wanted::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        self
    }

    /// Demands tokens, which it issues itself at `/token`.
    pub fn token_auth(mut self, issuer: &Issuer) -> Self {
        self.options.issuer = Some(issuer.clone());
        self.demand = Wanted::Token {
            issuer: issuer.clone(),
            realm: None,
            scope: None,
        };
        self
    }

    /// Demands tokens and sends clients to this realm for them.
    pub fn token_auth_at(mut self, issuer: &Issuer, realm: &str) -> Self {
        self.demand = Wanted::Token {
            issuer: issuer.clone(),
            realm: Some(realm.to_owned()),
            scope: None,
        };
        self
    }

    /// Demands this scope in challenges, whatever was asked.
    pub fn challenge_scope(mut self, demanded: &str) -> Self {
        if let Wanted::Token { scope, .. } = &mut self.demand {
            *scope = Some(demanded.to_owned());
        }
        self
    }

    /// Issues tokens at `/token` and demands none.
    pub fn issuing(mut self, issuer: &Issuer) -> Self {
        self.options.issuer = Some(issuer.clone());
        self
    }

    /// Speaks TLS.
    pub fn tls(mut self, identity: &Identity) -> Self {
        self.identity = Some(identity.clone());
        self
    }

    /// Listens on this address in place of a free loopback port.
    pub fn listen(mut self, address: &str) -> Self {
        self.listen = address.to_owned();
        self
    }

    /// Calls itself by this name; the port is added.
    pub fn named(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Writes a line for each request to stderr.
    pub fn report(mut self) -> Self {
        self.options.report = true;
        self
    }

    /// Starts it.
    pub async fn start(self) -> TestRegistry {
        self.try_start().await.expect("the address can be bound")
    }

    /// Starts it, or says why the address cannot be had.
    pub async fn try_start(self) -> std::io::Result<TestRegistry> {
        let listener = TcpListener::bind(&self.listen).await?;
        let address: SocketAddr = listener.local_addr()?;
        let host = match &self.host {
            Some(name) => format!("{name}:{}", address.port()),
            None => address.to_string(),
        };
        let scheme = if self.identity.is_some() {
            "https"
        } else {
            "http"
        };
        let demand = match self.demand {
            Wanted::Nothing => Demand::Nothing,
            Wanted::Basic { user, password } => Demand::Basic { user, password },
            Wanted::Token {
                issuer,
                realm,
                scope,
            } => {
                let realm = realm.unwrap_or_else(|| format!("{scheme}://{host}/token"));
                Demand::Token {
                    issuer,
                    realm,
                    scope,
                }
            }
        };
        let shared = Arc::new(Shared {
            options: self.options,
            log: Log::default(),
            faults: Faults::default(),
            store: Mutex::default(),
            demand,
        });
        let server = tokio::spawn(serve::serve(listener, Arc::clone(&shared), self.identity));
        Ok(TestRegistry {
            shared,
            host,
            server,
        })
    }
}

impl Shared {
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap()
    }

    pub(crate) fn demand(&self) -> &Demand {
        &self.demand
    }

    #[expect(clippy::print_stderr, reason = "asked for by the builder")]
    pub(crate) fn report(&self, method: &str, target: &str, status: StatusCode) {
        if self.options.report {
            eprintln!("{method} {target} {}", status.as_u16());
        }
    }
}
