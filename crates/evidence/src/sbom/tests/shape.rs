//! The one shape that both formats come out in.

use serde_json::{Value, json};

use super::*;

#[test]
fn both_formats_come_out_in_one_shape() {
    let spdx = json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "api", "documentNamespace": "https://x/1",
        "creationInfo": {"created": "2026-01-02T03:04:05Z", "creators": ["Tool: syft-1.0"]},
        "packages": [
            {"SPDXID": "SPDXRef-a", "name": "zlib", "versionInfo": "1.3", "supplier": "Organization: Acme",
             "originator": "NOASSERTION", "downloadLocation": "https://zlib.net", "licenseConcluded": "Zlib",
             "licenseDeclared": "Zlib", "checksums": [{"algorithm": "SHA256", "checksumValue": "aa"}],
             "externalRefs": [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/zlib@1.3"},
                {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:z"}]},
            {"SPDXID": "SPDXRef-root", "name": "api", "downloadLocation": "NONE", "licenseConcluded": "NOASSERTION"}],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-root"},
            {"spdxElementId": "SPDXRef-root", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-a"}],
    });
    let cyclonedx = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "https://x/1",
        "metadata": {"timestamp": "2026-01-02T03:04:05Z", "tools": {"components": [{"name": "syft", "version": "1.0"}]},
                     "component": {"type": "container", "bom-ref": "root", "name": "api"}},
        "components": [{
            "type": "library", "bom-ref": "a", "name": "zlib", "version": "1.3", "purl": "pkg:deb/zlib@1.3",
            "cpe": "cpe:2.3:a:z", "supplier": {"name": "Acme"}, "licenses": [{"license": {"id": "Zlib"}}],
            "hashes": [{"alg": "SHA-256", "content": "aa"}],
            "externalReferences": [{"type": "distribution", "url": "https://zlib.net"}]}],
        "dependencies": [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a"}],
    });
    let zlib = json!({
        "name": "zlib", "version": "1.3", "purl": "pkg:deb/zlib@1.3", "cpes": ["cpe:2.3:a:z"], "licenses": ["Zlib"],
        "supplier": "Acme", "downloadLocation": "https://zlib.net", "checksums": {"sha256": "aa"},
    });
    let root = json!({"name": "api", "cpes": [], "licenses": [], "checksums": {}});
    let shape = |kind: &str,
                 version: &str,
                 root_at: usize,
                 packages: Value,
                 relationships: usize| {
        json!({
            "kind": kind, "specVersion": version, "created": "2026-01-02T03:04:05Z", "creators": ["Tool: syft-1.0"],
            "name": "api", "namespace": "https://x/1", "scope": "image", "root": root_at, "packages": packages,
            "relationships": relationships, "dependencies": 1,
        })
    };
    let as_json = |kind: &str, document: &Value| {
        serde_json::to_value(read_as(kind, &document.to_string()).unwrap()).unwrap()
    };
    assert_eq!(
        as_json(SPDX, &spdx),
        shape("spdx", "2.3", 1, json!([zlib, root]), 2)
    );
    assert_eq!(
        as_json(CYCLONEDX, &cyclonedx),
        shape("cyclonedx", "1.6", 0, json!([root, zlib]), 1)
    );
}

#[test]
fn nested_components_count_and_files_do_not() {
    let document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "components": [
            {"type": "library", "name": "a", "components": [
                {"type": "library", "name": "b", "components": [{"type": "library", "name": "c"}]}]},
            {"type": "file", "name": "/bin/sh", "components": [{"type": "library", "name": "d"}]}],
    });
    let sbom = read_as(CYCLONEDX, &document.to_string()).unwrap();
    let names: Vec<_> = sbom
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(
        (names.as_slice(), sbom.root),
        (["a", "b", "c", "d"].as_slice(), None)
    );
}
