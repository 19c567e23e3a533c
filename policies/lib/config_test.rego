package lib.config_test

import data.lib.config

test_there_is_one_for_each_platform if {
	one := {"linux/amd64": {"labels": {"a": "1"}}}
	config.by_platform == one with input as {"image": {"config": one}}
	config.by_platform == {} with input as {}
}

test_a_label_that_is_not_there_is_undefined if {
	config.label({"labels": {"a": "1"}}, "a") == "1"
	not config.label({"labels": {}}, "a")
	not config.label({}, "a")
}

test_what_has_no_configuration_is_no_image if {
	config.none("a user") == {
		"msg": "wanted a user, found no configuration of an image",
		"details": {"wanted": "a user", "found": [], "nearest": []},
		"fix": "deploy an image that can run; this is something else",
	}
	config.line("linux/amd64", "no user") == "linux/amd64: no user"
}
