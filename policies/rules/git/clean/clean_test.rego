package rules.git.clean_test

import data.rules.git.clean

test_admits_a_commit_that_the_builder_fetched if {
	every fetched in [true, false] {
		params := object.union(_any, {"fetched": fetched})
		count(clean.deny) == 0 with input as _input([_fetched]) with data.params as params
	}
}

test_admits_a_working_tree_without_changes if {
	count(clean.deny) == 0 with input as _input([_tree(false)]) with data.params as _any
	count(clean.deny) == 0 with input as _input([_entry, _tree(false)]) with data.params as _any
	count(clean.warn) == 0 with input as _input([_tree(false)]) with data.params as _any
}

test_admits_and_warns_by_a_label_where_that_may_be if {
	params := object.union(_any, {"allow_unsigned_labels": true})
	every entries in [[], [_entry]] {
		count(clean.deny) == 0 with input as _labelled(entries, _commit) with data.params as params
		some warning in clean.warn with input as _labelled(entries, _commit) with data.params as params
		warning.code == "unsigned_labels"
		endswith(warning.msg, ", which nobody signed, tells that the sources had no changes")
	}
}

test_denies_without_provenance if {
	some denial in clean.deny with input as _input([]) with data.params as _any
	denial.code == "no_provenance"
	denial.msg == "wanted provenance of a build without changes that are in no commit, found no verified provenance"
}

test_denies_a_tree_with_changes if {
	some denial in clean.deny with input as _input([_tree(true)]) with data.params as _any
	denial == {
		"code": "dirty",
		"msg": concat("", [
			"wanted provenance of a build without changes that are in no commit, ",
			"found provenance by ci of a tree with changes that are in no commit",
		]),
		"details": {
			"wanted": "provenance of a build without changes that are in no commit",
			"found": ["provenance by ci of a tree with changes that are in no commit"],
			"nearest": [],
		},
		"fix": "commit all changes, and build again: BUILDX_GIT_CHECK_DIRTY=1 docker buildx build …",
	}
}

test_denies_one_that_tells_of_changes_whatever_another_says if {
	fetched := sprintf("provenance by ci of %s", [_commit])
	some denial in clean.deny with input as _input([_fetched, _tree(true)]) with data.params as _any
	denial.code == "dirty"
	denial.details.found == [
		fetched,
		"provenance by ci of a tree with changes that are in no commit",
	]
}

test_denies_provenance_that_names_no_commit if {
	some denial in clean.deny with input as _input([_entry]) with data.params as _any
	denial.code == "not_clean"
	denial.details.found == ["provenance by ci that does not name one commit"]
}

test_denies_a_fetched_commit_that_is_not_the_only_one if {
	other := {"vcs": {"revision": "0000000000000000000000000000000000000001", "dirty": false}}
	some denial in clean.deny with input as _input([object.union(_fetched, other)]) with data.params as _any
	denial.code == "not_clean"
}

test_denies_a_working_tree_where_the_builder_must_have_fetched if {
	params := object.union(_any, {"fetched": true})
	tree := sprintf("provenance by ci of a working tree of %s", [_commit])
	some denial in clean.deny with input as _input([_tree(false)]) with data.params as params
	denial.code == "not_clean"
	denial.details.found == [tree]
	denial.fix == "build from the repository: docker buildx build https://HOST/REPOSITORY.git#COMMIT …"
}

test_denies_a_label_that_may_not_count_or_tells_of_changes if {
	changed := sprintf("%s-dirty", [_commit])
	lenient := object.union(_any, {"allow_unsigned_labels": true})
	count(clean.deny) == 1 with input as _labelled([], changed) with data.params as lenient
	count(clean.deny) == 1 with input as _labelled([], _commit) with data.params as _any
	count(clean.deny) == 1 with input as _labelled([], _commit) with data.params as object.union(lenient, {"fetched": true})
}

test_denies_a_label_that_provenance_contradicts if {
	lenient := object.union(_any, {"allow_unsigned_labels": true})
	some denial in clean.deny with input as _labelled([_tree(true)], _commit) with data.params as lenient
	denial.code == "dirty"
	count(clean.warn) == 0 with input as _labelled([_tree(true)], _commit) with data.params as lenient
}

test_denies_where_nothing_is_known if {
	some denial in clean.deny with input as {} with data.params as {}
	denial.code == "no_provenance"
	count(clean.deny) == 1 with input as {"evidence": {"provenance": [{"authorities": ["ci"]}]}} with data.params as {}
}

_any := {"fetched": false, "allow_unsigned_labels": false}

_commit := "8bc2f1e6d4a7c0935e21b6f8d9a4c7e013f52b68"

_entry := {"authorities": ["ci"], "identity": {"kind": "key", "subject": "sha256:11"}, "dependencies": []}

_fetched := object.union(_entry, {"source": {
	"uri": "https://github.com/acme/app",
	"digest": {"gitCommit": _commit},
}})

_tree(dirty) := object.union(_entry, {"vcs": {"revision": _commit, "dirty": dirty}})

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "config": {}},
	"evidence": {"provenance": provenance, "rejected": []},
}

_labelled(provenance, commit) := object.union(_input(provenance), {"image": {"config": {"linux/amd64": {"labels": {
	"org.opencontainers.image.revision": commit,
}}}}})
