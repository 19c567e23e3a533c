//! The services of a [`Sigstore`] over HTTP on a loopback port: Fulcio, Rekor v1 and v2, a timestamp authority.
//!
//! They answer whoever asks as the real ones would, unless the test asks for something wrong.

mod answers;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{CertificateFlaw, LogFlaw, Scts, Sigstore, StampFlaw};
use crate::log::{Log, Request};

/// The services of a [`Sigstore`]. They stop when they are dropped.
pub struct Services {
    host: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// What a service does wrong.
#[derive(Clone, Debug)]
pub enum Misdeed {
    /// It answers this, whatever it is asked.
    Answers(StatusCode, HeaderMap, Vec<u8>),
    /// The certificate is for another key.
    CertifiesAnotherKey,
    /// The certificate has this flaw.
    Certifies(CertificateFlaw),
    /// The certificate is in these logs.
    Promises(Scts),
    /// The log answers with what it answered first.
    RepeatsItself,
    /// The log entry has this flaw, one that does not concern what was logged.
    Logs(LogFlaw),
    /// The timestamp has this flaw.
    Stamps(StampFlaw),
}

struct Shared {
    sigstore: Sigstore,
    clock: fn() -> Timestamp,
    log: Log,
    misdeeds: Mutex<BTreeMap<String, Misdeed>>,
    entries: Mutex<BTreeMap<String, Value>>,
    first: Mutex<Option<Value>>,
}

impl Sigstore {
    /// Serves it. Everything happens at the time that `clock` shows then.
    pub async fn serve(&self, clock: fn() -> Timestamp) -> Services {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            sigstore: self.clone(),
            clock,
            log: Log::default(),
            misdeeds: Mutex::default(),
            entries: Mutex::default(),
            first: Mutex::default(),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Services {
            host,
            shared,
            server,
        }
    }
}

impl Services {
    /// `host:port`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What was asked so far.
    pub fn log(&self) -> &Log {
        &self.shared.log
    }

    /// From now on, the service below this path does this wrong: `/api/v2/signingCert`, `/api/v1/timestamp`,
    /// `/api/v1/log/entries` or `/api/v2/log/entries`.
    pub fn misbehave(&self, path: &str, misdeed: Misdeed) {
        self.shared
            .misdeeds
            .lock()
            .unwrap()
            .insert(path.to_owned(), misdeed);
    }

    /// A signing config that names them, with a log of this major version.
    pub fn signing_config(&self, log_version: u32) -> Value {
        let service = |path: &str, version: u32| {
            let window = json!({"start": "2020-01-01T00:00:00Z"});
            let url = format!("http://{}{path}", self.host);
            json!([{"url": url, "majorApiVersion": version, "validFor": window, "operator": "test"}])
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": service("", 1),
            "oidcUrls": service("/login", 1),
            "rekorTlogUrls": service("", log_version),
            "tsaUrls": service("/api/v1/timestamp", 1),
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaConfig": {"selector": "ANY"},
        })
    }

    /// An identity token for `subject`, that Fulcio takes. Nobody signed it.
    pub fn token(&self, subject: &str, issuer: &str) -> String {
        let expires = (self.shared.clock)().as_second() + 600;
        let claims = json!({"iss": issuer, "sub": subject, "aud": "sigstore", "exp": expires});
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers
        .contains_key(header::AUTHORIZATION)
        .then(String::new);
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let index = shared.log.begin(Request {
        authorization,
        ..Request::new(method.as_str(), target)
    });
    let misdeed = shared.misdeeds.lock().unwrap().get(uri.path()).cloned();
    let response = match misdeed {
        Some(Misdeed::Answers(status, headers, body)) => (status, headers, body).into_response(),
        misdeed => shared.answer(&method, uri.path(), &body, misdeed.as_ref()),
    };
    shared.log.end(index, response.status().as_u16());
    response
}
