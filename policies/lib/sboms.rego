# The SBOMs that speak for the image.
package lib.sboms

import data.lib.denial
import data.lib.image
import data.lib.misses
import data.lib.vouch

# Those that count: vouched for by whom the rule asks, about the image, and about this one.
counting := [entry | some entry in verified; count(faults(entry)) == 0]

# All that somebody vouches for and that are about an image: what they list that must not be there, is heard from all.
heard := [entry | some entry in verified; entry.scope == "image"]

verified := object.get(input, ["evidence", "sboms"], [])

# The denial of a rule for which none counts.
none(code, wanted) := denial.of(code, wanted, found, _nearest, fix)

# Rules of other modules are read by rules here: the engine does not find them from within functions.
_nearest := misses.sboms

# Why one does not count, in words.
faults(entry) := [fault | some fault in [_voucher(entry), _scope(entry), _other(entry), _part(entry)]; fault != ""]

# What there is where none counts.
default found := ["none that is verified"]

found := sort({sprintf("%s: %s", [describe(entry), concat(", ", faults(entry))]) | some entry in verified}) if {
	count(verified) > 0
}

# As in "spdx SBOM by ci: …".
describe(entry) := sprintf("%s SBOM by %s", [
	object.get(entry, "kind", "some"),
	concat(", ", object.get(entry, "authorities", [])),
])

# What it lists beside the thing that it describes, which is the image itself.
size(entry) := count(entry.packages) - count([1 | is_number(entry.root)])

# The image itself, in a list of one or none.
root(entry) := [package_ | package_ := entry.packages[entry.root]]

# A package as lines name it.
label(package_) := trim_space(sprintf("%s %s", [
	object.get(package_, "name", "unnamed"),
	object.get(package_, "version", ""),
]))

fix := sprintf("countersign attest --key KEY --type spdxjson --predicate sbom.spdx.json %s", [image.pinned])

default _voucher(_) := ""

_voucher(entry) := "its word does not count here" if not vouch.accepted(entry)

default _scope(_) := ""

_scope(entry) := sprintf("it is about a build %s", [entry.scope]) if entry.scope != "image"

default _other(_) := ""

_other(entry) := sprintf("its root names another image, %s", [misses.short(digest)]) if {
	digest := root_digest(entry)
	not digest in _digests(entry)
}

# What the root's package URL says the image is; undefined if it does not say.
root_digest(entry) := digest if {
	purl := entry.packages[entry.root].purl
	startswith(purl, "pkg:oci/")
	version := split(split(purl, "@")[1], "?")[0]
	digest := lower(replace(lower(version), "%3a", ":"))
	startswith(digest, "sha256:")
}

# One that is about a platform may not name another.
_digests(entry) := {_digest, object.get(entry, "subject", "")} if _is_of_platform(entry)

_digests(entry) := {_digest} | _children if not _is_of_platform(entry)

_is_of_platform(entry) if is_string(entry.platform)

# An SBOM of the entire image whose root names one platform says nothing of the others.
default _part(_) := ""

_part(entry) := sprintf("its root names %s only, and no other names %s", [_names(named), _names(missing)]) if {
	not _is_of_platform(entry)
	named := {digest | some digest in {root_digest(entry)}; digest in _children}
	count(named) > 0
	missing := _children - _described
	count(missing) > 0
}

_digest := object.get(input, ["image", "digest"], "")

_platforms := object.get(input, ["image", "platforms"], [])

_children := {platform.digest | some platform in _platforms}

_described := {root_digest(entry) |
	some entry in heard
	not _is_of_platform(entry)
	vouch.accepted(entry)
}

_names(digests) := concat(", ", sort({sprintf("%s/%s", [platform.os, platform.architecture]) |
	some platform in _platforms
	platform.digest in digests
}))
