package rules.signature.fresh_test

import data.rules.signature.fresh

test_admits_a_signature_that_is_young_enough if {
	every time in ["2026-11-20T07:00:00Z", "2026-10-21T08:00:00Z", "2026-11-20T08:04:00Z"] {
		count(fresh.deny) == 0 with input as _input([_signature([time])]) with data.params as _params
	}
}

test_admits_if_one_of_several_is_young_enough if {
	signatures := [_signature(["2020-01-01T00:00:00Z"]), _signature([]), _signature(["2026-11-19T00:00:00Z"])]
	count(fresh.deny) == 0 with input as _input(signatures) with data.params as _params
}

test_denies_an_unsigned_image if {
	some denial in fresh.deny with input as _input([]) with data.params as _params
	denial == {
		"code": "unsigned",
		"msg": concat("", [
			"wanted a signature by any authority of the policy that is proven to be at most 30 days old, ",
			"found none",
		]),
		"details": {
			"wanted": "a signature by any authority of the policy that is proven to be at most 30 days old",
			"found": [],
			"nearest": [],
		},
		"fix": "countersign sign --key KEY registry.example.com/shop/api@sha256:aa",
	}
}

test_denies_a_signature_that_nobody_proves_a_time_of if {
	every signature in [_signature([]), object.remove(_signature([]), ["times"]), _signature(["yesterday"])] {
		some denial in fresh.deny with input as _input([signature]) with data.params as _params
		denial.code == "no_time"
		denial.details.found == [concat("", [
			"signed by release, key sha256:11, ",
			"without a time that a log or timestamp authority proves",
		])]
		denial.fix == concat("", [
			"have the authority ask for a proof (transparency: log, or timestamp), ",
			"and show the signature to who gives one: countersign sign --key KEY --signing-config FILE ",
			"registry.example.com/shop/api@sha256:aa",
		])
	}
}

test_denies_a_signature_that_is_too_old_or_yet_to_come if {
	found := {
		"2026-10-21T07:59:59Z": "of 2026-10-21T07:59:59Z, 30 days ago",
		"2026-11-20T09:00:00Z": "of 2026-11-20T09:00:00Z, which is yet to come",
	}
	every time, when in found {
		some denial in fresh.deny with input as _input([_signature([time])]) with data.params as _params
		denial.code == "too_old"
		denial.details.found == [sprintf("signed by release, key sha256:11, %s", [when])]
		endswith(denial.msg, denial.details.found[0])
	}
}

test_takes_the_earliest_time_in_whatever_order_they_stand if {
	stamped_again := ["2026-11-20T07:00:00Z", "2024-11-20T07:00:00Z", "2026-11-19T07:00:00Z"]
	some denial in fresh.deny with input as _input([_signature(stamped_again)]) with data.params as {"max_age_days": 1}
	denial.msg == concat("", [
		"wanted a signature by any authority of the policy that is proven to be at most 1 day old, ",
		"found signed by release, key sha256:11, of 2024-11-20T07:00:00Z, 730 days ago",
	])
}

test_takes_one_time_that_two_prove_for_one if {
	twice := ["2026-11-20T07:00:00Z", "2026-11-20T08:00:00+01:00"]
	count(fresh.deny) == 0 with input as _input([_signature(twice)]) with data.params as _params
	old := ["2025-11-20T07:00:00Z", "2025-11-20T08:00:00+01:00"]
	some denial in fresh.deny with input as _input([_signature(old)]) with data.params as _params
	denial.code == "too_old"
}

test_denies_the_signature_of_another_authority if {
	params := object.union(_params, {"authorities": ["ops"]})
	some denial in fresh.deny with input as _input([_signature(["2026-11-20T07:00:00Z"])]) with data.params as params
	denial.code == "untrusted"
	denial.msg == "wanted a signature by authority ops that is proven to be at most 30 days old, found none that counts"
}

test_denies_where_nothing_is_known if {
	some denial in fresh.deny with input as {} with data.params as {}
	denial.details.wanted == "a fresh signature"
	timeless := object.remove(_input([_signature(["2026-11-20T07:00:00Z"])]), ["now"])
	count(fresh.deny) == 1 with input as timeless with data.params as _params
}

_params := {"max_age_days": 30}

_signature(times) := {
	"authorities": ["release"],
	"identity": {"kind": "key", "subject": "sha256:11"},
	"annotations": {},
	"format": "bundle",
	"times": times,
	"logged": true,
}

_input(signatures) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"signatures": signatures, "rejected": []},
	"now": "2026-11-20T08:00:00Z",
}
