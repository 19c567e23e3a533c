# METADATA
# title: The sources had no changes that are in no commit
# description: |
#   Some verified provenance is of a build from a commit that the builder fetched itself, or from a working tree without
#   changes, and none says that there were any. docker buildx looks for changes only where BUILDX_GIT_CHECK_DIRTY is set
#   in its environment, and otherwise calls every tree clean: with `fetched` working trees do not count at all. With
#   `allow_unsigned_labels` the label `org.opencontainers.image.revision` will do where no provenance names a commit, and
#   the rule warns that it did.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       fetched:
#         type: boolean
#         default: false
#         description: whether the builder must have fetched the commit itself
#       allow_unsigned_labels:
#         type: boolean
#         default: false
#         description: whether a label will do where provenance says nothing
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { fetched: true }
#   codes:
#     no_provenance: the image has no verified provenance
#     dirty: some provenance says that there were changes that are in no commit
#     not_clean: no provenance says that there were none
#     unsigned_labels: a warning, only a label says that there were none
#   reads:
#     - evidence.provenance
#     - evidence.rejected
#     - image.digest
#     - image.repository
#     - { part: image.config, when: allow_unsigned_labels }
package rules.git.clean

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

warn contains {"code": "unsigned_labels", "msg": git.by_label("that the sources had no changes", _label)} if _labelled

# One that says there were changes is not outvoted.
_satisfied if {
	count(_dirty) == 0
	some entry in provenance.accepted
	_is_clean(entry)
}

_is_clean(entry) if {
	built.commit(entry)
	git.is_fetched(entry)
}

_is_clean(entry) if {
	built.commit(entry)
	not data.params.fetched
}

_dirty := [entry | some entry in provenance.accepted; built.is_dirty(entry)]

_labelled if {
	not data.params.fetched
	count(_told) == 0
	source.is_commit(git.unsigned(_label))
}

_told := {revision | some entry in provenance.accepted; some revision in built.revisions(entry)}

_label := "org.opencontainers.image.revision"

default _code := "not_clean"

_code := "dirty" if count(_dirty) > 0

default _wanted := "provenance of a build without changes that are in no commit"

_wanted := "provenance of a build from a commit that the builder fetched" if data.params.fetched

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := "of a tree with changes that are in no commit" if built.is_dirty(entry)

_describe(entry) := "that does not name one commit" if {
	not built.is_dirty(entry)
	not built.commit(entry)
}

_describe(entry) := sprintf("of a working tree of %s", [built.commit(entry)]) if not git.is_fetched(entry)

_describe(entry) := sprintf("of %s", [built.commit(entry)]) if git.is_fetched(entry)

default _fix := "commit all changes, and build again: BUILDX_GIT_CHECK_DIRTY=1 docker buildx build …"

_fix := "build from the repository: docker buildx build https://HOST/REPOSITORY.git#COMMIT …" if data.params.fetched
