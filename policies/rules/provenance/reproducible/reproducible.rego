# METADATA
# title: The build can be repeated
# description: |
#   Some verified provenance shows all that is in `want`: `source_date_epoch` is a build argument or variable
#   SOURCE_DATE_EPOCH, which fixes the times in the image; `reproducible` and `hermetic` are what the builder says of the
#   build where its build type has a place for that (SLSA 0.1 and 0.2, BuildKit). All of it is the word of whoever
#   signed: only building again proves it. BuildKit records build arguments with mode=max only.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       want:
#         type: array
#         minItems: 1
#         items: { type: string, enum: [source_date_epoch, reproducible, hermetic] }
#         default: [source_date_epoch]
#         description: what provenance must show, all of it at once
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { want: [source_date_epoch, hermetic] }
#   codes:
#     no_provenance: the image has no verified provenance
#     not_reproducible: its provenance does not show all that is wanted
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.reproducible

import data.lib.provenance

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "not_reproducible"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.accepted
	count(data.params.want) > 0
	every property in data.params.want {
		_shows(entry, property)
	}
}

_shows(entry, "source_date_epoch") if {
	some place in _places
	value := object.get(entry.parameters, place, null)
	regex.match(`^[0-9]+$`, sprintf("%v", [value]))
}

_shows(entry, "reproducible") if entry.reproducible == true

_shows(entry, "hermetic") if entry.hermetic == true

# Where BuildKit 1.0 and 0.2, and GitLab's runner, write what the caller set.
_places := [
	["request", "args", "build-arg:SOURCE_DATE_EPOCH"],
	["args", "build-arg:SOURCE_DATE_EPOCH"],
	["variables", "SOURCE_DATE_EPOCH"],
	["SOURCE_DATE_EPOCH"],
]

default _wanted := "provenance of a build that can be repeated"

_wanted := sprintf("provenance that shows %s", [concat(", ", data.params.want)])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := sprintf("that does not show %s", [concat(", ", missing)]) if {
	missing := [property | some property in data.params.want; not _shows(entry, property)]
	count(missing) > 0
}

_describe(_) := "of which nothing is asked" if not data.params.want

_fix := concat("", [
	"docker buildx build --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) ",
	"--output type=image,rewrite-timestamp=true,push=true --provenance mode=max …",
])
