//! What BuildKit had looked at.

use serde_json::{Value, json};

use super::*;

fn spdx(name: &str, creator: &str, namespace: &str) -> String {
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": name, "documentNamespace": namespace,
        "creationInfo": {"creators": [creator]},
    })
    .to_string()
}

fn scope_of(carried: Carried, document: &str) -> SbomScope {
    let sbom = read_carried(carried, SPDX, document).unwrap();
    sbom.unwrap().scope
}

#[test]
fn the_sbom_of_a_context_or_a_stage_is_told_from_that_of_the_image() {
    let syft = "Tool: syft-v1.0";
    for (name, scope) in [
        ("sbom", SbomScope::Image),
        ("sbom-context", SbomScope::Context),
        ("sbom-build", SbomScope::Stage),
        ("sbom-stage-0", SbomScope::Stage),
        ("sbom-context-2", SbomScope::Stage),
        ("sbom-", SbomScope::Image),
        ("app", SbomScope::Image),
    ] {
        assert_eq!(
            scope_of(Carried::Bare, &spdx(name, syft, "https://x")),
            scope,
            "{name}"
        );
        // Signed later, as an attestation of its own, it says the same: who wrote it shows who named it.
        let namespace = format!("https://anchore.com/syft/dir/{name}-0b5c3dfa-1");
        assert_eq!(
            scope_of(Carried::Signed, &spdx(name, syft, &namespace)),
            scope,
            "{name}"
        );
        let by_buildkit = spdx(name, "Tool: buildkit-v0.11.0", "https://x");
        assert_eq!(scope_of(Carried::Signed, &by_buildkit), scope, "{name}");
    }
}

#[test]
fn names_of_others_that_look_alike_mean_nothing() {
    let digest = format!("sbom-sha256:{}", "0".repeat(64));
    for (carried, name) in [
        (Carried::Signed, "sbom-context"),
        (Carried::Signed, "sbom-operator"),
        (Carried::Signed, digest.as_str()),
        (Carried::Bare, digest.as_str()),
        (Carried::Bare, "sbom-a b"),
        (Carried::Bare, "sbom-acme/app"),
    ] {
        let document = spdx(name, "Tool: ko", "https://anchore.com/syft/image/app-1");
        assert_eq!(scope_of(carried, &document), SbomScope::Image, "{name}");
    }
}

#[test]
fn real_ones_of_buildkit_are_of_the_image() {
    for digest in [
        "da5651e8877b960aa30f32f317fbeba28f5e06f1ce4d3895b3b8770140280a2e",
        "a9646604f9522bf59d203a86ac5c2354a573ea041b8846409c4fc0f8c4a70850",
    ] {
        let path = format!("layouts/buildkit-unsigned-index/blobs/sha256/{digest}");
        let statement: Value = serde_json::from_slice(&fixture(&path)).unwrap();
        let sbom = read_carried(Carried::Bare, SPDX, &statement["predicate"].to_string())
            .unwrap()
            .unwrap();
        assert_eq!(
            (sbom.name.as_deref(), sbom.scope),
            (Some("sbom"), SbomScope::Image)
        );
        assert_eq!(
            sbom.creators,
            [
                "Organization: Anchore, Inc",
                "Tool: syft-v0.105.0",
                "Tool: buildkit-v0.12.4"
            ]
        );
        assert_eq!(
            (sbom.packages.len(), sbom.root, sbom.relationships),
            (1, Some(0), 1)
        );
    }
}
