# METADATA
# title: The image has provenance
# description: |
#   Some provenance of the image verified, of one of the SLSA `versions`. It proves that somebody whom the policy trusts
#   says how the image was built; what it says is for other rules.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       versions:
#         type: array
#         minItems: 1
#         items: { type: string, enum: ["0.1", "0.2", "1"] }
#         default: ["0.1", "0.2", "1"]
#         description: versions of SLSA provenance that will do; 1 is 1.0, 1.1 and 1.2, which have one format
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { versions: ["0.2", "1"] }
#   codes:
#     no_provenance: the image has no verified provenance
#     version_not_allowed: it has, but of other versions only
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.required

import data.lib.image
import data.lib.provenance

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "version_not_allowed"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.accepted
	_version(entry) in data.params.versions
}

_version(entry) := trim_prefix(trim_prefix(entry.predicateType, "https://slsa.dev/provenance/"), "v")

default _wanted := "provenance"

_wanted := sprintf("SLSA provenance of version %s", [concat(" or ", data.params.versions)])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := sprintf("of type %s", [entry.predicateType])

_describe(entry) := "of no known type" if not entry.predicateType

_fix := sprintf("have the builder write %s, and attest that to %s", [_wanted, image.pinned])
