package lib.platform_test

import data.lib.platform

test_children_of_an_index_name_their_platforms if {
	children := [
		{"os": "linux", "architecture": "amd64", "digest": "sha256:aa"},
		{"os": "linux", "architecture": "arm64", "variant": "v8", "digest": "sha256:bb"},
		{"os": "linux", "architecture": "arm", "variant": "", "digest": "sha256:cc"},
	]
	found := platform.present with input as {"image": {"platforms": children, "config": {"linux/s390x": {}}}}
	found == {"linux/amd64", "linux/arm64/v8", "linux/arm"}
}

test_a_single_manifest_names_its_own_in_its_configuration if {
	found := platform.present with input as {"image": {"platforms": [], "config": {"linux/s390x": {}}}}
	found == {"linux/s390x"}
	platform.present == set() with input as {}
}

test_spellings_of_one_platform_are_the_same if {
	every pair in [
		["linux/amd64", "linux/amd64"],
		["linux/x86_64", "linux/amd64"],
		["Linux/AMD64", "linux/amd64"],
		["linux/arm64", "linux/arm64/v8"],
		["linux/arm64/8", "linux/aarch64/v8"],
		["linux/arm", "linux/arm/v7"],
		["linux/arm/v6", "linux/arm"],
		["linux/amd64/v3", "linux/amd64"],
	] {
		platform.is(pair[0], pair[1])
	}
}

test_others_are_not if {
	every pair in [
		["linux/arm64", "linux/amd64"],
		["windows/amd64", "linux/amd64"],
		["linux/arm/v6", "linux/arm/v7"],
		["linux/s390x", "linux/s390x/v2"],
		["linux", "linux/amd64"],
		["linux/amd64", "linux"],
		["", ""],
	] {
		not platform.is(pair[0], pair[1])
	}
}
