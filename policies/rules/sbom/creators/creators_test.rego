package rules.sbom.creators_test

import data.rules.sbom.creators

test_admits_an_sbom_by_an_accepted_tool if {
	count(creators.deny) == 0 with input as _input([_sbom]) with data.params as _params
}

test_admits_if_one_of_several_is_by_an_accepted_tool if {
	other := object.union(_sbom, {"creators": ["Tool: pen"]})
	count(creators.deny) == 0 with input as _input([other, _sbom]) with data.params as _params
}

test_denies_without_an_sbom_that_counts if {
	every sboms in [[], [object.union(_sbom, {"scope": "stage"})], [object.union(_sbom, {"authorities": ["release"]})]] {
		some denial in creators.deny with input as _input(sboms) with data.params as _params
		denial.code == "no_sbom"
		startswith(denial.msg, "wanted an SBOM whose creator is one like Tool: syft-1[.].*, found ")
	}
}

test_denies_one_by_another_tool_or_by_nobody if {
	found := [
		[["Tool: syft-10.0", "Organization: Tool: syft-1.0"], "Tool: syft-10.0, Organization: Tool: syft-1.0"],
		[["a", "b", "c", "d", "e", "f"], "a, b, c, d, e, 1 more"],
		[[], "nobody that it names"],
	]
	every pair in found {
		some denial in creators.deny with input as _input([object.union(_sbom, {"creators": pair[0]})]) with data.params as _params
		denial.code == "creator_not_accepted"
		denial.details.found == [sprintf("spdx SBOM by ci: created by %s", [pair[1]])]
	}
	some denial in creators.deny with input as _input([object.remove(_sbom, ["creators"])]) with data.params as _params
	denial.details.found == ["spdx SBOM by ci: created by nobody that it names"]
}

test_denies_where_nothing_is_known if count(creators.deny) == 1 with input as {} with data.params as {}

_params := {"patterns": ["Tool: syft-1[.].*"], "authorities": ["ci"]}

_sbom := {
	"authorities": ["ci"], "kind": "spdx", "scope": "image", "root": 0,
	"packages": [{"name": "api"}], "creators": ["Organization: Acme", "Tool: syft-1.2"],
}

_input(sboms) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "platforms": []},
	"evidence": {"sboms": sboms, "rejected": []},
}
