package rules.image.age_test

import data.rules.image.age

test_admits_an_image_that_is_young_enough if {
	every created in ["2026-11-20T07:00:00Z", "2026-10-21T08:00:00Z", "2026-11-20T08:00:00.123456789Z"] {
		count(age.deny) == 0 with input as _input({"linux/amd64": {"created": created}}) with data.params as _params
	}
}

test_denies_an_image_that_is_too_old if {
	old := {"linux/amd64": {"created": "2026-10-21T07:59:59Z"}}
	some denial in age.deny with input as _input(old) with data.params as _params
	denial == {
		"code": "too_old",
		"msg": concat("", [
			"wanted an image that was created at most 30 days ago, ",
			"found linux/amd64: of 2026-10-21T07:59:59Z, 30 days ago",
		]),
		"details": {
			"wanted": "an image that was created at most 30 days ago",
			"found": ["linux/amd64: of 2026-10-21T07:59:59Z, 30 days ago"],
			"nearest": [],
		},
		"fix": "build the image again from a base of today, and deploy the new digest",
	}
}

test_denies_an_image_that_is_yet_to_be_built if {
	future := {"linux/amd64": {"created": "2027-01-01T00:00:00Z"}}
	some denial in age.deny with input as _input(future) with data.params as _params
	denial.code == "too_old"
	denial.details.found == ["linux/amd64: of 2027-01-01T00:00:00Z, which is yet to come"]
}

test_denies_an_image_that_tells_no_time if {
	every one in [{}, {"created": ""}, {"created": "1970-01-01T00:00:00Z"}, {"created": "0001-01-01T00:00:00Z"}] {
		both := {"linux/amd64": one, "linux/arm64": {"created": "2026-11-20T07:00:00Z"}}
		some denial in age.deny with input as _input(both) with data.params as _params
		denial.code == "no_time"
		denial.details.found == ["linux/amd64: of no known time"]
	}
}

test_denies_if_one_platform_of_several_is_too_old if {
	both := {"linux/amd64": {"created": "2026-11-20T07:00:00Z"}, "linux/arm64": {"created": "2020-01-01T00:00:00Z"}}
	some denial in age.deny with input as _input(both) with data.params as {"max_age_days": 1}
	denial.code == "too_old"
	startswith(denial.msg, "wanted an image that was created at most 1 day ago, found linux/arm64: ")
}

test_denies_where_nothing_is_known if {
	denials := age.deny with input as {} with data.params as {}
	{denial.code | some denial in denials} == {"no_config"}
	young := {"linux/amd64": {"created": "2026-11-20T07:00:00Z"}}
	count(age.deny) == 1 with input as _input(young) with data.params as {}
	count(age.deny) == 1 with input as {"image": {"config": young}} with data.params as _params
}

_params := {"max_age_days": 30}

_input(configs) := {"image": {"config": configs}, "now": "2026-11-20T08:00:00Z"}
