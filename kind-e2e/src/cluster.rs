//! A Kubernetes API server: one of our own (etcd and kube-apiserver on loopback), or the one that a kubeconfig names.
//!
//! Only `COUNTERSIGN_KUBECONFIG` names a cluster, never `KUBECONFIG`: scenarios install webhooks, and nobody should
//! find them in whatever cluster the shell happened to point at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use crate::failure::Outcome;
use crate::kubectl::Kubectl;
use crate::process::{Ran, Server};
use crate::registry::get;
use crate::tools::{Tools, free_port, variable};

/// A running API server and a way to talk to it.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) kubectl: Kubectl,
    /// The name by which the API server reaches this machine, where that is not loopback.
    pub(crate) callback: Option<String>,
    own: Option<Own>,
}

/// The processes of a cluster of our own; the API server ends before its store.
#[derive(Debug)]
struct Own {
    api_server: Server,
    etcd: Server,
    audit_log: PathBuf,
}

impl Cluster {
    /// The cluster that the environment names, else a new one.
    pub(crate) fn start(tools: &Rc<Tools>) -> Outcome<Self> {
        let Some(kubeconfig) = variable("COUNTERSIGN_KUBECONFIG") else {
            return Self::of_our_own(tools);
        };
        let kubectl = Kubectl::new(Rc::clone(tools), fs::canonicalize(kubeconfig)?);
        kubectl.ready()?;
        Ok(Self {
            kubectl,
            callback: variable("COUNTERSIGN_WEBHOOK_HOST"),
            own: None,
        })
    }

    fn of_our_own(tools: &Rc<Tools>) -> Outcome<Self> {
        let folder = tools.folder("cluster")?;
        let client = format!("127.0.0.1:{}", free_port()?);
        let etcd = start_etcd(tools, &folder, &client)?
            .ready_when(START, || get(&client, "/health").map(drop))?;
        let port = free_port()?;
        let kubeconfig = tools.file("cluster/kubeconfig", &kubeconfig(&folder, port))?;
        let kubectl = Kubectl::new(Rc::clone(tools), kubeconfig);
        let api_server = start_api_server(tools, &folder, &client, port)?
            .ready_when(START, || kubectl.ready())?;
        let audit_log = folder.join(AUDIT_LOG);
        let own = Own {
            api_server,
            etcd,
            audit_log,
        };
        Ok(Self {
            kubectl,
            callback: None,
            own: Some(own),
        })
    }

    /// What the API server wrote of each request, if it is ours and so keeps such a log.
    pub(crate) fn audit_log(&self) -> Option<&Path> {
        self.own.as_ref().map(|own| own.audit_log.as_path())
    }

    pub(crate) fn logs(&self) -> String {
        self.own.as_ref().map(Own::logs).unwrap_or_default()
    }
}

impl Own {
    fn logs(&self) -> String {
        format!("{}\n{}", self.etcd.tail(3), self.api_server.tail(10))
    }
}

fn start_etcd(tools: &Tools, folder: &Path, client: &str) -> Outcome<Server> {
    let client = &format!("http://{client}");
    let peer = format!("http://127.0.0.1:{}", free_port()?);
    let mut command = tools.command("etcd");
    command
        .arg("--data-dir")
        .arg(folder.join("etcd"))
        .args([
            "--listen-client-urls",
            client,
            "--advertise-client-urls",
            client,
        ])
        .args([
            "--listen-peer-urls",
            &peer,
            "--initial-advertise-peer-urls",
            &peer,
        ])
        .arg(format!("--initial-cluster=default={peer}"))
        .args(["--unsafe-no-fsync", "--log-level=warn"]);
    Server::start("etcd", command, folder)
}

fn start_api_server(tools: &Tools, folder: &Path, etcd: &str, port: u16) -> Outcome<Server> {
    let key = folder.join("sa.key");
    Ran::of(
        Command::new("openssl")
            .args(["genrsa", "-out"])
            .arg(&key)
            .arg("2048"),
        "",
    )?
    .exits(0)?;
    fs::write(
        folder.join("tokens.csv"),
        format!("{TOKEN},admin,uid,\"system:masters\"\n"),
    )?;
    fs::write(folder.join("audit.yaml"), AUDIT_POLICY)?;
    let at = |flag: &str, name: &str| format!("--{flag}={}", folder.join(name).display());
    let mut command = tools.command("kube-apiserver");
    command
        .arg(format!("--etcd-servers=http://{etcd}"))
        .args(["--bind-address=127.0.0.1", &format!("--secure-port={port}")])
        .arg(at("cert-dir", "apiserver"))
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .arg(at("service-account-key-file", "sa.key"))
        .arg(at("service-account-signing-key-file", "sa.key"))
        .args([
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
        ])
        .args([
            &at("token-auth-file", "tokens.csv"),
            "--allow-privileged=true",
        ])
        .args([
            at("audit-policy-file", "audit.yaml"),
            at("audit-log-path", AUDIT_LOG),
        ]);
    Server::start("kube-apiserver", command, folder)
}

/// The server's certificate names it as clients inside a cluster do, so its name is given beside its address.
fn kubeconfig(folder: &Path, port: u16) -> String {
    let authority = folder.join("apiserver/apiserver.crt");
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "e2e",
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "admin"}}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}],
        "clusters": [{"name": "e2e", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority": authority,
            "tls-server-name": "kubernetes.default.svc",
        }}],
    })
    .to_string()
}

/// Admission annotations reach the log with the metadata; bodies would only bury them.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
";
const AUDIT_LOG: &str = "audit.log";
const START: Duration = Duration::from_secs(60);
const TOKEN: &str = "e2e-token";
