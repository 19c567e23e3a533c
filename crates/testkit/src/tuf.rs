//! A TUF repository made in the test: signed as real ones are, wrong where the test wants it wrong.
//!
//! Encodes canonical JSON itself, so that the client under test is not measured by its own rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_image::Digest;
use http::{StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A TUF repository: three root keys of which two must sign, and one key for each other role.
pub struct TufRepository {
    keys: BTreeMap<&'static str, Vec<Key>>,
    versions: BTreeMap<&'static str, u64>,
    expiries: BTreeMap<&'static str, String>,
    thresholds: BTreeMap<&'static str, usize>,
    targets: BTreeMap<String, Value>,
    first_root: Vec<u8>,
    files: Files,
}

/// What a server serves, by path.
type Files = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

impl TufRepository {
    /// A repository with one file, current until the end of 2026 and longer.
    pub fn new(target: &str, content: &[u8]) -> Self {
        let ecdsa = || Key::ecdsa();
        let mut new = Self {
            keys: BTreeMap::from([
                ("root", vec![ecdsa(), ecdsa(), Key::ed25519()]),
                ("timestamp", vec![Key::ed25519()]),
                ("snapshot", vec![Key::ed25519()]),
                ("targets", vec![ecdsa()]),
            ]),
            versions: ROLES.into_iter().map(|role| (role, 0)).collect(),
            expiries: BTreeMap::from([
                ("root", "2027-06-01T00:00:00Z".to_owned()),
                ("timestamp", "2027-01-01T00:00:00Z".to_owned()),
                ("snapshot", "2027-02-01T00:00:00Z".to_owned()),
                ("targets", "2027-03-01T00:00:00Z".to_owned()),
            ]),
            thresholds: BTreeMap::from([
                ("root", 2),
                ("timestamp", 1),
                ("snapshot", 1),
                ("targets", 1),
            ]),
            targets: BTreeMap::new(),
            first_root: Vec::new(),
            files: Files::default(),
        };
        new.first_root = new.publish_root(&[]);
        new.put(target, content);
        new
    }

    /// The root that clients are given.
    pub fn root(&self) -> Vec<u8> {
        self.first_root.clone()
    }

    /// When the metadata of a role expires, from the next publication on.
    pub fn expire(&mut self, role: &'static str, at: &str) {
        self.expiries.insert(role, at.to_owned());
    }

    /// Publishes everything anew with expiries that no clock reaches, for a reader of the real one.
    pub fn outlive_everybody(&mut self) {
        for role in ROLES {
            self.expire(role, "2999-01-01T00:00:00Z");
        }
        self.publish_root(&[]);
        self.publish();
    }

    /// How many keys of a role must sign, from the next root on; they sign as they did.
    pub fn demand(&mut self, role: &'static str, threshold: usize) {
        self.thresholds.insert(role, threshold);
    }

    /// Puts a file there, or another in its place, and publishes.
    pub fn put(&mut self, target: &str, content: &[u8]) {
        let digest = Digest::of(content);
        self.list(target, digest.hex(), content.len());
        let (directory, name) = match target.rsplit_once('/') {
            Some((directory, name)) => (format!("{directory}/"), name),
            None => (String::new(), target),
        };
        self.set(
            &format!("targets/{directory}{}.{name}", digest.hex()),
            content,
        );
    }

    /// Publishes metadata that lists a file under whatever hash and size, without the file.
    pub fn list(&mut self, target: &str, hash: &str, length: usize) {
        let listed = json!({"length": length, "hashes": {"sha256": hash}});
        self.targets.insert(target.to_owned(), listed);
        self.publish();
    }

    /// Signs targets, snapshot and timestamp anew, each with the next version.
    pub fn publish(&mut self) {
        let targets = json!({"targets": self.targets});
        let targets = self.sign("targets", targets);
        let version = self.versions["targets"];
        self.set(&format!("{version}.targets.json"), &targets);
        let snapshot = json!({"meta": {"targets.json": {"version": version}}});
        let snapshot = self.sign("snapshot", snapshot);
        let version = self.versions["snapshot"];
        self.set(&format!("{version}.snapshot.json"), &snapshot);
        self.publish_timestamp(version, &snapshot);
    }

    /// The next root, with new keys for every role, signed by the old root keys as well.
    pub fn rotate(&mut self) {
        let old = self
            .keys
            .insert("root", vec![Key::ecdsa(), Key::ed25519(), Key::ecdsa()]);
        for role in ["timestamp", "snapshot", "targets"] {
            self.keys.insert(role, vec![Key::ecdsa()]);
        }
        self.publish_root(&old.expect("there were root keys"));
        self.publish();
    }

    /// The next root, with the same keys.
    pub fn renew_root(&mut self) {
        self.publish_root(&[]);
    }

    /// The next root, of somebody who has none of the keys.
    pub fn usurp(&mut self) {
        self.keys
            .insert("root", vec![Key::ecdsa(), Key::ecdsa(), Key::ecdsa()]);
        self.publish_root(&[]);
    }

    /// A file as it is served.
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.files.lock().unwrap().get(path).cloned()
    }

    /// Replaces a file as it is served, without a signature.
    pub fn set(&self, path: &str, content: &[u8]) {
        self.files
            .lock()
            .unwrap()
            .insert(path.to_owned(), content.to_vec());
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) {
        self.files.lock().unwrap().remove(path);
    }

    /// Everything as it is served now, to go back to with [`TufRepository::restore`].
    pub fn copy(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.lock().unwrap().clone()
    }

    /// Serves what was served before.
    pub fn restore(&self, files: BTreeMap<String, Vec<u8>>) {
        *self.files.lock().unwrap() = files;
    }

    /// Writes the repository into a directory.
    pub fn write(&self, directory: &Path) {
        for (path, content) in self.files.lock().unwrap().iter() {
            let path = directory.join(path);
            fs::create_dir_all(path.parent().expect("below the directory")).expect("writable");
            fs::write(path, content).expect("writable");
        }
    }

    /// Serves it over HTTP; what changes here changes there.
    pub async fn serve(&self) -> TufServer {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let host = listener.local_addr().expect("bound").to_string();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let router = Router::new()
            .fallback(answer)
            .with_state((Arc::clone(&self.files), Arc::clone(&asked)));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        TufServer {
            host,
            asked,
            server,
        }
    }

    fn publish_root(&mut self, others: &[Key]) -> Vec<u8> {
        let all: Vec<&Key> = self.keys.values().flatten().collect();
        let keys: BTreeMap<_, _> = all
            .iter()
            .map(|key| (key.id.clone(), key.public.clone()))
            .collect();
        let roles: BTreeMap<_, _> = ROLES
            .into_iter()
            .map(|role| {
                let ids: Vec<_> = self.keys[role].iter().map(|key| key.id.clone()).collect();
                (
                    role,
                    json!({"keyids": ids, "threshold": self.thresholds[role]}),
                )
            })
            .collect();
        let signed = self.next(
            "root",
            json!({"consistent_snapshot": true, "keys": keys, "roles": roles}),
        );
        // One of three is away on the day, as it is at most ceremonies.
        let signers = self.keys["root"]
            .iter()
            .take(2)
            .chain(others.iter().take(2));
        let root = envelope(&signed, signers);
        self.set(&format!("{}.root.json", self.versions["root"]), &root);
        root
    }

    fn publish_timestamp(&mut self, version: u64, snapshot: &[u8]) {
        let pin = json!({
            "version": version,
            "length": snapshot.len(),
            "hashes": {"sha256": Digest::of(snapshot).hex()},
        });
        let timestamp = self.sign("timestamp", json!({"meta": {"snapshot.json": pin}}));
        self.set("timestamp.json", &timestamp);
    }

    fn sign(&mut self, role: &'static str, body: Value) -> Vec<u8> {
        let signed = self.next(role, body);
        envelope(&signed, self.keys[role].iter())
    }

    fn next(&mut self, role: &'static str, mut body: Value) -> Value {
        let version = self.versions.get_mut(role).expect("a role");
        *version += 1;
        body["_type"] = json!(role);
        body["spec_version"] = json!("1.0.31");
        body["version"] = json!(*version);
        body["expires"] = json!(self.expiries[role]);
        body
    }
}

