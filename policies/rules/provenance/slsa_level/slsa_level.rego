# METADATA
# title: The build reaches an SLSA level
# description: |
#   Some verified provenance of the image proves at least the SLSA build level `minimum`. What it proves is looked up:
#   an entry of `builders` in the policy says which authorities may vouch for a builder, and up to which level. A few
#   builders that sign with certificates of their own are [known to every policy](../../reference/policies.md#builders).
#   Any other verified provenance is level 1, whatever its text says.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [minimum]
#     properties:
#       minimum:
#         type: integer
#         minimum: 1
#         maximum: 3
#         description: the lowest SLSA build level that will do
#   example: { minimum: 3 }
#   codes:
#     no_provenance: the image has no verified provenance
#     level_too_low: its provenance proves a lower level only
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.slsa_level

import data.lib.misses
import data.lib.provenance

deny contains _violation if not _satisfied

_violation := {
	"code": "no_provenance",
	"msg": sprintf("wanted %s, found no verified provenance", [_wanted]),
	"details": {"wanted": _wanted, "found": ["no verified provenance"], "nearest": misses.provenance},
	"fix": provenance.fix,
} if {
	count(provenance.verified) == 0
}

_violation := {
	"code": "level_too_low",
	"msg": sprintf("wanted %s, found level %d: %s", [_wanted, _best, concat("; ", _reasons)]),
	"details": {"wanted": _wanted, "found": _found, "nearest": misses.provenance},
	"fix": _fix,
} if {
	count(provenance.verified) > 0
}

_satisfied if {
	params := data.params
	some entry in input.evidence.provenance
	some row in data.builders
	row.id == entry.builderId
	row.maxLevel >= params.minimum
	not contains(row.id, "/actions/runs/")
	some name in row.authorities
	name in entry.authorities
} else if {
	some entry in provenance.verified
	provenance.level(entry) >= data.params.minimum
}

default _wanted := "provenance of an SLSA build level"

_wanted := sprintf("provenance of SLSA build level %d", [data.params.minimum])

# The highest level is the nearest miss.
_best := max({provenance.level(entry) | some entry in provenance.verified})

_reasons := sort({provenance.reason(entry) |
	some entry in provenance.verified
	provenance.level(entry) == _best
})

_found := sort({sprintf("level %d: %s", [provenance.level(entry), provenance.reason(entry)]) |
	some entry in provenance.verified
})

default _fix := "build with a builder that the policy lists for this level"

_fix := sprintf("if this builder reaches level %d, add it to spec.builders: {id: %q, authorities: [%s], maxLevel: %d}", [
	data.params.minimum,
	provenance.builder(entry),
	concat(", ", entry.authorities),
	data.params.minimum,
]) if {
	entry := provenance.verified[0]
	count(provenance.verified) == 1
	provenance.may_name(entry)
	not provenance.is_unproven_run(entry)
}

_fix := sprintf("if %s holds the key of this builder, add it to spec.builders: {id: %q, authorities: [%s], maxLevel: %d} (%s)", [
	concat(", ", entry.authorities),
	provenance.builder(entry),
	concat(", ", entry.authorities),
	known.maxLevel,
	known.source,
]) if {
	entry := provenance.verified[0]
	count(provenance.verified) == 1
	known := provenance.known_by_key(entry)
}

_fix := provenance.pin_signer(provenance.verified[0]) if {
	count(provenance.verified) == 1
	provenance.is_unproven_run(provenance.verified[0])
}
