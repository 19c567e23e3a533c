# METADATA
# title: The image was built from an allowed repository
# description: |
#   Some verified provenance is of a build from a repository in `allow`. Where the builder, the certificate of the signer
#   and docker buildx, which looks for the remote of a working tree, each name one, all are in `allow`. All spellings of
#   one repository are the same, with or without scheme, user and `.git`; `*` stands for any text within one component of
#   the path, `**` for any number of components. Names change hands: [provenance/source](../provenance/source.md) can
#   hold a repository to its number. With `allow_unsigned_labels` the label `org.opencontainers.image.source` will do
#   where no provenance names a repository, and the rule warns that it did.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [allow]
#     properties:
#       allow:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: repositories, and patterns of them
#       allow_unsigned_labels:
#         type: boolean
#         default: false
#         description: whether a label will do where provenance says nothing
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { allow: ["https://github.com/acme/*", "git.acme.example/shop/**"] }
#   codes:
#     no_provenance: the image has no verified provenance
#     no_remote: its provenance names no repository
#     remote_not_allowed: it was built from another repository
#     unsigned_labels: a warning, only a label names the repository
#   reads:
#     - evidence.provenance
#     - evidence.rejected
#     - image.digest
#     - image.repository
#     - { part: image.config, when: allow_unsigned_labels }
package rules.git.remote

import data.lib.built
import data.lib.git
import data.lib.provenance

deny contains object.union({"code": "no_provenance"}, git.none(_wanted, _label)) if {
	count(provenance.accepted) == 0
	not _labelled
}

deny contains object.union({"code": _code}, git.unfit(_wanted, _found, _fix, _label)) if {
	count(provenance.accepted) > 0
	not _satisfied
	not _labelled
}

warn contains {"code": "unsigned_labels", "msg": git.by_label("the repository", _label)} if _labelled

_satisfied if {
	some entry in provenance.accepted
	count(built.repositories(entry)) > 0
	every repository in built.repositories(entry) {
		git.is_one_of(repository, data.params.allow)
	}
}

_labelled if {
	count(_told) == 0
	git.is_one_of(git.unsigned(_label), data.params.allow)
}

_label := "org.opencontainers.image.source"

_told := {repository | some entry in provenance.accepted; some repository in built.repositories(entry)}

_code := "no_remote" if count(_told) == 0

_code := "remote_not_allowed" if count(_told) > 0

default _wanted := "provenance of a build from an allowed repository"

_wanted := sprintf("provenance of a build from %s", [concat(" or ", data.params.allow)])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := "that names no repository" if count(built.repositories(entry)) == 0

_describe(entry) := sprintf("of a build from %s", [concat(" and ", built.repositories(entry))]) if {
	count(built.repositories(entry)) > 0
}

_fix := "build from an allowed repository: docker buildx build https://HOST/REPOSITORY.git#COMMIT …"
