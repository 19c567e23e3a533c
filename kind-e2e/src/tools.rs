//! Where the programs are, and the environment they run in: a home of their own, and no way out of the machine.
//!
//! Refuses to begin unless every program is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::failure::{Failure, Outcome};
use crate::process::Ran;

/// Our binaries, their peers, and a home folder for all of them.
#[derive(Debug)]
pub(crate) struct Tools {
    ours: PathBuf,
    peers: PathBuf,
    testkit: PathBuf,
    home: TempDir,
}

impl Tools {
    /// Finds the programs in the folders that `BIN`, `PEERS` and `TESTKIT` name.
    pub(crate) fn from_environment() -> Outcome<Self> {
        let tools = Self {
            ours: folder(
                "BIN",
                "countersign, countersign-webhook and countersign-certs",
            )?,
            peers: folder("PEERS", "what kind-e2e/peers/build.sh builds")?,
            testkit: folder("TESTKIT", "testkit-registry")?,
            home: tempfile::Builder::new()
                .prefix("countersign-e2e-")
                .tempdir()?,
        };
        let needed = OURS
            .iter()
            .chain(PEERS)
            .chain(TESTKIT)
            .map(|name| tools.path(name));
        let missing: Vec<_> = needed
            .filter(|path| !path.is_file())
            .map(|path| path.display().to_string())
            .collect();
        if !missing.is_empty() {
            return Err(Failure::new(format!("missing: {}", missing.join(", "))));
        }
        let docker = tools.home().join("docker");
        std::fs::create_dir(&docker)?;
        std::fs::write(docker.join("config.json"), "{}")?;
        Ok(tools)
    }

    /// The folder that is home to every command, and where servers keep what is theirs.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Makes a folder of this name at home.
    pub(crate) fn folder(&self, name: &str) -> Outcome<PathBuf> {
        let path = self.home().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Writes a file of this name at home.
    pub(crate) fn file(&self, name: &str, content: &str) -> Outcome<PathBuf> {
        let path = self.home().join(name);
        std::fs::write(&path, content)?;
        Ok(path)
    }

    /// A command that sees nothing of the caller's environment but the path.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        command
            .env_clear()
            .env("PATH", SYSTEM_PATH)
            .env("HOME", self.home())
            .env("DOCKER_CONFIG", self.home().join("docker"))
            .env("COSIGN_PASSWORD", PASSWORD)
            .env("HTTPS_PROXY", NOWHERE)
            .env("OTEL_TRACES_EXPORTER", "none")
            .current_dir(self.home());
        command
    }

    /// Runs one of the programs to its end.
    pub(crate) fn run<'a>(
        &self,
        name: &str,
        args: impl IntoIterator<Item = &'a str>,
    ) -> Outcome<Ran> {
        Ran::of(self.command(name).args(args), "")
    }

    /// Runs one of the programs to its end, and fails unless it succeeded.
    pub(crate) fn must<'a>(
        &self,
        name: &str,
        args: impl IntoIterator<Item = &'a str>,
    ) -> Outcome<Ran> {
        self.run(name, args)?.exits(0)
    }

    /// Where a peer is, for another that runs it.
    pub(crate) fn peer(&self, name: &str) -> PathBuf {
        self.peers.join(name)
    }

    fn path(&self, name: &str) -> PathBuf {
        let folder = match name {
            _ if OURS.contains(&name) => &self.ours,
            _ if PEERS.contains(&name) => &self.peers,
            _ if TESTKIT.contains(&name) => &self.testkit,
            system => return PathBuf::from(system),
        };
        folder.join(name)
    }
}

/// A port of the loopback interface that nobody listens on.
pub(crate) fn free_port() -> Outcome<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

/// A variable of the environment; an empty one counts as absent.
#[expect(clippy::disallowed_methods, reason = "a binary reads the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn folder(variable_name: &str, holding: &str) -> Outcome<PathBuf> {
    let path = variable(variable_name).ok_or_else(|| {
        Failure::new(format!("{variable_name} is not set: folder with {holding}"))
    })?;
    std::fs::canonicalize(&path).map_err(|error| Failure::from(error).during(path))
}

/// What every key file is encrypted with.
pub(crate) const PASSWORD: &str = "correct-horse";

/// Loopback needs no proxy: whatever would leave the machine fails at once.
const NOWHERE: &str = "http://127.0.0.1:9";
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const OURS: &[&str] = &["countersign", "countersign-webhook", "countersign-certs"];
const PEERS: &[&str] = &[
    "buildctl",
    "buildkitd",
    "cosign2",
    "cosign3",
    "crane",
    "etcd",
    "fulcio",
    "helm",
    "kube-apiserver",
    "kubectl",
    "opa",
    "refregistry",
    "registry",
    "rekor-server-posix",
    "runc",
    "timestamp-server",
];
const TESTKIT: &[&str] = &["testkit-registry"];
