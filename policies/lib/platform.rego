# Platforms, as `os/architecture` with a variant behind it where there is one.
package lib.platform

# Those that the image can run on. A single manifest names none, but its configuration does.
present := {_text(child) | some child in _children} if count(_children) > 0

present := {name | some name, _ in object.get(input, ["image", "config"], {})} if count(_children) == 0

# Whether `found` will do for `wanted`, which means all variants where it names none.
is(found, wanted) if {
	one := _parse(found)
	other := _parse(wanted)
	one.os == other.os
	one.architecture == other.architecture
	_variant(one, other)
}

_children := object.get(input, ["image", "platforms"], [])

_text(child) := concat("/", [part |
	some name in ["os", "architecture", "variant"]
	part := child[name]
	part != ""
])

_variant(_, other) if other.variant == ""

_variant(one, other) if {
	other.variant != ""
	_spelt(one) == _spelt(other)
}

_parse(text) := {"os": parts[0], "architecture": _architecture(parts[1]), "variant": concat("/", array.slice(parts, 2, 9))} if {
	parts := split(lower(text), "/")
	count(parts) > 1
}

_architecture(name) := object.get({"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386"}, name, name)

# Variants that nodes take for the same.
_spelt(platform) := sprintf("v%s", [trim_prefix(platform.variant, "v")]) if platform.variant != ""

_spelt(platform) := object.get({"arm64": "v8", "arm": "v7", "amd64": "v1"}, platform.architecture, "") if {
	platform.variant == ""
}
