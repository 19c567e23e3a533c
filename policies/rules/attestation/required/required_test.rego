package rules.attestation.required_test

import data.rules.attestation.required

test_admits_an_image_with_such_an_attestation if {
	count(required.deny) == 0 with input as _input([_entry]) with data.params as _params
	count(required.deny) == 0 with input as _input([_entry]) with data.params as object.remove(_params, ["authorities"])
}

test_denies_without_an_attestation if {
	some denial in required.deny with input as _input([]) with data.params as _params
	denial == {
		"code": "no_attestation",
		"msg": "wanted an attestation of type https://acme.example/test/v1 by authority ci, found none that is verified",
		"details": {
			"wanted": "an attestation of type https://acme.example/test/v1 by authority ci",
			"found": ["none that is verified"],
			"nearest": ["attestation sha256:bb: signed by another key (key_mismatch)"],
		},
		"fix": concat("", [
			"countersign attest --key KEY --type https://acme.example/test/v1 --predicate FILE ",
			"registry.example.com/shop/api@sha256:aa",
		]),
	}
}

test_denies_one_of_another_type if {
	every type in ["https://acme.example/test/v1.1", "https://acme.example/test/", "https://acme.example/test/V1"] {
		other := object.union(_entry, {"predicateType": type})
		some denial in required.deny with input as _input([other]) with data.params as _params
		denial.code == "no_attestation"
		denial.details.nearest[1] == sprintf("one of type %s by ci", [type])
	}
}

test_denies_one_by_an_authority_that_does_not_count if {
	other := object.union(_entry, {"authorities": ["release"]})
	some denial in required.deny with input as _input([other]) with data.params as _params
	denial.code == "no_attestation"
	denial.details.found == ["one in the word of release, which does not count here"]
}

test_denies_where_nothing_is_known if {
	count(required.deny) == 1 with input as {} with data.params as {}
	count(required.deny) == 1 with input as _input([object.remove(_entry, ["predicateType"])]) with data.params as _params
	count(required.deny) == 1 with input as _input([object.remove(_entry, ["authorities"])]) with data.params as _params
}

_params := {"predicate_type": "https://acme.example/test/v1", "authorities": ["ci"]}

_entry := {"authorities": ["ci"], "predicateType": "https://acme.example/test/v1"}

_input(entries) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {
		"attestations": entries,
		"rejected": [
			{
				"format": "bundle", "digest": "sha256:bb", "reason": "key_mismatch", "detail": "signed by another key",
				"predicateType": "https://acme.example/test/v1",
			},
			{
				"format": "bundle", "digest": "sha256:cc", "reason": "key_mismatch", "detail": "signed by another key",
				"predicateType": "https://acme.example/test/v2",
			},
		],
	},
}
