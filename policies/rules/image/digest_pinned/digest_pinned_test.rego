package rules.image.digest_pinned_test

import data.rules.image.digest_pinned

test_admits_a_digest_with_and_without_a_tag if {
	every name in ["registry.example.com/shop/api", "registry.example.com/shop/api:1.4", "nginx"] {
		pinned := sprintf("%s@sha256:%s", [name, _hex])
		count(digest_pinned.deny) == 0 with input as _input(pinned) with data.params as {}
		longer := sprintf("%s@sha512:%s%s", [name, _hex, _hex])
		count(digest_pinned.deny) == 0 with input as _input(longer) with data.params as {}
	}
}

test_denies_a_tag_and_a_bare_name if {
	every name in ["registry.example.com/shop/api:1.4", "nginx", "nginx@sha256:aa", "nginx:sha256-aa"] {
		some denial in digest_pinned.deny with input as _input(name) with data.params as {}
		denial == {
			"code": "not_pinned",
			"msg": sprintf("wanted an image that is named by its digest, found %s", [name]),
			"details": {"wanted": "an image that is named by its digest", "found": [name], "nearest": []},
			"fix": sprintf("name it as this prints it: countersign resolve %s", [name]),
		}
	}
}

test_denies_where_nothing_is_known if {
	some denial in digest_pinned.deny with input as {} with data.params as {}
	denial.msg == "wanted an image that is named by its digest, found an image without a name"
	denial.fix == "name it as this prints it: countersign resolve IMAGE"
}

_hex := "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

_input(reference) := {"image": {"reference": reference}}
