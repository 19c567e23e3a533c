# METADATA
# title: The caller of the build set nothing that is not listed
# description: |
#   Some verified provenance has no external parameters but those in `allow`. External parameters are what the caller of
#   a build can choose, and every one of them can change what is built. An entry is the path of a parameter, its names
#   joined with dots, and covers all below it: `request.args` covers every build argument of BuildKit. What they are
#   called depends on the build type, so let `provenance/build_type` say which there may be. Provenance of which the
#   builder does not say how complete it is can leave parameters out: level 3 of `provenance/slsa_level` does not.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       allow:
#         type: array
#         items: { type: string }
#         default: []
#         description: paths of up to three names, such as workflow or request.frontend; without it, there must be none
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { allow: [workflow] }
#   codes:
#     no_provenance: the image has no verified provenance
#     parameter_not_allowed: its provenance has parameters that are not listed, or does not tell them
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.parameters

import data.lib.image
import data.lib.provenance
import data.lib.words

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "parameter_not_allowed"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.accepted
	count(_others(entry)) == 0
}

# Undefined where provenance does not tell its parameters.
_others(entry) := {concat(".", path) | some path in _paths(entry.parameters); not _is_allowed(path)} if {
	is_object(entry.parameters)
}

# Of everything that is set, down to the third name; what lies deeper goes by the path of that.
_paths(parameters) := union({
	{[one] | some one, first in parameters; _is_value(first)},
	{_texts([one, two]) | some one, first in parameters; some two, second in _members(first); _is_value(second)},
	{_texts([one, two, three]) |
		some one, first in parameters
		some two, second in _members(first)
		some three, third in _members(second)
		not third in _nothing
	},
})

_is_value(value) if {
	not _members(value)
	value != null
}

_members(value) := value if is_object(value)

_members(value) := value if is_array(value)

_nothing := [null, {}, []]

_texts(path) := [sprintf("%v", [part]) | some part in path]

# Compared part by part: a name with a dot in it is not two names.
_is_allowed(path) if {
	some allowed in _allowed
	array.slice(path, 0, count(allowed)) == allowed
}

_allowed := [split(path, ".") | some path in data.params.allow; path != ""]

default _wanted := "provenance of a build without external parameters"

_wanted := sprintf("provenance of a build without external parameters but %s", [concat(", ", data.params.allow)]) if {
	count(data.params.allow) > 0
}

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := sprintf("with %s", [concat(", ", words.few(sort(_others(entry))))])

_describe(entry) := "that does not tell its parameters" if not _others(entry)

_fix := concat("", [
	sprintf("build %s without these parameters; if a caller may set them, ", [image.pinned]),
	"add their paths to `allow`",
])
