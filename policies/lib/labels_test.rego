package lib.labels_test

import data.lib.labels

test_all_that_is_asked_for_must_be_there if {
	labels.satisfied(_wanted, {"owner": "", "env": "prod", "build": "77", "more": "x"})
	every present in [
		{},
		{"env": "prod", "build": "77"},
		{"owner": "me", "env": "production", "build": "77"},
		{"owner": "me", "env": "prod", "build": "77x"},
	] {
		not labels.satisfied(_wanted, present)
	}
}

test_a_value_and_a_pattern_must_both_hold if {
	both := [{"name": "a", "value": "x", "pattern": "[0-9]"}]
	not labels.satisfied(both, {"a": "x"})
	not labels.satisfied(both, {"a": "1"})
}

test_what_is_amiss_is_told if {
	labels.faults(_wanted, {"env": "dev", "build": "77"}) == ["env=dev", "no owner"]
	labels.faults(_wanted, {"owner": "me", "env": "prod", "build": "x"}) == ["build=x"]
	labels.faults(_wanted, {"owner": "me", "env": "prod", "build": "7"}) == []
}

test_what_is_asked_for_is_told if {
	labels.describe(_wanted) == "owner and env=prod and build matching [0-9]+"
	labels.flags("-a", _wanted) == "-a owner=VALUE -a env=prod -a build=VALUE"
}

_wanted := [{"name": "owner"}, {"name": "env", "value": "prod"}, {"name": "build", "pattern": "[0-9]+"}]
