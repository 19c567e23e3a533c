package rules.image.platforms_test

import data.rules.image.platforms

test_admits_an_index_of_the_wanted_platforms if {
	count(platforms.deny) == 0 with input as _index with data.params as {"required": ["linux/amd64", "linux/arm64"], "only": true}
	count(platforms.deny) == 0 with input as _index with data.params as {"required": ["linux/arm64/v8"], "only": false}
}

test_admits_a_single_manifest_by_its_configuration if {
	count(platforms.deny) == 0 with input as _single with data.params as {"required": ["linux/amd64"], "only": true}
}

test_denies_a_platform_that_is_missing if {
	params := {"required": ["linux/amd64", "linux/s390x"], "only": true}
	denials := platforms.deny with input as _index with data.params as params
	denials == {{
		"code": "platform_missing",
		"msg": "wanted an image for linux/amd64 and linux/s390x, found linux/amd64, linux/arm64/v8",
		"details": {
			"wanted": "an image for linux/amd64 and linux/s390x",
			"found": ["linux/amd64", "linux/arm64/v8"],
			"nearest": [],
		},
		"fix": "build it for all of them: docker buildx build --platform linux/amd64,linux/s390x --push …",
	}}
}

test_denies_another_platform_where_only_these_may_be if {
	params := {"required": ["linux/amd64"], "only": true}
	denials := platforms.deny with input as _index with data.params as params
	denials == {{
		"code": "platform_not_allowed",
		"msg": "wanted an image for linux/amd64 and no others, found linux/amd64, linux/arm64/v8",
		"details": {
			"wanted": "an image for linux/amd64 and no others",
			"found": ["linux/amd64", "linux/arm64/v8"],
			"nearest": [],
		},
		"fix": "build it for these only: docker buildx build --platform linux/amd64 --push …",
	}}
}

test_denies_another_variant if {
	some denial in platforms.deny with input as _index with data.params as {"required": ["linux/arm64/v9"], "only": false}
	denial.code == "platform_missing"
}

test_denies_where_nothing_is_known if {
	some denial in platforms.deny with input as {} with data.params as {}
	denial.msg == "wanted an image for platforms, found no platform"
	denial.fix == "build it for all of them: docker buildx build --platform LIST --push …"
	count(platforms.deny) == 1 with input as {} with data.params as {"required": ["linux/amd64"], "only": true}
	count(platforms.deny) == 1 with input as _index with data.params as {"required": []}
}

_index := {"image": {
	"platforms": [
		{"os": "linux", "architecture": "amd64", "digest": "sha256:aa"},
		{"os": "linux", "architecture": "arm64", "variant": "v8", "digest": "sha256:bb"},
	],
	"config": {},
}}

_single := {"image": {"platforms": [], "config": {"linux/amd64": {"labels": {}}}}}
