//! A webhook that serves over TLS on loopback, and peers that ask it, well-behaved and not.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_certs::{Folder, Lifetime, Names};
use countersign_webhook::{Running, Settings, start};
use jiff::Timestamp;
use reqwest::StatusCode;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use crate::world::World;

pub(crate) const UID: &str = "7b1e4d9c-0000-4000-8000-000000000001";

pub(crate) struct Webhook {
    pub(crate) running: Running,
    pub(crate) folder: tempfile::TempDir,
    client: reqwest::Client,
}

impl Webhook {
    /// Serves the policy of `world`.
    pub(crate) async fn serve(world: &World) -> Self {
        Self::serve_with(world, |_| {}).await
    }

    pub(crate) async fn serve_with(world: &World, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        issue(folder.path());
        let mut settings = settings(folder.path());
        settings.plain_http.push(world.registry.host().to_owned());
        std::fs::create_dir(&settings.policies).unwrap();
        std::fs::write(
            settings.policies.join("production.yaml"),
            world.policy().to_string(),
        )
        .unwrap();
        change(&mut settings);
        let running = start(settings).await.unwrap();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_client(folder.path()))
            .build()
            .unwrap();
        Self {
            running,
            folder,
            client,
        }
    }

    /// The status and body of what a POST answers.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> (StatusCode, String) {
        self.post_as(path, &[("content-type", "application/json")], body)
            .await
    }

    pub(crate) async fn post_as(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
        body: impl Into<reqwest::Body>,
    ) -> (StatusCode, String) {
        let url = format!("https://{}{path}", self.running.listen);
        let mut request = self.client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        #[expect(clippy::disallowed_methods, reason = "our own webhook, in a test")]
        let body = response.text().await.unwrap();
        (status, body)
    }

    /// The `response` of a review, which must be one, and of this uid.
    pub(crate) async fn ask(&self, path: &str, review: &Value) -> Value {
        let (status, body) = self.post(path, review.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(answer["kind"], "AdmissionReview");
        assert_eq!(answer["response"]["uid"], review["request"]["uid"]);
        answer["response"].clone()
    }

    /// The answer to a new object.
    pub(crate) async fn create(&self, object: &Value) -> Value {
        self.ask(
            "/validate?timeout=10s",
            &request("CREATE", object, &Value::Null),
        )
        .await
    }

    /// The answer to a change of an object.
    pub(crate) async fn update(&self, new: &Value, old: &Value) -> Value {
        self.ask("/validate?timeout=10s", &request("UPDATE", new, old))
            .await
    }

    /// The status and body at a path of the metrics listener.
    pub(crate) async fn health(&self, path: &str) -> (StatusCode, String) {
        let url = format!("http://{}{path}", self.running.metrics_listen);
        let response = self.client.get(url).send().await.unwrap();
        let status = response.status();
        #[expect(clippy::disallowed_methods, reason = "our own webhook, in a test")]
        let body = response.text().await.unwrap();
        (status, body)
    }

    /// A peer that speaks for itself.
    pub(crate) fn peer(&self) -> Peer {
        Peer::connect(self.running.listen, tls_client(self.folder.path()))
    }
}

pub(crate) fn settings(folder: &Path) -> Settings {
    let mut settings = Settings::new(
        folder.join("policies"),
        folder.join("tls/tls.crt"),
        folder.join("tls/tls.key"),
    );
    settings.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    settings.metrics_listen = SocketAddr::from(([127, 0, 0, 1], 0));
    settings
}

/// Issues a serving certificate below `folder`, under the authority that is there or a new one.
pub(crate) fn issue(folder: &Path) {
    let names: Names = ["127.0.0.1"]
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
    let life = Lifetime::days(30).unwrap();
    Folder::new(folder.join("tls"))
        .issue(&names, life, life, now())
        .unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "a certificate for a client that reads the clock"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

fn tls_client(folder: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("tls/ca.crt")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// A TLS connection on which a test writes bytes; blocking, so for `spawn_blocking` or its own thread.
pub(crate) struct Peer(StreamOwned<ClientConnection, TcpStream>);

impl Peer {
    fn connect(address: SocketAddr, config: ClientConfig) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
            .set_write_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let name = ServerName::from(address.ip());
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        Self(StreamOwned::new(connection, stream))
    }

    /// Writes; that the other end has gone is not this peer's business.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.0
            .write_all(bytes)
            .and_then(|()| self.0.flush())
            .is_ok()
    }

    /// What comes until the other end closes.
    pub(crate) fn read_to_end(&mut self) -> String {
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => all.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("it never hung up"),
                // To close without saying so is an end, too.
                Err(_) => break,
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// What comes until it has the head of an answer.
    pub(crate) fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        let mut byte = [0; 1];
        while !head.ends_with(b"\r\n\r\n") && matches!(self.0.read(&mut byte), Ok(1)) {
            head.push(byte[0]);
        }
        String::from_utf8_lossy(&head).into_owned()
    }

    /// The serial number, so to speak, of the certificate that it is shown.
    pub(crate) fn certificate(&mut self) -> Vec<u8> {
        self.0.flush().unwrap();
        while self.0.conn.is_handshaking() {
            self.0.conn.complete_io(&mut self.0.sock).unwrap();
        }
        self.0.conn.peer_certificates().unwrap()[0].to_vec()
    }
}

/// A review of `object`, as the API server writes it.
pub(crate) fn request(operation: &str, object: &Value, old: &Value) -> Value {
    let subject = if object.is_null() { old } else { object };
    let api_version = subject["apiVersion"].as_str().unwrap_or("v1");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = json!({"group": group, "version": version, "kind": subject["kind"]});
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": UID, "kind": kind, "requestKind": kind, "operation": operation,
            "name": "api", "namespace": "shop", "dryRun": false,
            "userInfo": {"username": "dev", "groups": ["developers"]},
            "object": object, "oldObject": old,
        },
    })
}

/// The code of a refusal, which it must be.
#[track_caller]
pub(crate) fn refused(response: &Value) -> String {
    assert_eq!(response["allowed"], false, "{response:#}");
    assert_eq!(response["status"]["code"], 403, "{response:#}");
    assert!(
        response["status"]["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    response["auditAnnotations"]["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[track_caller]
pub(crate) fn admitted(response: &Value) {
    assert_eq!(response["allowed"], true, "{response:#}");
}

/// `object` with the patch of a response applied, by the two operations that we use.
pub(crate) fn patched(mut object: Value, response: &Value) -> Value {
    admitted(response);
    let Some(patch) = response["patch"].as_str() else {
        return object;
    };
    let operations: Vec<Value> = serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
    for operation in operations {
        let field = object
            .pointer_mut(operation["path"].as_str().unwrap())
            .unwrap();
        match operation["op"].as_str().unwrap() {
            "test" => assert_eq!(*field, operation["value"]),
            "replace" => *field = operation["value"].clone(),
            other => panic!("{other} is not expected"),
        }
    }
    object
}
