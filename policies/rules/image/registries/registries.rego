# METADATA
# title: The image comes from an allowed registry
# description: |
#   The name of the image matches one of the patterns in `allow`. Names are complete: `nginx` is
#   `docker.io/library/nginx`. `*` stands for any text within one component of the path, `**` for any number of
#   components; an entry that is a registry alone allows all of it. Where a node fetches the image from, such as a
#   mirror, is for its configuration to say.
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
#         description: registries, and patterns of repositories
#   example: { allow: [registry.example.com, "docker.io/library/*", "ghcr.io/acme/**"] }
#   codes:
#     registry_not_allowed: no entry allows the image
#   reads: [image.repository]
package rules.image.registries

import data.lib.glob
import data.lib.reference

deny contains {
	"code": "registry_not_allowed",
	"msg": sprintf("wanted an image of %s, found %s", [_wanted, _found]),
	"details": {"wanted": sprintf("an image of %s", [_wanted]), "found": [_found], "nearest": _nearest},
	"fix": "copy the image to an allowed repository and deploy it from there, or add its repository to allow",
} if {
	not _satisfied
}

# A registry, and all below a path, can be told by how the name begins; other patterns take regular expressions, which are
# slow. What has neither dot nor port before its first slash may be short for something longer.
_satisfied if {
	some entry in data.params.allow
	some mark in [".", ":"]
	contains(split(entry, "/")[0], mark)
	startswith(input.image.repository, _beginning(entry))
} else if glob.matches(input.image.repository, _patterns)

_beginning(entry) := sprintf("%s/", [entry]) if not contains(entry, "/")

_beginning(entry) := trim_suffix(entry, "**") if endswith(entry, "/**")

_patterns := [_pattern(entry) | some entry in data.params.allow]

_pattern(entry) := reference.canonical(sprintf("%s/**", [entry])) if _is_registry(entry)

_pattern(entry) := reference.canonical(entry) if not _is_registry(entry)

_is_registry(entry) if regex.match(`^[^/]*[.:][^/]*$|^localhost$`, entry)

default _wanted := "an allowed registry"

_wanted := concat(" or ", data.params.allow)

default _found := "an image without a name"

_found := input.image.repository

# Entries of the same registry, or of the same name elsewhere.
_nearest := sort({sprintf("%s is allowed", [pattern]) |
	some pattern in _patterns
	_resembles(split(pattern, "/"), split(input.image.repository, "/"))
})

_resembles(pattern, name) if pattern[0] == name[0]

_resembles(pattern, name) if pattern[count(pattern) - 1] == name[count(name) - 1]
