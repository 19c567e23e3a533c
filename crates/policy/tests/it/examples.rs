//! The documents in the reference are such as load.

use std::fs;
use std::path::Path;

use countersign_policy::{PolicySet, SourceFile, TrustRootFacts, TrustRoots, trust_root_sources};

use crate::authorities::root_certificate;
use crate::mistakes::KEY;
use crate::support::file;
use crate::trust_roots::public_good;

/// The blocks of the page in `language`, with a key, a certificate and a digest where it has dots.
fn blocks(language: &str) -> Vec<String> {
    let path = "../../docs/reference/policies.md";
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .map(|block| block.replace("\"-----BEGIN PUBLIC KEY-----…\"", &KEY))
        .map(|block| {
            let certificate = format!("\"{}\"", root_certificate());
            block.replace("\"-----BEGIN CERTIFICATE-----…\"", &certificate)
        })
        .map(|block| block.replace("@sha256:…", &format!("@sha256:{}", "0".repeat(64))))
        .collect()
}

/// A document of what the page shows, which may be a part of a policy.
fn document(number: usize, block: String) -> SourceFile {
    if block.starts_with("apiVersion:") {
        return file(&block);
    }
    let mut spec = format!(
        "apiVersion: countersign.dev/v1alpha1\nkind: ClusterImagePolicy\nmetadata: {{name: p{number}}}\nspec:\n  \
         images: {{include: [\"**\"]}}\n"
    );
    let has = |field: &str| block.lines().any(|line| line.starts_with(field));
    if !has("rules:") {
        spec += "  rules: [{rule: signature/signed}]\n";
    }
    if !has("authorities:") {
        let authority = |name| format!("{{name: {name}, key: {{pem: {}}}}}", *KEY);
        let authorities = ["release", "ci", "docker"].map(authority).join(", ");
        spec += &format!("  authorities: [{authorities}]\n");
    }
    block
        .lines()
        .for_each(|line| spec += &format!("  {line}\n"));
    file(&spec)
}

/// A rule that the page shows, where its package says that it stands.
fn rule(rego: String) -> SourceFile {
    let package = rego
        .lines()
        .find_map(|line| line.strip_prefix("package "))
        .unwrap();
    let folder = package.replace('.', "/");
    let id = package.rsplit('.').next().unwrap();
    SourceFile {
        path: format!("{folder}/{id}.rego"),
        text: rego,
    }
}

#[test]
fn everything_that_the_reference_shows_loads_together() {
    let shown = blocks("yaml").into_iter().enumerate();
    let mut files: Vec<SourceFile> = shown
        .map(|(number, block)| document(number, block))
        .collect();
    assert!(files.len() >= 5);
    files.extend(blocks("rego").into_iter().map(rule));
    let mut roots = TrustRoots::default();
    for source in trust_root_sources(&files) {
        roots.provide(&source.name, public_good(), TrustRootFacts::default());
    }
    PolicySet::load(&files, &roots).unwrap_or_else(|errors| panic!("{errors}"));
}
