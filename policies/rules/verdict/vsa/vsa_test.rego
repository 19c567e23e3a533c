package rules.verdict.vsa_test

import data.rules.verdict.vsa

test_admits_an_image_that_an_accepted_verifier_let_pass if {
	count(vsa.deny) == 0 with input as _input([_summary]) with data.params as _params
}

test_admits_by_the_word_of_the_authority_that_is_asked_for if {
	params := object.union(_params, {"authorities": ["gate"]})
	count(vsa.deny) == 0 with input as _input([_summary]) with data.params as params
}

test_admits_a_higher_level_of_the_same_track_and_a_property if {
	params := object.union(_params, {"levels": ["SLSA_BUILD_LEVEL_2", "ACME_REVIEWED"]})
	count(vsa.deny) == 0 with input as _input([_summary]) with data.params as params
}

test_admits_one_that_is_young_enough_and_for_this_resource if {
	params := object.union(_params, {"max_age_days": 1, "resource_uri": "oci://registry.example.com/shop/api"})
	every time in ["2026-11-20T07:00:00Z", "2026-11-19T08:00:00.000Z", "2026-11-20T09:00:00+01:00", "2026-11-20T08:04:00Z"] {
		young := object.union(_summary, {"timeVerified": time})
		count(vsa.deny) == 0 with input as _input([young]) with data.params as params
	}
}

test_admits_if_one_of_several_is_good_enough if {
	weak := object.union(_summary, {"levels": []})
	params := object.union(_params, {"levels": ["SLSA_BUILD_LEVEL_3"]})
	count(vsa.deny) == 0 with input as _input([weak, _summary]) with data.params as params
}

test_denies_without_a_summary if {
	some denial in vsa.deny with input as _input([]) with data.params as _params
	denial == {
		"code": "no_summary",
		"msg": "wanted a passed verification summary by https://verify.acme.example/gate, found none that is verified",
		"details": {
			"wanted": "a passed verification summary by https://verify.acme.example/gate",
			"found": ["no verified summary"],
			"nearest": ["verification summary sha256:0123456789ab: signed by another key (key_mismatch)"],
		},
		"fix": concat("", [
			"countersign attest --key KEY --type https://slsa.dev/verification_summary/v1 ",
			"--predicate vsa.json registry.example.com/shop/api@sha256:aa",
		]),
	}
}

test_denies_another_verifier if {
	other := object.union(_summary, {"verifier": {"id": "https://verify.acme.example/gate/evil"}})
	some denial in vsa.deny with input as _input([other]) with data.params as _params
	denial.code == "no_summary"
	denial.details.nearest[0] == "PASSED by https://verify.acme.example/gate/evil in the word of gate, which does not count here"
}

test_denies_the_verifier_by_the_word_of_somebody_else if {
	params := object.union(_params, {"authorities": ["release"]})
	some denial in vsa.deny with input as _input([_summary]) with data.params as params
	denial.code == "no_summary"
}

test_denies_one_that_failed_whatever_else_passed if {
	every failed in [
		_failed,
		object.union(_failed, {"timeVerified": "2020-01-01T00:00:00Z"}),
		object.union(_failed, {"resourceUri": "oci://elsewhere.example/x"}),
		object.remove(_failed, ["timeVerified"]),
	] {
		params := object.union(_params, {"max_age_days": 1, "resource_uri": "oci://registry.example.com/shop/api"})
		denials := vsa.deny with input as _input([_summary, failed]) with data.params as params
		{denial.code | some denial in denials} == {"failed"}
	}
}

test_says_who_let_it_fail if {
	some denial in vsa.deny with input as _input([_summary, _failed]) with data.params as _params
	denial.msg == concat("", [
		"wanted a passed verification summary by https://verify.acme.example/gate, found that it failed: ",
		"https://verify.acme.example/gate by the word of gate, against policy https://acme.example/policy/7",
	])
}

test_hears_no_failure_from_a_verifier_that_is_not_accepted if {
	other := object.union(_failed, {"verifier": {"id": "https://elsewhere.example"}})
	count(vsa.deny) == 0 with input as _input([_summary, other]) with data.params as _params
}

test_denies_a_lower_level_and_another_track if {
	every levels in [["SLSA_BUILD_LEVEL_2"], ["SLSA_SOURCE_LEVEL_3"], ["SLSA_BUILD_LEVEL_UNEVALUATED"], ["SLSA_BUILD_LEVEL_30 "], []] {
		low := object.union(_summary, {"levels": levels})
		params := object.union(_params, {"levels": ["SLSA_BUILD_LEVEL_3"]})
		some denial in vsa.deny with input as _input([low]) with data.params as params
		denial.code == "summary_insufficient"
		denial.details.found == ["one by https://verify.acme.example/gate: without SLSA_BUILD_LEVEL_3"]
	}
}

