package lib.words_test

import data.lib.words

test_leaves_short_lists_as_they_are if {
	words.few([]) == []
	words.few(["a", "b", "c", "d", "e"]) == ["a", "b", "c", "d", "e"]
}

test_counts_what_it_leaves_out if {
	words.few(["a", "b", "c", "d", "e", "f"]) == ["a", "b", "c", "d", "e", "1 more"]
}
