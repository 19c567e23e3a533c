package lib.sboms_test

import data.lib.sboms

test_counts_what_is_about_the_image if {
	entries := [_sbom]
	sboms.counting == entries with input as _input(entries) with data.params as {}
	sboms.none("no_sbom", "an SBOM").msg == "wanted an SBOM, found none that is verified" with input as _input([]) with data.params as {}
	sboms.found == ["none that is verified"] with input as _input([]) with data.params as {}
}

test_counts_no_context_no_stage_and_no_word_of_others if {
	odd := {
		"it is about a build context": {"scope": "context"},
		"it is about a build stage": {"scope": "stage"},
		"its word does not count here": {"authorities": ["release"]},
		"its root names another image, sha256:ee": {"packages": [_root("pkg:oci/x@sha256%3AEE")]},
	}
	every fault, fields in odd {
		made := object.union(_sbom, fields)
		sboms.faults(made) == [fault] with input as _input([made]) with data.params as {"authorities": ["ci"]}
		sboms.counting == [] with input as _input([made]) with data.params as {"authorities": ["ci"]}
		line := sprintf("spdx SBOM by %s: %s", [concat("", made.authorities), fault])
		sboms.found == [line] with input as _input([made]) with data.params as {"authorities": ["ci"]}
		sboms.none("no_sbom", "an SBOM").details.found == [line] with input as _input([made])
			with data.params as {"authorities": ["ci"]}
	}
}

test_hears_all_that_is_about_an_image if {
	context := object.union(_sbom, {"scope": "context"})
	other := object.union(_sbom, {"authorities": ["release"], "packages": [_root("pkg:oci/x@sha256:ee")]})
	sboms.heard == [other] with input as _input([context, other]) with data.params as {"authorities": ["ci"]}
}

test_takes_the_root_for_the_image if {
	named := object.union(_sbom, {"packages": [_root("pkg:oci/api@sha256%3AAA?arch=amd64"), {"name": "lib"}]})
	sboms.size(named) == 1
	sboms.size(object.union(named, {"root": null})) == 2
	sboms.size(object.remove(named, ["root"])) == 2
	sboms.faults(named) == [] with input as _input([named]) with data.params as {}
}

test_an_sbom_of_a_platform_names_no_other if {
	part := object.union(_sbom, {"platform": "linux/amd64", "subject": "sha256:ab"})
	every purl in ["pkg:oci/api@sha256:ab", "pkg:oci/api@sha256:aa", "pkg:generic/app@1.0"] {
		named := object.union(part, {"packages": [_root(purl)]})
		sboms.faults(named) == [] with input as _input([named]) with data.params as {}
	}
	other := object.union(part, {"packages": [_root("pkg:oci/api@sha256:ac")]})
	sboms.faults(other) == ["its root names another image, sha256:ac"] with input as _input([other])
		with data.params as {}
}

test_an_sbom_of_the_image_that_names_one_platform_is_not_enough if {
	one := object.union(_sbom, {"packages": [_root("pkg:oci/api@sha256:ab")]})
	two := object.union(_sbom, {"packages": [_root("pkg:oci/api@sha256:ac")]})
	stranger := object.union(two, {"authorities": ["release"]})
	every entries in [[one], [one, stranger]] {
		sboms.faults(one) == ["its root names linux/amd64 only, and no other names linux/arm64"] with input as _input(entries)
			with data.params as {"authorities": ["ci"]}
	}
	sboms.counting == [one, two] with input as _input([one, two]) with data.params as {}
}

test_a_root_that_is_no_image_names_none if {
	every purl in ["pkg:generic/api@sha256:ee", "pkg:oci/api@1.0", "pkg:oci/api", "api"] {
		named := object.union(_sbom, {"packages": [_root(purl)]})
		sboms.faults(named) == [] with input as _input([named]) with data.params as {}
	}
}

test_an_sbom_of_a_platform_tells_nothing_of_the_image if {
	whole := object.union(_sbom, {"packages": [_root("pkg:oci/api@sha256:ab")]})
	part := object.union(_sbom, {"packages": [_root("pkg:oci/api@sha256:ac")], "platform": "linux/arm64", "subject": "sha256:ac"})
	entries := [part]
	sboms.counting == entries with input as _input([whole, part]) with data.params as {}
}

test_names_packages if {
	sboms.label({"name": "lib", "version": "1.0"}) == "lib 1.0"
	sboms.label({"name": "lib"}) == "lib"
	sboms.label({}) == "unnamed"
	sboms.describe({}) == "some SBOM by "
}

test_a_root_counts_for_nothing_where_the_image_is_not_known if {
	named := object.union(_sbom, {"packages": [_root("pkg:oci/api@sha256:aa")]})
	count(sboms.faults(named)) == 1 with input as {"evidence": {"sboms": [named]}} with data.params as {}
	sboms.counting == [] with input as {} with data.params as {}
}

test_says_how_to_attest_one if {
	sboms.fix == concat("", [
		"countersign attest --key KEY --type spdxjson --predicate sbom.spdx.json ",
		"registry.example.com/shop/api@sha256:aa",
	]) with input as _input([])
}

_root(purl) := {"name": "api", "purl": purl}

_sbom := {
	"authorities": ["ci"], "platform": null, "subject": "sha256:aa", "kind": "spdx", "scope": "image", "root": 0,
	"packages": [{"name": "api"}, {"name": "lib"}],
}

_input(entries) := {
	"image": {
		"repository": "registry.example.com/shop/api",
		"digest": "sha256:aa",
		"platforms": [
			{"os": "linux", "architecture": "amd64", "digest": "sha256:ab"},
			{"os": "linux", "architecture": "arm64", "digest": "sha256:ac"},
		],
	},
	"evidence": {"sboms": entries},
}
