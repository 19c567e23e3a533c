package lib.allowed_test

import data.lib.allowed

test_exact_texts_and_patterns_pass if {
	params := {"allow": ["a.c"], "patterns": ["x+"]}
	every text in ["a.c", "x", "xx"] {
		allowed.passes(text) with data.params as params
	}
	every text in ["abc", "a.c ", "xy", "", null] {
		not allowed.passes(text) with data.params as params
	}
	allowed.words == "a.c or one like x+" with data.params as params
}

test_one_of_both_is_enough if {
	allowed.passes("a") with data.params as {"allow": ["a"]}
	allowed.passes("a") with data.params as {"patterns": ["a"]}
	allowed.words == "a" with data.params as {"allow": ["a"]}
	allowed.words == "one like a" with data.params as {"patterns": ["a"]}
}

test_nothing_passes_where_nothing_is_allowed if {
	every params in [{}, {"allow": [], "patterns": []}] {
		not allowed.passes("a") with data.params as params
		not allowed.passes("") with data.params as params
		not allowed.words with data.params as params
	}
}
