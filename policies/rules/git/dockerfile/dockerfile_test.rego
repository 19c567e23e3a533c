package rules.git.dockerfile_test

import data.rules.git.dockerfile

test_admits_a_dockerfile_that_is_allowed if {
	every path in ["Dockerfile", "services/api/Dockerfile"] {
		count(dockerfile.deny) == 0 with input as _input([_with(path)]) with data.params as _params
		count(dockerfile.deny) == 0 with input as _input([_fetched(path)]) with data.params as _params
		count(dockerfile.warn) == 0 with input as _input([_with(path)]) with data.params as _params
	}
}

test_admits_and_warns_by_a_label_where_that_may_be if {
	params := object.union(_params, {"allow_unsigned_labels": true})
	every entries in [[], [_entry]] {
		count(dockerfile.deny) == 0 with input as _labelled(entries, "Dockerfile") with data.params as params
		some warning in dockerfile.warn with input as _labelled(entries, "Dockerfile") with data.params as params
		warning == {
			"code": "unsigned_labels",
			"msg": concat("", [
				"only the label com.docker.image.source.entrypoint=Dockerfile, ",
				"which nobody signed, tells the Dockerfile",
			]),
		}
	}
}

test_denies_without_provenance if {
	some denial in dockerfile.deny with input as _labelled([], "Dockerfile") with data.params as _params
	denial.code == "no_provenance"
	denial.details.nearest == []
}

test_denies_another_dockerfile if {
	every path in ["evil/Dockerfile", "services/a/b/Dockerfile", "Dockerfile.evil"] {
		some denial in dockerfile.deny with input as _input([_with(path)]) with data.params as _params
		denial == {
			"code": "dockerfile_not_allowed",
			"msg": concat("", [
				"wanted provenance of a build with Dockerfile or services/*/Dockerfile, ",
				sprintf("found provenance by ci of a build with %s", [path]),
			]),
			"details": {
				"wanted": "provenance of a build with Dockerfile or services/*/Dockerfile",
				"found": [sprintf("provenance by ci of a build with %s", [path])],
				"nearest": [],
			},
			"fix": "build in the checkout with docker buildx build -f PATH …, where PATH is an allowed Dockerfile",
		}
	}
}

test_denies_a_path_that_leaves_the_repository if {
	every path in ["services/../Dockerfile", "../Dockerfile", "/Dockerfile"] {
		some denial in dockerfile.deny with input as _input([_with(path)]) with data.params as {"allow": ["**"]}
		denial.code == "no_dockerfile"
		lenient := {"allow": ["**"], "allow_unsigned_labels": true}
		count(dockerfile.deny) == 1 with input as _labelled([], path) with data.params as lenient
	}
}

test_denies_what_is_no_dockerfile_of_a_repository if {
	local := object.union(_entry, {"entryPoint": "Dockerfile", "detail": "min"})
	workflow := object.union(_fetched("Dockerfile"), {"detail": null})
	every entry in [_entry, local, workflow] {
		some denial in dockerfile.deny with input as _input([entry]) with data.params as _params
		denial.code == "no_dockerfile"
		denial.details.found == ["provenance by ci that names no Dockerfile in a repository"]
	}
}

test_denies_a_label_that_is_not_allowed_or_contradicted if {
	params := object.union(_params, {"allow_unsigned_labels": true})
	count(dockerfile.deny) == 1 with input as _labelled([], "evil/Dockerfile") with data.params as params
	evil := _labelled([_with("evil/Dockerfile")], "Dockerfile")
	some denial in dockerfile.deny with input as evil with data.params as params
	denial.code == "dockerfile_not_allowed"
	count(dockerfile.warn) == 0 with input as evil with data.params as params
}

test_denies_where_nothing_is_known if {
	some denial in dockerfile.deny with input as {} with data.params as {}
	denial.msg == "wanted provenance of a build with an allowed Dockerfile, found no verified provenance"
	count(dockerfile.deny) == 1 with input as _input([_with("Dockerfile")]) with data.params as {}
}

_params := {"allow": ["Dockerfile", "services/*/Dockerfile"], "allow_unsigned_labels": false}

_entry := {"authorities": ["ci"], "identity": {"kind": "key", "subject": "sha256:11"}, "dependencies": []}

_with(path) := object.union(_entry, {"vcs": {"dirty": false, "dockerfile": path}, "detail": "min"})

_fetched(path) := object.union(_entry, {
	"source": {
		"uri": "https://github.com/acme/app",
		"digest": {"gitCommit": "8bc2f1e6d4a7c0935e21b6f8d9a4c7e013f52b68"},
	},
	"entryPoint": path,
	"detail": "max",
})

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa", "config": {}},
	"evidence": {"provenance": provenance, "rejected": []},
}

_labelled(provenance, path) := object.union(_input(provenance), {"image": {"config": {"linux/amd64": {"labels": {
	"com.docker.image.source.entrypoint": path,
}}}}})
