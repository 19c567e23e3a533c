package rules.sbom.packages_test

import data.rules.sbom.packages

test_admits_an_image_without_such_a_package if {
	every package_ in [
		{"name": "log4j-core", "version": "2.17.1", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1"},
		{"name": "log4j-core-x", "version": "2.0", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core-x@2.0"},
		{"name": "log4j-core", "version": "2.0", "purl": "pkg:npm/log4j-core@2.0"},
		{"name": "log4j", "version": "2.0"},
	] {
		count(packages.deny) == 0 with input as _input([_with(package_)]) with data.params as _params
	}
}

test_denies_without_an_sbom_that_counts if {
	every sboms in [[], [object.union(_sbom, {"scope": "context"})], [object.union(_sbom, {"authorities": ["release"]})]] {
		some denial in packages.deny with input as _input(sboms) with data.params as _params
		denial.code == "no_sbom"
		startswith(denial.msg, concat("", [
			"wanted none of pkg:maven/org.apache.logging.log4j/log4j-core <2.17.1, pkg:npm/%40acme/left-pad, found ",
		]))
	}
}

test_denies_such_a_package_in_any_spelling if {
	every purl in [
		"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
		"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar",
		"pkg:Maven/Org.Apache.Logging.Log4j/log4j-core@2.14.1#x",
		"pkg://maven/org.apache.logging.log4j/log4j-core@2.14.1",
	] {
		every package_ in [{"name": "log4j-core", "purl": purl}, {"name": "log4j-core", "version": "2.14.1", "purl": purl}] {
			some denial in packages.deny with input as _input([_with(package_)]) with data.params as _params
			denial.code == "package_denied"
			contains(denial.msg, "(pkg:maven/org.apache.logging.log4j/log4j-core): Log4Shell, in the spdx SBOM by ci")
		}
	}
}

test_denies_every_version_where_none_is_given if {
	every purl in ["pkg:npm/@acme/left-pad@1.0", "pkg:npm/%40acme/left-pad"] {
		some denial in packages.deny with input as _input([_with({"name": "x", "purl": purl})]) with data.params as _params
		denial.details.found == ["x (pkg:npm/%40acme/left-pad), in the spdx SBOM by ci"]
	}
}

test_tells_packages_apart_that_begin_alike if {
	alike := [
		{"name": "left-pad-2", "purl": "pkg:npm/@acme/left-pad-2@1.0"},
		{"name": "core", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1"},
	]
	listing := object.union(_sbom, {"packages": alike})
	count(packages.deny) == 0 with input as _input([listing]) with data.params as _params
	bad := array.concat(alike, [{"name": "core", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.0"}])
	some denial in packages.deny with input as _input([object.union(_sbom, {"packages": bad})]) with data.params as _params
	count(denial.details.found) == 1
}

test_denies_by_name_what_has_no_package_url if {
	every name in ["log4j-core", "org.apache.logging.log4j:log4j-core", "Log4j-Core"] {
		every package_ in [{"name": name, "version": "2.14.1"}, {"name": name}] {
			some denial in packages.deny with input as _input([_with(package_)]) with data.params as _params
			denial.code == "package_denied"
		}
		count(packages.deny) == 0 with input as _input([_with({"name": name, "version": "2.17.1"})]) with data.params as _params
	}
}

test_hears_of_a_package_from_anybody if {
	bad := object.union(_with({"name": "x", "purl": "pkg:npm/@acme/left-pad"}), {"authorities": ["release"]})
	denials := packages.deny with input as _input([_sbom, bad]) with data.params as _params
	{denial.code | some denial in denials} == {"package_denied"}
}

test_hears_of_no_package_of_a_build if {
	bad := object.union(_with({"name": "x", "purl": "pkg:npm/@acme/left-pad"}), {"scope": "stage"})
	count(packages.deny) == 0 with input as _input([_sbom, bad]) with data.params as _params
}

test_denies_where_nothing_is_known if count(packages.deny) == 1 with input as {} with data.params as {}

_params := {
	"authorities": ["ci"],
	"deny": [
		{"purl": "pkg:maven/org.apache.logging.log4j/log4j-core", "versions": "<2.17.1", "reason": "Log4Shell"},
		{"purl": "pkg:npm/%40acme/left-pad"},
	],
}

_with(package_) := object.union(_sbom, {"packages": array.concat(_sbom.packages, [package_])})

_sbom := {
	"authorities": ["ci"], "kind": "spdx", "scope": "image", "root": 0,
	"packages": [{"name": "api"}, {"name": "lib", "version": "2.0", "purl": "pkg:generic/lib@2.0"}],
}

_input(sboms) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "platforms": []},
	"evidence": {"sboms": sboms, "rejected": []},
}
