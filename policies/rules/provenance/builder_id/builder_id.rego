# METADATA
# title: The image was built by an allowed builder
# description: |
#   Some verified provenance of the image names one of the builders in `allow`. If an entry of `builders` in the policy
#   says which authorities may vouch for that builder, only their word counts; a workflow of GitHub that no entry is
#   about is named by its own certificate only. BuildKit names no builder, or the run that called it: what it wrote is
#   the work of the workflow whose certificate vouches for it.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [allow]
#     properties:
#       allow:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: ids of builders, exactly as provenance writes them
#   example: { allow: ["https://builder.acme.example/v1"] }
#   codes:
#     no_provenance: the image has no verified provenance
#     builder_not_allowed: its provenance names other builders, or is not the word of who may name them
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.builder_id

import data.lib.image
import data.lib.misses
import data.lib.provenance

deny contains {
	"code": "no_provenance",
	"msg": sprintf("wanted provenance of %s, found no verified provenance", [_wanted]),
	"details": {"wanted": _wanted, "found": ["no verified provenance"], "nearest": misses.provenance},
	"fix": provenance.fix,
} if {
	count(provenance.verified) == 0
}

deny contains {
	"code": "builder_not_allowed",
	"msg": sprintf("wanted provenance of %s, found %s", [_wanted, concat("; ", _found)]),
	"details": {"wanted": _wanted, "found": _found, "nearest": misses.provenance},
	"fix": _fix,
} if {
	count(provenance.verified) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.verified
	_is_allowed(entry)
	provenance.may_name(entry)
}

_is_allowed(entry) if provenance.builder(entry) in data.params.allow

default _wanted := "an allowed builder"

_wanted := sprintf("builder %s", [concat(" or ", data.params.allow)])

_found := sort({_describe(entry) | some entry in provenance.verified})

_describe(entry) := "provenance that names no builder" if not provenance.builder(entry)

_describe(entry) := sprintf("builder %s", [provenance.builder(entry)]) if provenance.may_name(entry)

_describe(entry) := provenance.reason(entry) if not provenance.may_name(entry)

default _fix := "build with an allowed builder, and attest the provenance that it wrote"

_fix := sprintf("if %s may speak for this builder, add it to spec.builders: {id: %q, authorities: [%s], maxLevel: 1}", [
	concat(", ", entry.authorities),
	provenance.builder(entry),
	concat(", ", entry.authorities),
]) if {
	entry := provenance.verified[0]
	count(provenance.verified) == 1
	_is_allowed(entry)
}

_fix := sprintf("build with an allowed builder, and attest the provenance that it wrote to %s", [image.pinned]) if {
	not _one_is_allowed
}

_one_is_allowed if {
	some entry in provenance.verified
	_is_allowed(entry)
}
