# METADATA
# title: The image was built from a commit
# description: |
#   Some verified provenance names the commit that the image was built from, in full and with no changes on top of it,
#   and with `allow` one of these. With `allow_unsigned_labels` the label `org.opencontainers.image.revision` will do
#   where no provenance names a commit, and the rule warns that it did: anybody can write it, and an image has that of
#   its base unless it says otherwise.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       allow:
#         type: array
#         minItems: 1
#         items: { type: string, pattern: "[0-9a-f]{40}([0-9a-f]{24})?" }
#         description: commits that will do, in full; without it, any
#       allow_unsigned_labels:
#         type: boolean
#         default: false
#         description: whether a label will do where provenance says nothing
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { allow: ["8bc2f1e6d4a7c0935e21b6f8d9a4c7e013f52b68"] }
#   codes:
#     no_provenance: the image has no verified provenance
#     no_revision: its provenance does not name one commit in full
#     revision_not_allowed: it was built from another commit
#     unsigned_labels: a warning, only a label names the commit
#   reads:
#     - evidence.provenance
#     - evidence.rejected
#     - image.digest
#     - image.repository
#     - { part: image.config, when: allow_unsigned_labels }
package rules.git.revision

import data.lib.built
import data.lib.git
import data.lib.provenance
import data.lib.source

deny contains object.union({"code": "no_provenance"}, git.none(_wanted, _label)) if {
	count(provenance.accepted) == 0
	not _labelled
}

deny contains object.union({"code": _code}, git.unfit(_wanted, _found, _fix, _label)) if {
	count(provenance.accepted) > 0
	not _satisfied
	not _labelled
}

warn contains {"code": "unsigned_labels", "msg": git.by_label("the commit", _label)} if _labelled

_satisfied if {
	some entry in provenance.accepted
	_is_allowed(built.commit(entry))
}

_is_allowed(_) if not data.params.allow

_is_allowed(commit) if commit in data.params.allow

_labelled if {
	count(_told) == 0
	commit := git.unsigned(_label)
	source.is_commit(commit)
	_is_allowed(commit)
}

_label := "org.opencontainers.image.revision"

_told := {revision | some entry in provenance.accepted; some revision in built.revisions(entry)}

default _code := "no_revision"

_code := "revision_not_allowed" if {
	some entry in provenance.accepted
	built.commit(entry)
}

default _wanted := "provenance of a build from a commit"

_wanted := sprintf("provenance of a build from commit %s", [concat(" or ", data.params.allow)])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := "that names no commit" if count(built.revisions(entry)) == 0

_describe(entry) := sprintf("of %s%s", [concat(" and ", built.revisions(entry)), _changes(entry)]) if {
	count(built.revisions(entry)) > 0
}

_changes(entry) := " with changes" if built.is_dirty(entry)

_changes(entry) := "" if not built.is_dirty(entry)

_fix := "build in a clean checkout, or from the repository: docker buildx build https://HOST/REPOSITORY.git#COMMIT …"
