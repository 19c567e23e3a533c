package rules.provenance.signer_matches_source_test

import data.rules.provenance.signer_matches_source

test_admits_a_source_that_the_certificate_names if {
	every entry in [
		_signed,
		object.union(_signed, {"source": {"uri": "git+https://github.com/Acme/App.git@refs/heads/main", "ref": "main"}}),
		object.union(_signed, {"source": {"digest": {"gitCommit": "0123456789abcdef0123456789abcdef01234567"}}}),
		object.union(_signed, {"source": {"ref": "refs/tags/v1"}}),
		object.union(object.remove(_signed, ["source"]), {"vcs": {"repository": "git@github.com:acme/app.git"}}),
	] {
		count(signer_matches_source.deny) == 0 with input as _input([entry]) with data.params as {}
	}
}

test_admits_where_one_of_several_will_do if {
	count(signer_matches_source.deny) == 0 with input as _input([_by_key, _signed]) with data.params as {}
}

test_denies_without_provenance if {
	some denial in signer_matches_source.deny with input as _input([]) with data.params as {}
	denial.code == "no_provenance"
	denial.msg == "wanted provenance of a source that its signer's certificate names, found no verified provenance"
}

test_denies_the_run_of_another_repository if {
	every repository in ["https://github.com/acme/other", "https://github.com/evil/app", "https://gitlab.com/acme/app"] {
		entry := object.union(_signed, {"identity": {"claims": {"sourceRepositoryURI": repository}}})
		some denial in signer_matches_source.deny with input as _input([entry]) with data.params as {}
		found := sprintf("provenance by ci of a build from https://github.com/acme/app, signed by a run of %s", [repository])
		denial == {
			"code": "signer_differs",
			"msg": sprintf("wanted provenance of a source that its signer's certificate names, found %s", [found]),
			"details": {
				"wanted": "provenance of a source that its signer's certificate names",
				"found": [found],
				"nearest": [],
			},
			"fix": concat("", [
				"in a run of the repository itself, build its commit from its URL instead of a folder ",
				"(docker buildx build https://github.com/OWNER/REPOSITORY.git#REF), and sign there without a key",
			]),
		}
	}
}

test_denies_a_working_tree_of_another_repository if {
	entry := object.union(_signed, {"vcs": {"repository": "https://github.com/evil/app"}})
	some denial in signer_matches_source.deny with input as _input([entry]) with data.params as {}
	denial.details.found == [concat("", [
		"provenance by ci of a build from https://github.com/acme/app and https://github.com/evil/app, ",
		"signed by a run of https://github.com/acme/app",
	])]
}

test_denies_another_commit_or_ref_of_the_repository if {
	found := {
		"0123456789abcdef0123456789abcdef01234567 and 89abcdef0123456789abcdef0123456789abcdef": {"digest": {
			"gitCommit": "89abcdef0123456789abcdef0123456789abcdef",
		}},
		"refs/heads/evil and refs/tags/v1": {"ref": "refs/heads/evil"},
	}
	every words, other in found {
		entry := object.union(_signed, {"source": other})
		some denial in signer_matches_source.deny with input as _input([entry]) with data.params as {}
		denial.code == "signer_differs"
		endswith(denial.msg, sprintf("signed by a run of https://github.com/acme/app at %s", [words]))
	}
}

test_denies_a_signer_without_a_certificate if {
	some denial in signer_matches_source.deny with input as _input([_by_key]) with data.params as {}
	denial.details.found == [concat("", [
		"provenance by ci of a build from https://github.com/acme/app, ",
		"signed by somebody whose repository no certificate names",
	])]
}

test_denies_provenance_that_names_no_source if {
	every entry in [object.remove(_signed, ["source"]), {"authorities": ["ci"]}] {
		some denial in signer_matches_source.deny with input as _input([entry]) with data.params as {}
		denial.code == "signer_differs"
		contains(denial.msg, "of a build from no source that it names")
	}
}

test_denies_the_word_of_other_authorities if {
	params := {"authorities": ["release"]}
	some denial in signer_matches_source.deny with input as _input([_signed]) with data.params as params
	denial.code == "no_provenance"
}

test_denies_where_nothing_is_known if count(signer_matches_source.deny) == 1 with input as {} with data.params as {}

_by_key := {
	"authorities": ["ci"],
	"platform": null,
	"identity": {"kind": "key", "subject": "sha256:11"},
	"source": {"uri": "https://github.com/acme/app", "digest": {}},
}

_signed := object.union(_by_key, {"identity": {"kind": "certificate", "claims": {
	"sourceRepositoryURI": "https://github.com/acme/app",
	"sourceRepositoryRef": "refs/tags/v1",
	"sourceRepositoryDigest": "0123456789abcdef0123456789abcdef01234567",
}}})

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
