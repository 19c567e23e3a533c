//! The real binary `countersign` against a registry: exit codes, what goes to stdout, what to stderr.

mod artifacts;
mod checking;
mod children;
mod conformance;
mod explaining;
mod guides;
mod keyless;
mod keys;
mod looking;
mod manifests;
mod outputs;
mod registries;
mod registry_documents;
mod rules;
mod signing;
mod trust_root;
mod wording;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use countersign_testkit::{Builder, Pushed, TestRegistry};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::world::fixtures;

/// A registry, and a folder to run the binary in.
struct Shell {
    registry: TestRegistry,
    folder: TempDir,
}

/// How a command ended and what it wrote.
#[derive(Debug)]
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Shell {
    async fn new(builder: Builder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("docker")).unwrap();
        Self {
            registry: builder.start().await,
            folder,
        }
    }

    async fn start() -> Self {
        Self::new(TestRegistry::builder()).await
    }

    /// A shell with the key pairs `release` and `other`. They have no password: opening those takes long.
    async fn with_keys(builder: Builder) -> Self {
        let shell = Self::new(builder).await;
        for (name, fixture) in [("release", "validecpkcs8"), ("other", "p256-sec1")] {
            let fixture = fixtures().join("key-files/import").join(fixture);
            for (from, to) in [("pem", "key"), ("pub", "pub")] {
                fs::copy(
                    fixture.with_extension(from),
                    shell.path(name).with_extension(to),
                )
                .unwrap();
            }
        }
        shell
    }

    /// A shell with the key pair `release`, whose password is in the environment.
    async fn with_locked_key() -> Self {
        let shell = Self::start().await;
        shell.run("keygen --output-key-prefix release").await.is(0);
        shell
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(
            self.path(name),
            text.replace("REGISTRY", self.registry.host()),
        )
        .unwrap();
    }

    fn image(&self, repository: &str, tag: &str, content: &str) -> Pushed {
        self.registry.push_image(repository, tag, content)
    }

    /// Runs `countersign` with these arguments; `REGISTRY` in them is the registry, which may speak plain HTTP.
    async fn run(&self, arguments: &str) -> Ended {
        let words = arguments
            .split_whitespace()
            .map(|word| word.replace("REGISTRY", self.registry.host()));
        let mut words: Vec<_> = words.collect();
        if ASKS_REGISTRIES.contains(&words[0].as_str()) {
            words.extend(["--plain-http".to_owned(), self.registry.host().to_owned()]);
        }
        self.exactly(words, &[], "").await
    }

    /// Runs `countersign` with exactly these arguments and this beside the usual environment.
    async fn exactly<W: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = W>,
        environment: &[(&str, &str)],
        stdin: &str,
    ) -> Ended {
        let mut command = Command::new(binary());
        command
            .args(words)
            .current_dir(self.folder.path())
            .env_clear();
        command
            .env("PATH", self.folder.path())
            .env("HOME", self.folder.path());
        command
            .env("DOCKER_CONFIG", self.path("docker"))
            .env("COUNTERSIGN_PASSWORD", "correct horse");
        for (name, value) in environment {
            if *value == UNSET {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .expect("the binary is built: cargo build --workspace --bins");
        // Most commands do not read it.
        let _ = child
            .stdin
            .take()
            .unwrap()
            .write_all(stdin.as_bytes())
            .await;
        let output = child.wait_with_output().await.unwrap();
        Ended {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What a command wrote, with what changes from run to run taken out.
    fn shown(&self, ended: &Ended) -> String {
        let text = format!(
            "exit {}\n--- stdout\n{}--- stderr\n{}",
            ended.code, ended.stdout, ended.stderr
        );
        text.replace(self.registry.host(), "REGISTRY")
    }
}

impl Ended {
    #[track_caller]
    fn is(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self
    }

    /// That it ended with this exit code, this stable code, and advice.
    #[track_caller]
    fn fails(&self, code: i32, reason: &str) {
        assert_eq!(self.code, code, "{}", self.stderr);
        let error = self
            .stderr
            .lines()
            .find(|line| line.starts_with("error: "))
            .unwrap();
        assert!(error.ends_with(&format!("({reason})")), "{error}");
        assert!(self.stderr.contains("\nhint: "), "no hint: {}", self.stderr);
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Compares with what is expected, digests, keys and the like set aside.
macro_rules! snapshot {
    ($shell:expr, $ended:expr, @$expected:literal) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter("sha256([:-])(?:[0-9a-f]{64}|[0-9a-f]{12}\\b)", "sha256$1[…]");
        settings.add_filter(r"\(hint [A-Za-z0-9+/=]{44}\)", "(hint […])");
        let shown = $shell.shown(&$ended);
        settings.bind(|| insta::assert_snapshot!(shown, @$expected));
    }};
}
use snapshot;

/// Beside the test binary's folder: `target/debug/deps/it-…` and `target/debug/countersign`.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent()
        .and_then(Path::parent)
        .unwrap()
        .join("countersign")
}

const ASKS_REGISTRIES: [&str; 8] = [
    "attest",
    "check",
    "download",
    "inspect",
    "resolve",
    "sign",
    "verify",
    "verify-attestation",
];
/// In place of a value: the variable is not set at all.
const UNSET: &str = "\u{0}";
