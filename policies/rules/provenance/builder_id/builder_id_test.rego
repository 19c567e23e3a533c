package rules.provenance.builder_id_test

import data.rules.provenance.builder_id

test_admits_an_allowed_builder if {
	count(builder_id.deny) == 0 with input as _input([_provenance]) with data.params as _allow with data.builders as []
}

test_admits_an_allowed_builder_by_the_word_of_its_authority if {
	count(builder_id.deny) == 0 with input as _input([_provenance]) with data.params as _allow with data.builders as _builders
}

test_denies_without_provenance if {
	some denial in builder_id.deny with input as _input([]) with data.params as _allow with data.builders as []
	denial == {
		"code": "no_provenance",
		"msg": "wanted provenance of builder https://builder.acme.example/v1, found no verified provenance",
		"details": {
			"wanted": "builder https://builder.acme.example/v1",
			"found": ["no verified provenance"],
			"nearest": [],
		},
		"fix": "countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json registry.example.com/shop/api@sha256:aa",
	}
}

test_denies_and_names_another_builder if {
	other := object.union(_provenance, {"builderId": "https://elsewhere.example/v1"})
	some denial in builder_id.deny with input as _input([other]) with data.params as _allow with data.builders as []
	denial.code == "builder_not_allowed"
	denial.msg == concat("", [
		"wanted provenance of builder https://builder.acme.example/v1, ",
		"found builder https://elsewhere.example/v1",
	])
	denial.fix == "build with an allowed builder, and attest the provenance that it wrote to registry.example.com/shop/api@sha256:aa"
}

test_denies_an_id_that_only_begins_like_an_allowed_one if {
	longer := object.union(_provenance, {"builderId": "https://builder.acme.example/v1/evil"})
	some denial in builder_id.deny with input as _input([longer]) with data.params as _allow with data.builders as []
	denial.code == "builder_not_allowed"
}

test_denies_an_allowed_builder_by_the_word_of_somebody_else if {
	forged := object.union(_provenance, {"authorities": ["dev"]})
	some denial in builder_id.deny with input as _input([forged]) with data.params as _allow with data.builders as _builders
	denial.details.found == [concat("", [
		"builder https://builder.acme.example/v1 counts only by the word of ci, ",
		"and this is the word of dev",
	])]
}

test_denies_provenance_without_a_builder if {
	nameless := object.remove(_provenance, ["builderId"])
	some denial in builder_id.deny with input as _input([nameless]) with data.params as _allow with data.builders as []
	denial.details.found == ["provenance that names no builder"]
}

test_denies_where_nothing_is_known if count(builder_id.deny) == 1 with input as {} with data.params as {}

_allow := {"allow": ["https://builder.acme.example/v1"]}

_builders := [{"id": "https://builder.acme.example/v1", "authorities": ["ci"], "maxLevel": 3}]

_provenance := {"authorities": ["ci"], "platform": null, "builderId": "https://builder.acme.example/v1"}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
