# Versions, compared as their packages' tools do: as semantic versions where both are, else number by number.
package lib.version

# Whether `text` lies in `range`: all comparisons with blanks between them hold, or those of one side of a `||`. `kind`
# is the type of the package URL.
is_within(text, range, kind) if {
	some side in split(range, "||")
	comparisons := regex.find_all_string_submatch_n(`(<=|>=|<|>|=)\s*([^\s<>=]+)`, side, -1)
	every comparison in comparisons {
		_holds(compare(text, comparison[2], kind), comparison[1])
	}
}

_holds(order, "<") if order < 0

_holds(order, "<=") if order <= 0

_holds(order, "=") if order == 0

_holds(order, ">=") if order >= 0

_holds(order, ">") if order > 0

# -1, 0 or 1.
compare(one, other, kind) := semver.compare(trim_prefix(one, "v"), trim_prefix(other, "v")) if {
	_are_semantic(one, other, kind)
}

compare(one, other, kind) := _order(_key(one), _key(other)) if not _are_semantic(one, other, kind)

# Distributions write versions that look semantic and are not: what follows their hyphen comes later, not earlier.
_are_semantic(one, other, kind) if {
	not kind in {"alpm", "apk", "deb", "rpm"}
	semver.is_valid(trim_prefix(one, "v"))
	semver.is_valid(trim_prefix(other, "v"))
}

_order(one, other) := -1 if one < other

_order(one, other) := 0 if one == other

_order(one, other) := 1 if one > other

# Arrays compare item by item. A pre-release comes before the end of a version, anything else after it.
_key(text) := array.concat([_epoch(text)], array.concat([_item(item) | some item in _items(text)], [[2]]))

_epoch(text) := to_number(parts[0]) if {
	parts := split(text, ":")
	count(parts) == 2
	regex.match(`^[0-9]+$`, parts[0])
}

_epoch(text) := 0 if not regex.match(`^[0-9]+:[^:]*$`, text)

_items(text) := regex.find_n(`[0-9]+|[a-z]+|~`, _plain(text), -1)

# Without epoch, a leading v, final zeros and words that say nothing; with PEP 440's a1, b1 and c1 as words.
_plain(text) := replaced if {
	short := regex.replace(lower(text), `^([0-9]+:)?v?`, "")
	final := regex.replace(short, `[.-](final|ga|release)$`, "")
	spelt := regex.replace(final, `([0-9])(a|b|c)([0-9])`, "$1 pre$2 $3")
	replaced := regex.replace(spelt, `(\.0+)+($|[^0-9.])`, "$2")
}

_item(text) := [0] if text == "~"

_item(text) := [1, text] if regex.match(_prerelease, text)

_item(text) := [3, text] if {
	not regex.match(_prerelease, text)
	regex.match(`^[a-z]+$`, text)
}

_item(text) := [4, to_number(regex.replace(text, `^0+([0-9])`, "$1"))] if regex.match(`^[0-9]+$`, text)

_prerelease := `^(alpha|beta|rc|cr|pre|preview|dev|snapshot|milestone|m|pre[abc])$`
