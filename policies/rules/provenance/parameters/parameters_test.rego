package rules.provenance.parameters_test

import data.rules.provenance.parameters

test_admits_a_build_without_parameters if {
	every told in [{}, {"workflow": {}}, {"inputs": [], "args": null, "deep": {"deeper": [{}, [], null]}}] {
		count(parameters.deny) == 0 with input as _input([_of(told)]) with data.params as {"allow": []}
	}
}

test_admits_listed_parameters if {
	every allow in [
		["workflow", "inputs"],
		["workflow.ref", "workflow.repository", "inputs"],
		["workflow", "inputs.0.name", "inputs.1"],
	] {
		count(parameters.deny) == 0 with input as _input([_of(_workflow)]) with data.params as {"allow": allow}
	}
}

test_admits_where_one_of_several_will_do if {
	entries := [_of(_workflow), _of({})]
	count(parameters.deny) == 0 with input as _input(entries) with data.params as {"allow": []}
}

test_denies_without_provenance if {
	some denial in parameters.deny with input as _input([]) with data.params as {"allow": []}
	denial.code == "no_provenance"
	denial.msg == "wanted provenance of a build without external parameters, found no verified provenance"
}

test_denies_a_parameter_that_is_not_listed if {
	some denial in parameters.deny with input as _input([_of(_workflow)]) with data.params as {"allow": ["workflow"]}
	denial == {
		"code": "parameter_not_allowed",
		"msg": concat("", [
			"wanted provenance of a build without external parameters but workflow, ",
			"found provenance by ci with inputs.0.name, inputs.1",
		]),
		"details": {
			"wanted": "provenance of a build without external parameters but workflow",
			"found": ["provenance by ci with inputs.0.name, inputs.1"],
			"nearest": [],
		},
		"fix": concat("", [
			"build registry.example.com/shop/api@sha256:aa without these parameters; ",
			"if a caller may set them, add their paths to `allow`",
		]),
	}
}

test_denies_what_only_begins_or_ends_like_a_listed_one if {
	every allow in ["work", "workflow.re", "workflow.ref.x", "ref", "", ".workflow", "workflow."] {
		count(parameters.deny) == 1 with input as _input([_of({"workflow": {"ref": "x"}})]) with data.params as {"allow": [allow]}
	}
}

test_denies_a_name_with_a_dot_in_it if {
	some denial in parameters.deny with input as _input([_of({"workflow.evil": 1})]) with data.params as {"allow": ["workflow"]}
	denial.details.found == ["provenance by ci with workflow.evil"]
	count(parameters.deny) == 1 with input as _input([_of({"a.b": 1})]) with data.params as {"allow": ["a.b"]}
}

test_denies_whatever_the_value_is if {
	every value in ["", 0, false, "x", [1], {"": ""}] {
		count(parameters.deny) == 1 with input as _input([_of({"x": value})]) with data.params as {"allow": []}
	}
}

test_names_what_lies_deep_by_its_first_three_names if {
	some denial in parameters.deny with input as _input([_of({"a": {"b": {"c": {"d": 1}}}})]) with data.params as {"allow": ["a.b.c.d"]}
	denial.details.found == ["provenance by ci with a.b.c"]
	count(parameters.deny) == 0 with input as _input([_of({"a": {"b": {"c": {"d": 1}}}})]) with data.params as {"allow": ["a.b.c"]}
}

test_names_a_few_of_many if {
	some denial in parameters.deny with input as _input([_of({"a": [1, 2, 3, 4, 5, 6, 7]})]) with data.params as {"allow": []}
	denial.details.found == ["provenance by ci with a.0, a.1, a.2, a.3, a.4, 2 more"]
}

test_denies_provenance_that_does_not_tell_its_parameters if {
	every entry in [{"authorities": ["ci"]}, _of(null), _of("x"), _of([])] {
		some denial in parameters.deny with input as _input([entry]) with data.params as {"allow": ["x"]}
		denial.details.found == ["provenance by ci that does not tell its parameters"]
	}
}

test_denies_the_word_of_other_authorities if {
	params := {"allow": [], "authorities": ["release"]}
	some denial in parameters.deny with input as _input([_of({})]) with data.params as params
	denial.code == "no_provenance"
}

test_denies_where_nothing_is_known if count(parameters.deny) == 1 with input as {} with data.params as {}

_workflow := {
	"workflow": {"ref": "refs/heads/main", "repository": "https://github.com/acme/app"},
	"inputs": [{"name": "x"}, 7],
}

_of(told) := {"authorities": ["ci"], "platform": null, "parameters": told}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
