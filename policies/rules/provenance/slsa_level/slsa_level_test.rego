package rules.provenance.slsa_level_test

import data.rules.provenance.slsa_level

test_admits_a_listed_builder_by_the_word_of_its_authority if {
	count(slsa_level.deny) == 0 with input as _input([_provenance]) with data.params as {"minimum": 3} with data.builders as _builders
}

test_admits_where_one_of_two_authorities_is_listed if {
	both := object.union(_provenance, {"authorities": ["dev", "ci"]})
	count(slsa_level.deny) == 0 with input as _input([both]) with data.params as {"minimum": 3} with data.builders as _builders
}

test_admits_any_verified_provenance_at_level_1 if {
	unknown := {"authorities": ["dev"], "platform": null}
	count(slsa_level.deny) == 0 with input as _input([unknown]) with data.params as {"minimum": 1} with data.builders as []
}

test_admits_if_one_of_several_is_good_enough if {
	other := object.union(_provenance, {"builderId": "https://elsewhere.example/v1"})
	count(slsa_level.deny) == 0 with input as _input([other, _provenance]) with data.params as {"minimum": 3} with data.builders as _builders
}

test_denies_without_provenance if {
	some denial in slsa_level.deny with input as _input([]) with data.params as {"minimum": 1} with data.builders as _builders
	denial == {
		"code": "no_provenance",
		"msg": "wanted provenance of SLSA build level 1, found no verified provenance",
		"details": {
			"wanted": "provenance of SLSA build level 1",
			"found": ["no verified provenance"],
			"nearest": ["provenance sha256:0123456789ab: signed by another key"],
		},
		"fix": "countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json registry.example.com/shop/api@sha256:aa",
	}
}

test_denies_a_builder_that_is_not_listed if {
	other := object.union(_provenance, {"builderId": "https://elsewhere.example/v1"})
	some denial in slsa_level.deny with input as _input([other]) with data.params as {"minimum": 3} with data.builders as _builders
	denial.code == "level_too_low"
	denial.msg == concat("", [
		"wanted provenance of SLSA build level 3, found level 1: ",
		"builder https://elsewhere.example/v1 is not among the builders of the policy",
	])
	denial.fix == concat("", [
		"if this builder reaches level 3, add it to spec.builders: ",
		`{id: "https://elsewhere.example/v1", authorities: [ci], maxLevel: 3}`,
	])
}

test_denies_a_listed_builder_by_the_word_of_somebody_else if {
	forged := object.union(_provenance, {"authorities": ["dev"]})
	some denial in slsa_level.deny with input as _input([forged]) with data.params as {"minimum": 2} with data.builders as _builders
	denial.code == "level_too_low"
	denial.details.found == [concat("", [
		"level 1: builder https://builder.acme.example/v1 counts only by the word of ci, ",
		"and this is the word of dev",
	])]
	denial.fix == "build with a builder that the policy lists for this level"
}

test_denies_a_listed_builder_of_a_lower_level if {
	builders := [{"id": "https://builder.acme.example/v1", "authorities": ["ci"], "maxLevel": 2}]
	some denial in slsa_level.deny with input as _input([_provenance]) with data.params as {"minimum": 3} with data.builders as builders
	denial.details.found == ["level 2: builder https://builder.acme.example/v1 reaches at most level 2"]
}

test_believes_no_level_that_the_provenance_claims if {
	boasting := object.union(_provenance, {
		"builderId": "https://elsewhere.example/generator_container_slsa3.yml",
		"parameters": {"slsa_level": 3},
		"level": 3,
		"maxLevel": 3,
	})
	some denial in slsa_level.deny with input as _input([boasting]) with data.params as {"minimum": 2} with data.builders as _builders
	denial.code == "level_too_low"
}

test_denies_provenance_without_a_builder if {
	nameless := object.remove(_provenance, ["builderId"])
	some denial in slsa_level.deny with input as _input([nameless]) with data.params as {"minimum": 2} with data.builders as _builders
	denial.details.found == ["level 1: it names no builder"]
}

test_counts_no_provenance_of_a_part_of_the_image if {
	part := object.union(_provenance, {"platform": "linux/amd64"})
	some denial in slsa_level.deny with input as _input([part]) with data.params as {"minimum": 1} with data.builders as _builders
	denial.code == "no_provenance"
}

test_denies_where_nothing_is_known if count(slsa_level.deny) == 1 with input as {} with data.params as {}

_builders := [
	{"id": "https://builder.acme.example/v1", "authorities": ["ci"], "maxLevel": 3},
	{"id": "https://other.acme.example/v1", "authorities": ["ci", "dev"], "maxLevel": 3},
]

_provenance := {
	"authorities": ["ci"],
	"identity": {"kind": "key", "subject": "sha256:11"},
	"platform": null,
	"builderId": "https://builder.acme.example/v1",
}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {
		"provenance": provenance,
		"rejected": [
			{
				"format": "bundle", "digest": "sha256:0123456789abcdef", "reason": "key_mismatch",
				"detail": "signed by another key", "predicateType": "https://slsa.dev/provenance/v1",
			},
			{"format": "bundle", "digest": "sha256:bb", "reason": "key_mismatch", "detail": "a signature"},
		],
	},
}
