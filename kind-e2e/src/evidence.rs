//! Keys, and what our own command line attaches to images with them.

use std::rc::Rc;

use serde_json::json;

use crate::failure::Outcome;
use crate::process::Ran;
use crate::registry::Image;
use crate::tools::Tools;

/// A key pair in cosign's files, `NAME.key` and `NAME.pub` at home.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) private: String,
    pub(crate) public: String,
    tools: Rc<Tools>,
}

impl Key {
    /// A new pair made by our `keygen`.
    pub(crate) fn ours(tools: &Rc<Tools>, name: &str) -> Outcome<Self> {
        tools.must("countersign", ["keygen", "--output-key-prefix", name])?;
        Ok(Self::named(tools, name))
    }

    /// A new pair made by cosign, of one of its versions.
    pub(crate) fn cosigns(tools: &Rc<Tools>, cosign: &str, name: &str) -> Outcome<Self> {
        tools.must(cosign, ["generate-key-pair", "--output-key-prefix", name])?;
        Ok(Self::named(tools, name))
    }

    fn named(tools: &Rc<Tools>, name: &str) -> Self {
        Self {
            private: format!("{name}.key"),
            public: format!("{name}.pub"),
            tools: Rc::clone(tools),
        }
    }

    /// The public half, as it goes into a policy.
    pub(crate) fn pem(&self) -> Outcome<String> {
        Ok(std::fs::read_to_string(
            self.tools.home().join(&self.public),
        )?)
    }

    /// Signs an image with our command line.
    pub(crate) fn sign(&self, image: &Image, format: &str) -> Outcome {
        let args = [
            "--format",
            format,
            "--plain-http",
            host(image),
            &image.by_digest(),
        ];
        self.ours_does("sign", &args)?
            .exits(0)?
            .saying(&image.digest)
            .map(drop)
    }

    /// Attests something of an image with our command line.
    pub(crate) fn attest(&self, image: &Image, what: Predicate, format: &str) -> Outcome {
        let file = what.file(&self.tools)?;
        let args = [
            "--format",
            format,
            "--type",
            what.alias(),
            "--predicate",
            &file,
        ];
        let place = ["--plain-http", host(image), &image.by_digest()];
        self.ours_does("attest", &[args.as_slice(), &place].concat())?
            .exits(0)
            .map(drop)
    }

    fn ours_does(&self, command: &str, args: &[&str]) -> Outcome<Ran> {
        let head = [command, "--key", &self.private];
        self.tools
            .run("countersign", head.into_iter().chain(args.iter().copied()))
    }
}

/// What is said of an image.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Predicate {
    Provenance,
    Sbom,
}

impl Predicate {
    /// The name that cosign's `--type` has for it.
    pub(crate) fn alias(self) -> &'static str {
        match self {
            Self::Provenance => "slsaprovenance1",
            Self::Sbom => "spdxjson",
        }
    }

    /// The predicate in a file at home.
    pub(crate) fn file(self, tools: &Tools) -> Outcome<String> {
        let name = format!("{}.json", self.alias());
        tools.file(&name, &self.content())?;
        Ok(name)
    }

    fn content(self) -> String {
        match self {
            Self::Provenance => json!({
                "buildDefinition": {
                    "buildType": "https://acme.example/build/v1",
                    "externalParameters": {"ref": "refs/tags/v1.0"},
                    "resolvedDependencies": [{
                        "uri": "git+https://github.com/acme/app@refs/tags/v1.0",
                        "digest": {"gitCommit": "0123456789abcdef0123456789abcdef01234567"},
                    }],
                },
                "runDetails": {
                    "builder": {"id": BUILDER},
                    "metadata": {
                        "invocationId": "1",
                        "startedOn": "2026-11-20T08:00:00Z",
                        "finishedOn": "2026-11-20T08:01:00Z",
                    },
                },
            }),
            Self::Sbom => json!({
                "spdxVersion": "SPDX-2.3",
                "dataLicense": "CC0-1.0",
                "SPDXID": "SPDXRef-DOCUMENT",
                "name": "app",
                "documentNamespace": "https://acme.example/sbom/1",
                "creationInfo": {"created": "2026-11-20T08:00:00Z", "creators": ["Tool: acme-1"]},
                "packages": [package("app"), package("lib")],
                "relationships": [
                    relationship("DOCUMENT", "DESCRIBES", "app"),
                    relationship("app", "CONTAINS", "lib"),
                ],
            }),
        }
        .to_string()
    }
}

/// Runs a program that signs an image, or attests something about it.
pub(crate) fn attach(
    tools: &Tools,
    program: &str,
    args: &[&str],
    image: &Image,
    what: Option<Predicate>,
) -> Outcome<Ran> {
    let file = what.map(|what| what.file(tools)).transpose()?;
    let reference = image.by_digest();
    let mut all = vec![if what.is_some() { "attest" } else { "sign" }];
    all.extend(args);
    if let (Some(what), Some(file)) = (what, &file) {
        all.extend(["--type", what.alias(), "--predicate", file]);
    }
    all.push(&reference);
    tools.run(program, all)
}

/// `127.0.0.1:PORT`, where the image lies.
pub(crate) fn host(image: &Image) -> &str {
    image.repository.split('/').next().unwrap_or_default()
}

fn package(name: &str) -> serde_json::Value {
    json!({
        "name": name,
        "SPDXID": format!("SPDXRef-{name}"),
        "versionInfo": "1.0",
        "downloadLocation": "NOASSERTION",
        "supplier": "Organization: Acme",
        "licenseConcluded": "Apache-2.0",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": format!("pkg:generic/{name}@1.0"),
        }],
    })
}

fn relationship(from: &str, kind: &str, to: &str) -> serde_json::Value {
    json!({
        "spdxElementId": format!("SPDXRef-{from}"),
        "relationshipType": kind,
        "relatedSpdxElement": format!("SPDXRef-{to}"),
    })
}

/// Who built it, as the provenance says and the policies want.
pub(crate) const BUILDER: &str = "https://builder.acme.example/v1";
