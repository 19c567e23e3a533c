# METADATA
# title: The image was built from an allowed source
# description: |
#   Some verified provenance is of a build from one of the `repositories`, and of one of the `refs` where there are any.
#   The provenance, the working tree that BuildKit's client found and the certificate of the signer may each name a
#   repository and a ref: all that they name must be allowed. A name can be given up and registered anew by somebody
#   else, the numbers of a repository and of its owner cannot: with `repository_ids` or `owner_ids`, the certificate must
#   prove one of them, so a re-registered name does not pass.
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

# What each of them tells.
_builds := [
{
	"entry": entry,
	"repositories": built.repositories(entry),
	"refs": built.refs(entry),
	"ids": object.union(
		{"repository_ids": id | id := built.repository_id(entry)},
		{"owner_ids": id | id := built.owner_id(entry)},
	),
} |
	some entry in provenance.accepted
]

_satisfied if {
	some build in _builds
	_is_of_repository(build)
	_is_of_ref(build)
	_is_of_number(build, "repository_ids")
	_is_of_number(build, "owner_ids")
}

_is_of_repository(build) if {
	count(build.repositories) > 0
	every repository in build.repositories {
		glob.matches(repository, _repositories)
	}
}

_repositories := [source.canonical(repository) | some repository in data.params.repositories]

_is_of_ref(_) if not data.params.refs

_is_of_ref(build) if {
	count(build.refs) > 0
	every ref in build.refs {
		pattern.matches(ref, data.params.refs)
	}
}

_is_of_number(_, parameter) if not data.params[parameter]

_is_of_number(build, parameter) if build.ids[parameter] in data.params[parameter]

default _wanted := "a build from an allowed source"

_wanted := concat("", [
	"a build from ", concat(" or ", data.params.repositories),
	_also(" at a ref like ", "refs"), _also(" with repository id ", "repository_ids"), _also(" with owner id ", "owner_ids"),
])

_also(words, parameter) := sprintf("%s%s", [words, concat(" or ", data.params[parameter])])

_also(_, parameter) := "" if not data.params[parameter]

_found := sort({provenance.line(build.entry, _describe(build)) | some build in _builds})

_describe(build) := "that names no source" if count(build.repositories) == 0

_describe(build) := concat("", [
	"of a build from ", concat(" and ", build.repositories), _at(build),
	" with repository id ", object.get(build.ids, "repository_ids", "unproven"),
	" and owner id ", object.get(build.ids, "owner_ids", "unproven"),
]) if {
	count(build.repositories) > 0
}

_at(build) := sprintf(" at %s", [concat(" and ", build.refs)]) if count(build.refs) > 0

_at(build) := " at no known ref" if count(build.refs) == 0

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
	every build in _builds {
		count(build.repositories) == 0
	}
}
