package rules.sbom.required_test

import data.rules.sbom.required

test_admits_an_sbom_with_a_package_besides_its_root if {
	count(required.deny) == 0 with input as _input([_spdx]) with data.params as _params
}

test_admits_an_sbom_whose_root_names_this_image if {
	named := object.union(_spdx, {"packages": [_root("pkg:oci/api@sha256%3AAA?arch=amd64"), {"name": "lib"}]})
	count(required.deny) == 0 with input as _input([named]) with data.params as _params
}

test_admits_an_sbom_whose_root_names_the_only_platform_of_this_image if {
	named := object.union(_spdx, {"packages": [_root("pkg:oci/api@sha256:ab"), {"name": "lib"}]})
	count(required.deny) == 0 with input as _input([named]) with data.params as _params
}

test_denies_an_sbom_whose_root_names_one_platform_of_several if {
	named := object.union(_spdx, {"packages": [_root("pkg:oci/api@sha256:ab"), {"name": "lib"}]})
	other := {"os": "linux", "architecture": "arm64", "digest": "sha256:ac"}
	platforms := array.concat(_input([]).image.platforms, [other])
	several := object.union(_input([named]), {"image": {"platforms": platforms}})
	some denial in required.deny with input as several with data.params as _params
	denial.code == "sbom_insufficient"
	denial.details.found == [concat("", [
		"spdx SBOM by ci: 1 package besides its root, ",
		"its root names linux/amd64 only, and no other names linux/arm64",
	])]
}

test_denies_the_sbom_of_an_authority_that_does_not_count if {
	params := object.union(_params, {"authorities": ["release"]})
	some denial in required.deny with input as _input([_spdx]) with data.params as params
	denial.code == "sbom_insufficient"
	denial.details.found == ["spdx SBOM by ci: 1 package besides its root, its word does not count here"]
}

test_admits_an_sbom_whose_root_is_no_image if {
	named := object.union(_spdx, {"packages": [_root("pkg:generic/app@1.0"), {"name": "lib"}]})
	count(required.deny) == 0 with input as _input([named]) with data.params as _params
}

test_admits_what_speaks_of_the_platform_that_is_judged if {
	part := object.union(_spdx, {"platform": "linux/amd64", "subject": "sha256:ab"})
	count(required.deny) == 0 with input as _input([part]) with data.params as _params
}

test_admits_an_empty_image_where_that_is_allowed if {
	empty := object.union(_spdx, {"packages": [{"name": "api"}]})
	params := {"formats": ["spdx"], "min_packages": 0}
	count(required.deny) == 0 with input as _input([empty]) with data.params as params
}

test_counts_all_packages_where_there_is_no_root if {
	rootless := object.union(_spdx, {"root": null, "packages": [{"name": "lib"}]})
	count(required.deny) == 0 with input as _input([rootless]) with data.params as _params
}

test_denies_without_an_sbom if {
	some denial in required.deny with input as _input([]) with data.params as _params
	denial == {
		"code": "no_sbom",
		"msg": "wanted an SBOM (spdx or cyclonedx) that lists at least 1 package, found none that is verified",
		"details": {
			"wanted": "an SBOM (spdx or cyclonedx) that lists at least 1 package",
			"found": ["none that is verified"],
			"nearest": [
				"SBOM sha256:0123456789ab: attached as spdx, but nobody signed it (unsigned)",
				"SBOM sha256:bb: signed by another key (key_mismatch)",
			],
		},
		"fix": "countersign attest --key KEY --type spdxjson --predicate sbom.spdx.json registry.example.com/shop/api@sha256:aa",
	}
}

test_denies_an_sbom_that_lists_its_root_only if {
	empty := object.union(_spdx, {"packages": [{"name": "api"}]})
	some denial in required.deny with input as _input([empty]) with data.params as _params
	denial.code == "sbom_insufficient"
	denial.details.found == ["spdx SBOM by ci: 0 packages besides its root"]
}

test_denies_another_format_and_says_how_to_make_the_wanted_one if {
	params := {"formats": ["cyclonedx"], "min_packages": 1}
	some denial in required.deny with input as _input([_spdx]) with data.params as params
	denial.details.found == ["spdx SBOM by ci: 1 package besides its root, of another format"]
	denial.fix == "countersign attest --key KEY --type cyclonedx --predicate sbom.cdx.json registry.example.com/shop/api@sha256:aa"
}

test_denies_the_sbom_of_a_build_context if {
	context := object.union(_spdx, {"scope": "context"})
	some denial in required.deny with input as _input([context]) with data.params as _params
	denial.details.found == ["spdx SBOM by ci: 1 package besides its root, it is about a build context"]
}

test_denies_an_sbom_whose_root_names_another_image if {
	named := object.union(_spdx, {"packages": [_root("pkg:oci/other@sha256%3Aee"), {"name": "lib"}]})
	some denial in required.deny with input as _input([named]) with data.params as _params
	denial.details.found == ["spdx SBOM by ci: 1 package besides its root, its root names another image, sha256:ee"]
}

test_denies_the_sbom_of_an_earlier_stage if {
	stage := object.union(_spdx, {"scope": "stage"})
	some denial in required.deny with input as _input([stage]) with data.params as _params
	denial.code == "sbom_insufficient"
	denial.details.found == ["spdx SBOM by ci: 1 package besides its root, it is about a build stage"]
}

test_admits_the_sbom_of_the_image_beside_those_of_its_build if {
	others := [object.union(_spdx, {"scope": scope}) | some scope in ["context", "stage"]]
	count(required.deny) == 0 with input as _input(array.concat(others, [_spdx])) with data.params as _params
}

test_names_no_unsigned_provenance_as_an_sbom if {
	provenance := {
		"format": "buildkit", "digest": "sha256:dd", "reason": "unsigned", "detail": "nobody signed it",
		"predicateType": "https://slsa.dev/provenance/v1",
	}
	attached := object.union(_input([]), {"evidence": {"sboms": [], "rejected": [provenance]}})
	some denial in required.deny with input as attached with data.params as _params
	denial.details.nearest == []
}

test_denies_where_nothing_is_known if count(required.deny) == 1 with input as {} with data.params as {}

_params := {"formats": ["spdx", "cyclonedx"], "min_packages": 1}

_root(purl) := {"name": "api", "purl": purl}

_spdx := {
	"authorities": ["ci"],
	"platform": null,
	"kind": "spdx",
	"scope": "image",
	"root": 0,
	"packages": [{"name": "api"}, {"name": "lib", "purl": "pkg:generic/lib@2.0"}],
}

_input(sboms) := {
	"image": {
		"repository": "registry.example.com/shop/api",
		"digest": "sha256:aa",
		"platforms": [{"os": "linux", "architecture": "amd64", "digest": "sha256:ab"}],
	},
	"evidence": {
		"sboms": sboms,
		"rejected": [
			{
				"format": "sbom-tag", "digest": "sha256:0123456789abcdef", "reason": "unsigned",
				"detail": "attached as spdx, but nobody signed it",
			},
			{
				"format": "bundle", "digest": "sha256:bb", "reason": "key_mismatch", "detail": "signed by another key",
				"predicateType": "https://spdx.dev/Document/v2.3",
			},
			{"format": "bundle", "digest": "sha256:cc", "reason": "key_mismatch", "detail": "a signature"},
		],
	},
}
