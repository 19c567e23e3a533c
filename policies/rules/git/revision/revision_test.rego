package rules.git.revision_test

import data.rules.git.revision

test_admits_a_commit_that_provenance_names if {
	every entry in [_fetched(_commit), _checked_out(_commit), object.union(_fetched(_commit), _checked_out(_commit))] {
		count(revision.deny) == 0 with input as _input([entry]) with data.params as _any
		count(revision.warn) == 0 with input as _input([entry]) with data.params as _any
	}
}

test_admits_a_commit_that_is_allowed if {
	params := object.union(_any, {"allow": [_other, _commit]})
	count(revision.deny) == 0 with input as _input([_fetched(_commit)]) with data.params as params
}

test_admits_and_warns_by_a_label_where_that_may_be if {
	commit := _commit
	params := object.union(_any, {"allow_unsigned_labels": true})
	every entries in [[], [_entry]] {
		count(revision.deny) == 0 with input as _labelled(entries, commit) with data.params as params
		some warning in revision.warn with input as _labelled(entries, commit) with data.params as params
		warning == {
			"code": "unsigned_labels",
			"msg": sprintf("only the label org.opencontainers.image.revision=%s, which nobody signed, tells the commit", [commit]),
		}
	}
}

test_denies_without_provenance if {
	some denial in revision.deny with input as _input([]) with data.params as _any
	denial.code == "no_provenance"
	denial.msg == "wanted provenance of a build from a commit, found no verified provenance"
}

test_denies_a_label_where_that_may_not_be if {
	some denial in revision.deny with input as _labelled([], _commit) with data.params as _any
	denial.code == "no_provenance"
	denial.details.nearest == []
}

test_denies_provenance_that_names_no_commit if {
	some denial in revision.deny with input as _input([_entry]) with data.params as _any
	denial == {
		"code": "no_revision",
		"msg": "wanted provenance of a build from a commit, found provenance by ci that names no commit",
		"details": {
			"wanted": "provenance of a build from a commit",
			"found": ["provenance by ci that names no commit"],
			"nearest": [],
		},
		"fix": concat("", [
			"build in a clean checkout, or from the repository: ",
			"docker buildx build https://HOST/REPOSITORY.git#COMMIT …",
		]),
	}
}

test_denies_what_is_no_whole_commit_or_is_two if {
	every entry in [_fetched("main"), _fetched("0123abc"), object.union(_fetched(_commit), _checked_out(_other))] {
		some denial in revision.deny with input as _input([entry]) with data.params as _any
		denial.code == "no_revision"
	}
}

test_denies_changes_on_top_of_a_commit if {
	commit := _commit
	changed := object.union(_entry, {"vcs": {"revision": commit, "dirty": true}})
	some denial in revision.deny with input as _input([changed]) with data.params as _any
	denial.code == "no_revision"
	denial.details.found == [sprintf("provenance by ci of %s with changes", [commit])]
}

test_denies_another_commit if {
	commit := _commit
	other := _other
	params := object.union(_any, {"allow": [other]})
	some denial in revision.deny with input as _input([_fetched(commit)]) with data.params as params
	denial.code == "revision_not_allowed"
	denial.msg == sprintf("wanted provenance of a build from commit %s, found provenance by ci of %s", [other, commit])
}

test_denies_a_label_that_provenance_contradicts if {
	params := {"allow": [_other], "allow_unsigned_labels": true}
	some denial in revision.deny with input as _labelled([_fetched(_commit)], _other) with data.params as params
	denial.code == "revision_not_allowed"
	count(revision.warn) == 0 with input as _labelled([_fetched(_commit)], _other) with data.params as params
}

test_denies_a_label_that_is_no_commit_or_not_allowed if {
	changed := sprintf("%s-dirty", [_commit])
	params := object.union(_any, {"allow_unsigned_labels": true})
	some denial in revision.deny with input as _labelled([], changed) with data.params as params
	denial.details.nearest == [sprintf("label org.opencontainers.image.revision=%s, which will not do either", [changed])]
	narrow := object.union(params, {"allow": [_other]})
	count(revision.deny) == 1 with input as _labelled([], _commit) with data.params as narrow
}

test_denies_the_word_of_another_authority if {
	params := object.union(_any, {"authorities": ["release"]})
	some denial in revision.deny with input as _input([_fetched(_commit)]) with data.params as params
	denial.code == "no_provenance"
	denial.details.nearest == ["provenance in the word of ci, which does not count here"]
}

test_denies_where_nothing_is_known if {
	some denial in revision.deny with input as {} with data.params as {}
	denial.code == "no_provenance"
	count(revision.deny) == 1 with input as {"evidence": {"provenance": [{"authorities": ["ci"]}]}} with data.params as {}
}

_any := {"allow_unsigned_labels": false}

_commit := "8bc2f1e6d4a7c0935e21b6f8d9a4c7e013f52b68"

_other := "0000000000000000000000000000000000000001"

_entry := {"authorities": ["ci"], "identity": {"kind": "key", "subject": "sha256:11"}, "dependencies": []}

_fetched(commit) := object.union(_entry, {"source": {
	"uri": "https://github.com/acme/app",
	"digest": {"gitCommit": commit},
}})

_checked_out(commit) := object.union(_entry, {"vcs": {"revision": commit, "dirty": false}})

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "config": {}},
	"evidence": {"provenance": provenance, "rejected": []},
}

_labelled(provenance, commit) := object.union(_input(provenance), {"image": {"config": {"linux/amd64": {"labels": {
	"org.opencontainers.image.revision": commit,
}}}}})
