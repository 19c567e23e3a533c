//! The accept loop: plain or TLS, one task a connection, all of them ended when the server stops.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::Response;
use http::{Request, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::fault::Closed;
use crate::log::Request as Arrived;
use crate::registry::Shared;
use crate::routes::{self, Call};
use crate::tls::Identity;

/// Serves until it is aborted.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    identity: Option<Identity>,
) -> Infallible {
    // Dropped with this future, so that stopping the server also cuts the connections that are open.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let shared = Arc::clone(&shared);
        let acceptor = identity
            .as_ref()
            .map(|identity| TlsAcceptor::from(identity.config()));
        connections.spawn(async move {
            // What a client does to its connection is no concern of the server's.
            let _ = stream.set_nodelay(true);
            match acceptor {
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(stream, shared).await;
                    }
                }
                None => connection(stream, shared).await,
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
) {
    let service = service_fn(move |request| respond(Arc::clone(&shared), request));
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response, Closed> {
    let (parts, body) = request.into_parts();
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str())
        .to_owned();
    let header = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let authorization = header(header::AUTHORIZATION)
        .map(|value| value.split(' ').next().unwrap_or_default().to_owned());
    let host = header(header::HOST).or(parts.uri.authority().map(|host| host.as_str()));
    let entry = shared.log.begin(Arrived {
        host: host.unwrap_or_default().to_owned(),
        authorization,
        http2: parts.version == http::Version::HTTP_2,
        ..Arrived::new(parts.method.as_str(), &target)
    });
    let applied = shared.faults.matching(parts.method.as_str(), &target);

    let response = match applied.before().await? {
        Some(response) => response,
        None => {
            let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
            let call = Call {
                method: parts.method.clone(),
                path: parts.uri.path(),
                query: parts.uri.query().unwrap_or_default(),
                headers: &parts.headers,
                body,
            };
            routes::answer(&shared, &call)
        }
    };
    let response = applied.after(response).await;
    shared.log.end(entry, response.status().as_u16());
    shared.report(parts.method.as_str(), &target, response.status());
    Ok(response)
}

impl std::fmt::Display for Closed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("closed by a fault")
    }
}

impl std::error::Error for Closed {}
