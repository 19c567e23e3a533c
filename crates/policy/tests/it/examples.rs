//! The documents in the reference are such as load.

use std::fs;
use std::path::Path;

use countersign_policy::{PolicySet, SourceFile, TrustRootFacts, TrustRoots, trust_root_sources};

use crate::authorities::root_certificate;
use crate::mistakes::KEY;
use crate::support::file;
use crate::trust_roots::public_good;

/// The blocks of YAML of the page, with a key and a certificate where it has dots.
fn blocks() -> Vec<String> {
    let path = "../../docs/reference/policies.md";
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let blocks = page.split("```yaml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .map(|block| block.replace("\"-----BEGIN PUBLIC KEY-----…\"", &KEY))
        .map(|block| {
            let certificate = format!("\"{}\"", root_certificate());
            block.replace("\"-----BEGIN CERTIFICATE-----…\"", &certificate)
        })
        .collect()
}

/// Loads these documents with the trust root `lab` that the examples name.
#[track_caller]
fn load(documents: &[SourceFile]) {
    let mut roots = TrustRoots::default();
    for source in trust_root_sources(documents) {
        roots.provide(&source.name, public_good(), TrustRootFacts::default());
    }
    PolicySet::load(documents, &roots).unwrap_or_else(|errors| panic!("{errors}"));
}

#[test]
fn each_example_of_the_reference_loads() {
    let [whole, authorities, trust_root, builders] = blocks().try_into().unwrap();
    load(&[file(&whole)]);
    let indented =
        |text: &str| -> String { text.lines().map(|line| format!("  {line}\n")).collect() };
    let head = "apiVersion: countersign.dev/v1alpha1\nkind: ClusterImagePolicy\nmetadata: {name: a}\nspec:\n  \
                images: {include: [\"**\"]}\n  rules: [{rule: signature/signed}]\n";
    let spec = format!("{head}{}", indented(&authorities));
    load(&[file(&spec), file(&trust_root)]);
    let spec = format!(
        "{head}  authorities: [{{name: docker, key: {{pem: {}}}}}]\n{}",
        *KEY,
        indented(&builders)
    );
    load(&[file(&spec)]);
}
