//! The pages, command by command: what they tell the reader to do works, and prints what they say it does.

use std::fs;

use countersign_testkit::{Identity, TestRegistry};

use super::{Ended, Shell};
use crate::docs::{pages, root};
use crate::world::fixtures;

/// Blocks of commands that no test can run: the page, what the block begins with, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    (
        "README.md",
        "make test",
        "builds everything, this test included; CI and `make` do that",
    ),
    (
        "charts/countersign/README.md",
        "countersign-certs issue",
        "needs Helm and a cluster: the scenarios of kind-e2e have them",
    ),
    (
        "charts/countersign/README.md",
        "countersign-certs status",
        "needs Helm and a cluster: the scenarios of kind-e2e have them",
    ),
    (
        "docs/reference/trust-roots.md",
        "countersign trust-root update public-good",
        "asks public TUF repositories; cli/trust_root.rs updates from one of the testkit's",
    ),
    (
        "kind-e2e/README.md",
        "cargo build -p countersign-cli",
        "downloads and builds the peers: `make e2e` does that",
    ),
    (
        "kind-e2e/README.md",
        "kind create cluster",
        "needs a cluster in containers",
    ),
];

/// Commands, what they exit with, and lines that they print.
struct Block {
    script: String,
    code: i32,
    prints: Vec<String>,
}

#[tokio::test]
async fn what_the_pages_tell_to_run_does_what_they_say() {
    let (mut ran, mut left) = (0, NOT_RUN.to_vec());
    for path in pages() {
        let page = path.strip_prefix(root()).unwrap().to_str().unwrap();
        let mut blocks = blocks(page, &fs::read_to_string(&path).unwrap());
        blocks.retain(|block| {
            let is_it = |(at, begin, _): &(&str, &str, &str)| {
                *at == page && block.script.starts_with(begin)
            };
            let listed = left.iter().position(is_it);
            listed.map(|listed| left.remove(listed)).is_none()
        });
        if blocks.is_empty() {
            continue;
        }
        let shell = given(page).await;
        for block in &blocks {
            let ended = run(&shell, &block.script).await;
            assert_eq!(
                ended.code, block.code,
                "{page}:\n{}\n{ended:#?}",
                block.script
            );
            for line in &block.prints {
                let said = ended.stdout.contains(line) || ended.stderr.contains(line);
                assert!(said, "{page}: {line}\n{}\n{ended:#?}", block.script);
            }
        }
        ran += blocks.len();
    }
    assert!(left.is_empty(), "no page has {left:?}");
    assert!(ran >= 12, "only {ran} blocks");
}

/// A folder with what `page` takes for granted, and a registry that has an image.
async fn given(page: &str) -> Shell {
    let identity = Identity::new(&["127.0.0.1"]);
    let shell = Shell::new(TestRegistry::builder().tls(&identity)).await;
    shell.image("shop/api", "1.0", "a good build");
    shell.write("ca.pem", identity.ca_pem());
    match page {
        "README.md" => {
            for sample in ["provenance.json", "sbom.spdx.json"] {
                fs::copy(fixtures().join("demo").join(sample), shell.path(sample)).unwrap();
            }
        }
        "docs/reference/policies.md" => {
            fs::create_dir(shell.path("policies")).unwrap();
            shell.write("policies/production.yaml", POLICY);
            shell.write("pod.yaml", POD);
        }
        _ => {}
    }
    shell
}

async fn run(shell: &Shell, script: &str) -> Ended {
    let folder = super::binary().parent().unwrap().to_owned();
    let mut command = tokio::process::Command::new("bash");
    let script = script.replace("registry.example.com", shell.registry.host());
    let output = command
        .args(["-euo", "pipefail", "-c", &format!("{SERVER}\n{script}")])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .env("HOME", shell.folder.path())
        .env("COSIGN_PASSWORD", "")
        .env("REGISTRY", shell.registry.host())
        .env("SSL_CERT_FILE", shell.path("ca.pem"))
        .env("COUNTERSIGN_LISTEN", "127.0.0.1:0")
        .env("COUNTERSIGN_METRICS_LISTEN", "127.0.0.1:0")
        .env("COUNTERSIGN_DRAIN_SECONDS", "0")
        .current_dir(shell.folder.path())
        .output()
        .await
        .unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The blocks `sh` of a page, each with the block `text` that follows it.
fn blocks(name: &str, page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for fence in page.split("\n```").skip(1).step_by(2) {
        let (kind, text) = fence.split_once('\n').unwrap_or((fence, ""));
        match (kind, blocks.last_mut()) {
            ("sh", _) => blocks.push(Block {
                code: exit_code(text),
                script: text.to_owned(),
                prints: Vec::new(),
            }),
            ("text", Some(last)) => last.prints.extend(text.lines().map(str::to_owned)),
            ("text" | "yaml" | "json" | "rego", _) => {}
            (other, _) => panic!("{name}: a block of {other:?} is neither run nor printed"),
        }
    }
    blocks
}

/// A command that is to fail says so, and is the last of its block.
fn exit_code(script: &str) -> i32 {
    let said = script.trim_end().rsplit_once("# exits with ");
    said.map_or(0, |(_, code)| code.parse().unwrap())
}

/// A server runs until it is told to stop, and then ends well.
const SERVER: &str =
    "countersign-webhook() { timeout --preserve-status 2 countersign-webhook \"$@\"; }";
/// For pages that are about something else than policies and pods.
const POLICY: &str = "apiVersion: countersign.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {name: production}
spec:
  images: {include: ['REGISTRY/**']}
  authorities:
    - name: ci
      keyless: {trustRoot: public-good, identities: [{issuer: 'https://ci.example', subject: release}]}
  rules: [{rule: image/trusted, params: {reason: ours}}]
";
const POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: api}
spec: {containers: [{name: api, image: 'REGISTRY/shop/api:1.0'}]}
";
