package lib.plural_test

import data.lib.plural

test_one_is_no_plural if {
	plural.of(0, "day") == "0 days"
	plural.of(1, "day") == "1 day"
	plural.of(2, "package") == "2 packages"
}
