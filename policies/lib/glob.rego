# Patterns over paths, as policies name images: `*` stands for any text within one component, `**` for any number of
# components.
package lib.glob

matches(text, patterns) if {
	is_string(text)
	some pattern in patterns
	regex.match(_expression(pattern), sprintf("/%s", [text]))
}

_expression(pattern) := sprintf("^%s$", [concat("", [_part(part) | some part in split(pattern, "/")])])

_part("**") := "(?:/[^/]+)*"

_part(part) := sprintf("/%s", [replace(_escaped(part), "*", "[^/]*")]) if part != "**"

_escaped(text) := regex.replace(text, `[.+?()\[\]{}|^$\\]`, `\$0`)
