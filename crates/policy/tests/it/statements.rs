//! Shipped rules on what signed SBOMs, scans and other statements say, from the signature to the verdict.

use serde_json::{Value, json};

use crate::support::{Image, Signer, load, policy};

const SCAN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
const VEX: &str = "https://openvex.dev/ns";
const TEST: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// What `rule` (an entry of `rules`, in one line) says of `image` where `signer` is the authority `ci`, and another is
/// `audit`.
fn codes(image: &Image, signers: (&Signer, &Signer), rule: &str) -> Vec<String> {
    let authorities = [("ci", signers.0), ("audit", signers.1)];
    let set = load(policy(
        &authorities,
        &format!("  rules:\n    - {{{rule}}}\n"),
    ));
    let verdict = image.judge(&set);
    let violations = verdict.violations.into_iter();
    violations
        .map(|violation| format!("{}:{}", violation.rule, violation.code))
        .collect()
}

fn scan(finished: &str, found: &[(&str, &str)]) -> Value {
    let found: Vec<Value> = found
        .iter()
        .map(|(id, severity)| {
            json!({
                "VulnerabilityID": id, "PkgName": "lib", "InstalledVersion": "1.0", "FixedVersion": "1.1",
                "Severity": severity, "PkgIdentifier": { "PURL": "pkg:npm/lib@1.0" },
            })
        })
        .collect();
    json!({
        "invocation": { "uri": "https://acme.example/runs/1" },
        "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@0.60", "version": "0.60",
            "result": { "SchemaVersion": 2, "ArtifactName": "api", "Results": [{ "Vulnerabilities": found }] },
        },
        "metadata": { "scanStartedOn": finished, "scanFinishedOn": finished },
    })
}

fn vex(status: &str, id: &str) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "author": "Acme", "timestamp": "2026-11-20T07:00:00Z", "version": 1,
        "statements": [{ "vulnerability": { "name": id }, "products": [{ "@id": "pkg:oci/api" }], "status": status }],
    })
}

fn bill() -> Value {
    let package = |name: &str, version: &str| {
        json!({
            "name": name, "SPDXID": format!("SPDXRef-{name}"), "versionInfo": version, "supplier": "Organization: Acme Inc.",
            "downloadLocation": "NOASSERTION", "licenseConcluded": "MIT OR GPL-3.0-only", "licenseDeclared": "NOASSERTION",
            "checksums": [{ "algorithm": "SHA256", "checksumValue": "ab" }],
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                "referenceLocator": format!("pkg:npm/{name}@{version}"),
            }],
        })
    };
    json!({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "api",
        "documentNamespace": "https://acme.example/sbom/1",
        "creationInfo": { "created": "2026-11-19T08:00:00Z", "creators": ["Tool: syft-1.2", "Organization: Acme Inc."] },
        "packages": [
            { "name": "api", "SPDXID": "SPDXRef-api", "downloadLocation": "NOASSERTION" },
            package("left-pad", "1.2.0"),
            package("lib", "1.0.0"),
        ],
        "relationships": [
            { "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-api" },
        ],
    })
}

#[test]
fn rules_on_what_an_sbom_lists_read_a_signed_one() {
    let (ci, audit) = (Signer::new(), Signer::new());
    let image = Image::new().attested(&ci, "https://spdx.dev/Document", &bill());
    let rows = [
        ("rule: sbom/fresh, params: {max_age_days: 2}", ""),
        (
            "rule: sbom/fresh, params: {max_age_days: 2, authorities: [audit]}",
            "sbom/fresh:no_sbom",
        ),
        (
            "rule: sbom/creators, params: {patterns: [\"Tool: syft-1[.].*\"]}",
            "",
        ),
        (
            "rule: sbom/creators, params: {allow: [\"Tool: syft-1\"]}",
            "sbom/creators:creator_not_accepted",
        ),
        ("rule: sbom/suppliers, params: {allow: [Acme Inc.]}", ""),
        (
            "rule: sbom/suppliers, params: {allow: [Acme]}",
            "sbom/suppliers:supplier_not_accepted",
        ),
        ("rule: sbom/licenses, params: {deny: [\"GPL-.*\"]}", ""),
        (
            "rule: sbom/licenses, params: {deny: [\"GPL-.*\", MIT]}",
            "sbom/licenses:license_not_acceptable",
        ),
        ("rule: sbom/minimum_elements, params: {standard: cisa}", ""),
        (
            "rule: sbom/packages, params: {deny: [{purl: \"pkg:npm/left-pad\", versions: \">=1.3.0\"}]}",
            "",
        ),
        (
            "rule: sbom/packages, params: {deny: [{purl: \"pkg:npm/left-pad\", versions: \"<1.3.0\"}]}",
            "sbom/packages:package_denied",
        ),
    ];
    for (rule, expected) in rows {
        assert_eq!(
            codes(&image, (&ci, &audit), rule).join(" "),
            expected,
            "{rule}"
        );
    }
}

