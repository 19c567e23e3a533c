package rules.image.base_test

import data.rules.image.base

test_admits_images_that_are_allowed_by_name if {
	every names in [["alpine", "docker.io/library/golang"], ["docker.io/library/*"], ["**"]] {
		count(base.deny) == 0 with input as _input([_entry([_alpine, _golang])]) with data.params as {"names": names}
	}
}

test_admits_images_that_are_allowed_by_digest if {
	params := {"names": ["alpine"], "digests": [sprintf("sha256:%s", [_hex])]}
	count(base.deny) == 0 with input as _input([_entry([_alpine])]) with data.params as params
}

test_admits_whatever_else_went_into_the_build if {
	repository := {"uri": "https://github.com/acme/app.git#main", "digest": {"sha1": "aa"}}
	count(base.deny) == 0 with input as _input([_entry([_alpine, repository])]) with data.params as {"names": ["alpine"]}
}

test_denies_without_provenance if {
	some denial in base.deny with input as _input([]) with data.params as {"names": ["alpine"]}
	denial.code == "no_provenance"
	denial.msg == "wanted provenance of a build from allowed images of alpine, found no verified provenance"
}

test_denies_if_one_image_of_several_is_not_allowed if {
	some denial in base.deny with input as _input([_entry([_alpine, _golang])]) with data.params as {"names": ["alpine", "evil/*"]}
	denial == {
		"code": "base_not_allowed",
		"msg": concat("", [
			"wanted provenance of a build from allowed images of alpine or evil/*, ",
			"found provenance by ci of a build from docker.io/library/alpine:3.20 and docker.io/library/golang:1.25",
		]),
		"details": {
			"wanted": "provenance of a build from allowed images of alpine or evil/*",
			"found": ["provenance by ci of a build from docker.io/library/alpine:3.20 and docker.io/library/golang:1.25"],
			"nearest": [],
		},
		"fix": concat("", [
			"build from allowed images, as in FROM registry.example.com/base/IMAGE@DIGEST, ",
			"and sign the provenance of that build",
		]),
	}
}

test_denies_what_any_provenance_says_was_used if {
	two := _input([_entry([_alpine]), _entry([_golang])])
	some denial in base.deny with input as two with data.params as {"names": ["alpine"]}
	denial.code == "base_not_allowed"
	count(denial.details.found) == 2
}

test_denies_look_alikes if {
	every uri in [
		"pkg:docker/evil.example/library/alpine@3.20",
		"pkg:docker/alpine-evil@3.20",
		"pkg:docker/docker.io/evil/alpine",
		"docker-image://registry.example.com/library/alpine",
		"pkg:oci/alpine@latest",
	] {
		other := _entry([{"uri": uri, "digest": {"sha256": _hex}}])
		some denial in base.deny with input as _input([other]) with data.params as {"names": ["alpine"]}
		denial.code == "base_not_allowed"
	}
}

test_denies_another_digest_and_none if {
	params := {"digests": [sprintf("sha256:%s", [_hex])]}
	every text, digest in {"sha256:aa": {"sha256": "aa"}, "no digest": {}} {
		other := {"uri": _alpine.uri, "digest": digest}
		some denial in base.deny with input as _input([_entry([other])]) with data.params as params
		denial.code == "base_not_allowed"
		contains(denial.msg, sprintf("docker.io/library/alpine:3.20 (%s)", [text]))
	}
}

test_denies_provenance_that_names_no_image if {
	every entry in [_entry([]), object.remove(_entry([]), ["dependencies"])] {
		some denial in base.deny with input as _input([entry]) with data.params as {"names": ["**"]}
		denial.code == "no_base"
		denial.details.found == ["provenance by ci that names no image that went into the build"]
	}
}

test_denies_where_nothing_is_known_or_asked_for if {
	count(base.deny) == 1 with input as {} with data.params as {}
	some denial in base.deny with input as {} with data.params as {}
	denial.code == "no_provenance"
	count(base.deny) == 1 with input as _input([_entry([_alpine])]) with data.params as {}
}

_hex := "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

_alpine := {"uri": "pkg:docker/alpine@3.20?platform=linux%2Famd64", "digest": {"sha256": _hex}}

_golang := {"uri": "docker-image://docker.io/library/golang:1.25", "digest": {"sha256": _hex}}

_entry(dependencies) := {
	"authorities": ["ci"],
	"identity": {"kind": "key", "subject": "sha256:11"},
	"dependencies": dependencies,
}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
