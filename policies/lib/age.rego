# How long ago something was at the time of the decision. What is no RFC 3339 has no age, and neither has what is yet to
# come: it is never recent enough.
package lib.age

import data.lib.plural

is_within_days(text, days) if _age(text) <= days * _day

is_within_hours(text, hours) if _age(text) <= hours * _hour

# Since 1970; undefined for what is no time.
nanoseconds(text) := time.parse_rfc3339_ns(text) if {
	is_string(text)
	regex.match(_rfc3339, text)
}

# As in "an SBOM of 2026-11-01T08:00:00Z, 19 days ago"; begins with "of".
describe(text) := "of no known time" if not nanoseconds(text)

describe(text) := sprintf("of %s, %s", [text, _ago(_age(text))]) if _age(text)

describe(text) := sprintf("of %s, which is yet to come", [text]) if _lead(text) > _skew

describe(text) := sprintf("of %s", [text]) if {
	nanoseconds(text)
	not _now
}

_age(text) := max([0, 0 - _lead(text)]) if _lead(text) <= _skew

_now := nanoseconds(input.now)

_lead(text) := nanoseconds(text) - _now

_ago(age) := sprintf("%s ago", [plural.of(floor(age / _hour), "hour")]) if age < 2 * _day

_ago(age) := sprintf("%s ago", [plural.of(floor(age / _day), "day")]) if age >= 2 * _day

# Days that the calendar does not have would be an error of the whole rule.
_rfc3339 := concat("", [
	`^20([0-9]{2}-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])`,
	`|[0-9]{2}-(0[469]|11)-(0[1-9]|[12][0-9]|30)`,
	`|[0-9]{2}-02-(0[1-9]|1[0-9]|2[0-8])`,
	`|([02468][048]|[13579][26])-02-29)`,
	`T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?`,
	`(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`,
])

_hour := 3600 * 1000000000

_day := 24 * _hour

# Clocks differ a little: five minutes.
_skew := 300 * 1000000000
