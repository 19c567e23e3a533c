package lib.built_test

import data.lib.built

test_certificate_and_provenance_both_speak if {
	built.repositories(_both) == {"https://github.com/acme/app"}
	built.refs(_both) == {"refs/tags/v1", "main"}
	built.revisions(_both) == {_commit, _other_commit}
	built.repository_id(_both) == "7"
	built.owner_id(_both) == "5"
	built.trigger(_both) == "push"
}

test_provenance_speaks_where_a_key_signs if {
	signed := object.union(_both, {"identity": {"kind": "key", "subject": "sha256:11"}})
	built.repositories(signed) == {"https://github.com/acme/app"}
	built.refs(signed) == {"main"}
	built.revisions(signed) == {_commit}
	not built.repository_id(signed)
	not built.owner_id(signed)
	not built.trigger(signed)
}

test_the_certificate_speaks_where_provenance_names_no_source if {
	local := object.remove(_both, ["source"])
	built.repositories(local) == {"https://github.com/acme/app"}
	built.refs(local) == {"refs/tags/v1"}
	built.revisions(local) == {_other_commit}
	built.repository_id(local) == "7"
}

test_the_run_of_another_repository_says_nothing_of_the_source_but_where_it_ran if {
	central := object.union(_both, {"source": {"uri": "https://github.com/acme/other"}})
	built.repositories(central) == {"https://github.com/acme/other", "https://github.com/acme/app"}
	built.refs(central) == {"main"}
	built.revisions(central) == {_commit}
	not built.repository_id(central)
	not built.owner_id(central)
}

test_a_commit_is_one_in_full_of_a_clean_tree if {
	every entry in [
		{"source": {"digest": {"gitCommit": _commit}}},
		{"vcs": {"revision": _commit, "dirty": false}},
		{"source": {"digest": {"gitCommit": _commit}}, "vcs": {"revision": _commit, "dirty": false}},
	] {
		built.commit(entry) == _commit
		not built.is_dirty(entry)
	}
	every entry in [
		{},
		{"source": {"digest": {"gitCommit": "0123abc"}}},
		{"vcs": {"revision": _commit, "dirty": true}},
		{"vcs": {"revision": sprintf("%s-dirty", [_commit])}},
		{"source": {"digest": {"gitCommit": _commit}}, "vcs": {"revision": _other_commit, "dirty": false}},
	] {
		not built.commit(entry)
	}
}

test_changes_are_told_by_the_client_or_by_the_revision if {
	built.is_dirty({"vcs": {"revision": _commit, "dirty": true}})
	built.is_dirty({"source": {"digest": {"gitCommit": sprintf("%s-dirty", [_commit])}}})
	not built.is_dirty({})
}

test_everything_that_names_a_repository_is_heard if {
	built.repositories({
		"source": {"uri": "git+https://github.com/acme/one"},
		"vcs": {"repository": "git@github.com:acme/two.git"},
		"identity": {"kind": "certificate", "claims": {"sourceRepositoryURI": "https://github.com/acme/three"}},
	}) == {"https://github.com/acme/one", "https://github.com/acme/two", "https://github.com/acme/three"}
	built.repositories({}) == set()
}

test_a_commit_in_the_place_of_a_ref_is_a_revision if {
	entry := {"source": {"uri": "https://github.com/acme/app", "digest": {}, "ref": _commit}}
	built.refs(entry) == set()
	built.revisions(entry) == {_commit}
}

test_what_the_build_client_found_is_a_revision if {
	built.revisions({"vcs": {"revision": _commit, "dirty": false}}) == {_commit}
}

test_reads_the_trigger_where_each_builder_writes_it if {
	every environment in [{"github": {"event_name": "push"}}, {"GITHUB_EVENT_NAME": "push"}, {"github_event_name": "push"}] {
		built.trigger({"environment": environment}) == "push"
	}
	not built.trigger({"environment": {}})
}

test_nothing_is_known_of_what_says_nothing if {
	built.repositories({}) == set()
	built.refs({}) == set()
	built.revisions({}) == set()
	not built.repository_id({})
	not built.trigger({})
}

_commit := "0123456789abcdef0123456789abcdef01234567"

_other_commit := "89abcdef0123456789abcdef0123456789abcdef"

_both := {
	"identity": {"kind": "certificate", "claims": {
		"sourceRepositoryURI": "https://github.com/Acme/App",
		"sourceRepositoryRef": "refs/tags/v1",
		"sourceRepositoryDigest": _other_commit,
		"sourceRepositoryIdentifier": "7",
		"sourceRepositoryOwnerIdentifier": "5",
		"buildTrigger": "push",
	}},
	"source": {"uri": "git+https://github.com/acme/app.git", "ref": "main", "digest": {"gitCommit": _commit}},
}
