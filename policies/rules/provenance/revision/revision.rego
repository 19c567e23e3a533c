# METADATA
# title: The image was built from one known commit
# description: |
#   Some verified provenance names the commit that was built, in full, and nothing that it or its certificate says names
#   another: not the source, not the run that signed, not the working tree that BuildKit's client found. A tree with
#   changes that are in no commit does not count. With `allow`, the commit must be one of these.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       allow:
#         type: array
#         minItems: 1
#         items: { type: string, pattern: "[0-9a-f]{40}|[0-9a-f]{64}" }
#         description: commits, in full; without it, any will do
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: {}
#   codes:
#     no_provenance: the image has no verified provenance
#     no_revision: its provenance names no commit, or not in full
#     revision_in_doubt: its provenance names several commits, or changes that are in none
#     revision_not_allowed: it was built from another commit
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.revision

import data.lib.built
import data.lib.image
import data.lib.provenance

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": _code}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.accepted
	_is_allowed(built.commit(entry))
}

_commits := {built.commit(entry) | some entry in provenance.accepted}

_is_allowed(_) if not data.params.allow

_is_allowed(commit) if commit in data.params.allow

_code := "revision_not_allowed" if count(_commits) > 0

_code := "revision_in_doubt" if {
	count(_commits) == 0
	_in_doubt
}

_code := "no_revision" if {
	count(_commits) == 0
	not _in_doubt
}

_in_doubt if {
	some entry in provenance.accepted
	built.is_dirty(entry)
}

_in_doubt if {
	some entry in provenance.accepted
	count(built.revisions(entry)) > 1
}

default _wanted := "provenance that names the commit it is of"

_wanted := sprintf("provenance of commit %s", [concat(" or ", data.params.allow)])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := sprintf("of %s%s", [_names(entry), _changes(entry)])

_names(entry) := "no commit" if count(built.revisions(entry)) == 0

_names(entry) := concat(" and ", built.revisions(entry)) if count(built.revisions(entry)) > 0

_changes(entry) := " with changes that are in no commit" if built.is_dirty(entry)

_changes(entry) := "" if not built.is_dirty(entry)

_fix := sprintf("commit everything, and build %s again from a clean checkout of %s", [image.pinned, _one])

default _one := "one commit"

_one := concat(" or ", data.params.allow)
