package lib.git_test

import data.lib.git

test_a_builder_that_has_the_commit_fetched_it if {
	git.is_fetched({"source": {"digest": {"gitCommit": _commit}}})
	not git.is_fetched({"vcs": {"revision": _commit, "dirty": false}})
	not git.is_fetched({})
}

test_the_dockerfile_is_a_path_in_the_repository if {
	fetched := {"source": {"uri": "https://github.com/acme/app", "digest": {"gitCommit": _commit}}}
	git.dockerfile({"vcs": {"dockerfile": "deploy/Dockerfile"}, "entryPoint": "Dockerfile"}) == "deploy/Dockerfile"
	git.dockerfile(object.union(fetched, {"entryPoint": "deploy/Dockerfile", "detail": "max"})) == "deploy/Dockerfile"
	both := object.union(fetched, {"vcs": {"dockerfile": "deploy/Dockerfile"}, "entryPoint": "Dockerfile", "detail": "max"})
	git.dockerfile(both) == "deploy/Dockerfile"
	git.dockerfile(object.union(both, {"vcs": {"dockerfile": ""}})) == "Dockerfile"
	not git.dockerfile({"entryPoint": "Dockerfile", "detail": "max"})
	not git.dockerfile(object.union(fetched, {"entryPoint": ".github/workflows/build.yml", "detail": null}))
	not git.dockerfile(object.union(fetched, {"entryPoint": "deploy/../../evil/Dockerfile", "detail": "min"}))
	not git.dockerfile({})
}

test_a_path_stays_where_it_is if {
	every text in ["Dockerfile", ".docker/Dockerfile", "a/b.c/..d/e"] {
		git.is_path(text)
	}
	every text in ["", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a/", null, 1] {
		not git.is_path(text)
	}
}

test_repositories_are_compared_as_people_mean_them if {
	patterns := ["github.com/acme/*", "https://git.example/a/b.git", "git@gitlab.com:shop/**"]
	every uri in [
		"https://github.com/acme/app",
		"git+https://github.com/Acme/App.git@refs/heads/main",
		"git@github.com:acme/app.git",
		"https://git.example/a/b",
		"https://gitlab.com/shop/deep/er.git",
	] {
		git.is_one_of(uri, patterns)
	}
	every uri in [
		"https://github.com/acme-evil/app",
		"https://github.com.evil.example/acme/app",
		"https://evil.example/github.com/acme/app",
		"https://git.example/a/b/c",
		"https://github.com/acme/app/more",
		"",
	] {
		not git.is_one_of(uri, patterns)
	}
}

test_a_label_says_one_thing_on_every_platform if {
	same := git.label("a") with input as _labelled({"a": "1"}, {"a": "1", "b": "2"})
	same == "1"
	not git.label("a") with input as _labelled({"a": "1"}, {"a": "2"})
	not git.label("a") with input as _labelled({"a": "1"}, {})
	not git.label("a") with input as _labelled({"a": ""}, {"a": ""})
	not git.label("a") with input as {}
}

test_a_label_counts_only_where_it_may if {
	found := git.unsigned("a") with input as _labelled({"a": "1"}, {"a": "1"}) with data.params as {"allow_unsigned_labels": true}
	found == "1"
	every params in [{}, {"allow_unsigned_labels": false}] {
		not git.unsigned("a") with input as _labelled({"a": "1"}, {"a": "1"}) with data.params as params
	}
}

_commit := "8bc2f1e6d4a7c0935e21b6f8d9a4c7e013f52b68"

_labelled(first, second) := {"image": {"config": {"linux/amd64": {"labels": first}, "linux/arm64": {"labels": second}}}}
