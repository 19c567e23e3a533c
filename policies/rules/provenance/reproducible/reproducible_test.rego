package rules.provenance.reproducible_test

import data.rules.provenance.reproducible

test_admits_a_build_with_a_fixed_time if {
	every parameters in [
		{"request": {"args": {"build-arg:SOURCE_DATE_EPOCH": "1700000000"}}},
		{"args": {"build-arg:SOURCE_DATE_EPOCH": "0"}},
		{"variables": {"SOURCE_DATE_EPOCH": 1700000000}},
		{"SOURCE_DATE_EPOCH": "1700000000"},
	] {
		entry := {"authorities": ["ci"], "parameters": parameters}
		count(reproducible.deny) == 0 with input as _input([entry]) with data.params as {"want": ["source_date_epoch"]}
	}
}

test_admits_what_the_builder_says_of_itself if {
	count(reproducible.deny) == 0 with input as _input([_all]) with data.params as _everything
}

test_admits_where_one_of_several_will_do if {
	entries := [object.union(_all, {"hermetic": null}), _all]
	count(reproducible.deny) == 0 with input as _input(entries) with data.params as _everything
}

test_denies_without_provenance if {
	some denial in reproducible.deny with input as _input([]) with data.params as _everything
	denial.code == "no_provenance"
	denial.details.wanted == "provenance that shows source_date_epoch, reproducible, hermetic"
}

test_denies_where_one_of_all_is_missing if {
	found := {
		"source_date_epoch": object.union(_all, {"parameters": {"request": null}}),
		"reproducible": object.union(_all, {"reproducible": false}),
		"hermetic": object.union(_all, {"hermetic": null}),
	}
	every missing, entry in found {
		some denial in reproducible.deny with input as _input([entry]) with data.params as _everything
		denial.code == "not_reproducible"
		denial.details.found == [sprintf("provenance by ci that does not show %s", [missing])]
	}
}

test_denies_what_two_show_only_together if {
	entries := [object.union(_all, {"reproducible": false}), object.union(_all, {"hermetic": false})]
	some denial in reproducible.deny with input as _input(entries) with data.params as _everything
	count(denial.details.found) == 2
}

test_denies_what_only_looks_like_a_time if {
	every value in ["", "now", "-1", "1700000000\n", null, {}, true] {
		entry := {"authorities": ["ci"], "parameters": {"args": {"build-arg:SOURCE_DATE_EPOCH": value}}}
		count(reproducible.deny) == 1 with input as _input([entry]) with data.params as {"want": ["source_date_epoch"]}
	}
}

test_denies_provenance_that_says_nothing if {
	some denial in reproducible.deny with input as _input([{"authorities": ["ci"]}]) with data.params as _everything
	denial.msg == concat("", [
		"wanted provenance that shows source_date_epoch, reproducible, hermetic, ",
		"found provenance by ci that does not show source_date_epoch, reproducible, hermetic",
	])
	startswith(denial.fix, "docker buildx build --build-arg SOURCE_DATE_EPOCH=")
}

test_denies_the_word_of_other_authorities if {
	params := object.union(_everything, {"authorities": ["release"]})
	some denial in reproducible.deny with input as _input([_all]) with data.params as params
	denial.code == "no_provenance"
}

test_denies_where_nothing_is_wanted if {
	some denial in reproducible.deny with input as _input([_all]) with data.params as {}
	denial.details.found == ["provenance by ci of which nothing is asked"]
	count(reproducible.deny) == 1 with input as _input([_all]) with data.params as {"want": []}
}

test_denies_where_nothing_is_known if count(reproducible.deny) == 1 with input as {} with data.params as {}

_everything := {"want": ["source_date_epoch", "reproducible", "hermetic"]}

_all := {
	"authorities": ["ci"],
	"platform": null,
	"parameters": {"request": {"args": {"build-arg:SOURCE_DATE_EPOCH": "1700000000"}}},
	"reproducible": true,
	"hermetic": true,
}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
