package rules.sbom.fresh_test

import data.rules.sbom.fresh

test_admits_an_sbom_that_is_recent_enough if {
	count(fresh.deny) == 0 with input as _input([_sbom]) with data.params as _params
}

test_admits_if_one_of_several_is_recent_enough if {
	old := object.union(_sbom, {"created": "2020-01-01T00:00:00Z"})
	count(fresh.deny) == 0 with input as _input([old, _sbom]) with data.params as _params
}

test_denies_without_an_sbom_that_counts if {
	every sboms in [[], [object.union(_sbom, {"scope": "context"})], [object.union(_sbom, {"authorities": ["release"]})]] {
		some denial in fresh.deny with input as _input(sboms) with data.params as _params
		denial.code == "no_sbom"
		startswith(denial.msg, "wanted an SBOM of the last 30 days, found ")
	}
}

test_denies_one_that_is_too_old_or_of_no_time if {
	found := {
		"2026-10-21T07:59:59Z": "of 2026-10-21T07:59:59Z, 30 days ago",
		"2026-11-21T08:00:00Z": "of 2026-11-21T08:00:00Z, which is yet to come",
		"soon": "of no known time",
	}
	every created, why in found {
		some denial in fresh.deny with input as _input([object.union(_sbom, {"created": created})]) with data.params as _params
		denial.code == "sbom_too_old"
		denial.details.found == [sprintf("spdx SBOM by ci %s", [why])]
	}
	some denial in fresh.deny with input as _input([object.remove(_sbom, ["created"])]) with data.params as _params
	denial.details.found == ["spdx SBOM by ci of no known time"]
	denial.fix == concat("", [
		"make the SBOM again, then: countersign attest --key KEY --type spdxjson --predicate sbom.spdx.json ",
		"registry.example.com/shop/api@sha256:aa",
	])
}

test_denies_where_nothing_is_known if count(fresh.deny) == 1 with input as {} with data.params as {}

_params := {"max_age_days": 30, "authorities": ["ci"]}

_sbom := {
	"authorities": ["ci"], "kind": "spdx", "scope": "image", "root": 0,
	"packages": [{"name": "api"}], "created": "2026-10-21T08:00:00Z",
}

_input(sboms) := {
	"now": "2026-11-20T08:00:00Z",
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "platforms": []},
	"evidence": {"sboms": sboms, "rejected": []},
}
