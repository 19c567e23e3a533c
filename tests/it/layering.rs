//! The dependency graph says what the architecture says.

use std::collections::BTreeSet;
use std::process::Command;

/// Asks cargo for what a crate links. `cargo tree -p` rather than metadata: metadata unifies features over the
/// workspace and would show what no build has.
fn links(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "-p",
            package,
            "-e",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--format", "{lib}"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let crates: BTreeSet<_> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        // A crate shown before carries a mark behind its name.
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    assert!(
        crates.contains(&package.replace('-', "_")) || package == "countersign-cli",
        "{package}: nothing to judge by"
    );
    crates
}

#[track_caller]
fn links_none_of(package: &str, forbidden: &[&str]) {
    let linked = links(package);
    let found: Vec<_> = forbidden
        .iter()
        .filter(|name| linked.contains(**name))
        .collect();
    assert!(found.is_empty(), "{package} links {found:?}");
}

#[test]
fn pure_crates_link_no_io() {
    for package in [
        "countersign-image",
        "countersign-workload",
        "countersign-evidence",
        "countersign-policy",
    ] {
        links_none_of(
            package,
            &["tokio", "hyper", "reqwest", "kube", "axum", "rustls"],
        );
    }
}

#[test]
fn review_knows_no_registry() {
    links_none_of(
        "countersign-review",
        &["countersign_registry", "hyper", "reqwest", "kube"],
    );
}

#[test]
fn the_webhook_cannot_sign() {
    links_none_of(
        "countersign-webhook",
        &["countersign_signing", "scrypt", "crypto_secretbox"],
    );
}

#[test]
fn products_link_no_test_equipment() {
    for package in [
        "countersign-webhook",
        "countersign-cli",
        "countersign-certs",
    ] {
        links_none_of(package, &["countersign_testkit", "oci_client", "insta"]);
    }
}

#[test]
fn only_policy_knows_rego() {
    for package in [
        "countersign-image",
        "countersign-workload",
        "countersign-registry",
        "countersign-evidence",
        "countersign-signing",
    ] {
        links_none_of(package, &["regorus"]);
    }
}

#[test]
fn there_is_one_tls_stack_and_one_provider() {
    for package in ["countersign-webhook", "countersign-cli"] {
        links_none_of(package, &["ring", "openssl", "native_tls"]);
    }
}

#[test]
fn each_crate_uses_only_what_stands_before_it() {
    let order = [
        ("countersign-image", vec![]),
        ("countersign-workload", vec!["countersign_image"]),
        (
            "countersign-registry",
            vec!["countersign_image", "countersign_workload"],
        ),
        (
            "countersign-evidence",
            vec!["countersign_image", "countersign_workload"],
        ),
        (
            "countersign-policy",
            vec![
                "countersign_image",
                "countersign_workload",
                "countersign_evidence",
            ],
        ),
        (
            "countersign-review",
            vec![
                "countersign_image",
                "countersign_workload",
                "countersign_evidence",
                "countersign_policy",
            ],
        ),
    ];
    for (package, before) in order {
        let itself = package.replace('-', "_");
        for linked in links(package) {
            let ours = linked.starts_with("countersign_") && linked != itself;
            assert!(
                !ours || before.contains(&linked.as_str()),
                "{package} links {linked}"
            );
        }
    }
}
