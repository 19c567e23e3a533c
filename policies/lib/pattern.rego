# Patterns of parameters: each must match a whole text.
package lib.pattern

matches(text, patterns) if {
	is_string(text)
	some pattern in patterns
	regex.match(sprintf("^(?:%s)$", [pattern]), text)
}
