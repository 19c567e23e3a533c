# METADATA
# title: The image was built from allowed images
# description: |
#   Verified provenance names the images that went into the build, and each of them is allowed: its name is one of
#   `names`, and its digest one of `digests`, where these are given. Names are complete (`alpine` is
#   `docker.io/library/alpine`), `*` stands for any text within one component, `**` for any number of components. What
#   BuildKit used counts, whatever for: the images of all stages, the one that reads the Dockerfile where it begins with
#   `# syntax=`, the scanner that wrote the SBOM. Provenance that names no image does not count, such as that of a
#   workflow, or of a build from `scratch`.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       names:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: repositories, and patterns of them; without it, any will do
#       digests:
#         type: array
#         minItems: 1
#         items: { type: string, pattern: "sha256:[0-9a-f]{64}" }
#         description: digests; without it, any will do
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { names: ["docker.io/library/*", "registry.example.com/base/**"] }
#   codes:
#     no_provenance: the image has no verified provenance
#     no_base: its provenance names no image that went into the build
#     base_not_allowed: an image went into the build that is not allowed
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.image.base

import data.lib.base
import data.lib.glob
import data.lib.provenance
import data.lib.reference

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": _code}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	count(base.images) > 0
	_is_asked_for_something
	every image in base.images {
		_name_is_allowed(image)
		_digest_is_allowed(image)
	}
}

_is_asked_for_something if data.params.names

_is_asked_for_something if data.params.digests

_name_is_allowed(_) if not data.params.names

_name_is_allowed(image) if glob.matches(image.name, [reference.canonical(name) | some name in data.params.names])

_digest_is_allowed(_) if not data.params.digests

_digest_is_allowed(image) if image.digest in data.params.digests

_code := "no_base" if count(base.images) == 0

_code := "base_not_allowed" if count(base.images) > 0

_wanted := sprintf("provenance of a build from allowed images%s%s", [_names, _digests])

default _names := ""

_names := sprintf(" of %s", [concat(" or ", data.params.names)])

default _digests := ""

_digests := sprintf(" with digest %s", [concat(" or ", data.params.digests)])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := "that names no image that went into the build" if count(base.of(entry)) == 0

_describe(entry) := sprintf("of a build from %s", [concat(" and ", {_text(image) | some image in base.of(entry)})]) if {
	count(base.of(entry)) > 0
}

# With the digest where the digest decides.
_text(image) := base.describe(image) if not data.params.digests

_text(image) := sprintf("%s (%s)", [base.describe(image), object.get(image, "digest", "no digest")]) if data.params.digests

_fix := "build from allowed images, as in FROM registry.example.com/base/IMAGE@DIGEST, and sign the provenance of that build"
