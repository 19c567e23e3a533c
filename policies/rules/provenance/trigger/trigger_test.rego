package rules.provenance.trigger_test

import data.rules.provenance.trigger

test_admits_an_allowed_event_by_the_word_of_the_certificate if {
	count(trigger.deny) == 0 with input as _input([_of("release")]) with data.params as _params
}

test_admits_an_allowed_event_by_the_word_of_the_provenance if {
	told := {"authorities": ["ci"], "environment": {"github": {"event_name": "push"}}}
	count(trigger.deny) == 0 with input as _input([told]) with data.params as _params
}

test_admits_where_one_of_several_will_do if {
	count(trigger.deny) == 0 with input as _input([_of("pull_request"), _of("push")]) with data.params as _params
}

test_denies_without_provenance if {
	some denial in trigger.deny with input as _input([]) with data.params as _params
	denial.code == "no_provenance"
	denial.msg == "wanted provenance of a run that was begun by push or release, found no verified provenance"
}

test_denies_another_event if {
	some denial in trigger.deny with input as _input([_of("pull_request_target")]) with data.params as _params
	denial == {
		"code": "trigger_not_allowed",
		"msg": concat("", [
			"wanted provenance of a run that was begun by push or release, ",
			"found provenance by ci of a run that was begun by pull_request_target",
		]),
		"details": {
			"wanted": "provenance of a run that was begun by push or release",
			"found": ["provenance by ci of a run that was begun by pull_request_target"],
			"nearest": [],
		},
		"fix": "build and sign in a run that an allowed event begins",
	}
}

test_denies_what_the_provenance_says_against_the_certificate if {
	forged := object.union(_of("pull_request"), {"environment": {"github": {"event_name": "push"}}})
	some denial in trigger.deny with input as _input([forged]) with data.params as _params
	denial.code == "trigger_not_allowed"
}

test_denies_where_no_event_is_told if {
	some denial in trigger.deny with input as _input([{"authorities": ["ci"]}]) with data.params as _params
	denial.details.found == ["provenance by ci that does not tell what began the run"]
	startswith(denial.fix, "sign with the certificate of the run")
}

test_denies_the_word_of_other_authorities if {
	params := object.union(_params, {"authorities": ["release"]})
	some denial in trigger.deny with input as _input([_of("push")]) with data.params as params
	denial.code == "no_provenance"
}

test_denies_where_nothing_is_known if {
	some denial in trigger.deny with input as {} with data.params as {}
	denial.details.wanted == "provenance of a run that was begun by an allowed event"
}

_params := {"allow": ["push", "release"]}

_of(event) := {
	"authorities": ["ci"],
	"platform": null,
	"identity": {"kind": "certificate", "subject": "x", "claims": {"buildTrigger": event}},
}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
