package rules.image.labels_test

import data.rules.image.labels

test_admits_an_image_that_carries_them if {
	both := {"linux/amd64": _good, "linux/arm64": {"labels": {"vendor": "ACME", "team": "shop", "more": "x"}}}
	count(labels.deny) == 0 with input as _input(both) with data.params as _params
}

test_denies_another_value_and_says_what_to_do if {
	other := {"linux/amd64": {"labels": {"vendor": "Evil", "team": "shop"}}}
	some denial in labels.deny with input as _input(other) with data.params as _params
	denial == {
		"code": "labels_missing",
		"msg": concat("", [
			"wanted an image with the labels vendor=ACME and team matching [a-z]+, ",
			"found linux/amd64: vendor=Evil",
		]),
		"details": {
			"wanted": "an image with the labels vendor=ACME and team matching [a-z]+",
			"found": ["linux/amd64: vendor=Evil"],
			"nearest": [],
		},
		"fix": "build the image again: docker buildx build --label vendor=ACME --label team=VALUE …",
	}
}

test_denies_a_pattern_that_matches_a_part_only if {
	part := {"linux/amd64": {"labels": {"vendor": "ACME", "team": "shop 1"}}}
	some denial in labels.deny with input as _input(part) with data.params as _params
	denial.details.found == ["linux/amd64: team=shop 1"]
}

test_denies_if_one_platform_of_several_lacks_one if {
	both := {"linux/amd64": _good, "linux/arm64": {"labels": {"vendor": "ACME"}}}
	some denial in labels.deny with input as _input(both) with data.params as _params
	denial.details.found == ["linux/arm64: no team"]
}

test_denies_an_image_without_labels if {
	some denial in labels.deny with input as _input({"linux/amd64": {}}) with data.params as _params
	denial.code == "labels_missing"
	denial.details.found == ["linux/amd64: no team, no vendor"]
}

test_denies_where_nothing_is_known if {
	denials := labels.deny with input as {} with data.params as {}
	{denial.code | some denial in denials} == {"no_config"}
	some denial in labels.deny with input as _input({"linux/amd64": _good}) with data.params as {}
	denial.msg == "wanted an image with labels, found linux/amd64: labels that nobody asked for"
	denial.fix == "build the image again with docker buildx build --label NAME=VALUE …"
}

_params := {"required": [{"name": "vendor", "value": "ACME"}, {"name": "team", "pattern": "[a-z]+"}]}

_good := {"labels": {"vendor": "ACME", "team": "shop"}}

_input(configs) := {"image": {"config": configs}}
