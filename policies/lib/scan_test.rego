package lib.scan_test

import data.lib.scan

test_reads_a_report_of_trivy if {
	item := {
		"VulnerabilityID": "CVE-1", "PkgName": "lib", "InstalledVersion": "1.0", "FixedVersion": "1.1",
		"PkgIdentifier": {"PURL": "pkg:deb/debian/lib@1.0"}, "Severity": "HIGH",
	}
	scan.findings(_trivy([{"Vulnerabilities": [item]}, {"Vulnerabilities": null}, {"Class": "os"}])) == [{
		"ids": ["CVE-1"], "package": "lib 1.0", "purl": "pkg:deb/debian/lib@1.0", "severity": "high", "fixable": true,
	}]
	scan.findings(_trivy([{"Vulnerabilities": [{}]}])) == [{
		"ids": ["unnamed"], "package": "", "purl": "", "severity": "unknown", "fixable": false,
	}]
	scan.findings(_trivy(null)) == []
}

test_reads_what_is_odd_in_a_report_as_little if {
	found := scan.findings(_trivy([{"Vulnerabilities": [{"PkgName": null, "PkgIdentifier": {"PURL": 1}}]}]))
	found[0].purl == ""
}

test_reads_a_report_of_grype if {
	item := {
		"vulnerability": {"id": "GHSA-1", "severity": "Critical", "fix": {"state": "not-fixed"}},
		"relatedVulnerabilities": [{"id": "CVE-1"}],
		"artifact": {"name": "lib", "version": "1.0", "purl": "pkg:npm/lib@1.0"},
	}
	scan.findings(_with({"matches": [item]})) == [{
		"ids": ["GHSA-1", "CVE-1"], "package": "lib 1.0", "purl": "pkg:npm/lib@1.0", "severity": "critical", "fixable": false,
	}]
	scan.findings(_with({"matches": [{"relatedVulnerabilities": null}]})) == [{
		"ids": ["unnamed"], "package": "", "purl": "", "severity": "unknown", "fixable": true,
	}]
}

test_reads_a_plain_list if {
	found := {"ids": ["CVE-1"], "package": "", "purl": "", "severity": "medium", "fixable": true}
	item := {"id": "CVE-1", "severity": [{"method": "nvd", "score": "low"}, {"method": "cvss_score", "score": "5.2"}]}
	scan.findings(_with([item, {"vulnerability": item}])) == [found, found]
	scan.findings(_with([{}]))[0].ids == ["unnamed"]
}

test_takes_the_highest_of_several_severities if {
	rows := [
		["none", ["0"]], ["none", [0]], ["low", ["0.1"]], ["low", [3.9]], ["medium", ["4.0"]], ["high", ["7"]],
		["critical", ["9.0"]], ["critical", ["10"]], ["low", ["negligible"]], ["critical", ["Low", "CRITICAL", "odd"]],
		["unknown", ["odd"]], ["unknown", []], ["unknown", ["-1"]], ["unknown", [null]],
	]
	every row in rows {
		scores := [{"method": "m", "score": score} | some score in row[1]]
		scan.findings(_with([{"id": "CVE-1", "severity": scores}]))[0].severity == row[0]
	}
	scan.findings(_with([{"id": "CVE-1", "severity": [{}]}]))[0].severity == "unknown"
	scan.findings(_with([{"id": "CVE-1", "severity": "high"}]))[0].severity == "unknown"
}

test_takes_no_severity_from_what_is_no_text if {
	every severity in [null, 5, ["HIGH"], {}, "", "severe"] {
		scan.findings(_trivy([{"Vulnerabilities": [{"Severity": severity}]}]))[0].severity == "unknown"
	}
}

test_counts_what_is_signed_dated_and_readable if {
	entries := [_trivy([])]
	scan.counting == entries with input as _input(entries) with data.params as {}
	scan.heard == entries with input as _input(entries) with data.params as {}
	scan.describe(entries[0]) == "scan with pkg:github/aquasecurity/trivy@1 by ci"
}

