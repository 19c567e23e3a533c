package rules.attestation.schema_test

import data.rules.attestation.schema

test_admits_a_predicate_that_the_schema_accepts if {
	count(schema.deny) == 0 with input as _input([_entry({"result": "PASSED", "more": 1})]) with data.params as _params
}

test_admits_if_one_of_several_is_accepted if {
	entries := [_entry({"result": "FAILED"}), _entry({"result": "PASSED"})]
	count(schema.deny) == 0 with input as _input(entries) with data.params as _params
}

test_denies_without_an_attestation if {
	some denial in schema.deny with input as _input([]) with data.params as _params
	denial.code == "no_attestation"
	denial.msg == concat("", [
		"wanted an attestation of type https://acme.example/test/v1 by authority ci that the schema accepts, ",
		"found none that is verified",
	])
}

test_denies_a_predicate_that_the_schema_does_not_accept if {
	every predicate in [{"result": "FAILED"}, {}, {"Result": "PASSED"}, {"result": null}, {"result": ["PASSED"]}] {
		some denial in schema.deny with input as _input([_entry(predicate)]) with data.params as _params
		denial.code == "schema_mismatch"
		contains(denial.details.found[0], "result")
	}
}

test_denies_an_attestation_whose_predicate_is_not_there if {
	some denial in schema.deny with input as _input([object.remove(_entry({}), ["predicate"])]) with data.params as _params
	denial.code == "schema_mismatch"
	denial.details.found == ["one by ci: without a predicate that can be read"]
}

test_denies_one_of_another_type_or_by_another_authority if {
	good := _entry({"result": "PASSED"})
	every other in [
		object.union(good, {"predicateType": "https://acme.example/test/v2"}),
		object.union(good, {"authorities": ["release"]}),
	] {
		some denial in schema.deny with input as _input([other]) with data.params as _params
		denial.code == "no_attestation"
	}
}

test_denies_where_nothing_is_known if {
	count(schema.deny) == 1 with input as {} with data.params as {}
	entry := _entry({"result": "PASSED"})
	count(schema.deny) == 1 with input as _input([entry]) with data.params as object.remove(_params, ["schema"])
}

_params := {
	"predicate_type": "https://acme.example/test/v1",
	"authorities": ["ci"],
	"schema": {"type": "object", "required": ["result"], "properties": {"result": {"enum": ["PASSED"]}}},
}

_entry(predicate) := {
	"authorities": ["ci"], "predicateType": "https://acme.example/test/v1", "predicate": predicate,
}

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
