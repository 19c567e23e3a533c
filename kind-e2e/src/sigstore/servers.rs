//! The servers of a Sigstore, with fresh keys that `openssl` makes. Not one of them listens where another does.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::failure::Outcome;
use crate::process::{Ran, Server};
use crate::registry::get;
use crate::tools::{PASSWORD, Tools, free_port};

/// The processes, and where they listen.
pub(super) struct Servers {
    /// `127.0.0.1:PORT`.
    pub(super) fulcio: String,
    pub(super) rekor: String,
    pub(super) timestamps: String,
    processes: [Server; 3],
}

impl Servers {
    /// Starts them, with all that is theirs in a folder.
    pub(super) fn start(tools: &Tools, folder: &Path, issuer: &str) -> Outcome<Self> {
        let free = || Ok::<_, crate::failure::Failure>(format!("127.0.0.1:{}", free_port()?));
        let (fulcio, rekor, timestamps) = (free()?, free()?, free()?);
        make_keys(folder)?;
        std::fs::write(folder.join("fulcio.yaml"), believed(issuer))?;

        let certifying = Server::start("fulcio", certifies(tools, folder, &fulcio)?, folder)?;
        let logging = Server::start("rekor", logs(tools, folder, &rekor)?, folder)?;
        let stamping = Server::start("timestamp-server", stamps(tools, &timestamps), folder)?;
        let processes = [
            certifying.ready_when(PATIENCE, || get(&fulcio, "/api/v2/trustBundle").map(drop))?,
            logging.ready_when(PATIENCE, || get(&rekor, "/healthz").map(drop))?,
            stamping.ready_when(PATIENCE, || {
                let chain = get(&timestamps, "/api/v1/timestamp/certchain")?;
                Ok(std::fs::write(folder.join("timestamps.pem"), chain)?)
            })?,
        ];
        Ok(Self {
            fulcio,
            rekor,
            timestamps,
            processes,
        })
    }

    pub(super) fn logs(&self) -> String {
        self.processes
            .each_ref()
            .map(|server| server.tail(3))
            .join("\n")
    }
}

/// A certificate authority for Fulcio, its key locked as Fulcio wants it, and a key for Rekor.
fn make_keys(folder: &Path) -> Outcome {
    let password = format!("pass:{PASSWORD}");
    let make = |args: &[&str]| {
        let ran = Ran::of(Command::new("openssl").args(args).current_dir(folder), "");
        ran?.exits(0).map(drop)
    };
    make(&[
        "genpkey",
        "-algorithm=EC",
        "-pkeyopt=ec_paramgen_curve:P-256",
        "-aes-256-cbc",
        "-pass",
        &password,
        "-out=ca.key",
    ])?;
    make(&[
        "req",
        "-x509",
        "-new",
        "-key",
        "ca.key",
        "-passin",
        &password,
        "-days=2",
        "-subj=/O=Acme/CN=Acme identities",
        "-addext=basicConstraints=critical,CA:TRUE,pathlen:1",
        "-addext=keyUsage=critical,keyCertSign,cRLSign",
        "-out=ca.pem",
    ])?;
    make(&["genpkey", "-algorithm=ed25519", "-out=rekor.key"])?;
    make(&["pkey", "-in=rekor.key", "-pubout", "-out=rekor.pub"])
}

fn certifies(tools: &Tools, folder: &Path, at: &str) -> Outcome<Command> {
    let (host, port) = parts(at);
    let ports = [free_port()?.to_string(), free_port()?.to_string()];
    let mut command = tools.command("fulcio");
    command
        .current_dir(folder)
        .args(["serve", "--config-path=fulcio.yaml", "--ct-log-url="])
        // In lines, not in stack traces.
        .arg("--log_type=prod")
        .args(["--ca=fileca", "--fileca-cert=ca.pem", "--fileca-key=ca.key"])
        .args(["--fileca-key-passwd", PASSWORD, "--fileca-watch=false"])
        .args(["--host", host, "--port", port])
        .args(["--grpc-host", host, "--grpc-port", &ports[0]])
        .args(["--metrics-port", &ports[1]])
        .arg(format!(
            "--legacy-unix-domain-socket=@countersign-e2e-{port}"
        ));
    Ok(command)
}

fn logs(tools: &Tools, folder: &Path, at: &str) -> Outcome<Command> {
    let (host, port) = parts(at);
    let ports = [free_port()?.to_string(), free_port()?.to_string()];
    std::fs::create_dir(folder.join("log"))?;
    let mut command = tools.command("rekor-server-posix");
    command
        .current_dir(folder)
        .args(["serve", "--storage-dir=log", "--signer-filepath=rekor.key"])
        .args(["--hostname", LOG])
        .args(["--http-address", host, "--http-port", port])
        .args(["--grpc-port", &ports[0], "--http-metrics-port", &ports[1]])
        // As often as it can: who signs waits for the next checkpoint.
        .args(["--checkpoint-interval=100ms", "--batch-max-age=50ms"]);
    Ok(command)
}

fn stamps(tools: &Tools, at: &str) -> Command {
    let (host, port) = parts(at);
    let mut command = tools.command("timestamp-server");
    command.args(["serve", "--host", host, "--port", port]);
    command
}

/// Fulcio's configuration: it certifies whom an issuer names as it certifies whom GitHub Actions names.
fn believed(issuer: &str) -> String {
    GITHUB_ACTIONS.replace("ISSUER", issuer)
}

fn parts(at: &str) -> (&str, &str) {
    at.split_once(':').unwrap_or_default()
}

/// What the log calls itself.
pub(super) const LOG: &str = "log.acme.example";
/// Since when all of it counts.
pub(super) const START: &str = "2024-01-01T00:00:00Z";
const PATIENCE: Duration = Duration::from_secs(30);

const GITHUB_ACTIONS: &str = r#"
oidc-issuers:
  "ISSUER":
    issuer-url: "ISSUER"
    client-id: sigstore
    type: ci-provider
    ci-provider: github-workflow
ci-issuer-metadata:
  github-workflow:
    default-template-values: {url: "https://github.com"}
    subject-alternative-name-template: "{{ .url }}/{{ .job_workflow_ref }}"
    extension-templates:
      build-signer-uri: "{{ .url }}/{{ .job_workflow_ref }}"
      build-signer-digest: job_workflow_sha
      runner-environment: runner_environment
      source-repository-uri: "{{ .url }}/{{ .repository }}"
      source-repository-digest: sha
      source-repository-ref: ref
      source-repository-identifier: repository_id
      source-repository-owner-uri: "{{ .url }}/{{ .repository_owner }}"
      source-repository-owner-identifier: repository_owner_id
      build-config-uri: "{{ .url }}/{{ .workflow_ref }}"
      build-config-digest: workflow_sha
      build-trigger: event_name
      run-invocation-uri: "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}"
      source-repository-visibility-at-signing: repository_visibility
"#;
