package rules.provenance.revision_test

import data.rules.provenance.revision

test_admits_one_commit if {
	every entry in [_by_key, _signed, object.union(_by_key, {"vcs": {"revision": _commit, "dirty": false}}), _long] {
		count(revision.deny) == 0 with input as _input([entry]) with data.params as {}
	}
}

test_admits_an_allowed_commit if {
	params := {"allow": [_other, _commit]}
	count(revision.deny) == 0 with input as _input([_signed]) with data.params as params
}

test_admits_where_one_of_several_will_do if {
	count(revision.deny) == 0 with input as _input([{"authorities": ["ci"]}, _by_key]) with data.params as {}
}

test_denies_without_provenance if {
	some denial in revision.deny with input as _input([]) with data.params as {}
	denial.code == "no_provenance"
	denial.msg == "wanted provenance that names the commit it is of, found no verified provenance"
}

test_denies_another_commit if {
	commit := _commit
	other := _other
	some denial in revision.deny with input as _input([_by_key]) with data.params as {"allow": [other]}
	denial == {
		"code": "revision_not_allowed",
		"msg": sprintf("wanted provenance of commit %s, found provenance by ci of %s", [other, commit]),
		"details": {
			"wanted": sprintf("provenance of commit %s", [other]),
			"found": [sprintf("provenance by ci of %s", [commit])],
			"nearest": [],
		},
		"fix": sprintf(
			"commit everything, and build registry.example.com/shop/api@sha256:aa again from a clean checkout of %s",
			[other],
		),
	}
}

test_denies_where_no_commit_is_named_in_full if {
	found := {
		"no commit": {"authorities": ["ci"]},
		"0123abc": object.union(_by_key, {"source": {"digest": {"gitCommit": "0123abc"}}}),
		"main": object.union(_by_key, {"source": {"digest": {"gitCommit": "main"}}}),
	}
	every words, entry in found {
		some denial in revision.deny with input as _input([entry]) with data.params as {}
		denial.code == "no_revision"
		denial.details.found == [sprintf("provenance by ci of %s", [words])]
	}
}

test_denies_where_two_commits_are_named if {
	commit := _commit
	other := _other
	every entry in [
		object.union(_signed, {"source": {"digest": {"gitCommit": other}}}),
		object.union(_by_key, {"vcs": {"revision": other, "dirty": false}}),
		object.union(_by_key, {"source": {"ref": other}}),
	] {
		some denial in revision.deny with input as _input([entry]) with data.params as {"allow": [commit, other]}
		denial.code == "revision_in_doubt"
		denial.details.found == [sprintf("provenance by ci of %s and %s", [commit, other])]
	}
}

test_denies_a_tree_with_changes if {
	commit := _commit
	every entry in [
		object.union(_by_key, {"vcs": {"revision": commit, "dirty": true}}),
		object.union(_by_key, {"vcs": {"revision": commit, "dirty": null}}),
	] {
		some denial in revision.deny with input as _input([entry]) with data.params as {"allow": [commit]}
		denial.code == "revision_in_doubt"
		denial.details.found == [sprintf("provenance by ci of %s with changes that are in no commit", [commit])]
	}
}

test_denies_the_word_of_other_authorities if {
	some denial in revision.deny with input as _input([_by_key]) with data.params as {"authorities": ["release"]}
	denial.code == "no_provenance"
}

test_denies_where_nothing_is_known if count(revision.deny) == 1 with input as {} with data.params as {}

_commit := "0123456789abcdef0123456789abcdef01234567"

_other := "89abcdef0123456789abcdef0123456789abcdef"

_by_key := {
	"authorities": ["ci"],
	"platform": null,
	"source": {"uri": "https://github.com/acme/app", "digest": {"gitCommit": _commit}},
}

_long := object.union(_by_key, {"source": {"digest": {
	"gitCommit": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
}}})

_signed := object.union(_by_key, {"identity": {"kind": "certificate", "claims": {
	"sourceRepositoryURI": "https://github.com/acme/app",
	"sourceRepositoryDigest": _commit,
}}})

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
