# Names of images, as people and builders write them.
package lib.reference

# `alpine` is docker.io/library/alpine. Patterns over repositories are completed in the same way.
canonical(name) := name if name == "**"

canonical(name) := sprintf("docker.io/%s", [_in_library(_rest(name))]) if {
	name != "**"
	_registry(name) in {"docker.io", "index.docker.io", "registry-1.docker.io"}
}

canonical(name) := sprintf("%s/%s", [_registry(name), _rest(name)]) if {
	name != "**"
	not _registry(name) in {"docker.io", "index.docker.io", "registry-1.docker.io"}
}

# The parts of `NAME[:TAG][@DIGEST]`, the name in full; what is not there is absent.
parse(text) := object.union_n([
	{"name": canonical(found[1])},
	{"tag": tag | tag := found[2]; tag != ""},
	{"digest": digest | digest := found[3]; digest != ""},
]) if {
	found := regex.find_all_string_submatch_n(_reference, text, 1)[0]
}

# In words: the name with the tag, or else with the digest.
describe(reference) := sprintf("%s:%s", [reference.name, reference.tag])

describe(reference) := sprintf("%s@%s", [reference.name, reference.digest]) if not reference.tag

describe(reference) := reference.name if {
	not reference.tag
	not reference.digest
}

_first(name) := split(name, "/")[0]

_names_registry(name) if {
	contains(name, "/")
	regex.match(`[.:*A-Z]|^localhost$`, _first(name))
}

_registry(name) := lower(_first(name)) if _names_registry(name)

_registry(name) := "docker.io" if not _names_registry(name)

_rest(name) := substring(name, count(_first(name)) + 1, -1) if _names_registry(name)

_rest(name) := name if not _names_registry(name)

_in_library(path) := sprintf("library/%s", [path]) if {
	not contains(path, "/")
	path != "**"
}

_in_library(path) := path if contains(path, "/")

_in_library("**") := "**"

_reference := `^([^@\s]+?)(?::([A-Za-z0-9_][A-Za-z0-9._-]*))?(?:@([a-z0-9]+:[0-9a-f]+))?$`
