package lib.base_test

import data.lib.base

test_every_way_to_name_an_image_is_read if {
	every uri, parts in {
		"pkg:docker/alpine@3.20": {"name": "docker.io/library/alpine", "tag": "3.20"},
		"pkg:docker/alpine@3.20?platform=linux%2Famd64": {"name": "docker.io/library/alpine", "tag": "3.20"},
		"pkg:docker/acme/app": {"name": "docker.io/acme/app"},
		"pkg:docker/localhost%3A5000/app@1": {"name": "localhost:5000/app", "tag": "1"},
		"pkg:docker/ghcr.io/acme/app@1?digest=sha256:ab&platform=linux%2Farm64": {
			"name": "ghcr.io/acme/app", "tag": "1",
			"digest": "sha256:ab",
		},
		"pkg:docker/ghcr.io/acme/app?digest=sha256%3Aab": {"name": "ghcr.io/acme/app", "digest": "sha256:ab"},
		"pkg:docker/acme/app@sha256%3Aab?repository_url=gcr.io#sub": {"name": "gcr.io/acme/app", "digest": "sha256:ab"},
		"pkg:oci/app@sha256%3Aab?repository_url=ghcr.io%2Facme/app&tag=1": {
			"name": "ghcr.io/acme/app", "tag": "1",
			"digest": "sha256:ab",
		},
		"docker-image://docker.io/library/alpine:3.20@sha256:ab": {
			"name": "docker.io/library/alpine", "tag": "3.20",
			"digest": "sha256:ab",
		},
		"docker-image://alpine": {"name": "docker.io/library/alpine"},
		"docker-pullable://ghcr.io/acme/app@sha256:ab": {"name": "ghcr.io/acme/app", "digest": "sha256:ab"},
		"oci://ghcr.io/acme/app": {"name": "ghcr.io/acme/app"},
		"docker://ghcr.io/acme/app": {"name": "ghcr.io/acme/app"},
	} {
		found := base.images with input as _input([{"uri": uri, "digest": {}}])
		found == {object.union(parts, {"uri": uri})}
	}
}

test_an_image_without_a_name_is_still_an_image if {
	every uri in ["pkg:oci/layout@latest", "pkg:docker/", "docker-image://", "docker-image://a b"] {
		found := base.images with input as _input([{"uri": uri, "digest": {}}])
		found == {{"uri": uri}}
		base.describe({"uri": uri}) == uri
	}
}

test_what_was_resolved_counts_before_what_was_asked_for if {
	dependency := {"uri": "pkg:docker/alpine@3.20?digest=sha256:aa", "digest": {"sha256": "bb"}}
	some image in base.images with input as _input([dependency])
	image.digest == "sha256:bb"
	base.describe(image) == "docker.io/library/alpine:3.20"
}

test_what_is_no_image_is_left_out if {
	others := [
		{"uri": "https://github.com/acme/app.git#main", "digest": {"sha1": "aa"}},
		{"uri": "pkg:golang/docker/alpine@1", "digest": {}},
		{"digest": {"sha256": "aa"}},
	]
	base.images == set() with input as _input(others)
	base.images == set() with input as {}
}

test_of_provenance_that_does_not_count_there_is_none if {
	params := {"authorities": ["release"]}
	base.images == set() with input as _input([{"uri": "pkg:docker/alpine", "digest": {}}]) with data.params as params
}

_input(dependencies) := {"evidence": {"provenance": [{"authorities": ["ci"], "dependencies": dependencies}]}}