test_counts_no_other if {
	good := _trivy([])
	odd := [
		[object.union(good, {"authorities": ["release"]}), "its word does not count here"],
		[_at("2026-11-21T08:00:00Z"), "of 2026-11-21T08:00:00Z, which is yet to come"],
		[_at("yesterday"), "it does not tell when it was made"],
		[_at(null), "it does not tell when it was made"],
		[_with({"runs": []}), "its result is in no form that is known"],
		[_with({"SchemaVersion": 2, "Results": {}}), "its result is in no form that is known"],
		[_with({"SchemaVersion": 2, "Results": [1]}), "its result is in no form that is known"],
		[_with({"SchemaVersion": 2, "Results": [{"Vulnerabilities": {}}]}), "its result is in no form that is known"],
		[_with({"SchemaVersion": 2, "Results": [{"Vulnerabilities": [1]}]}), "its result is in no form that is known"],
		[_with({"matches": [1]}), "its result is in no form that is known"],
		[_with({"matches": {}}), "its result is in no form that is known"],
		[_with(["CVE-1"]), "its result is in no form that is known"],
		[_with(null), "its result is in no form that is known"],
	]
	every row in odd {
		scan.faults(row[0]) == [row[1]] with input as _input([row[0]]) with data.params as {"authorities": ["ci"]}
		scan.counting == [] with input as _input([row[0]]) with data.params as {"authorities": ["ci"]}
		line := sprintf("scan with pkg:github/aquasecurity/trivy@1 by %s: %s", [row[0].authorities[0], row[1]])
		scan.found == [line] with input as _input([row[0]]) with data.params as {"authorities": ["ci"]}
	}
}

test_counts_no_statement_of_another_type if {
	other := object.union(_trivy([]), {"predicateType": "https://acme.example/scan/v1"})
	scan.verified == [] with input as _input([other]) with data.params as {}
}

test_reads_a_report_in_one_way_alone if {
	scan.findings(_with({"SchemaVersion": 2, "Results": [], "matches": [{}]})) == []
}

test_counts_no_scan_by_nobody if {
	nameless := {"predicate": {"scanner": {"result": []}}}
	bare := object.union(object.remove(_trivy([]), ["predicate"]), nameless)
	scan.found == [concat("", [
		"scan with an unnamed scanner by ci: it does not tell when it was made, ",
		"its result is in no form that is known",
	])] with input as _input([bare]) with data.params as {}
	scan.found == ["none that is verified"] with input as {} with data.params as {}
}

test_hears_the_youngest_scan_of_each_scanner if {
	old := _trivy([])
	newer := object.union(_at("2026-11-20T07:00:00Z"), {"predicate": {"scanner": {"uri": "pkg:github/aquasecurity/trivy@2"}}})
	other := object.union(_at("2026-11-01T07:00:00Z"), {"predicate": {"scanner": {"uri": "pkg:github/anchore/grype"}}})
	early := _at("2026-11-21T07:00:00Z")
	entries := [old, newer, other, early]
	youngest := [newer, other]
	scan.heard == youngest with input as _input(entries) with data.params as {}
	twins := [old, old]
	scan.heard == twins with input as _input(twins) with data.params as {}
}

test_takes_no_scan_of_the_index_for_one_of_a_platform if {
	part := object.union(_trivy([]), {"subject": "sha256:ab"})
	whole := object.union(_at("2026-11-20T07:00:00Z"), {"subject": "sha256:aa"})
	entries := [part, whole]
	scan.heard == entries with input as _input(entries) with data.params as {}
}

test_says_how_to_attest_one if {
	none := scan.none("no_scan", "a scan") with input as _input([]) with data.params as {}
	none == {
		"code": "no_scan",
		"msg": "wanted a scan, found none that is verified",
		"details": {
			"wanted": "a scan",
			"found": ["none that is verified"],
			"nearest": ["scan sha256:bb: another key (key_mismatch)"],
		},
		"fix": concat("", [
			"trivy image --format cosign-vuln --output scan.json registry.example.com/shop/api@sha256:aa && ",
			"countersign attest --key KEY --type vuln --predicate scan.json registry.example.com/shop/api@sha256:aa",
		]),
	}
}

_trivy(results) := _with({"SchemaVersion": 2, "ArtifactName": "api", "Results": results})

_at(time) := object.union(_trivy([]), {"predicate": {"metadata": {"scanFinishedOn": time}}})

_with(result) := {
	"authorities": ["ci"],
	"predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
	"predicate": {
		"scanner": {"uri": "pkg:github/aquasecurity/trivy@1", "result": result},
		"metadata": {"scanFinishedOn": "2026-11-20T06:00:00Z"},
	},
}

_input(entries) := {
	"now": "2026-11-20T08:00:00Z",
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {
		"attestations": entries,
		"rejected": [{
			"format": "bundle", "digest": "sha256:bb", "reason": "key_mismatch", "detail": "another key",
			"predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
		}],
	},
}
