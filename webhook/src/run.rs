//! Puts the parts together, in the order in which they start; nothing else builds them.
//!
//! Refuses to start on anything that is wrong: a webhook that judges by half its policies is worse than none.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use countersign_policy::{LoadErrors, PolicySet};
use countersign_registry::{Client, TufError};
use countersign_review::{DirectoryError, Reviewer};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::config::{Cli, Command, Settings};
use crate::health::{self, Health};
use crate::log;
use crate::metrics::Metrics;
use crate::policies::{Policies, PoliciesError};
use crate::registry::{self, Registries, RegistryError};
use crate::routes::{self, App};
use crate::server::Server;
use crate::tls::{CertificateError, ServingCertificate};

/// Why the webhook does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address could not be listened on.
    #[error("{address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The serving certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The policies could not be read.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The policies cannot be judged by; each mistake is on a line of its own.
    #[error("{errors}")]
    Policies {
        /// The directory.
        directory: PathBuf,
        /// All of what is wrong.
        errors: LoadErrors,
    },
    /// The artifact of policies cannot be used.
    #[error(transparent)]
    Artifact(#[from] PoliciesError),
    /// The settings for registries cannot be used.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The root of a TUF repository could not be read.
    #[error("{}: {source}", path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A TUF repository that a trust root names cannot be used, whatever it says.
    #[error("{document}: the trust root `{name}` cannot be used: {source}")]
    TrustRoot {
        /// The document of the trust root.
        document: String,
        /// The trust root.
        name: String,
        /// What is wrong.
        source: TufError,
    },
    /// The system refused something that every process needs.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl StartError {
    /// What to do about it, where the message does not say it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TrustRoot { source, .. } => source.hint().map(str::to_owned),
            Self::Artifact(PoliciesError::Artifact(error)) => error.hint(),
            _ => None,
        }
    }
}

/// Runs the command line to its end.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let Command::Serve(settings) = cli.command;
    log::start(settings.log);
    let served = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::System)
        .and_then(|runtime| runtime.block_on(serve(settings)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // For whoever reads the end of the output of a container that does not start; not a log line.
            let _ = writeln!(
                io::stderr(),
                "error: countersign-webhook does not start\n{error}"
            );
            if let Some(hint) = error.hint() {
                let _ = writeln!(io::stderr(), "  hint: {hint}");
            }
            ExitCode::from(2)
        }
    }
}

async fn serve(settings: Settings) -> Result<(), StartError> {
    // Before anything answers: whoever sees us ready may ask us to stop.
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let asked_to_stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    tokio::pin!(asked_to_stop);
    // It may wait for a trust root, and need not be waited for.
    let running = tokio::select! {
        running = start(settings) => running?,
        () = &mut asked_to_stop => return Ok(()),
    };
    asked_to_stop.await;
    running.drain().await;
    Ok(())
}

/// A webhook that serves.
#[derive(Debug)]
pub struct Running {
    /// Where reviews are answered.
    pub listen: SocketAddr,
    /// Where health and metrics are.
    pub metrics_listen: SocketAddr,
    draining: watch::Sender<bool>,
    ended: watch::Sender<bool>,
    reviews: Task,
    health: Task,
    certificate: Task,
    policies: Task,
}

/// Starts to serve, and returns once it does: health at once, reviews as soon as every trust root that the policies
/// name was had.
///
/// # Errors
/// Whatever is wrong with the settings, the policies or the certificate.
pub async fn start(settings: Settings) -> Result<Running, StartError> {
    let metrics = Metrics::new();
    let http = registry::http(&settings)?;
    let client: Arc<Client> = registry::client(&http)?;
    let mut following = Policies::open(&settings, &http, &client, &metrics, now)?;
    // A mistake in a directory is told at once.
    let read = following.of_directory().await?;
    let certificate = ServingCertificate::load(&settings.tls_cert, &settings.tls_key).await?;
    let tls = TlsAcceptor::from(certificate.server_config()?);
    metrics.certificate(certificate.not_after());

    let (metrics_listener, metrics_listen) = bind(settings.metrics_listen).await?;
    let (draining, stop) = watch::channel(false);
    let (ended, end) = watch::channel(false);
    let health = Health {
        metrics: Arc::clone(&metrics),
        certificate: Arc::clone(&certificate),
        standing: following.standing(),
        draining: stop.clone(),
        clock: now,
    };
    let health = Server {
        listener: metrics_listener,
        tls: None,
        router: health::router(health),
        limits: settings.connections,
    };
    let health = Task::spawn(health.serve(end, SCRAPE));

    let (keeper, policies) = following.first(read).await?;
    let (count, revision) = (policies.policies().len(), policies.revision().to_owned());
    let source = Arc::new(Registries::new(http, client));
    source.follow(&policies)?;
    let reviewer = Reviewer::new(Arc::clone(&source), policies, registry::review(&settings))?;
    let (listener, listen) = bind(settings.listen).await?;
    let app = Arc::new(App {
        reviewer,
        metrics: Arc::clone(&metrics),
        slots: Arc::new(Semaphore::new(settings.max_concurrent.into())),
        bodies: Arc::new(Semaphore::new(routes::BODIES_KILOBYTES)),
        clock: now,
    });
    let reviews = Server {
        listener,
        tls: Some(tls),
        router: routes::router(Arc::clone(&app)),
        limits: settings.connections,
    };
    let patience = Duration::from_secs(settings.drain_seconds.into());
    let reviews = Task::spawn(reviews.serve(stop, patience));
    let certificate = Task::spawn(follow(certificate, settings.certificate_interval, metrics));
    let replace = move |policies: Arc<PolicySet>| {
        if let Err(error) = source.follow(&policies) {
            tracing::error!(%error, "what documents say of registries is not in force");
        }
        app.reviewer.replace_policies(policies);
    };
    let policies = Task::spawn(following.follow(keeper, replace));
    tracing::info!(%listen, %metrics_listen, policies = count, revision, "serving");
    Ok(Running {
        listen,
        metrics_listen,
        draining,
        ended,
        reviews,
        health,
        certificate,
        policies,
    })
}

/// Something that runs beside, no longer than whoever holds it.
#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Task {
    fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// Waits for its end. An error is a panic; there is nothing left to wait for then.
    async fn end(mut self) {
        let _ = (&mut self.0).await;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Running {
    /// Stops being ready, lets go of connections, and finishes what is in flight.
    pub async fn drain(self) {
        tracing::info!("draining");
        let _ = self.draining.send(true);
        drop(self.policies);
        self.reviews.end().await;
        // Health answers to the end, so that a probe sees why.
        let _ = self.ended.send(true);
        self.health.end().await;
        drop(self.certificate);
        tracing::info!("drained");
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn follow(certificate: Arc<ServingCertificate>, every: Duration, metrics: Arc<Metrics>) {
    certificate
        .follow(every, |changed| match changed {
            Ok(not_after) => {
                metrics.certificate(not_after);
                metrics.certificate_reloaded(true);
                tracing::info!(%not_after, "new serving certificate in use");
            }
            Err(error) => {
                metrics.certificate_reloaded(false);
                tracing::warn!(%error, "certificate files changed and cannot be used; the old one stays");
            }
        })
        .await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "a binary reads the clock, here and nowhere else"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// What a scrape under way gets when the process ends.
const SCRAPE: Duration = Duration::from_secs(1);
