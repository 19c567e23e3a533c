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

test_is_no_longer_than_anybody_reads if {
	many := [sprintf("%d", [index]) | some index in _sixty]
	long := denial.of("many", "none", many, many, "less")
	long.msg == "wanted none, found 0; 1; 2; 3; 4; 55 more"
	count(long.details.found) == 51
	long.details.nearest[50] == "10 more"
}

_sixty := [number | some ten in [0, 1, 2, 3, 4, 5]; some one in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]; number := (ten * 10) + one]