#[test]
fn an_sbom_that_tells_less_than_the_minimum_is_not_enough() {
    let (ci, audit) = (Signer::new(), Signer::new());
    let image = Image::new().described_by(&ci, &["api", "lib"]);
    let found = codes(&image, (&ci, &audit), "rule: sbom/minimum_elements");
    assert_eq!(found, ["sbom/minimum_elements:elements_missing"]);
    let found = codes(&image, (&ci, &audit), "rule: sbom/licenses");
    assert_eq!(found, ["sbom/licenses:license_missing"]);
}

#[test]
fn what_a_scan_found_counts_unless_somebody_who_may_clears_it() {
    let (ci, audit) = (Signer::new(), Signer::new());
    let rule = "rule: vulnerability/severity, params: {maximum: medium, authorities: [ci]}";
    let found = |image: &Image| codes(image, (&ci, &audit), rule).join(" ");
    let scanned = |at: &str, severity: &str| {
        Image::new().attested(&ci, SCAN, &scan(at, &[("CVE-2026-1", severity)]))
    };
    let now = "2026-11-20T07:00:00Z";

    assert_eq!(found(&Image::new()), "vulnerability/severity:no_scan");
    assert_eq!(found(&scanned(now, "MEDIUM")), "");
    let severe = || scanned(now, "HIGH");
    assert_eq!(found(&severe()), "vulnerability/severity:too_severe");
    let clearing = vex("not_affected", "CVE-2026-1");
    assert_eq!(found(&severe().attested(&ci, VEX, &clearing)), "");
    let by_another = severe().attested(&audit, VEX, &clearing);
    assert_eq!(found(&by_another), "vulnerability/severity:too_severe");
    let affecting = vex("affected", "CVE-2026-1");
    let disputed = severe()
        .attested(&ci, VEX, &clearing)
        .attested(&audit, VEX, &affecting);
    assert_eq!(found(&disputed), "vulnerability/severity:too_severe");
    let young = scanned("2026-11-19T07:00:00Z", "HIGH").attested(&ci, SCAN, &scan(now, &[]));
    assert_eq!(found(&young), "");
}

#[test]
fn a_scan_must_be_recent_and_free_of_what_is_exploited() {
    let (ci, audit) = (Signer::new(), Signer::new());
    let image = Image::new().attested(
        &ci,
        SCAN,
        &scan("2026-11-13T07:00:00Z", &[("CVE-2021-44228", "LOW")]),
    );
    let rows = [
        ("rule: vulnerability/scanned, params: {max_age_days: 8}", ""),
        (
            "rule: vulnerability/scanned, params: {max_age_days: 7}",
            "vulnerability/scanned:scan_insufficient",
        ),
        (
            "rule: vulnerability/exploited, params: {vulnerabilities: [CVE-2021-44228]}",
            "vulnerability/exploited:exploited",
        ),
        (
            "rule: vulnerability/exploited, params: {vulnerabilities: [CVE-2021-45046]}",
            "",
        ),
    ];
    for (rule, expected) in rows {
        assert_eq!(
            codes(&image, (&ci, &audit), rule).join(" "),
            expected,
            "{rule}"
        );
    }
}

#[test]
fn a_schema_sees_the_predicate_of_the_type_that_a_parameter_names() {
    let (ci, audit) = (Signer::new(), Signer::new());
    let tested = |result: &str| Image::new().attested(&ci, TEST, &json!({ "result": result }));
    let schema =
        "schema: {type: object, required: [result], properties: {result: {enum: [PASSED]}}}";
    let rule = format!("rule: attestation/schema, params: {{predicate_type: {TEST}, {schema}}}");
    let pair = (&ci, &audit);
    assert_eq!(codes(&tested("PASSED"), pair, &rule), [""; 0]);
    let failed = codes(&tested("FAILED"), pair, &rule);
    assert_eq!(failed, ["attestation/schema:schema_mismatch"]);
    let other = Image::new().attested(&ci, VEX, &json!({ "result": "PASSED" }));
    assert_eq!(
        codes(&other, pair, &rule),
        ["attestation/schema:no_attestation"]
    );

    let required = format!("rule: attestation/required, params: {{predicate_type: {TEST}}}");
    assert_eq!(codes(&tested("FAILED"), pair, &required), [""; 0]);
    assert_eq!(
        codes(&other, pair, &required),
        ["attestation/required:no_attestation"]
    );
}
