package rules.image.registries_test

import data.rules.image.registries

test_admits_what_an_entry_allows if {
	every repository in [
		"registry.example.com/shop/api",
		"localhost:5000/a/b",
		"docker.io/library/nginx",
		"docker.io/library/alpine",
		"ghcr.io/acme/deep/app",
		"eu.registry.example.net/base/go-1",
	] {
		count(registries.deny) == 0 with input as _input(repository) with data.params as _params
	}
}

test_denies_what_no_entry_allows if {
	every repository in [
		"registry.example.com.evil.example/shop/api",
		"evil.example/registry.example.com/shop/api",
		"docker.io/evil/nginx",
		"docker.io/library/nginx/extra",
		"ghcr.io/acme-evil/app",
		"quay.io/acme/app",
		"eu.registry.example.net/other/go-1",
	] {
		some denial in registries.deny with input as _input(repository) with data.params as _params
		denial.code == "registry_not_allowed"
		denial.details.found == [repository]
	}
}

# An entry without a registry is short for one of Docker Hub, whatever a registry is called.
test_denies_a_registry_that_is_called_like_a_short_name if {
	params := {"allow": ["nginx", "acme/**"]}
	every repository in ["nginx/app", "acme/app"] {
		some denial in registries.deny with input as _input(repository) with data.params as params
		denial.code == "registry_not_allowed"
	}
	count(registries.deny) == 0 with input as _input("docker.io/acme/app") with data.params as params
}

test_says_what_is_allowed_and_what_comes_near if {
	params := {"allow": ["registry.example.com", "ghcr.io/acme/*", "quay.io/other/app"]}
	some denial in registries.deny with input as _input("ghcr.io/evil/app") with data.params as params
	denial == {
		"code": "registry_not_allowed",
		"msg": concat("", [
			"wanted an image of registry.example.com or ghcr.io/acme/* or quay.io/other/app, ",
			"found ghcr.io/evil/app",
		]),
		"details": {
			"wanted": "an image of registry.example.com or ghcr.io/acme/* or quay.io/other/app",
			"found": ["ghcr.io/evil/app"],
			"nearest": ["ghcr.io/acme/* is allowed", "quay.io/other/app is allowed"],
		},
		"fix": "copy the image to an allowed repository and deploy it from there, or add its repository to allow",
	}
}

test_denies_where_nothing_is_known if {
	count(registries.deny) == 1 with input as {} with data.params as {}
	some denial in registries.deny with input as {} with data.params as {"allow": ["**"]}
	denial.msg == "wanted an image of **, found an image without a name"
	count(registries.deny) == 1 with input as _input("docker.io/library/nginx") with data.params as {}
}

_params := {"allow": [
	"registry.example.com",
	"localhost:5000",
	"nginx",
	"docker.io/alpine",
	"ghcr.io/acme/**",
	"*.registry.example.net/base/*",
]}

_input(repository) := {"image": {"repository": repository}}
