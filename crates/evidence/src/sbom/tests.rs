#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

mod scope;
mod shape;
mod spdx3;
mod tag_value;

use serde_json::{Value, json};

use super::*;
use crate::testing::fixture;

const SPDX: &str = predicate::SPDX;
const CYCLONEDX: &str = predicate::CYCLONEDX;

fn read_as(predicate_type: &str, predicate: &str) -> Result<Sbom, Refusal> {
    read_carried(Carried::Signed, predicate_type, predicate)
        .map(|sbom| sbom.expect("an SBOM and no VEX"))
}

fn read_carried(
    carried: Carried,
    predicate_type: &str,
    predicate: &str,
) -> Result<Option<Sbom>, Refusal> {
    check_strict(predicate.as_bytes()).unwrap();
    let family = predicate::family(predicate_type).unwrap();
    read(family, carried, predicate_type, predicate)
}

fn read_file(predicate_type: &str, file: &str) -> Sbom {
    read_as(
        predicate_type,
        std::str::from_utf8(&fixture(&format!("sbom/{file}"))).unwrap(),
    )
    .unwrap()
}

#[track_caller]
fn check_refused(predicate_type: &str, predicate: &Value, reason: Reason, detail: &str) {
    let refusal = read_as(predicate_type, &predicate.to_string()).unwrap_err();
    assert_eq!(refusal.reason, reason, "{refusal:?}");
    assert!(refusal.detail.contains(detail), "{}", refusal.detail);
}

#[test]
fn documents_of_real_tools_are_read() {
    type Row = (
        &'static str,
        &'static str,
        &'static str,
        usize,
        Option<usize>,
        usize,
        usize,
    );
    let rows: [Row; 7] = [
        (SPDX, "small-spdx.json", "2.2", 3, None, 0, 0),
        (SPDX, "alpine-small-spdx.json", "2.2", 3, None, 77, 2),
        (SPDX, "redis.json", "2.2", 99, None, 3034, 0),
        (
            SPDX,
            "syft-spdx-k8s.gcr.io-kube-apiserver.v1.25.1.json",
            "2.2",
            143,
            None,
            0,
            0,
        ),
        (CYCLONEDX, "busybox-cyclonedx.json", "1.4", 2, Some(0), 0, 0),
        (
            CYCLONEDX,
            "syft-cyclonedx-docker.io-library-nginx.latest.json",
            "1.4",
            145,
            Some(0),
            0,
            0,
        ),
        (
            CYCLONEDX,
            "cyclonedx-components-nested.json",
            "1.4",
            3,
            Some(0),
            2,
            2,
        ),
    ];
    for (kind, file, version, packages, root, relationships, dependencies) in rows {
        let sbom = read_file(kind, file);
        let counts = (
            sbom.packages.len(),
            sbom.root,
            sbom.relationships,
            sbom.dependencies,
        );
        assert_eq!(
            (sbom.spec_version.as_str(), counts),
            (version, (packages, root, relationships, dependencies)),
            "{file}"
        );
        assert!(
            sbom.packages.iter().all(|package| !package.name.is_empty()),
            "{file}"
        );
        assert!(!sbom.creators.is_empty() || file == "cyclonedx-components-nested.json");
    }
}

