# METADATA
# title: BuildKit recorded as much as it should
# description: |
#   Some verified provenance that BuildKit wrote is of the degree `detail`: `max` records the build arguments, the source
#   of the Dockerfile and the build graph; `min` leaves them out, and with them secrets that were passed the wrong way.
#   Only BuildKit has these degrees.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [detail]
#     properties:
#       detail:
#         type: string
#         enum: [min, max]
#         description: how much must have been recorded, neither less nor more
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { detail: max }
#   codes:
#     no_provenance: the image has no verified provenance
#     other_detail: BuildKit recorded less or more, or it was not BuildKit that built
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.detail

import data.lib.provenance

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "other_detail"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.accepted
	_degree(entry) == data.params.detail
}

default _wanted := "provenance of BuildKit"

_wanted := sprintf("provenance of BuildKit with mode=%s", [data.params.detail])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := sprintf("with mode=%s", [_degree(entry)])

_describe(entry) := "that is not BuildKit's" if not _degree(entry)

_degree(entry) := entry.detail if is_string(entry.detail)

default _fix := "build with docker buildx build --provenance mode=min or mode=max"

_fix := sprintf("build again: docker buildx build --provenance mode=%s …", [data.params.detail])
