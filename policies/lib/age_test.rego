package lib.age_test

import data.lib.age

test_counts_days_and_hours_to_the_second if {
	_recent("2026-10-21T08:00:00Z", 30)
	not _recent("2026-10-21T07:59:59Z", 30)
	age.is_within_hours("2026-11-20T06:00:00Z", 2) with input as _input
	not age.is_within_hours("2026-11-20T05:59:59Z", 2) with input as _input
}

test_reads_every_spelling_of_a_time if {
	every text in [
		"2026-11-20T08:00:00Z",
		"2026-11-20T08:00:00.123456789Z",
		"2026-11-20T09:00:00+01:00",
		"2026-11-20T02:30:00-05:30",
	] {
		_recent(text, 1)
	}
}

test_reads_leap_days if {
	some text in ["2024-02-29T00:00:00Z", "2000-02-29T23:59:59Z"]
	age.nanoseconds(text)
}

test_knows_no_age_of_what_is_no_time if {
	every text in [
		"", "yesterday", "2026-11-20", "2026-11-20 08:00:00Z", "2026-11-20T08:00:00", "2026-13-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-20T24:00:00Z",
		"2026-11-20T08:60:00Z", "2026-11-20T08:00:60Z", "2026-11-20T08:00:00+24:00", "1026-11-20T08:00:00Z",
		"2026-11-20T08:00:00Z\n", "2026-11-20T08:00:00.0000000000Z", 20261120, null, {}, ["2026-11-20T08:00:00Z"],
	] {
		not age.nanoseconds(text)
		not _recent(text, 100000)
		_words(text) == "of no known time"
	}
}

test_tolerates_a_clock_that_is_five_minutes_ahead if {
	_recent("2026-11-20T08:05:00Z", 1)
	not _recent("2026-11-20T08:05:01Z", 100000)
	_words("2026-11-20T08:05:00Z") == "of 2026-11-20T08:05:00Z, 0 hours ago"
	_words("2026-11-20T08:05:01Z") == "of 2026-11-20T08:05:01Z, which is yet to come"
}

test_tells_hours_up_to_two_days_and_then_days if {
	_words("2026-11-20T07:00:00Z") == "of 2026-11-20T07:00:00Z, 1 hour ago"
	_words("2026-11-18T08:00:01Z") == "of 2026-11-18T08:00:01Z, 47 hours ago"
	_words("2026-11-18T08:00:00Z") == "of 2026-11-18T08:00:00Z, 2 days ago"
}

test_knows_no_age_where_the_time_of_the_decision_is_not_known if {
	not age.is_within_days("2026-11-20T08:00:00Z", 1) with input as {}
	age.describe("2026-11-20T08:00:00Z") == "of 2026-11-20T08:00:00Z" with input as {}
}

_recent(text, days) if age.is_within_days(text, days) with input as _input

_words(text) := words if words := age.describe(text) with input as _input

_input := {"now": "2026-11-20T08:00:00Z"}
