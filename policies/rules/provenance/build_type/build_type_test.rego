package rules.provenance.build_type_test

import data.rules.provenance.build_type

test_admits_an_allowed_build_type if {
	every params in [{"allow": [_type]}, {"patterns": ["https://acme.example/.*"]}, {"allow": ["x"], "patterns": [_type]}] {
		count(build_type.deny) == 0 with input as _input([_provenance]) with data.params as params
	}
}

test_admits_where_one_of_several_will_do if {
	other := object.union(_provenance, {"buildType": "https://elsewhere.example/v1"})
	count(build_type.deny) == 0 with input as _input([other, _provenance]) with data.params as {"allow": [_type]}
}

test_denies_without_provenance if {
	type := _type
	some denial in build_type.deny with input as _input([]) with data.params as {"allow": [type]}
	denial.code == "no_provenance"
	denial.msg == sprintf("wanted provenance of build type %s, found no verified provenance", [type])
}

test_denies_another_build_type if {
	type := _type
	other := object.union(_provenance, {"buildType": sprintf("%s/evil", [type])})
	some denial in build_type.deny with input as _input([other]) with data.params as {"allow": [type], "patterns": [type]}
	denial == {
		"code": "build_type_not_allowed",
		"msg": sprintf("wanted provenance of build type %s or one like %s, found provenance by ci of build type %s/evil", [type, type, type]),
		"details": {
			"wanted": sprintf("provenance of build type %s or one like %s", [type, type]),
			"found": [sprintf("provenance by ci of build type %s/evil", [type])],
			"nearest": [],
		},
		"fix": concat("", [
			"build registry.example.com/shop/api@sha256:aa in an allowed way; ",
			"if one that was found is allowed too, add it to `allow`",
		]),
	}
}

test_denies_the_word_of_other_authorities if {
	params := {"allow": [_type], "authorities": ["release"]}
	some denial in build_type.deny with input as _input([_provenance]) with data.params as params
	denial.code == "no_provenance"
}

test_denies_provenance_without_a_build_type if {
	nameless := object.remove(_provenance, ["buildType"])
	some denial in build_type.deny with input as _input([nameless]) with data.params as {"patterns": [".*"]}
	denial.details.found == ["provenance by ci of no build type"]
}

test_denies_where_nothing_is_allowed if {
	some denial in build_type.deny with input as _input([_provenance]) with data.params as {"allow": [], "patterns": []}
	denial.details.wanted == "provenance of an allowed build type"
}

test_denies_where_nothing_is_known if count(build_type.deny) == 1 with input as {} with data.params as {}

_type := "https://acme.example/build/v1"

_provenance := {"authorities": ["ci"], "platform": null, "buildType": _type}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
