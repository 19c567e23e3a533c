//! SPDX as tag-value text.

use serde_json::json;

use super::*;

const TEXT: &str = "\
# made by hand
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: api
DocumentNamespace: https://x/1
Creator: Tool: syft-1.0
Created: 2026-01-02T03:04:05Z
CreatorComment: <text>Two
lines: SPDXID: SPDXRef-x</text>

PackageName: zlib
SPDXID: SPDXRef-a
PackageVersion: 1.3
PackageSupplier: Organization: Acme
PackageOriginator: NOASSERTION
PackageDownloadLocation: https://zlib.net
PackageLicenseConcluded: Zlib
PackageLicenseDeclared: Zlib
PackageChecksum: SHA256: aa
PackageCopyrightText: <text>one line</text>
ExternalRef: PACKAGE-MANAGER purl pkg:deb/zlib@1.3
ExternalRef: SECURITY cpe23Type cpe:2.3:a:z

FileName: ./usr/lib/libz.so
SPDXID: SPDXRef-file
FileChecksum: SHA1: 00
LicenseConcluded: Zlib

PackageName: api
SPDXID: SPDXRef-root
PackageDownloadLocation: NONE
PackageLicenseConcluded: NOASSERTION

LicenseID: LicenseRef-1
ExtractedText: <text>free</text>
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-root
Relationship: SPDXRef-root DEPENDS_ON SPDXRef-a
";

fn read_text(text: &str) -> Result<Sbom, Refusal> {
    read_as(SPDX, &json!(text).to_string())
}

#[test]
fn tag_value_text_says_what_the_same_document_says_in_json() {
    let expected = json!({
        "kind": "spdx", "specVersion": "2.3", "created": "2026-01-02T03:04:05Z", "creators": ["Tool: syft-1.0"],
        "name": "api", "namespace": "https://x/1", "scope": "image", "root": 1,
        "packages": [
            {"name": "zlib", "version": "1.3", "purl": "pkg:deb/zlib@1.3", "cpes": ["cpe:2.3:a:z"], "licenses": ["Zlib"],
             "supplier": "Acme", "downloadLocation": "https://zlib.net", "checksums": {"sha256": "aa"}},
            {"name": "api", "cpes": [], "licenses": [], "checksums": {}}],
        "relationships": 2, "dependencies": 1,
    });
    let sbom = read_text(TEXT).unwrap();
    assert_eq!(serde_json::to_value(&sbom).unwrap(), expected);
    // As older cosign wraps it, with Windows' line ends, and with a version in the type.
    let wrapped = json!({"Data": TEXT, "Timestamp": "2022-01-01T00:00:00Z"});
    assert_eq!(read_as(SPDX, &wrapped.to_string()).unwrap(), sbom);
    assert_eq!(read_text(&TEXT.replace('\n', "\r\n")).unwrap(), sbom);
    let typed = read_as("https://spdx.dev/Document/v2.3", &json!(TEXT).to_string());
    assert_eq!(typed.unwrap(), sbom);
    let other = json!(TEXT);
    check_refused(
        "https://spdx.dev/Document/v3",
        &other,
        Reason::PredicateMismatch,
        "the content is SPDX 2",
    );
}

#[test]
fn text_that_is_half_right_is_refused() {
    for (from, to, detail) in [
        (
            "SPDXVersion: SPDX-2.3\n",
            "",
            "spdxVersion is no SPDX version",
        ),
        (
            "SPDXID: SPDXRef-DOCUMENT\n",
            "",
            "its SPDXID is not SPDXRef-DOCUMENT",
        ),
        ("SPDXID: SPDXRef-a\n", "", "the package zlib has no SPDXID"),
        ("PackageVersion: 1.3\n", "no tag\n", "no tag: \"no tag\""),
        ("free</text>", "free", "a <text> has no end"),
        // Or else what follows, up to the next end, is a text to some and packages to others.
        (
            "one line</text>",
            "one line</text> more",
            "something stands behind a </text>",
        ),
        (
            "SPDXRef-x</text>",
            "SPDXRef-x</text> PackageName: other",
            "something stands behind a </text>",
        ),
        (
            "PackageName: api\n",
            "PackageName : api\n",
            "no tag: \"PackageName : api\"",
        ),
        (
            "PackageName: api\n",
            "PackageName\n",
            "no tag: \"PackageName\"",
        ),
        ("DEPENDS_ON SPDXRef-a", "DEPENDS_ON", "Relationship is"),
        (
            "SECURITY cpe23Type cpe:2.3:a:z",
            "SECURITY cpe23Type",
            "ExternalRef is",
        ),
        (
            "PackageChecksum: SHA256: aa",
            "PackageChecksum: aa",
            "PackageChecksum is",
        ),
        (
            "PackageVersion: 1.3\n",
            "PackageVersion: 1.3\nPackageVersion: 1.4\n",
            "PackageVersion stands twice",
        ),
        (
            "DataLicense",
            "SPDXVersion: SPDX-2.2\nDataLicense",
            "SPDXVersion stands twice",
        ),
    ] {
        assert!(TEXT.contains(from), "{from}");
        let refusal = read_text(&TEXT.replacen(from, to, 1)).unwrap_err();
        assert_eq!(refusal.reason, Reason::SbomMalformed, "{to}");
        assert!(refusal.detail.contains(detail), "{}", refusal.detail);
    }
    let refusal = read_text(&TEXT.replace("SPDX-2.3", "SPDX-2.1")).unwrap_err();
    assert_eq!(refusal.reason, Reason::UnsupportedFormat);
    for nothing in ["", " ", "hello", "# only a comment\n"] {
        assert_eq!(
            read_text(nothing).unwrap_err().reason,
            Reason::SbomMalformed,
            "{nothing:?}"
        );
    }
}

#[test]
fn packages_of_a_text_are_counted_as_objects_are() {
    let text = format!("{TEXT}{}", "PackageName: a\nSPDXID: b\n".repeat(500_000));
    let refusal = read_text(&text).unwrap_err();
    assert_eq!(refusal.reason, Reason::TooMany);
    assert_eq!(refusal.detail, "it has more than 500000 objects");
}
