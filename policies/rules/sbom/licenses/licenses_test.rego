package rules.sbom.licenses_test

import data.rules.sbom.licenses

test_admits_acceptable_licences if {
	every params in [
		{"deny": ["A?GPL-.*"], "missing": "deny"},
		{"allow": ["MIT", "Apache-2[.]0"], "deny": [], "missing": "deny"},
		{"deny": [], "missing": "deny", "authorities": ["ci"]},
	] {
		count(licenses.deny) == 0 with input as _input([_sbom]) with data.params as params
	}
}

test_admits_packages_without_a_licence_where_that_is_allowed if {
	params := object.union(_params, {"missing": "allow"})
	count(licenses.deny) == 0 with input as _input([_with({"name": "zlib", "licenses": []})]) with data.params as params
}

test_admits_if_one_of_several_tells_all_licences if {
	count(licenses.deny) == 0 with input as _input([_with({"name": "zlib", "licenses": []}), _sbom]) with data.params as _params
}

test_looks_at_no_licence_of_the_image_itself if {
	named := object.union(_sbom, {"packages": array.concat([{"name": "api", "licenses": ["GPL-3.0-only"]}], [_lib])})
	count(licenses.deny) == 0 with input as _input([named]) with data.params as _params
}

test_denies_without_an_sbom_that_counts if {
	every sboms in [[], [object.union(_sbom, {"scope": "context"})], [object.union(_sbom, {"authorities": ["release"]})]] {
		some denial in licenses.deny with input as _input(sboms) with data.params as _params
		denial.code == "no_sbom"
		startswith(denial.msg, "wanted packages under acceptable licences only, none of A?GPL-.*, found ")
	}
}

test_denies_a_licence_that_is_denied_or_not_allowed if {
	every params in [_params, {"allow": ["MIT"], "deny": [], "missing": "deny"}] {
		bad := _with({"name": "zlib", "version": "1.3", "licenses": ["MIT", "GPL-3.0-only"]})
		denials := licenses.deny with input as _input([bad]) with data.params as params
		[[denial.code, denial.details.found] | some denial in denials] == [[
			"license_not_acceptable",
			["zlib 1.3 under GPL-3.0-only, in the spdx SBOM by ci"],
		]]
	}
}

test_hears_of_a_licence_from_anybody if {
	bad := object.union(_with({"name": "zlib", "licenses": ["AGPL-3.0-only"]}), {"authorities": ["release"]})
	denials := licenses.deny with input as _input([_sbom, bad]) with data.params as _params
	{denial.code | some denial in denials} == {"license_not_acceptable"}
}

test_denies_a_package_without_a_licence if {
	every package_ in [{"name": "zlib"}, {"name": "zlib", "licenses": []}] {
		denials := licenses.deny with input as _input([_with(package_)]) with data.params as _params
		[[denial.code, denial.details.found] | some denial in denials] == [[
			"license_missing",
			["spdx SBOM by ci: 1 package without a licence"],
		]]
	}
}

test_says_what_is_allowed if {
	some denial in licenses.deny with input as _input([]) with data.params as {"allow": ["MIT", "ISC"], "deny": ["ISC"]}
	denial.details.wanted == "packages under acceptable licences only, of MIT or ISC, none of ISC"
}

test_denies_where_nothing_is_known if count(licenses.deny) == 1 with input as {} with data.params as {}

_params := {"deny": ["A?GPL-.*"], "missing": "deny", "authorities": ["ci"]}

_lib := {"name": "lib", "licenses": ["MIT OR GPL-3.0-only"]}

_with(package_) := object.union(_sbom, {"packages": array.concat(_sbom.packages, [package_])})

_sbom := {"authorities": ["ci"], "kind": "spdx", "scope": "image", "root": 0, "packages": [{"name": "api"}, _lib]}

_input(sboms) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "platforms": []},
	"evidence": {"sboms": sboms, "rejected": []},
}
