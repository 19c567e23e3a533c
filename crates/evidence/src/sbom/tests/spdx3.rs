//! SPDX 3.0 as JSON-LD.

use serde_json::{Value, json};

use super::*;

/// The document that the shape tests have in the other formats, as the examples of the specification write theirs.
fn document() -> Value {
    let of = |kind: &str, id: &str, mut rest: Value| {
        rest["type"] = json!(kind);
        rest["spdxId"] = json!(id);
        rest["creationInfo"] = json!("_:creation");
        rest
    };
    let edge = |id: &str, from: &str, kind: &str, to: Value| {
        of(
            "Relationship",
            id,
            json!({"from": from, "relationshipType": kind, "to": to}),
        )
    };
    json!({
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "CreationInfo", "@id": "_:creation", "specVersion": "3.0.1", "created": "2026-01-02T03:04:05Z",
             "createdBy": ["urn:jo"], "createdUsing": ["urn:syft"]},
            of("Person", "urn:jo", json!({"name": "Jo"})),
            of("Organization", "urn:acme", json!({"name": "Acme"})),
            of("Tool", "urn:syft", json!({"name": "syft-1.0"})),
            of("SpdxDocument", "https://x/1", json!({"name": "api", "rootElement": ["urn:sbom"]})),
            of("software_Sbom", "urn:sbom", json!({"rootElement": ["urn:root"], "software_sbomType": ["analyzed"]})),
            of("software_Package", "urn:zlib", json!({
                "name": "zlib", "software_packageVersion": "1.3", "software_packageUrl": "pkg:deb/zlib@1.3",
                "software_downloadLocation": "https://zlib.net", "suppliedBy": "urn:acme", "originatedBy": ["urn:jo"],
                "externalIdentifier": [
                    {"type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:z"},
                    {"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:other"}],
                "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "aa"}]})),
            of("software_Package", "urn:root", json!({"name": "api"})),
            of("software_File", "urn:file", json!({"name": "./usr/lib/libz.so"})),
            of("simplelicensing_LicenseExpression", "urn:expression",
               json!({"simplelicensing_licenseExpression": "Zlib OR MIT"})),
            edge("urn:1", "urn:root", "dependsOn", json!(["urn:zlib", "urn:root"])),
            edge("urn:2", "urn:zlib", "contains", json!(["urn:file"])),
            edge("urn:3", "urn:zlib", "hasConcludedLicense", json!(["urn:expression"])),
            edge("urn:4", "urn:zlib", "hasDeclaredLicense", json!(["https://spdx.org/licenses/Zlib"])),
        ],
    })
}

#[test]
fn spdx_3_comes_out_in_the_one_shape() {
    let expected = json!({
        "kind": "spdx", "specVersion": "3.0.1", "created": "2026-01-02T03:04:05Z",
        "creators": ["Person: Jo", "Tool: syft-1.0"], "name": "api", "namespace": "https://x/1", "scope": "image", "root": 1,
        "packages": [
            {"name": "zlib", "version": "1.3", "purl": "pkg:deb/zlib@1.3", "cpes": ["cpe:2.3:a:z"],
             "licenses": ["Zlib OR MIT", "Zlib"], "supplier": "Acme", "originator": "Jo",
             "downloadLocation": "https://zlib.net", "checksums": {"sha256": "aa"}},
            {"name": "api", "cpes": [], "licenses": [], "checksums": {}}],
        "relationships": 5, "dependencies": 2,
    });
    for kind in [
        SPDX,
        "https://spdx.dev/Document/v3",
        "https://spdx.dev/Document/v3.0.1",
    ] {
        let sbom = read_as(kind, &document().to_string()).unwrap();
        assert_eq!(serde_json::to_value(sbom).unwrap(), expected, "{kind}");
    }
}

#[test]
fn other_ways_to_write_the_same_graph_are_read() {
    let plain = read_as(SPDX, &document().to_string()).unwrap();
    let mut listed = document();
    listed["@context"] = json!([listed["@context"]]);
    assert_eq!(read_as(SPDX, &listed.to_string()).unwrap(), plain);

    let mut inline = document();
    inline["@graph"][4]["creationInfo"] = inline["@graph"][0].take();
    inline["@graph"].as_array_mut().unwrap().remove(0);
    assert_eq!(read_as(SPDX, &inline.to_string()).unwrap(), plain);

    let mut direct = document();
    direct["@graph"][4]["rootElement"] = json!(["urn:root"]);
    assert_eq!(read_as(SPDX, &direct.to_string()).unwrap(), plain);

    let wrapped = json!({"Data": document()});
    assert_eq!(read_as(SPDX, &wrapped.to_string()).unwrap(), plain);

    // More than one thing described is no root, and neither is one that is not there.
    for roots in [
        json!(["urn:root", "urn:zlib"]),
        json!(["urn:nowhere"]),
        json!([]),
    ] {
        let mut other = document();
        other["@graph"][5]["rootElement"] = roots;
        assert_eq!(read_as(SPDX, &other.to_string()).unwrap().root, None);
    }
}

#[test]
fn a_graph_that_is_only_half_right_is_refused() {
    let changed = |pointer: &str, value: Value| {
        let mut document = document();
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    let second = document()["@graph"][4].clone();
    let mut twice = document();
    twice["@graph"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "SpdxDocument", "spdxId": "urn:other"}));
    let mut again = document();
    let package = again["@graph"][7].clone();
    again["@graph"].as_array_mut().unwrap().push(package);
    for (document, detail) in [
        (
            changed("/@context", json!("https://example.com")),
            "its @context",
        ),
        (
            changed(
                "/@context",
                json!([
                    "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
                    "https://evil.example"
                ]),
            ),
            "its @context",
        ),
        (changed("/@graph", json!([second])), "has no CreationInfo"),
        (
            changed("/@graph/4/type", json!("Bundle")),
            "not exactly one SpdxDocument",
        ),
        (
            changed("/@graph/4/creationInfo", json!("urn:jo")),
            "has no CreationInfo",
        ),
        (
            changed("/@graph/0/specVersion", json!(null)),
            "no specVersion",
        ),
        (
            changed("/@graph/7/name", json!(null)),
            "a package has no name",
        ),
        (changed("/@graph/7/name", json!(7)), "expected a string"),
        (changed("/@graph/7", json!([])), "expected an object"),
        (changed("/@graph/7/type", json!(null)), "expected a string"),
        (twice, "not exactly one SpdxDocument"),
        (again, "urn:root stands twice"),
    ] {
        check_refused(SPDX, &document, Reason::SbomMalformed, detail);
    }
    let later = changed(
        "/@context",
        json!("https://spdx.org/rdf/3.1/spdx-context.jsonld"),
    );
    check_refused(
        SPDX,
        &later,
        Reason::UnsupportedFormat,
        "SPDX 3.1 is not read",
    );
}

#[test]
fn names_may_be_very_many() {
    let mut many = document();
    let ids: Vec<_> = (0..40_000).map(|id| format!("urn:{id}")).collect();
    let licenses = ids
        .iter()
        .map(|id| format!("https://spdx.org/licenses/{id}"));
    let licenses: Vec<_> = licenses.collect();
    let graph = many["@graph"].as_array_mut().unwrap();
    graph[4]["rootElement"] = json!(vec!["urn:nothing"; 40_000]);
    graph.push(json!({
        "type": "Relationship", "from": "urn:root", "to": licenses, "relationshipType": "hasDeclaredLicense",
    }));
    let package = |id| json!({"type": "software_Package", "spdxId": id, "name": "a"});
    graph.extend(ids.iter().map(package));
    let text = many.to_string();
    // To compare each with each would take minutes.
    assert!(read_as(SPDX, &text).unwrap().packages.len() > 40_000);
}
