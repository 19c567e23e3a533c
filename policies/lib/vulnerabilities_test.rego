package lib.vulnerabilities_test

import data.lib.vulnerabilities

test_joins_what_was_found_with_what_is_said_of_it if {
	entries := [_scan([_item("CVE-1"), _item("CVE-2")]), _vex("fixed", "CVE-1"), _vex("affected", "CVE-3")]
	labels := ["CVE-2 lib 1.0 (high)", "CVE-3 (unknown)"]
	found := [vulnerabilities.label(finding) | some finding in vulnerabilities.open] with input as _input(entries)
		with data.params as {}
	found == labels
}

test_names_no_vulnerability_twice if {
	entries := [_scan([_item("CVE-1")]), _vex("affected", "CVE-1")]
	found := vulnerabilities.open with input as _input(entries) with data.params as {}
	count(found) == 1
}

test_names_even_what_has_an_odd_name if {
	every id in [5, null, ["CVE-1"], {}, ""] {
		found := vulnerabilities.open with input as _input([_scan([_item(id)])]) with data.params as {}
		endswith(vulnerabilities.label(found[0]), "lib 1.0 (high)")
		said := vulnerabilities.open with input as _input([_vex("affected", id)]) with data.params as {}
		endswith(vulnerabilities.label(said[0]), "(unknown)")
	}
}

test_knows_of_none_where_nothing_is_known if vulnerabilities.open == [] with input as {} with data.params as {}

_item(id) := {
	"VulnerabilityID": id, "PkgName": "lib", "InstalledVersion": "1.0", "FixedVersion": "1.1", "Severity": "HIGH",
}

_vex(status, id) := {
	"authorities": ["ci"],
	"predicateType": "https://openvex.dev/ns",
	"predicate": {"statements": [{"vulnerability": {"name": id}, "status": status}]},
}

_scan(items) := {
	"authorities": ["ci"],
	"predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
	"predicate": {
		"scanner": {"uri": "trivy", "result": {"SchemaVersion": 2, "Results": [{"Vulnerabilities": items}]}},
		"metadata": {"scanFinishedOn": "2026-11-13T08:00:00Z"},
	},
}

_input(entries) := {
	"now": "2026-11-20T08:00:00Z",
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "platforms": []},
	"evidence": {"attestations": entries, "rejected": []},
}
