# METADATA
# title: The image was built with an allowed Dockerfile
# description: |
#   Some verified provenance of BuildKit names the Dockerfile, as a path in the repository, and one of the patterns in
#   `allow` matches it: `*` stands for any text within one component of the path, `**` for any number of components. A
#   build from a folder that is in no repository names none. With `allow_unsigned_labels` the label
#   `com.docker.image.source.entrypoint` will do where no provenance names a Dockerfile, and the rule warns that it did:
#   docker buildx writes it where BUILDX_GIT_LABELS is set in its environment.
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
#         description: paths in the repository, and patterns of them
#       allow_unsigned_labels:
#         type: boolean
#         default: false
#         description: whether a label will do where provenance says nothing
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { allow: [Dockerfile, "services/*/Dockerfile"] }
#   codes:
#     no_provenance: the image has no verified provenance
#     no_dockerfile: its provenance names no Dockerfile in a repository
#     dockerfile_not_allowed: it was built with another one
#     unsigned_labels: a warning, only a label names the Dockerfile
#   reads:
#     - evidence.provenance
#     - evidence.rejected
#     - image.digest
#     - image.repository
#     - { part: image.config, when: allow_unsigned_labels }
package rules.git.dockerfile

import data.lib.git
import data.lib.glob
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

warn contains {"code": "unsigned_labels", "msg": git.by_label("the Dockerfile", _label)} if _labelled

_satisfied if {
	some path in _told
	glob.matches(path, data.params.allow)
}

_labelled if {
	count(_told) == 0
	path := git.unsigned(_label)
	git.is_path(path)
	glob.matches(path, data.params.allow)
}

_label := "com.docker.image.source.entrypoint"

_told := {git.dockerfile(entry) | some entry in provenance.accepted}

_code := "no_dockerfile" if count(_told) == 0

_code := "dockerfile_not_allowed" if count(_told) > 0

default _wanted := "provenance of a build with an allowed Dockerfile"

_wanted := sprintf("provenance of a build with %s", [concat(" or ", data.params.allow)])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := sprintf("of a build with %s", [git.dockerfile(entry)])

_describe(entry) := "that names no Dockerfile in a repository" if not git.dockerfile(entry)

_fix := "build in the checkout with docker buildx build -f PATH …, where PATH is an allowed Dockerfile"
