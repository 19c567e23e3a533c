//! Real registries on loopback, and the images that scenarios push to them.

use std::cell::{Cell, RefCell};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use crate::failure::{Failure, Outcome, ensure};
use crate::process::Server;
use crate::tools::{PASSWORD, Tools, free_port};

/// Which server to start, and what of OCI 1.1 it knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// The reference registry of go-containerregistry, with the referrers API.
    Reference,
    /// distribution, without the referrers API.
    Distribution,
    /// Our own test registry, with the referrers API.
    Testkit,
    /// Our own test registry, which wants a token that it issues for a password.
    TestkitWithTokens,
    /// Our own test registry, without the referrers API.
    TestkitWithoutReferrers,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Reference,
        Self::Distribution,
        Self::Testkit,
        Self::TestkitWithTokens,
        Self::TestkitWithoutReferrers,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reference => "refregistry",
            Self::Distribution => "distribution",
            Self::Testkit => "testkit",
            Self::TestkitWithTokens => "testkit-with-tokens",
            Self::TestkitWithoutReferrers => "testkit-without-referrers",
        }
    }
}

/// A registry process that can be stopped and started again at the same address, empty.
#[derive(Debug)]
pub(crate) struct Registry {
    /// `127.0.0.1:PORT`.
    pub(crate) host: String,
    pub(crate) kind: Kind,
    tools: Rc<Tools>,
    process: RefCell<Option<Server>>,
    pushed: Cell<u32>,
}

impl Registry {
    pub(crate) fn start(kind: Kind, tools: &Rc<Tools>) -> Outcome<Self> {
        let registry = Self {
            host: format!("127.0.0.1:{}", free_port()?),
            kind,
            tools: Rc::clone(tools),
            process: RefCell::new(None),
            pushed: Cell::new(0),
        };
        registry.restart()?;
        Ok(registry)
    }

    pub(crate) fn stop(&self) {
        self.process.replace(None);
    }

    pub(crate) fn restart(&self) -> Outcome {
        self.stop();
        let folder = self.tools.folder("registries")?;
        let name = format!("{}-{}", self.kind.name(), self.host);
        let server = Server::start(&name, self.command(&name)?, &folder)?;
        let server = server.ready_when(Duration::from_secs(20), || {
            Ok(TcpStream::connect(&self.host).map(drop)?)
        })?;
        if self.kind == Kind::TestkitWithTokens {
            let login = ["auth", "login", &self.host, "-u", USER, "-p", PASSWORD];
            self.tools.must("crane", login)?;
        }
        self.process.replace(Some(server));
        Ok(())
    }

    fn command(&self, name: &str) -> Outcome<Command> {
        let testkit = || {
            let mut command = self.tools.command("testkit-registry");
            command.args(["--listen", &self.host]);
            command
        };
        Ok(match self.kind {
            Kind::Reference => {
                let mut command = self.tools.command("refregistry");
                command.arg(&self.host);
                command
            }
            Kind::Distribution => {
                let content = distribution_configuration(&self.host);
                let file = self
                    .tools
                    .file(&format!("registries/{name}.yaml"), &content)?;
                let mut command = self.tools.command("registry");
                command.arg("serve").arg(file);
                command
            }
            Kind::Testkit => testkit(),
            Kind::TestkitWithTokens => {
                let mut command = testkit();
                command.args(["--token-auth", &format!("{USER}:{PASSWORD}")]);
                command
            }
            Kind::TestkitWithoutReferrers => {
                let mut command = testkit();
                command.arg("--no-referrers");
                command
            }
        })
    }

    pub(crate) fn logs(&self) -> String {
        self.process
            .borrow()
            .as_ref()
            .map(|server| server.tail(5))
            .unwrap_or_default()
    }

    /// Pushes an image that no other has the digest of, to a repository that nothing was pushed to.
    pub(crate) fn push(&self, path: &str) -> Outcome<Image> {
        let image = Image {
            repository: format!("{}/{path}-{}", self.host, self.pushed.get()),
            tag: "1.0".to_owned(),
            digest: String::new(),
        };
        self.push_to(&image)
    }

    /// Pushes other content to the tag of an image.
    pub(crate) fn push_to(&self, image: &Image) -> Outcome<Image> {
        let layer = self.layer()?;
        let tag = image.by_tag();
        self.tools.must(
            "crane",
            ["append", "--new_layer", &layer, "--new_tag", &tag],
        )?;
        let digest = self.tools.must("crane", ["digest", &tag])?.stdout;
        Ok(Image {
            digest: digest.trim().to_owned(),
            ..image.clone()
        })
    }

    /// Pushes an index of two images, as a build for two platforms does.
    pub(crate) fn push_index(&self, path: &str) -> Outcome<Image> {
        let (one, other) = (self.push(path)?, self.push(path)?);
        let index = Image {
            tag: "multi".to_owned(),
            ..one.clone()
        };
        let tag = index.by_tag();
        let children = [
            "--manifest",
            &one.by_digest(),
            "--manifest",
            &other.by_digest(),
        ];
        let args = ["index", "append", "--tag", &tag]
            .into_iter()
            .chain(children);
        self.tools.must("crane", args)?;
        let digest = self.tools.must("crane", ["digest", &tag])?.stdout;
        Ok(Image {
            digest: digest.trim().to_owned(),
            ..index
        })
    }

    /// A layer with content of its own, as a tar file.
    fn layer(&self) -> Outcome<String> {
        self.pushed.set(self.pushed.get() + 1);
        self.tools
            .file("content", &format!("{} {}", self.host, self.pushed.get()))?;
        self.tools
            .must("tar", ["--create", "--file", "layer.tar", "content"])?;
        Ok("layer.tar".to_owned())
    }
}

/// An image in a registry, by tag and by digest.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// `127.0.0.1:PORT/PATH`.
    pub(crate) repository: String,
    pub(crate) tag: String,
    pub(crate) digest: String,
}

impl Image {
    pub(crate) fn by_tag(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }

    pub(crate) fn by_digest(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }

    /// As `/mutate` writes it: the tag for people, the digest for the node.
    pub(crate) fn pinned(&self) -> String {
        format!("{}@{}", self.by_tag(), self.digest)
    }
}

/// Asks over plain HTTP, of the version that knows no chunks, and fails unless the answer is a 200.
pub(crate) fn get(host: &str, path: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.lines().next().unwrap_or_default();
    ensure(status.contains(" 200 "), || {
        format!("GET {path}: {status}\n{answer}")
    })?;
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned());
    body.ok_or_else(|| Failure::new(format!("GET {path}: an answer without an end")))
}

fn distribution_configuration(host: &str) -> String {
    serde_json::json!({
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"inmemory": {}, "delete": {"enabled": true}},
        "http": {"addr": host},
    })
    .to_string()
}

const USER: &str = "robot";
