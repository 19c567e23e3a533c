//! A complete private Sigstore on loopback: Fulcio, Rekor v2, a timestamp authority, and the OpenID provider that Fulcio
//! believes. The trust root and the signing config of it are cosign's.
//!
//! It has no certificate log: who demands that certificates are in one, accepts nothing of it.

mod servers;

use std::rc::Rc;

use countersign_testkit::IdentityProvider;
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use self::servers::{START, Servers};
use crate::evidence::{Predicate, attach};
use crate::failure::Outcome;
use crate::registry::Image;
use crate::tools::Tools;

/// A running Sigstore, and what its users need to know of it.
pub(crate) struct Sigstore {
    provider: IdentityProvider,
    /// The provider answers on it.
    _runtime: Runtime,
    servers: Servers,
    tools: Rc<Tools>,
    name: String,
    /// The file of the trust root.
    pub(crate) root: String,
    /// The file of the signing config.
    pub(crate) signing_config: String,
    /// The file of a signing config that names no log.
    pub(crate) without_log: String,
}

/// A workflow, which signs by its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workflow(&'static str);

/// Whose signatures count.
pub(crate) const RELEASE: Workflow = Workflow(IdentityProvider::JOB);
/// Somebody else, of the same organisation and Sigstore.
pub(crate) const STRANGER: Workflow =
    Workflow("acme/site/.github/workflows/preview.yml@refs/heads/main");

impl Workflow {
    /// What stands in the certificates as who signed.
    pub(crate) fn subject(self) -> String {
        format!("https://github.com/{}", self.0)
    }
}

impl Sigstore {
    /// Starts all of it, each server on ports of its own. What it writes is in a folder of this name at home.
    pub(crate) fn start(tools: &Rc<Tools>, name: &str) -> Outcome<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_io()
            .build()?;
        let provider = runtime.block_on(IdentityProvider::serve(now));
        let folder = tools.folder(name)?;
        let servers = Servers::start(tools, &folder, provider.issuer())?;
        let at = |file: &str| format!("{name}/{file}");
        let sigstore = Self {
            provider,
            _runtime: runtime,
            servers,
            tools: Rc::clone(tools),
            name: name.to_owned(),
            root: at("trusted_root.json"),
            signing_config: at("signing_config.json"),
            without_log: at("without_log.json"),
        };
        sigstore.describe_root()?;
        sigstore.describe_services()?;
        Ok(sigstore)
    }

    /// The issuer that its certificates name.
    pub(crate) fn issuer(&self) -> &str {
        self.provider.issuer()
    }

    /// A file with a token for a job of a workflow.
    pub(crate) fn token(&self, workflow: Workflow) -> Outcome<String> {
        let file = format!("{}/token", self.name);
        self.tools.file(&file, &self.provider.token(workflow.0))?;
        Ok(file)
    }

    /// The variables by which a job of [`RELEASE`] asks for its token.
    pub(crate) fn job(&self) -> [(&'static str, String); 2] {
        self.provider.request()
    }

    /// What cosign 3 attaches in the name of a workflow.
    pub(crate) fn cosign_attaches(
        &self,
        workflow: Workflow,
        image: &Image,
        what: Option<Predicate>,
    ) -> Outcome {
        let token = self.token(workflow)?;
        let services = [
            "--yes",
            "--signing-config",
            &self.signing_config,
            "--trusted-root",
            &self.root,
            "--identity-token",
            &token,
        ];
        attach(&self.tools, "cosign3", &services, image, what)?
            .exits(0)
            .map(drop)
    }

    /// The trust root, as it goes into a policy.
    pub(crate) fn trusted_root(&self) -> Outcome<Value> {
        let json = std::fs::read_to_string(self.tools.home().join(&self.root))?;
        Ok(serde_json::from_str(&json)?)
    }

    /// The URL of Fulcio.
    pub(crate) fn fulcio(&self) -> String {
        format!("http://{}", self.servers.fulcio)
    }

    /// Where timestamps are to be had.
    pub(crate) fn timestamps(&self) -> String {
        format!("http://{}/api/v1/timestamp", self.servers.timestamps)
    }

    pub(crate) fn logs(&self) -> String {
        self.servers.logs()
    }

    /// Lets cosign write the trust root.
    fn describe_root(&self) -> Outcome {
        let at = |file: &str| format!("{}/{file}", self.name);
        let (log, key) = (servers::LOG, at("rekor.pub"));
        let (roots, stamps) = (at("ca.pem"), at("timestamps.pem"));
        let parts = [
            format!("--fulcio=url={},certificate-chain={roots}", self.fulcio()),
            format!("--rekor=url=http://{log},public-key={key},start-time={START},origin={log}"),
            format!("--tsa=url={},certificate-chain={stamps}", self.timestamps()),
            format!("--out={}", self.root),
        ];
        let parts = parts.iter().map(String::as_str);
        self.tools
            .must(
                "cosign3",
                ["trusted-root", "create"].into_iter().chain(parts),
            )
            .map(drop)
    }

    /// Lets cosign write the signing configs.
    fn describe_services(&self) -> Outcome {
        let service = |flag: &str, url: &str, version: u32| {
            format!("--{flag}=url={url},api-version={version},start-time={START},operator=acme")
        };
        let everywhere = [
            service("fulcio", &self.fulcio(), 1),
            service("oidc-provider", self.issuer(), 1),
            service("tsa", &self.timestamps(), 1),
            "--tsa-config=ANY".to_owned(),
        ];
        let log = [
            service("rekor", &format!("http://{}", self.servers.rekor), 2),
            "--rekor-config=ANY".to_owned(),
        ];
        for (file, log) in [(&self.signing_config, &log[..]), (&self.without_log, &[])] {
            let parts = everywhere.iter().chain(log).map(String::as_str);
            let head = ["signing-config", "create", "--out", file];
            self.tools.must("cosign3", head.into_iter().chain(parts))?;
        }
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tokens are for servers that read the clock"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
