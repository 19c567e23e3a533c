# Licence expressions of SPDX, with whatever else stands in the place of one.
package lib.license

import data.lib.pattern

# Whether `text` leaves a choice with which nothing is wrong: all of it is one of `allow` (null: anything), none of `deny`.
is_acceptable(text, allow, deny) if {
	is_string(text)
	not contains(text, _yes)
	reduced := _reduce(_reduce(_reduce(_reduce(text, allow, deny), allow, deny), allow, deny), allow, deny)
	not regex.match(`[()]`, reduced)
	_holds(reduced, allow, deny)
}

# Innermost parentheses, each replaced by whether it holds.
_reduce(text, allow, deny) := strings.replace_n(
	{group: _verdict(group, allow, deny) | some group in regex.find_n(`\([^()]*\)`, text, -1)},
	text,
)

_verdict(group, allow, deny) := _yes if _holds(trim(group, "()"), allow, deny)

_verdict(group, allow, deny) := _no if not _holds(trim(group, "()"), allow, deny)

_holds(text, allow, deny) if {
	some choice in regex.split(`(?i)\s+or\s+`, text)
	every part in regex.split(`(?i)\s+and\s+`, choice) {
		_is_good(trim_space(part), allow, deny)
	}
}

_is_good(part, _, _) if part == _yes

_is_good(part, allow, deny) if {
	not part in {_yes, _no, ""}
	_is_allowed(part, allow)
	not pattern.matches(part, _anycase(deny))
	not pattern.matches(_without_exception(part), _anycase(deny))
}

_is_allowed(_, allow) if allow == null

_is_allowed(part, allow) if {
	is_array(allow)
	pattern.matches(part, _anycase(allow))
}

_without_exception(part) := regex.split(`(?i)\s+with\s+`, part)[0]

_anycase(patterns) := [sprintf("(?i:%s)", [text]) | some text in patterns]

# No text of a licence has these in it.
_yes := "\u0001"

_no := "\u0001no"
