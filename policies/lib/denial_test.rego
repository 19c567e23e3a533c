package lib.denial_test

import data.lib.denial

test_says_what_was_wanted_and_found if {
	denial.of("few", "two", ["one", "none"], ["a third"], "add one") == {
		"code": "few",
		"msg": "wanted two, found one; none",
		"details": {"wanted": "two", "found": ["one", "none"], "nearest": ["a third"]},
		"fix": "add one",
	}
}
