package rules.sbom.minimum_elements_test

import data.rules.sbom.minimum_elements

test_admits_an_sbom_with_all_elements if {
	every standard in ["ntia", "cisa"] {
		count(minimum_elements.deny) == 0 with input as _input([_sbom]) with data.params as _params(standard, 100)
	}
}

test_admits_an_originator_and_a_cpe_in_place_of_a_supplier_and_a_package_url if {
	other := object.union(object.remove(_lib, ["supplier", "purl"]), {"originator": "Jane", "cpes": ["cpe:/a:x"]})
	every standard in ["ntia", "cisa"] {
		count(minimum_elements.deny) == 0 with input as _input([_listing([_api, other])]) with data.params as _params(standard, 100)
	}
}

test_admits_a_few_packages_without_an_element_where_that_is_allowed if {
	listing := _listing([_api, _lib, _lib, _lib, {"name": "odd"}])
	every standard in ["ntia", "cisa"] {
		count(minimum_elements.deny) == 0 with input as _input([listing]) with data.params as _params(standard, 75)
		count(minimum_elements.deny) == 1 with input as _input([listing]) with data.params as _params(standard, 76)
	}
}

test_admits_an_image_of_no_package if {
	empty := object.union(_listing([_api]), {"relationships": 0})
	count(minimum_elements.deny) == 0 with input as _input([empty]) with data.params as _params("cisa", 100)
}

test_does_not_count_the_image_itself if {
	listing := _listing([object.union(_lib, {"name": "api"}), _lib, {"name": "odd"}])
	count(minimum_elements.deny) == 0 with input as _input([listing]) with data.params as _params("ntia", 50)
	count(minimum_elements.deny) == 1 with input as _input([listing]) with data.params as _params("ntia", 51)
	rootless := object.union(listing, {"root": null})
	count(minimum_elements.deny) == 0 with input as _input([rootless]) with data.params as _params("ntia", 66)
	count(minimum_elements.deny) == 1 with input as _input([rootless]) with data.params as _params("ntia", 67)
}

test_denies_without_an_sbom_that_counts if {
	every sboms in [[], [object.union(_sbom, {"scope": "context"})], [object.union(_sbom, {"authorities": ["release"]})]] {
		some denial in minimum_elements.deny with input as _input(sboms) with data.params as _params("ntia", 100)
		denial.code == "no_sbom"
		startswith(denial.msg, "wanted an SBOM with the minimum elements of NTIA, found ")
	}
}

test_denies_a_package_without_an_element if {
	found := {
		"version": object.remove(_lib, ["version"]),
		"supplier": object.remove(_lib, ["supplier"]),
		"identifier": object.remove(_lib, ["purl"]),
		"name": object.union(_lib, {"name": "NOASSERTION"}),
	}
	every standard in ["ntia", "cisa"] {
		every element, odd in found {
			_found([_api, odd], standard) == [sprintf("spdx SBOM by ci: 1 package of 1 without %s", [element])]
		}
	}
}

test_denies_a_package_without_a_hash_or_a_licence_by_cisa_alone if {
	found := {"hash": object.union(_lib, {"checksums": null}), "licence": object.union(_lib, {"licenses": []})}
	bare := object.remove(_lib, ["checksums"])
	_found([_api, object.union(bare, {"checksums": {}})], "cisa") == ["spdx SBOM by ci: 1 package of 1 without hash"]
	_found([_api, bare], "cisa") == ["spdx SBOM by ci: 1 package of 1 without hash"]
	_found([_api, found.licence], "cisa") == ["spdx SBOM by ci: 1 package of 1 without licence"]
	every odd in [bare, found.licence] {
		count(minimum_elements.deny) == 0 with input as _input([_listing([_api, odd])]) with data.params as _params("ntia", 100)
	}
}

test_denies_a_document_without_an_element if {
	found := [
		[{"creators": []}, "ntia", "no creator"],
		[{"created": "today"}, "ntia", "no time of creation"],
		[{"relationships": 0}, "ntia", "no relationship of its packages"],
		[{"creators": ["Person: Jane"]}, "cisa", "no tool"],
	]
	every row in found {
		some denial in minimum_elements.deny with input as _input([object.union(_sbom, row[0])])
			with data.params as _params(row[1], 100)
		denial.code == "elements_missing"
		denial.details.found == [sprintf("spdx SBOM by ci: %s", [row[2]])]
	}
	bare := object.remove(_sbom, ["creators", "created", "relationships"])
	some denial in minimum_elements.deny with input as _input([bare]) with data.params as _params("ntia", 100)
	denial.details.found == ["spdx SBOM by ci: no creator, no time of creation, no relationship of its packages"]
}

test_says_whose_elements if {
	some denial in minimum_elements.deny with input as _input([]) with data.params as _params("cisa", 100)
	denial.details.wanted == "an SBOM with the minimum elements of CISA"
}

test_denies_where_nothing_is_known if count(minimum_elements.deny) == 1 with input as {} with data.params as {}

_found(packages, standard) := denial.details.found if {
	some denial in minimum_elements.deny with input as _input([_listing(packages)]) with data.params as _params(standard, 100)
	denial.code == "elements_missing"
}

_params(standard, percent) := {"standard": standard, "min_percent": percent, "authorities": ["ci"]}

_api := {"name": "api", "cpes": [], "licenses": [], "checksums": {}}

_lib := {
	"name": "lib", "version": "2.0", "purl": "pkg:generic/lib@2.0", "cpes": [], "licenses": ["MIT"], "supplier": "Acme",
	"checksums": {"sha256": "ab"},
}

_listing(packages) := object.union(_sbom, {"packages": packages})

_sbom := {
	"authorities": ["ci"], "kind": "spdx", "scope": "image", "root": 0, "packages": [_api, _lib],
	"created": "2026-11-20T08:00:00Z", "creators": ["Tool: syft-1.0"], "relationships": 3,
}

_input(sboms) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "platforms": []},
	"evidence": {"sboms": sboms, "rejected": []},
}
