package rules.provenance.dependencies_test

import data.rules.provenance.dependencies

test_admits_pinned_dependencies if {
	every params in [
		{"pinned": true, "complete": false},
		{"pinned": true, "complete": true},
		{"pinned": true, "complete": true, "allow": ["pkg:docker/golang@.*", "https://github.com/acme/.*"]},
	] {
		count(dependencies.deny) == 0 with input as _input([_good]) with data.params as params
	}
}

test_admits_a_list_that_need_not_be_complete if {
	every entry in [object.union(_good, {"complete": {"dependencies": false}}), object.remove(_good, ["complete"])] {
		count(dependencies.deny) == 0 with input as _input([entry]) with data.params as _params
	}
}

test_admits_digests_that_are_long_enough if {
	sha512 := concat("", ["0123456789abcdef" | some _ in [1, 2, 3, 4, 5, 6, 7, 8]])
	every digest in [
		{"sha512": sha512},
		{"sha384": substring(sha512, 0, 96)},
		{"gitCommit": substring(sha512, 0, 64)},
		{"md5": "x", "sha256": substring(sha512, 0, 64)},
	] {
		count(dependencies.deny) == 0 with input as _input([_with("https://x", digest)]) with data.params as _params
	}
}

test_admits_what_is_not_pinned_where_it_need_not_be if {
	params := {"pinned": false, "complete": false}
	count(dependencies.deny) == 0 with input as _input([_with("https://x", {})]) with data.params as params
}

test_admits_that_nothing_went_in_where_the_list_is_complete if {
	nothing := object.union(_good, {"dependencies": []})
	count(dependencies.deny) == 0 with input as _input([nothing]) with data.params as _params
}

test_admits_where_one_of_several_will_do if {
	entries := [_with("https://x", {}), {"authorities": ["ci"]}, _good]
	count(dependencies.deny) == 0 with input as _input(entries) with data.params as _params
}

test_denies_without_provenance if {
	some denial in dependencies.deny with input as _input([]) with data.params as _params
	denial.code == "no_provenance"
	denial.msg == concat("", [
		"wanted provenance that lists what went into the build, each with a digest, ",
		"found no verified provenance",
	])
}

test_denies_where_nothing_is_listed if {
	nothing := object.union(_good, {"dependencies": [], "complete": {"dependencies": false}})
	every entry in [nothing, {"authorities": ["ci"]}] {
		some denial in dependencies.deny with input as _input([entry]) with data.params as _params
		denial.code == "dependencies_unknown"
		denial.details.found == ["provenance by ci that lists nothing"]
	}
}

test_denies_a_list_that_is_not_complete if {
	every entry in [object.union(_good, {"complete": {"dependencies": false}}), object.remove(_good, ["complete"])] {
		some denial in dependencies.deny with input as _input([entry]) with data.params as {"pinned": false, "complete": true}
		denial.code == "dependencies_unknown"
		denial.msg == concat("", [
			"wanted provenance that lists all of what went into the build, ",
			"found provenance by ci that does not say that its list is complete",
		])
	}
}

test_denies_what_no_pattern_allows if {
	params := {"pinned": true, "complete": false, "allow": ["pkg:docker/golang@.*"]}
	some denial in dependencies.deny with input as _input([_good]) with data.params as params
	denial == {
		"code": "dependency_not_allowed",
		"msg": concat("", [
			"wanted provenance that lists what went into the build, each like pkg:docker/golang@.* and each with a digest, ",
			"found provenance by ci that lists https://github.com/acme/app.git#main, which is not allowed",
		]),
		"details": {
			"wanted": concat("", [
				"provenance that lists what went into the build, each like pkg:docker/golang@.* ",
				"and each with a digest",
			]),
			"found": ["provenance by ci that lists https://github.com/acme/app.git#main, which is not allowed"],
			"nearest": [],
		},
		"fix": concat("", [
			"build registry.example.com/shop/api@sha256:aa from what is allowed, ",
			"each by its digest (FROM NAME@sha256:…), with docker buildx build --provenance mode=max",
		]),
	}
}

test_denies_what_has_no_uri_to_be_allowed_by if {
	entry := object.union(_good, {"dependencies": [{"digest": {"sha256": _sha256}}]})
	params := {"pinned": false, "complete": false, "allow": [".*"]}
	some denial in dependencies.deny with input as _input([entry]) with data.params as params
	denial.code == "dependency_not_allowed"
	denial.details.found == ["provenance by ci that lists something without a URI, which is not allowed"]
}

test_denies_what_is_not_pinned if {
	every digest in [
		{}, {"md5": "0123456789abcdef0123456789abcdef"}, {"sha256": "01"}, {"sha256": ""}, {"sha1": "main"},
		{"sha256": upper(_sha256)}, {"sha256": sprintf("%s\n", [_sha256])},
	] {
		some denial in dependencies.deny with input as _input([_with("https://x", digest)]) with data.params as _params
		denial.code == "dependency_not_pinned"
		denial.details.found == ["provenance by ci that lists https://x, which has no digest"]
	}
}

test_denies_what_only_two_together_would_be if {
	loose := _with("pkg:docker/golang@1", {})
	stranger := _with("https://evil.example/x", {"sha256": _sha256})
	params := {"pinned": true, "complete": false, "allow": ["pkg:docker/.*"]}
	some denial in dependencies.deny with input as _input([loose, stranger]) with data.params as params
	denial.code == "dependency_not_pinned"
	count(denial.details.found) == 2
}

test_denies_the_word_of_other_authorities if {
	params := object.union(_params, {"authorities": ["release"]})
	some denial in dependencies.deny with input as _input([_good]) with data.params as params
	denial.code == "no_provenance"
}

test_denies_where_nothing_is_known if {
	some denial in dependencies.deny with input as {} with data.params as {}
	denial.details.wanted == "provenance that lists what went into the build"
}

_params := {"pinned": true, "complete": false}

_sha256 := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

_with(uri, digest) := {
	"authorities": ["ci"],
	"platform": null,
	"dependencies": [{"uri": uri, "digest": digest}],
	"complete": {"dependencies": true},
}

_good := {
	"authorities": ["ci"],
	"platform": null,
	"dependencies": [
		{"uri": "pkg:docker/golang@1.26?platform=linux%2Famd64", "digest": {"sha256": _sha256}},
		{
			"uri": "https://github.com/acme/app.git#main",
			"digest": {"sha1": "0123456789abcdef0123456789abcdef01234567"},
		},
	],
	"complete": {"dependencies": true},
}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
