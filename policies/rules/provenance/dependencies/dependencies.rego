# METADATA
# title: What went into the build is known, allowed and pinned
# description: |
#   Some verified provenance lists what went into the build, its materials or resolved dependencies. Each of them is
#   matched by one of the patterns in `allow`, where there are any, and has a digest where they must be `pinned`: SHA-256
#   or longer, or a commit. With `complete`, the builder must say that it left none out; SLSA 0.1 and 0.2 and BuildKit
#   have a place for that, other builders of 1.0 never do. A list that is empty counts only if it is complete.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       allow:
#         type: array
#         minItems: 1
#         items: { type: string, format: regex }
#         description: regular expressions, one of which must match the whole URI of each; without it, any will do
#       pinned:
#         type: boolean
#         default: true
#         description: whether each must have a digest
#       complete:
#         type: boolean
#         default: false
#         description: whether the builder must say that the list is complete
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { allow: ["pkg:docker/golang@.*", "https://github.com/acme/.*"], complete: true }
#   codes:
#     no_provenance: the image has no verified provenance
#     dependencies_unknown: its provenance lists none, or does not say that the list is complete
#     dependency_not_allowed: something went into it that no pattern allows
#     dependency_not_pinned: something went into it that has no digest
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.dependencies

import data.lib.image
import data.lib.pattern
import data.lib.provenance
import data.lib.source
import data.lib.words

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "dependencies_unknown"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	count(_known) == 0
}

deny contains object.union({"code": "dependency_not_allowed"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(_known) > 0
	count(_allowed) == 0
}

deny contains object.union({"code": "dependency_not_pinned"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(_allowed) > 0
	not _satisfied
}

# Each of the three is what the next one begins with, so that one provenance must be all of it.
_known := [entry | some entry in provenance.accepted; _lists(entry)]

_allowed := [entry | some entry in _known; count(_strangers(entry)) == 0]

_satisfied if {
	some entry in _allowed
	_is_pinned(entry)
}

_lists(entry) if entry.complete.dependencies == true

_lists(entry) if {
	data.params.complete == false
	count(entry.dependencies) > 0
}

_is_pinned(_) if data.params.pinned == false

_is_pinned(entry) if count(_loose(entry)) == 0

_strangers(entry) := [_name(dependency) | some dependency in entry.dependencies; not _may_go_in(dependency)]

_may_go_in(_) if not data.params.allow

_may_go_in(dependency) if pattern.matches(dependency.uri, data.params.allow)

_loose(entry) := [_name(dependency) | some dependency in entry.dependencies; not _has_digest(dependency)]

_has_digest(dependency) if {
	some algorithm, length in {"sha256": 64, "sha384": 96, "sha512": 128}
	regex.match(sprintf("^[0-9a-f]{%d}$", [length]), dependency.digest[algorithm])
}

_has_digest(dependency) if {
	some name in ["gitCommit", "sha1"]
	source.is_commit(dependency.digest[name])
}

_name(dependency) := dependency.uri

_name(dependency) := "something without a URI" if not _has_uri(dependency)

_has_uri(dependency) if dependency.uri

_wanted := concat("", ["provenance that lists ", _all, "what went into the build", _each])

_all := "all of " if data.params.complete == true

_all := "" if not data.params.complete

_each := sprintf(", %s", [concat(" and ", _demands)]) if count(_demands) > 0

_each := "" if count(_demands) == 0

_demands := array.concat(
	[sprintf("each like %s", [concat(" or ", words.few(data.params.allow))]) | data.params.allow],
	["each with a digest" | data.params.pinned],
)

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := "that lists nothing" if {
	not _lists(entry)
	_is_empty(entry)
}

_describe(entry) := "that does not say that its list is complete" if {
	not _lists(entry)
	not _is_empty(entry)
}

_describe(entry) := sprintf("that lists %s", [concat("; ", _faults(entry))]) if _lists(entry)

_is_empty(entry) if count(object.get(entry, "dependencies", [])) == 0

_faults(entry) := array.concat(
	[sprintf("%s, which is not allowed", [stranger]) | some stranger in words.few(_strangers(entry))],
	[sprintf("%s, which has no digest", [loose]) | some loose in words.few(_loose(entry))],
)

_fix := sprintf("build %s from what is allowed, each by its digest (FROM NAME@sha256:…), %s", [
	image.pinned,
	"with docker buildx build --provenance mode=max",
])
