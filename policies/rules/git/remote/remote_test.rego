package rules.git.remote_test

import data.rules.git.remote

test_admits_a_repository_that_is_allowed_in_any_spelling if {
	every uri in [
		"https://github.com/acme/app",
		"git+https://github.com/Acme/app.git@refs/heads/main",
		"git@github.com:acme/app.git",
		"https://git.acme.example/shop/deep/api",
	] {
		count(remote.deny) == 0 with input as _input([_from(uri)]) with data.params as _params
		count(remote.warn) == 0 with input as _input([_from(uri)]) with data.params as _params
	}
}

test_admits_what_a_certificate_says_alone if {
	count(remote.deny) == 0 with input as _input([_signed_in("https://github.com/acme/app")]) with data.params as _params
}

test_admits_the_remote_of_a_working_tree if {
	count(remote.deny) == 0 with input as _input([_checkout_of("git@github.com:acme/app.git")]) with data.params as _params
}

test_admits_and_warns_by_a_label_where_that_may_be if {
	params := object.union(_params, {"allow_unsigned_labels": true})
	every entries in [[], [_entry]] {
		labelled := _labelled(entries, "https://github.com/acme/app")
		count(remote.deny) == 0 with input as labelled with data.params as params
		some warning in remote.warn with input as labelled with data.params as params
		warning == {
			"code": "unsigned_labels",
			"msg": concat("", [
				"only the label org.opencontainers.image.source=https://github.com/acme/app, ",
				"which nobody signed, tells the repository",
			]),
		}
	}
}

test_denies_without_provenance if {
	some denial in remote.deny with input as _labelled([], "https://github.com/acme/app") with data.params as _params
	denial.code == "no_provenance"
	denial.details.nearest == []
}

test_denies_another_repository if {
	every uri in ["https://github.com/evil/app", "https://github.com/acme/app/more", "https://github.com.evil.example/acme/app"] {
		some denial in remote.deny with input as _input([_from(uri)]) with data.params as _params
		denial == {
			"code": "remote_not_allowed",
			"msg": concat("", [
				"wanted provenance of a build from https://github.com/acme/* or git.acme.example/shop/**, ",
				sprintf("found provenance by ci of a build from %s", [uri]),
			]),
			"details": {
				"wanted": "provenance of a build from https://github.com/acme/* or git.acme.example/shop/**",
				"found": [sprintf("provenance by ci of a build from %s", [uri])],
				"nearest": [],
			},
			"fix": "build from an allowed repository: docker buildx build https://HOST/REPOSITORY.git#COMMIT …",
		}
	}
}

test_denies_provenance_whose_certificate_names_another if {
	two := object.union(_signed_in("https://github.com/evil/app"), {"source": {"uri": "https://github.com/acme/app"}})
	some denial in remote.deny with input as _input([two]) with data.params as _params
	denial.code == "remote_not_allowed"
}

test_denies_a_working_tree_of_another_repository if {
	evil := _checkout_of("https://github.com/evil/app")
	every entry in [evil, object.union(_from("https://github.com/acme/app"), evil)] {
		some denial in remote.deny with input as _input([entry]) with data.params as _params
		denial.code == "remote_not_allowed"
	}
}

test_denies_provenance_that_names_no_repository if {
	some denial in remote.deny with input as _input([_entry]) with data.params as _params
	denial.code == "no_remote"
	denial.details.found == ["provenance by ci that names no repository"]
}

test_denies_a_label_that_is_not_allowed_or_contradicted if {
	params := object.union(_params, {"allow_unsigned_labels": true})
	some denial in remote.deny with input as _labelled([], "https://github.com/evil/app") with data.params as params
	denial.details.nearest == ["label org.opencontainers.image.source=https://github.com/evil/app, which will not do either"]
	evil := _labelled([_from("https://github.com/evil/app")], "https://github.com/acme/app")
	some other in remote.deny with input as evil with data.params as params
	other.code == "remote_not_allowed"
	count(remote.warn) == 0 with input as evil with data.params as params
}

test_denies_where_nothing_is_known if {
	count(remote.deny) == 1 with input as {} with data.params as {}
	some denial in remote.deny with input as {} with data.params as {}
	denial.msg == "wanted provenance of a build from an allowed repository, found no verified provenance"
	count(remote.deny) == 1 with input as _input([_from("https://github.com/acme/app")]) with data.params as {}
}

_params := {"allow": ["https://github.com/acme/*", "git.acme.example/shop/**"], "allow_unsigned_labels": false}

_entry := {"authorities": ["ci"], "identity": {"kind": "key", "subject": "sha256:11"}, "dependencies": []}

_from(uri) := object.union(_entry, {"source": {"uri": uri, "digest": {}}})

_checkout_of(uri) := object.union(_entry, {"vcs": {"repository": uri, "dirty": false}})

_signed_in(repository) := object.union(_entry, {"identity": {
	"kind": "certificate",
	"claims": {"sourceRepositoryURI": repository},
}})

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "config": {}},
	"evidence": {"provenance": provenance, "rejected": []},
}

_labelled(provenance, uri) := object.union(_input(provenance), {"image": {"config": {"linux/amd64": {"labels": {
	"org.opencontainers.image.source": uri,
}}}}})