#[test]
fn a_document_that_is_only_half_right_is_refused() {
    let text = String::from_utf8(fixture("sbom/invalid-spdx.json")).unwrap();
    assert_eq!(
        read_as(SPDX, &text).unwrap_err().reason,
        Reason::SbomMalformed
    );
    let good: Value = serde_json::from_slice(&fixture("sbom/alpine-small-spdx.json")).unwrap();
    let changed = |pointer: &str, value: Value| {
        let mut document = good.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    for (document, detail) in [
        (
            changed("/SPDXID", json!("SPDXRef-x")),
            "its SPDXID is not SPDXRef-DOCUMENT",
        ),
        (changed("/packages", json!({})), "expected a sequence"),
        (changed("/packages/1/name", json!(7)), "expected a string"),
        (
            changed("/packages/2", json!({"SPDXID": "SPDXRef-x"})),
            "missing field `name`",
        ),
        (changed("/creationInfo", json!(null)), "expected an object"),
        (changed("/relationships", json!([{}])), "missing field"),
    ] {
        check_refused(SPDX, &document, Reason::SbomMalformed, detail);
    }
    let component = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library"}]});
    check_refused(
        CYCLONEDX,
        &component,
        Reason::SbomMalformed,
        "missing field `name`",
    );
    check_refused(
        CYCLONEDX,
        &json!({"bomFormat": "Other", "specVersion": "1.6"}),
        Reason::SbomMalformed,
        "bomFormat",
    );
}

#[test]
fn content_of_another_format_than_the_type_says_is_told_apart() {
    let spdx = json!({"spdxVersion": "SPDX-2.3"});
    let cyclonedx = json!({"bomFormat": "CycloneDX", "specVersion": "1.6"});
    let spdx3 = json!({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []});
    let syft = json!({"artifacts": [], "source": {}, "descriptor": {"name": "syft"}, "schema": {}});
    let mixed = json!({"spdxVersion": "SPDX-2.3", "bomFormat": "CycloneDX"});
    check_refused(
        SPDX,
        &cyclonedx,
        Reason::PredicateMismatch,
        "the content is CycloneDX, but its type is https://spdx",
    );
    check_refused(
        CYCLONEDX,
        &spdx,
        Reason::PredicateMismatch,
        "the content is SPDX 2, but its type is https://cyc",
    );
    check_refused(
        "https://spdx.dev/Document/v3.0",
        &spdx,
        Reason::PredicateMismatch,
        "SPDX 2",
    );
    for other in [CYCLONEDX, "https://spdx.dev/Document/v2.3"] {
        check_refused(other, &spdx3, Reason::PredicateMismatch, "SPDX 3");
    }
    for kind in [SPDX, CYCLONEDX] {
        check_refused(
            kind,
            &syft,
            Reason::PredicateMismatch,
            "the content is Syft's own format (write it with `syft -o spdx-json`)",
        );
    }
    for nothing in [json!({}), json!([]), json!(null), json!(1), mixed] {
        for kind in [SPDX, CYCLONEDX] {
            assert_eq!(
                read_as(kind, &nothing.to_string()).unwrap_err().reason,
                Reason::SbomMalformed,
                "{nothing}"
            );
        }
    }
}

#[test]
fn a_document_that_two_readers_could_take_for_two_formats_is_refused() {
    let spdx: Value = serde_json::from_slice(&fixture("sbom/alpine-small-spdx.json")).unwrap();
    let cyclonedx: Value = serde_json::from_slice(&fixture("sbom/busybox-cyclonedx.json")).unwrap();
    let neither = "neither SPDX nor CycloneDX";
    for (kind, document, member) in [
        (SPDX, &spdx, "bomFormat"),
        (CYCLONEDX, &cyclonedx, "spdxVersion"),
    ] {
        let mut both = document.clone();
        both[member] = json!("CycloneDX");
        check_refused(kind, &both, Reason::SbomMalformed, neither);
        let mut graph = document.clone();
        graph["@context"] = json!("https://spdx.org/rdf/3.0.1/spdx-context.jsonld");
        graph["@graph"] = json!([]);
        check_refused(kind, &graph, Reason::SbomMalformed, neither);
    }
}

#[test]
fn an_sbom_of_too_many_objects_is_refused_before_it_is_read() {
    let component = r#"{"type":"library","name":"a"}"#;
    let document = |components: usize| {
        let list = vec![component; components].join(",");
        format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{list}]}}"#)
    };
    assert!(read_as(CYCLONEDX, &document(1_000)).is_ok());
    let refusal = read_as(CYCLONEDX, &document(500_000)).unwrap_err();
    assert_eq!(refusal.reason, Reason::TooMany);
    assert_eq!(refusal.detail, "it has more than 500000 objects");
    // In a string, where a brace may be spelt with an escape, they are as many.
    let wrapped = json!(document(500_000)).to_string().replace('{', "\\u007b");
    let refusal = read_as(CYCLONEDX, &wrapped).unwrap_err();
    assert_eq!(refusal.detail, "it has more than 500000 objects");
}

