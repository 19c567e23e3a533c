# What the parameters `allow` (exact texts) and `patterns` (regular expressions that match whole texts) let pass.
package lib.allowed

import data.lib.pattern

passes(text) if text in data.params.allow

passes(text) if pattern.matches(text, data.params.patterns)

# As in "builder X or one like Y"; undefined where nothing is allowed.
words := concat(" or ", _words) if count(_words) > 0

_words := array.concat(
	object.get(data.params, "allow", []),
	[sprintf("one like %s", [expression]) | some expression in data.params.patterns],
)
