package rules.provenance.source_test

import data.rules.provenance.source

test_admits_an_allowed_source if {
	every params in [
		{"repositories": ["https://github.com/acme/app"]},
		{"repositories": ["https://github.com/other/x", "git@github.com:Acme/app.git"]},
		{"repositories": ["https://github.com/acme/*"], "refs": ["refs/heads/.*", "refs/tags/v[0-9]+"]},
		_params,
	] {
		count(source.deny) == 0 with input as _input([_signed]) with data.params as params
	}
}

test_admits_an_allowed_source_by_the_word_of_a_key if {
	params := {"repositories": ["https://github.com/acme/app"], "refs": ["refs/tags/v1"]}
	count(source.deny) == 0 with input as _input([_by_key]) with data.params as params
}

test_admits_where_one_of_several_will_do if {
	count(source.deny) == 0 with input as _input([_by_key, _signed]) with data.params as _params
}

test_denies_without_provenance if {
	some denial in source.deny with input as _input([]) with data.params as _params
	denial.code == "no_provenance"
	denial.msg == concat("", [
		"wanted a build from https://github.com/acme/app at a ref like refs/tags/v[0-9]+ with repository id 7 or 8 ",
		"with owner id 5, found no verified provenance",
	])
}

test_denies_another_repository if {
	every repository in [
		"https://github.com/acme/app-fork", "https://github.com/evil/app", "https://github.com/acme/app/sub",
		"https://github.com.evil.example/acme/app", "https://gitlab.com/acme/app",
	] {
		other := object.union(_by_key, {"source": {"uri": repository}})
		some denial in source.deny with input as _input([other]) with data.params as {"repositories": ["https://github.com/acme/app"]}
		denial.code == "source_not_allowed"
		denial.details.found == [concat("", [
			"provenance by ci of a build from ", repository,
			" at refs/tags/v1 with repository id unproven and owner id unproven",
		])]
	}
}

test_a_star_does_not_reach_into_another_component if {
	every repository in ["https://github.com/acme/group/app", "https://github.com.evil.example/acme/app", "https://github.com/acme"] {
		other := object.union(_by_key, {"source": {"uri": repository}})
		count(source.deny) == 1 with input as _input([other]) with data.params as {"repositories": ["https://github.com/acme/*"]}
	}
}

test_denies_a_name_that_was_registered_anew if {
	every claims in [{"sourceRepositoryIdentifier": "9"}, {"sourceRepositoryOwnerIdentifier": "6"}] {
		anew := object.union(_signed, {"identity": {"claims": claims}})
		some denial in source.deny with input as _input([anew]) with data.params as _params
		denial.code == "source_not_allowed"
	}
	both := object.union(_signed, {"identity": {"claims": {
		"sourceRepositoryIdentifier": "9",
		"sourceRepositoryOwnerIdentifier": "6",
	}}})
	some denial in source.deny with input as _input([both]) with data.params as _params
	denial == {
		"code": "source_not_allowed",
		"msg": concat("", [
			"wanted a build from https://github.com/acme/app at a ref like refs/tags/v[0-9]+ with repository id 7 or 8 ",
			"with owner id 5, found provenance by ci of a build from https://github.com/acme/app at refs/tags/v1 ",
			"with repository id 9 and owner id 6",
		]),
		"details": {
			"wanted": concat("", [
				"a build from https://github.com/acme/app at a ref like refs/tags/v[0-9]+ with repository id 7 or 8 ",
				"with owner id 5",
			]),
			"found": [concat("", [
				"provenance by ci of a build from https://github.com/acme/app at refs/tags/v1 ",
				"with repository id 9 and owner id 6",
			])],
			"nearest": [],
		},
		"fix": concat("", [
			"build registry.example.com/shop/api@sha256:aa from an allowed source; ",
			"if the one that was found is allowed too, add it to the parameters",
		]),
	}
}

test_denies_a_number_that_no_certificate_proves if {
	every parameter in ["repository_ids", "owner_ids"] {
		params := {"repositories": ["https://github.com/acme/app"], parameter: ["7", "5", "unproven"]}
		some denial in source.deny with input as _input([_by_key]) with data.params as params
		denial.code == "source_not_allowed"
	}
}

test_denies_another_ref_or_none if {
	every ref in ["refs/heads/main", "refs/tags/v1-evil", "v1"] {
		other := object.union(_by_key, {"source": {"ref": ref}})
		count(source.deny) == 1 with input as _input([other]) with data.params as _params_of_ref
	}
	none := object.remove(_by_key, ["source"])
	refless := object.union(none, {"source": {"uri": "https://github.com/acme/app"}})
	some denial in source.deny with input as _input([refless]) with data.params as _params_of_ref
	contains(denial.msg, "https://github.com/acme/app at no known ref")
}

test_denies_where_certificate_and_provenance_name_two_and_one_is_not_allowed if {
	every uri in ["https://github.com/evil/app", "https://github.com/acme/other"] {
		built := object.union(_signed, {"source": {"uri": uri}})
		some denial in source.deny with input as _input([built]) with data.params as {"repositories": ["https://github.com/acme/app"]}
		contains(denial.msg, " and ")
	}
	elsewhere := object.union(_signed, {"identity": {"claims": {"sourceRepositoryURI": "https://github.com/evil/app"}}})
	count(source.deny) == 1 with input as _input([elsewhere]) with data.params as {"repositories": ["https://github.com/acme/app"]}
	tree := object.union(_signed, {"vcs": {"repository": "https://github.com/evil/app"}})
	count(source.deny) == 1 with input as _input([tree]) with data.params as {"repositories": ["https://github.com/acme/app"]}
	ref := object.union(_signed, {"source": {"ref": "refs/heads/evil"}})
	count(source.deny) == 1 with input as _input([ref]) with data.params as _params_of_ref
}

test_denies_where_no_source_is_named if {
	every entry in [object.remove(_by_key, ["source"]), {"authorities": ["ci"]}, {"authorities": ["ci"], "source": {"digest": {}}}] {
		some denial in source.deny with input as _input([entry]) with data.params as {"repositories": ["**"]}
		denial.details.found == ["provenance by ci that names no source"]
		startswith(denial.fix, "build from the repository instead of a folder")
	}
}

test_denies_the_word_of_other_authorities if {
	params := object.union(_params, {"authorities": ["release"]})
	some denial in source.deny with input as _input([_signed]) with data.params as params
	denial.code == "no_provenance"
}

test_denies_where_nothing_is_known if {
	some denial in source.deny with input as {} with data.params as {}
	denial.details.wanted == "a build from an allowed source"
	count(source.deny) == 1 with input as _input([_signed]) with data.params as {}
}

_params := {
	"repositories": ["https://github.com/acme/app"],
	"refs": ["refs/tags/v[0-9]+"],
	"repository_ids": ["7", "8"],
	"owner_ids": ["5"],
}

_params_of_ref := {"repositories": ["https://github.com/acme/app"], "refs": ["refs/tags/v[0-9]+"]}

_by_key := {
	"authorities": ["ci"],
	"platform": null,
	"identity": {"kind": "key", "subject": "sha256:11"},
	"source": {"uri": "https://github.com/acme/app", "ref": "refs/tags/v1", "digest": {}},
}

_signed := object.union(_by_key, {"identity": {"kind": "certificate", "claims": {
	"sourceRepositoryURI": "https://github.com/acme/app",
	"sourceRepositoryRef": "refs/tags/v1",
	"sourceRepositoryIdentifier": "7",
	"sourceRepositoryOwnerIdentifier": "5",
}}})

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
