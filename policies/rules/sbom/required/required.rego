# METADATA
# title: The image has an SBOM
# description: |
#   Some verified SBOM describes this image in one of the `formats` and lists at least `min_packages` packages, the
#   image itself not counted. An SBOM that nobody signed does not count, nor one of a build context or an earlier
#   stage, nor one whose root names another image.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       formats:
#         type: array
#         minItems: 1
#         items: { type: string, enum: [spdx, cyclonedx] }
#         default: [spdx, cyclonedx]
#         description: formats that will do
#       min_packages:
#         type: integer
#         minimum: 0
#         default: 1
#         description: how many packages it must list at least; 0 for images that can truly be empty
#   example: { formats: [spdx, cyclonedx], min_packages: 1 }
#   codes:
#     no_sbom: the image has no verified SBOM
#     sbom_insufficient: it has, but none that will do
#   reads: [evidence.sboms, evidence.rejected, image.digest, image.platforms, image.repository]
package rules.sbom.required

import data.lib.image
import data.lib.misses

deny contains {
	"code": "no_sbom",
	"msg": sprintf("wanted %s, found none that is verified", [_wanted]),
	"details": {"wanted": _wanted, "found": ["no verified SBOM"], "nearest": misses.sboms},
	"fix": _fix,
} if {
	count(_sboms) == 0
}

deny contains {
	"code": "sbom_insufficient",
	"msg": sprintf("wanted %s, found %s", [_wanted, concat("; ", _found)]),
	"details": {"wanted": _wanted, "found": _found, "nearest": misses.sboms},
	"fix": _fix,
} if {
	count(_sboms) > 0
	not _satisfied
}

_sboms := object.get(input, ["evidence", "sboms"], [])

_satisfied if {
	some sbom in _sboms
	sbom.kind in data.params.formats
	sbom.scope == "image"
	_packages(sbom) >= data.params.min_packages
	not _names_another_image(sbom)
}

# The described root is the image itself.
_packages(sbom) := count(sbom.packages) - count([1 | is_number(sbom.root)])

_names_another_image(sbom) if {
	digest := _root_digest(sbom)
	not digest in _digests
}

# What the root's package URL says the image is; undefined if it does not say.
_root_digest(sbom) := digest if {
	purl := sbom.packages[sbom.root].purl
	startswith(purl, "pkg:oci/")
	version := split(split(purl, "@")[1], "?")[0]
	digest := lower(replace(lower(version), "%3a", ":"))
	startswith(digest, "sha256:")
}

_digests := {input.image.digest} | {platform.digest | some platform in input.image.platforms}

default _wanted := "an SBOM"

_wanted := sprintf("an SBOM (%s) that lists at least %s", [
	concat(" or ", data.params.formats),
	_number(data.params.min_packages),
])

_found := sort({sprintf("%s SBOM by %s: %s", [
	sbom.kind,
	concat(", ", sbom.authorities),
	concat(", ", _describe(sbom)),
]) |
	some sbom in _sboms
})

_describe(sbom) := array.concat([sprintf("%s besides its root", [_number(_packages(sbom))])], sort(_faults(sbom)))

_number(packages) := "1 package" if packages == 1

_number(packages) := sprintf("%d packages", [packages]) if packages != 1

_faults(sbom) := {fault | some fault in [_format(sbom), _scope(sbom), _other(sbom)]; fault != ""}

default _format(_) := ""

_format(sbom) := "of another format" if not sbom.kind in data.params.formats

default _scope(_) := ""

_scope(sbom) := sprintf("it is about a build %s", [sbom.scope]) if sbom.scope != "image"

default _other(_) := ""

_other(sbom) := sprintf("its root names another image, %s", [misses.short(_root_digest(sbom))]) if {
	_names_another_image(sbom)
}

_fix := sprintf("countersign attest --key KEY --type spdxjson --predicate sbom.spdx.json %s", [image.pinned]) if {
	_spdx_will_do
}

_fix := sprintf("countersign attest --key KEY --type cyclonedx --predicate sbom.cdx.json %s", [image.pinned]) if {
	not _spdx_will_do
}

_spdx_will_do if "spdx" in data.params.formats
