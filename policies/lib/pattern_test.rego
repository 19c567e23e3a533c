package lib.pattern_test

import data.lib.pattern

test_matches_whole_texts if {
	pattern.matches("abc", ["x", "a.c"])
	pattern.matches("b", ["a|b"])
	every text in ["", "xabc", "abcx", "abc\n", "x\nabc"] {
		not pattern.matches(text, ["abc", "(?m)abc"])
	}
	not pattern.matches("ab", ["a|b"])
}

test_matches_nothing_where_there_is_nothing if {
	not pattern.matches("abc", [])
	not pattern.matches(null, [".*"])
	not pattern.matches({}, [".*"])
}
