package lib.source_test

import data.lib.source

test_every_spelling_of_one_repository_is_the_same if {
	every uri in [
		"https://github.com/acme/app",
		"https://github.com/acme/app/",
		"https://github.com/acme/app.git",
		"https://github.com/Acme/App.git",
		"https://GitHub.com:443/acme/app",
		"https://user:token@github.com/acme/app.git",
		"git+https://github.com/acme/app@refs/heads/main",
		"git+https://github.com/acme/app.git@v1",
		"https://github.com/acme/app.git#0123abc:sub",
		"https://github.com/acme/app?x=y",
		"http://github.com:80/acme/app",
		"ssh://git@github.com/acme/app.git",
		"ssh://git@github.com:22/acme/app",
		"git@github.com:acme/app.git",
		"git+ssh://git@github.com/acme/app",
	] {
		source.canonical(uri) == "https://github.com/acme/app"
		source.same(uri, "https://github.com/acme/app")
	}
}

test_look_alikes_stay_other_repositories if {
	every uri in [
		"https://github.com/acme/app-fork",
		"https://github.com/acme/app.git.git",
		"https://github.com/acme",
		"https://github.com",
		"https://github.com.evil/acme/app",
		"https://evil@gitlab.com/acme/app",
		"https://github.com:8443/acme/app",
		"https://evil/github.com/acme/app",
		"oci://github.com/acme/app",
		"github.com/acme/app",
		"acme/app",
		"https://github.com/aＣme/app",
		"",
	] {
		source.canonical(uri)
		not source.same(uri, "https://github.com/acme/app")
	}
}

test_case_and_at_signs_of_other_hosts_mean_something if {
	same := {
		"https://GIT.example/A/b.git": "https://git.example/A/b",
		"https://git.example/a@b/c.git#main": "https://git.example/a@b/c",
		"git+https://git.example/a@b/c@refs/tags/v1": "https://git.example/a@b/c",
		"https://git.example/a/@b": "https://git.example/a/@b",
		"https://git.example/a/c@v1": "https://git.example/a/c",
		"git@git.example:a/b": "https://git.example/a/b",
		"https://tenant.ghe.com/Acme/app": "https://tenant.ghe.com/acme/app",
		"https://git.example/a/b@c@v1": "https://git.example/a/b@c",
		"git@host:a/b://c@v1": "git@host:a/b://c@v1",
		"https://git.example/\u212a": "https://git.example/\u212a",
		"https://github.com/acme/\u0130": "https://github.com/acme/\u0130",
		"https://git.\u212aernel.example/a": "https://git.\u212aernel.example/a",
		"gs://bucket/a.tgz#1": "gs://bucket/a.tgz#1",
		"git+file:///srv/a.git": "file:///srv/a.git",
	}
	every uri, canonical in same {
		source.canonical(uri) == canonical
	}
}

test_what_is_no_text_is_no_repository if {
	every uri in [null, 1, {}, [], true] {
		not source.canonical(uri)
		not source.same(uri, uri)
	}
}

test_a_commit_is_written_in_full if {
	source.is_commit("0123456789abcdef0123456789abcdef01234567")
	source.is_commit("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
	every text in [
		"", "main", "0123abc", "0123456789ABCDEF0123456789abcdef01234567",
		"0123456789abcdef0123456789abcdef01234567-dirty", 1, null,
	] {
		not source.is_commit(text)
	}
}