#[test]
fn a_vex_is_no_sbom_and_no_lie() {
    let vex = String::from_utf8(fixture("sbom/cyclonedx-vex-affected.json")).unwrap();
    let found = read_carried(Carried::Signed, CYCLONEDX, &vex).unwrap();
    assert_eq!(found, None);
    // One that lists what it is about, and what is wrong with it, is both.
    let mut both: Value = serde_json::from_str(&vex).unwrap();
    both["components"] = json!([{"type": "library", "name": "log4j"}]);
    assert_eq!(
        read_as(CYCLONEDX, &both.to_string())
            .unwrap()
            .packages
            .len(),
        2
    );
    let mut empty: Value = serde_json::from_str(&vex).unwrap();
    empty["components"] = json!([]);
    let found = read_carried(Carried::Signed, CYCLONEDX, &empty.to_string()).unwrap();
    assert_eq!(found, None);
    // An image may be empty: no vulnerability is listed, so it is an SBOM.
    both.as_object_mut().unwrap().remove("vulnerabilities");
    both["components"] = json!([]);
    assert_eq!(
        read_as(CYCLONEDX, &both.to_string())
            .unwrap()
            .packages
            .len(),
        1
    );
}

#[test]
fn versions_that_are_not_read_are_named() {
    let spdx = |version: &str| json!({"spdxVersion": version, "SPDXID": "SPDXRef-DOCUMENT", "creationInfo": {}});
    let cyclonedx = |version: &str| json!({"bomFormat": "CycloneDX", "specVersion": version});
    assert!(
        read_as(
            "https://spdx.dev/Document/v2.3",
            &spdx("SPDX-2.3").to_string()
        )
        .is_ok()
    );
    check_refused(
        SPDX,
        &spdx("SPDX-2.1"),
        Reason::UnsupportedFormat,
        "SPDX 2.1 is not read",
    );
    check_refused(SPDX, &spdx("2.3"), Reason::SbomMalformed, "spdxVersion");
    for version in ["1.4", "1.5", "1.6", "1.7"] {
        assert!(
            read_as(
                "https://cyclonedx.org/bom/v1.6",
                &cyclonedx(version).to_string()
            )
            .is_ok()
        );
    }
    check_refused(
        CYCLONEDX,
        &cyclonedx("1.3"),
        Reason::UnsupportedFormat,
        "CycloneDX 1.3 is not read",
    );
}

#[test]
fn wrappers_of_older_cosign_are_opened() {
    let text = String::from_utf8(fixture("sbom/busybox-cyclonedx.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let plain = read_as(CYCLONEDX, &text).unwrap();
    for wrapped in [
        json!({"Data": document, "Timestamp": "2022-01-01T00:00:00Z"}),
        json!({"Data": text}),
        json!(text),
    ] {
        assert_eq!(read_as(CYCLONEDX, &wrapped.to_string()).unwrap(), plain);
    }
    // Not a wrapper, but a document with a member of that name.
    let mut extended = document.clone();
    extended["Data"] = json!({"spdxVersion": "SPDX-2.3"});
    assert_eq!(read_as(CYCLONEDX, &extended.to_string()).unwrap(), plain);
    let twice = text.replacen('{', "{\"bomFormat\":\"x\",", 1);
    check_refused(
        CYCLONEDX,
        &json!({"Data": twice}),
        Reason::SbomMalformed,
        "twice",
    );
    for (kind, xml) in [(SPDX, "<rdf:RDF/>"), (CYCLONEDX, "\n<bom/>")] {
        check_refused(
            kind,
            &json!({"Data": xml}),
            Reason::UnsupportedFormat,
            "XML",
        );
        check_refused(kind, &json!(xml), Reason::UnsupportedFormat, "XML");
    }
    check_refused(
        CYCLONEDX,
        &json!("SPDXVersion: SPDX-2.3\n"),
        Reason::SbomMalformed,
        "text, and not JSON",
    );
    let inner = json!({"Data": {"Data": document}});
    check_refused(CYCLONEDX, &inner, Reason::SbomMalformed, "neither");
}

#[test]
fn a_statement_as_trivy_writes_it_is_read() {
    let envelope: Value =
        serde_json::from_slice(&fixture("sbom/trivy-centos-7-cyclonedx.intoto.jsonl")).unwrap();
    let payload = crate::base64::decode(envelope["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let sbom = read_as(
        statement["predicateType"].as_str().unwrap(),
        &statement["predicate"].to_string(),
    )
    .unwrap();
    assert_eq!(
        (sbom.packages.len(), sbom.root, sbom.dependencies),
        (4, Some(0), 3)
    );
    assert_eq!(sbom.creators, ["Tool: trivy-dev"]);
}