/// A server of a repository. It stops when it is dropped.
pub struct TufServer {
    host: String,
    asked: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl TufServer {
    /// `host:port`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The URL of the repository.
    pub fn url(&self) -> String {
        format!("http://{}/", self.host)
    }

    /// The paths that were asked for so far, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for TufServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State((files, asked)): State<(Files, Arc<Mutex<Vec<String>>>)>,
    uri: Uri,
) -> Response {
    let path = uri.path().trim_start_matches('/');
    asked.lock().unwrap().push(path.to_owned());
    let found = files.lock().unwrap().get(path).cloned();
    found.map_or(StatusCode::NOT_FOUND.into_response(), |content| {
        content.into_response()
    })
}

struct Key {
    id: String,
    public: Value,
    pair: Pair,
}

enum Pair {
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl Key {
    fn ecdsa() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let der = pair.public_key().as_der().expect("a public key");
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        );
        Self::new(
            "ecdsa",
            "ecdsa-sha2-nistp256",
            &pem,
            Pair::Ecdsa(Box::new(pair)),
        )
    }

    fn ed25519() -> Self {
        let pair = Ed25519KeyPair::generate().expect("a key");
        let public = hex(pair.public_key().as_ref());
        Self::new("ed25519", "ed25519", &public, Pair::Ed25519(Box::new(pair)))
    }

    fn new(keytype: &str, scheme: &str, public: &str, pair: Pair) -> Self {
        let public = json!({"keytype": keytype, "scheme": scheme, "keyval": {"public": public}});
        let id = Digest::of(canonical(&public).as_bytes()).hex().to_owned();
        Self { id, public, pair }
    }

    fn sign(&self, message: &[u8]) -> String {
        match &self.pair {
            Pair::Ecdsa(pair) => {
                let signature = pair
                    .sign(&SystemRandom::new(), message)
                    .expect("a signature");
                hex(signature.as_ref())
            }
            Pair::Ed25519(pair) => hex(pair.sign(message).as_ref()),
        }
    }
}

fn envelope<'a>(signed: &Value, signers: impl Iterator<Item = &'a Key>) -> Vec<u8> {
    let message = canonical(signed);
    let signatures: Vec<_> = signers
        .map(|key| json!({"keyid": key.id, "sig": key.sign(message.as_bytes())}))
        .collect();
    json!({"signed": signed, "signatures": signatures})
        .to_string()
        .into_bytes()
}

/// Canonical JSON as TUF signs it: keys in order, no space, of strings only `"` and `\` escaped.
fn canonical(value: &Value) -> String {
    match value {
        Value::String(text) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            let fields: Vec<_> = sorted
                .into_iter()
                .map(|(name, value)| format!("{}:{}", canonical(&json!(name)), canonical(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const ROLES: [&str; 4] = ["root", "timestamp", "snapshot", "targets"];
