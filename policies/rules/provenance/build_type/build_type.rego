# METADATA
# title: The build was of an allowed type
# description: |
#   Some verified provenance has a build type that is in `allow`, or that one of the `patterns` matches. The build type
#   says what the parameters mean: a rule about parameters is worth something only together with this one.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       allow:
#         type: array
#         items: { type: string }
#         default: []
#         description: build types, exactly as provenance writes them
#       patterns:
#         type: array
#         items: { type: string, format: regex }
#         default: []
#         description: regular expressions that must match the whole build type
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { allow: ["https://actions.github.io/buildtypes/workflow/v1"] }
#   codes:
#     no_provenance: the image has no verified provenance
#     build_type_not_allowed: its provenance is of other build types, or of none
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.build_type

import data.lib.allowed
import data.lib.image
import data.lib.provenance

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "build_type_not_allowed"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.accepted
	allowed.passes(entry.buildType)
}

default _wanted := "provenance of an allowed build type"

_wanted := sprintf("provenance of build type %s", [allowed.words])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := sprintf("of build type %s", [entry.buildType])

_describe(entry) := "of no build type" if not entry.buildType

_fix := sprintf("build %s in an allowed way; if one that was found is allowed too, add it to `allow`", [image.pinned])
