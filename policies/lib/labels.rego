# Names with values, such as labels and annotations, and what a parameter asks of them: a name alone, or with the
# `value` that it must have, or with the `pattern` that its value must match.
package lib.labels

import data.lib.pattern

satisfied(wanted, present) if {
	every one in wanted {
		_holds(one, present)
	}
}

# What is amiss, in words.
faults(wanted, present) := sort({_fault(one, present) | some one in wanted; not _holds(one, present)})

describe(wanted) := concat(" and ", [_describe(one) | some one in wanted])

# As flags of a command that sets them.
flags(flag, wanted) := concat(" ", [sprintf("%s %s=%s", [flag, one.name, object.get(one, "value", "VALUE")]) |
	some one in wanted
])

_holds(one, present) if {
	value := present[one.name]
	_equals(one, value)
	_matches(one, value)
}

_equals(one, value) if object.get(one, "value", value) == value

_matches(one, _) if not one.pattern

_matches(one, value) if pattern.matches(value, [one.pattern])

_fault(one, present) := sprintf("no %s", [one.name]) if not present[one.name]

_fault(one, present) := sprintf("%s=%s", [one.name, present[one.name]])

_describe(one) := concat("", [
	one.name,
	concat("", [sprintf("=%s", [value]) | value := one.value]),
	concat("", [sprintf(" matching %s", [expression]) | expression := one.pattern]),
])
