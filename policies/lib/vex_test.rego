package lib.vex_test

import data.lib.vex

test_clears_what_does_not_affect_the_image if {
	every status in ["not_affected", "fixed"] {
		vex.clears(_finding) with input as _input([_says(status, {})]) with data.params as {"authorities": ["ci"]}
	}
}

test_clears_by_any_name_of_the_vulnerability if {
	every vulnerability in [
		"CVE-1", "GHSA-1", {"name": "CVE-1"}, {"@id": "CVE-1"}, {"name": "X", "aliases": ["GHSA-1"]},
		{"name": "CVE-1", "aliases": null},
	] {
		_clears({"vulnerability": vulnerability})
	}
	every vulnerability in ["CVE-11", {"name": "CVE-2"}, {}, null, 1] {
		not _clears({"vulnerability": vulnerability})
	}
}

test_clears_what_is_of_the_product if {
	every product in [
		"pkg:oci/api@sha256:aa", "pkg:oci/api@sha256%3Aaa?arch=amd64", "pkg:oci/api@sha256:ab", "pkg:oci/api",
		"pkg:oci/shop/api", "pkg:npm/lib@1.0", "pkg:npm/lib",
	] {
		_clears({"products": [{"@id": product}]})
		_clears({"products": [product]})
		_clears({"products": [{"@id": "x"}, {"@id": "x", "identifiers": {"purl": product}}]})
	}
	every product in [
		"pkg:oci/api@sha256:ee", "pkg:oci/pi", "pkg:oci/other", "pkg:npm/lib@1.1", "pkg:npm/other@1.0", "", "api", null, 1, {},
	] {
		not _clears({"products": [product]})
	}
	not _clears({"products": "pkg:oci/api"})
	_clears({"products": null})
}

test_clears_a_part_of_the_image_alone if {
	every part in ["pkg:npm/lib@1.0", {"@id": "pkg:npm/lib"}, {"identifiers": {"purl": "pkg:npm/lib@1.0?x=y"}}] {
		_clears({"products": [{"@id": "pkg:oci/api", "subcomponents": [part]}]})
	}
	every part in ["pkg:npm/lib@1.1", {"@id": "pkg:npm/other"}, "lib", {}, null] {
		not _clears({"products": [{"@id": "pkg:oci/api", "subcomponents": [part]}]})
	}
	_clears({"products": [{"@id": "pkg:oci/api", "subcomponents": null}]})
	not _clears({"products": [{"@id": "pkg:oci/api", "subcomponents": "pkg:npm/lib"}]})
	nameless := object.union(_finding, {"purl": ""})
	document := _says("fixed", {"products": [{"@id": "pkg:oci/api", "subcomponents": ["pkg:npm/lib"]}]})
	not vex.clears(nameless) with input as _input([document]) with data.params as {}
}

test_clears_no_vulnerability_with_what_is_said_of_another if {
	documents := [_says("fixed", {"products": ["pkg:npm/other"]}), _says("fixed", {"vulnerability": "CVE-2"})]
	not vex.clears(_finding) with input as _input(documents) with data.params as {}
}

test_clears_nothing_in_the_word_of_somebody_else if {
	every document in [
		object.union(_says("not_affected", {}), {"authorities": ["release"]}),
		object.union(_says("not_affected", {}), {"predicateType": "https://openvex.dev/ns/v9"}),
		_says("under_investigation", {}),
		_says("", {}),
		object.remove(_says("fixed", {}), ["predicate"]),
	] {
		not vex.clears(_finding) with input as _input([document]) with data.params as {"authorities": ["ci"]}
	}
	not vex.clears(_finding) with input as {} with data.params as {}
}

test_hides_nothing_that_anybody_says_affects_the_image if {
	clearing := _says("not_affected", {})
	every fields in [
		{}, {"products": [{"@id": "pkg:oci/api"}]}, {"products": [{"@id": "pkg:oci/elsewhere"}]},
		{"products": [{"@id": "pkg:npm/lib"}]}, {"products": [{"@id": "pkg:oci/api", "subcomponents": ["pkg:npm/lib@1.0"]}]},
	] {
		affecting := object.union(_says("affected", fields), {"authorities": ["release"]})
		documents := [clearing, affecting]
		not vex.clears(_finding) with input as _input(documents) with data.params as {"authorities": ["ci"]}
		count(vex.affecting) == 1 with input as _input(documents) with data.params as {"authorities": ["ci"]}
	}
}

test_clears_one_package_where_another_is_affected if {
	affecting := _says("affected", {"products": [{"@id": "pkg:oci/api", "subcomponents": ["pkg:npm/other"]}]})
	documents := [_says("not_affected", {}), affecting]
	vex.clears(_finding) with input as _input(documents) with data.params as {}
	nameless := object.union(_finding, {"purl": ""})
	not vex.clears(nameless) with input as _input(documents) with data.params as {}
}

_clears(fields) if vex.clears(_finding) with input as _input([_says("fixed", fields)]) with data.params as {}

_finding := {"ids": ["CVE-1", "GHSA-1"], "package": "lib 1.0", "purl": "pkg:npm/lib@1.0", "severity": "high", "fixable": true}

_says(status, fields) := {
	"authorities": ["ci"],
	"predicateType": "https://openvex.dev/ns/v0.2.0",
	"predicate": {"statements": [{
		"status": status,
		"vulnerability": object.get(fields, "vulnerability", {"name": "CVE-1"}),
		"products": object.get(fields, "products", []),
	}]},
}

_input(documents) := {
	"image": {
		"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "platforms": [{"digest": "sha256:ab"}],
	},
	"evidence": {"attestations": documents},
}