test_denies_a_property_that_is_missing if {
	params := object.union(_params, {"levels": ["ACME_AUDITED"]})
	some denial in vsa.deny with input as _input([_summary]) with data.params as params
	denial.code == "summary_insufficient"
}

test_denies_one_that_is_too_old_or_of_no_time if {
	params := object.union(_params, {"max_age_days": 1})
	found := {
		"2026-11-19T07:59:59Z": "of 2026-11-19T07:59:59Z, 24 hours ago",
		"2026-11-20T08:10:00Z": "of 2026-11-20T08:10:00Z, which is yet to come",
		"2026-11-20 07:00:00Z": "of no known time",
	}
	every time, why in found {
		some denial in vsa.deny with input as _input([object.union(_summary, {"timeVerified": time})]) with data.params as params
		denial.code == "summary_insufficient"
		denial.details.found == [sprintf("one by https://verify.acme.example/gate: %s", [why])]
	}
	timeless := object.remove(_summary, ["timeVerified"])
	some denial in vsa.deny with input as _input([timeless]) with data.params as params
	denial.msg == concat("", [
		"wanted a passed verification summary by https://verify.acme.example/gate of the last 1 day, ",
		"found one by https://verify.acme.example/gate: of no known time",
	])
}

test_admits_one_against_an_accepted_policy if {
	params := object.union(_params, {"policies": ["https://acme.example/policy/6", "https://acme.example/policy/7"]})
	count(vsa.deny) == 0 with input as _input([_summary]) with data.params as params
}

test_denies_one_against_another_policy_or_none if {
	params := object.union(_params, {"policies": ["https://acme.example/policy/6"]})
	found := [
		[_summary, "against policy https://acme.example/policy/7"],
		[object.remove(_summary, ["policy"]), "against policy of no name"],
	]
	every pair in found {
		some denial in vsa.deny with input as _input([pair[0]]) with data.params as params
		denial.code == "summary_insufficient"
		denial.details.found == [sprintf("one by https://verify.acme.example/gate: %s", [pair[1]])]
	}
}

test_hears_a_failure_by_the_word_of_any_authority if {
	other := object.union(_failed, {"authorities": ["release"]})
	params := object.union(_params, {"authorities": ["gate"]})
	every summaries in [[_summary, other], [other]] {
		denials := vsa.deny with input as _input(summaries) with data.params as params
		{denial.code | some denial in denials} == {"failed"}
	}
}

test_takes_the_level_failed_for_a_failure if {
	odd := object.union(_summary, {"levels": ["FAILED", "SLSA_BUILD_LEVEL_3"]})
	denials := vsa.deny with input as _input([_summary, odd]) with data.params as _params
	{denial.code | some denial in denials} == {"failed"}
}

test_a_failure_that_says_little_is_a_failure if {
	bare := {"authorities": ["gate"], "verifier": {"id": "https://verify.acme.example/gate"}, "result": "FAILED"}
	denials := vsa.deny with input as _input([_summary, bare]) with data.params as _params
	some denial in denials
	denial.code == "failed"
	denial.details.found == ["https://verify.acme.example/gate by the word of gate, against policy of no name"]
}

test_denies_one_for_another_resource if {
	params := object.union(_params, {"resource_uri": "oci://registry.example.com/shop"})
	some denial in vsa.deny with input as _input([_summary]) with data.params as params
	denial.details.found == ["one by https://verify.acme.example/gate: for oci://registry.example.com/shop/api"]
}

test_denies_one_for_no_resource_where_one_is_asked_for if {
	params := object.union(_params, {"resource_uri": "oci://registry.example.com/shop"})
	some denial in vsa.deny with input as _input([object.remove(_summary, ["resourceUri"])]) with data.params as params
	denial.details.found == ["one by https://verify.acme.example/gate: for no resource"]
}

test_denies_where_nothing_is_known if count(vsa.deny) == 1 with input as {} with data.params as {}

_params := {"verifiers": ["https://verify.acme.example/gate"], "levels": []}

_summary := {
	"authorities": ["gate"],
	"platform": null,
	"verifier": {"id": "https://verify.acme.example/gate", "version": {}},
	"resourceUri": "oci://registry.example.com/shop/api",
	"policy": {"uri": "https://acme.example/policy/7", "digest": {}},
	"result": "PASSED",
	"levels": ["SLSA_BUILD_LEVEL_3", "ACME_REVIEWED"],
	"timeVerified": "2026-11-20T07:30:00Z",
}

_failed := object.union(_summary, {"result": "FAILED", "levels": []})

_input(summaries) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {
		"verificationSummaries": summaries,
		"rejected": [
			{
				"format": "bundle", "digest": "sha256:0123456789abcdef", "reason": "key_mismatch",
				"detail": "signed by another key", "predicateType": "https://slsa.dev/verification_summary/v1",
			},
			{"format": "bundle", "digest": "sha256:bb", "reason": "key_mismatch", "detail": "a signature"},
		],
	},
	"now": "2026-11-20T08:00:00Z",
}
