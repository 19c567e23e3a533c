package rules.provenance.fresh_test

import data.rules.provenance.fresh

test_admits_a_recent_build if {
	every entry in [
		_of("2026-11-20T07:00:00Z", []),
		_of("2026-10-21T08:00:00Z", ["2026-10-21T08:01:00Z"]),
		{"authorities": ["ci"], "startedOn": "2026-11-20T07:00:00Z"},
		{"authorities": ["ci"], "times": ["2026-11-20T07:00:00Z"]},
	] {
		count(fresh.deny) == 0 with input as _input([entry]) with data.params as _params
	}
}

test_admits_where_one_of_several_is_recent if {
	entries := [_of("2020-01-01T00:00:00Z", []), _of("2026-11-19T00:00:00Z", [])]
	count(fresh.deny) == 0 with input as _input(entries) with data.params as _params
}

test_denies_without_provenance if {
	some denial in fresh.deny with input as _input([]) with data.params as _params
	denial.code == "no_provenance"
	denial.msg == "wanted provenance of a build at most 30 days ago, found no verified provenance"
}

test_denies_an_old_build if {
	some denial in fresh.deny with input as _input([_of("2026-10-21T07:59:59Z", [])]) with data.params as _params
	denial == {
		"code": "too_old",
		"msg": concat("", [
			"wanted provenance of a build at most 30 days ago, ",
			"found provenance by ci of 2026-10-21T07:59:59Z, 30 days ago",
		]),
		"details": {
			"wanted": "provenance of a build at most 30 days ago",
			"found": ["provenance by ci of 2026-10-21T07:59:59Z, 30 days ago"],
			"nearest": [],
		},
		"fix": "build registry.example.com/shop/api@sha256:aa again from sources of today, and deploy the new digest",
	}
}

test_denies_a_build_that_says_it_ended_after_its_provenance_existed if {
	entry := _of("2026-11-20T07:00:00Z", ["2026-11-20T07:30:00Z", "2025-01-01T00:00:00Z"])
	some denial in fresh.deny with input as _input([entry]) with data.params as _params
	denial.details.found == ["provenance by ci of 2025-01-01T00:00:00Z, 688 days ago"]
}

test_denies_a_build_that_is_yet_to_come if {
	some denial in fresh.deny with input as _input([_of("2027-01-01T00:00:00Z", [])]) with data.params as {"max_age_days": 1}
	denial.msg == concat("", [
		"wanted provenance of a build at most 1 day ago, ",
		"found provenance by ci of 2027-01-01T00:00:00Z, which is yet to come",
	])
}

test_denies_where_no_time_is_told if {
	every entry in [{"authorities": ["ci"]}, {"authorities": ["ci"], "times": []}, _of("yesterday", [])] {
		some denial in fresh.deny with input as _input([entry]) with data.params as _params
		denial.code == "no_time"
		denial.details.found == ["provenance by ci that does not tell when it was built"]
	}
}

test_denies_where_the_time_of_the_decision_is_not_known if {
	timeless := object.remove(_input([_of("2026-11-20T07:00:00Z", [])]), ["now"])
	some denial in fresh.deny with input as timeless with data.params as _params
	denial.code == "too_old"
}

test_denies_the_word_of_other_authorities if {
	params := object.union(_params, {"authorities": ["release"]})
	some denial in fresh.deny with input as _input([_of("2026-11-20T07:00:00Z", [])]) with data.params as params
	denial.code == "no_provenance"
}

test_denies_where_nothing_is_known if {
	some denial in fresh.deny with input as {} with data.params as {}
	denial.details.wanted == "provenance of a recent build"
}

_params := {"max_age_days": 30}

_of(ended, times) := {
	"authorities": ["ci"],
	"platform": null,
	"startedOn": "2026-11-20T07:00:00Z",
	"finishedOn": ended,
	"times": times,
}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
	"now": "2026-11-20T08:00:00Z",
}
