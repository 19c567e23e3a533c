package lib.reference_test

import data.lib.reference

test_names_are_completed_as_container_runtimes_complete_them if {
	every short, full in {
		"alpine": "docker.io/library/alpine",
		"docker.io/alpine": "docker.io/library/alpine",
		"index.docker.io/library/alpine": "docker.io/library/alpine",
		"acme/app": "docker.io/acme/app",
		"ghcr.io/acme/app": "ghcr.io/acme/app",
		"GHCR.io/acme/app": "ghcr.io/acme/app",
		"localhost/app": "localhost/app",
		"localhost:5000/app": "localhost:5000/app",
		"docker.io/**": "docker.io/**",
		"**/base": "**/base",
		"*.example.com/base": "*.example.com/base",
		"**": "**",
	} {
		reference.canonical(short) == full
	}
}

test_a_reference_is_taken_apart if {
	every text, parts in {
		"alpine": {"name": "docker.io/library/alpine"},
		"alpine:3.20": {"name": "docker.io/library/alpine", "tag": "3.20"},
		"localhost:5000/app": {"name": "localhost:5000/app"},
		"localhost:5000/app:1": {"name": "localhost:5000/app", "tag": "1"},
		"ghcr.io/acme/app@sha256:aa": {"name": "ghcr.io/acme/app", "digest": "sha256:aa"},
		"ghcr.io/acme/app:1@sha256:aa": {"name": "ghcr.io/acme/app", "tag": "1", "digest": "sha256:aa"},
	} {
		reference.parse(text) == parts
	}
	every text in ["", "a b", "a@sha256:XYZ", "a@b@c"] {
		not reference.parse(text)
	}
}

test_a_reference_is_described_by_tag_or_digest if {
	reference.describe({"name": "n", "tag": "1", "digest": "sha256:aa"}) == "n:1"
	reference.describe({"name": "n", "digest": "sha256:aa"}) == "n@sha256:aa"
	reference.describe({"name": "n"}) == "n"
}
