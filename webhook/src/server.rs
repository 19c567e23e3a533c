//! Accepts connections and speaks HTTP on them, with TLS or without.
//!
//! Refuses peers that are slow to shake hands or to ask, and more connections than it can hold.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// How long a peer may take, and how many there may be.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// Connections held at once; more wait unaccepted.
    pub connections: usize,
    /// From the connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// From there to the end of the first request's headers.
    pub first_request: Duration,
    /// From one answer to the end of the next request's headers.
    pub idle: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            // More than reviews at once: a connection is needed even to be told that there are too many.
            connections: 2048,
            handshake: Duration::from_secs(5),
            first_request: Duration::from_secs(10),
            // Longer than the 90 s for which API servers keep idle connections: the end that closes first can
            // cross a request under way, and Go does not repeat a POST.
            idle: Duration::from_secs(120),
        }
    }
}

/// One listener and what answers on it.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) router: Router,
    pub(crate) limits: ConnectionLimits,
}

impl Server {
    /// Serves until `stop` says so. Then closes what is idle, and gives what is in flight `patience` to finish.
    pub(crate) async fn serve(self, mut stop: watch::Receiver<bool>, patience: Duration) {
        let connections = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(self.limits.connections));
        loop {
            let accepted = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = accept(&self.listener, &slots) => accepted,
            };
            let (stream, slot) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: trying again at once would only burn the processor.
                    tracing::warn!(%error, "could not accept a connection");
                    sleep(PAUSE_AFTER_FAILURE).await;
                    continue;
                }
            };
            let (tls, router, limits) = (self.tls.clone(), self.router.clone(), self.limits);
            let watcher = connections.watcher();
            tokio::spawn(async move {
                connection(stream, tls, router, limits, watcher).await;
                drop(slot);
            });
        }
        drop(self.listener);
        if timeout(patience, connections.shutdown()).await.is_err() {
            tracing::warn!("some requests did not finish in time and were cut off");
        }
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, slot))
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: ConnectionLimits,
    watcher: Watcher,
) {
    let Some(tls) = tls else {
        return http(TokioIo::new(stream), false, router, limits, watcher).await;
    };
    match timeout(limits.handshake, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            http(TokioIo::new(stream), h2, router, limits, watcher).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn http<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    io: TokioIo<I>,
    h2: bool,
    router: Router,
    limits: ConnectionLimits,
    watcher: Watcher,
) {
    let builder = http_builder(limits);
    // ALPN has told: guessing from the first bytes would wait for them without a timeout.
    let builder = if h2 {
        builder.http2_only()
    } else {
        builder.http1_only()
    };

    let asked = Arc::new(Notify::new());
    let service = TowerToHyperService::new(router);
    let service = service_fn({
        let asked = Arc::clone(&asked);
        move |request: hyper::Request<Incoming>| {
            asked.notify_one();
            service.call(request)
        }
    });
    let connection = watcher.watch(builder.serve_connection(io, service).into_owned());
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = asked.notified() => None,
        () = sleep(limits.first_request) => {
            return tracing::debug!("no request came in time");
        }
    };
    let ended = match ended {
        Some(ended) => ended,
        None => connection.await,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

fn http_builder(limits: ConnectionLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_headers(HEADERS)
        .max_buf_size(HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.idle / 4)
        .keep_alive_timeout(limits.idle / 4)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_LIST_BYTES);
    builder
}

const HEADERS: usize = 64;
const HEADER_BYTES: usize = 32 * 1024;
const HEADER_LIST_BYTES: u32 = 16 * 1024;
const STREAMS: u32 = 128;
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);
