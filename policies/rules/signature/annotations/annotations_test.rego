package rules.signature.annotations_test

import data.rules.signature.annotations

test_admits_a_signature_that_carries_them if {
	count(annotations.deny) == 0 with input as _input([_signature(_both)]) with data.params as {"required": _required}
}

test_admits_by_the_authority_that_is_asked_for if {
	params := {"required": _required, "authorities": ["release"]}
	count(annotations.deny) == 0 with input as _input([_signature(_both)]) with data.params as params
}

test_denies_an_unsigned_image if {
	some denial in annotations.deny with input as _input([]) with data.params as {"required": _required}
	denial == {
		"code": "unsigned",
		"msg": concat("", [
			"wanted a signature by any authority of the policy with env=production and ticket matching REL-[0-9]+, ",
			"found none",
		]),
		"details": {
			"wanted": "a signature by any authority of the policy with env=production and ticket matching REL-[0-9]+",
			"found": [],
			"nearest": [],
		},
		"fix": concat("", [
			"countersign sign --key KEY -a env=production -a ticket=VALUE ",
			"registry.example.com/shop/api@sha256:aa",
		]),
	}
}

test_denies_another_value_and_says_which if {
	dev := _signature({"env": "dev", "ticket": "REL-7"})
	some denial in annotations.deny with input as _input([dev]) with data.params as {"required": _required}
	denial.code == "annotations_missing"
	denial.msg == concat("", [
		"wanted a signature by any authority of the policy with env=production and ticket matching REL-[0-9]+, ",
		"found signed by release, key sha256:11: env=dev",
	])
}

test_denies_a_pattern_that_matches_a_part_only if {
	part := _signature({"env": "production", "ticket": "xREL-7x"})
	some denial in annotations.deny with input as _input([part]) with data.params as {"required": _required}
	denial.details.found == ["signed by release, key sha256:11: ticket=xREL-7x"]
}

test_denies_annotations_that_are_spread_over_two_signatures if {
	spread := [_signature({"env": "production"}), _signature({"ticket": "REL-7"})]
	some denial in annotations.deny with input as _input(spread) with data.params as {"required": _required}
	denial.code == "annotations_missing"
	denial.details.found == [
		"signed by release, key sha256:11: no env",
		"signed by release, key sha256:11: no ticket",
	]
}

test_denies_the_annotations_of_another_authority if {
	params := {"required": _required, "authorities": ["ops"]}
	some denial in annotations.deny with input as _input([_signature(_both)]) with data.params as params
	denial.code == "untrusted"
	denial.details.nearest == ["signed by release, which does not count here"]
}

test_denies_a_signature_that_carries_none if {
	bare := object.remove(_signature({}), ["annotations"])
	some denial in annotations.deny with input as _input([bare]) with data.params as {"required": _required}
	denial.details.found == ["signed by release, key sha256:11: no env, no ticket"]
}

test_denies_where_nothing_is_known if {
	count(annotations.deny) == 1 with input as {} with data.params as {}
	some denial in annotations.deny with input as _input([_signature(_both)]) with data.params as {}
	denial.details.found == ["signed by release, key sha256:11: "]
	denial.fix == "countersign sign --key KEY -a NAME=VALUE IMAGE@DIGEST"
}

_required := [{"name": "env", "value": "production"}, {"name": "ticket", "pattern": "REL-[0-9]+"}]

_both := {"env": "production", "ticket": "REL-7", "more": "x"}

_signature(annotated) := {
	"authorities": ["release"],
	"identity": {"kind": "key", "subject": "sha256:11"},
	"annotations": annotated,
	"format": "bundle",
	"subject": "sha256:aa",
	"platform": null,
}

_input(signatures) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"signatures": signatures, "rejected": []},
}
