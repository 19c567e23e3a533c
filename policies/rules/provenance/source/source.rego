# METADATA
# title: The image was built from an allowed source
# description: |
#   Some verified provenance is of a build from one of the `repositories`, and of one of the `refs` where there are any.
#   The provenance and the certificate that signed it may both name a repository and a ref: all that they name must be
#   allowed. A name can be given up and registered anew by somebody else, the numbers of a repository and of its owner
#   cannot: with `repository_ids` or `owner_ids`, the certificate must prove one of them, so a re-registered name does
#   not pass.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [repositories]
#     properties:
#       repositories:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: URLs of repositories, in any of their spellings; `*` stands for any text within one component
#       refs:
#         type: array
#         minItems: 1
#         items: { type: string, format: regex }
#         description: regular expressions that must match a whole ref, such as refs/tags/v.*; without it, any will do
#       repository_ids:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: numbers of repositories, as the certificate has them in sourceRepositoryIdentifier
#       owner_ids:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: numbers of owners, as the certificate has them in sourceRepositoryOwnerIdentifier
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { repositories: ["https://github.com/acme/app"], refs: ["refs/tags/v.*"], owner_ids: ["123"] }
#   codes:
#     no_provenance: the image has no verified provenance
#     source_not_allowed: it was built from another repository, ref or owner, or nobody says from which
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.source

import data.lib.built
import data.lib.glob
import data.lib.image
import data.lib.pattern
import data.lib.provenance
import data.lib.source

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "source_not_allowed"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.accepted
	_is_of_repository(entry)
	_is_of_ref(entry)
	_is_of_number("repository_ids", _repository_id(entry))
	_is_of_number("owner_ids", _owner_id(entry))
}

_is_of_repository(entry) if {
	count(built.repositories(entry)) > 0
	every repository in built.repositories(entry) {
		glob.matches(repository, _repositories)
	}
}

_repositories := [source.canonical(repository) | some repository in data.params.repositories]

_is_of_ref(_) if not data.params.refs

_is_of_ref(entry) if {
	count(built.refs(entry)) > 0
	every ref in built.refs(entry) {
		pattern.matches(ref, data.params.refs)
	}
}

_is_of_number(parameter, _) if not data.params[parameter]

_is_of_number(parameter, number) if number in data.params[parameter]

default _wanted := "a build from an allowed source"

_wanted := concat("", [
	"a build from ", concat(" or ", data.params.repositories),
	_also(" at a ref like ", "refs"), _also(" with repository id ", "repository_ids"), _also(" with owner id ", "owner_ids"),
])

_also(words, parameter) := sprintf("%s%s", [words, concat(" or ", data.params[parameter])])

_also(_, parameter) := "" if not data.params[parameter]

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := "that names no source" if count(built.repositories(entry)) == 0

_describe(entry) := concat("", [
	"of a build from ", concat(" and ", built.repositories(entry)), _at(entry),
	" with repository id ", _repository_id(entry), " and owner id ", _owner_id(entry),
]) if {
	count(built.repositories(entry)) > 0
}

_at(entry) := sprintf(" at %s", [concat(" and ", built.refs(entry))]) if count(built.refs(entry)) > 0

_at(entry) := " at no known ref" if count(built.refs(entry)) == 0

_repository_id(entry) := built.repository_id(entry)

_repository_id(entry) := "unproven" if not built.repository_id(entry)

_owner_id(entry) := built.owner_id(entry)

_owner_id(entry) := "unproven" if not built.owner_id(entry)

_fix := sprintf("build %s from an allowed source; if the one that was found is allowed too, add it to the parameters", [
	image.pinned,
]) if {
	not _is_local
}

_fix := concat("", [
	"build from the repository instead of a folder (docker buildx build https://github.com/OWNER/REPOSITORY.git#REF), ",
	"or sign the provenance with the certificate of the run, which names its repository",
]) if {
	_is_local
}

_is_local if {
	every entry in provenance.accepted {
		count(built.repositories(entry)) == 0
	}
}
