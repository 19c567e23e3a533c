# METADATA
# title: The image has an SBOM
# description: |
#   Some SBOM describes this image, in the word of one of the `authorities`, in one of the `formats`, and lists at
#   least `min_packages` packages, the image itself not counted. An SBOM that nobody signed does not count, nor one of
#   a build context or an earlier stage, nor one whose root names another image, or one platform of an image where no
#   other SBOM names the other platforms.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose SBOMs count; without it, all of the policy
#       formats:
#         type: array
#         minItems: 1
#         items: { type: string, enum: [spdx, cyclonedx] }
#         default: [spdx, cyclonedx]
#         description: formats that will do
#       min_packages:
#         type: integer
#         minimum: 0
#         default: 1
#         description: how many packages it must list at least; 0 for images that can truly be empty
#   example: { formats: [spdx, cyclonedx], min_packages: 1 }
#   codes:
#     no_sbom: the image has no verified SBOM
#     sbom_insufficient: it has, but none that will do
#   reads: [evidence.sboms, evidence.rejected, image.digest, image.platforms, image.repository]
package rules.sbom.required

import data.lib.denial
import data.lib.image
import data.lib.misses
import data.lib.plural
import data.lib.sboms

deny contains denial.of("no_sbom", _wanted, sboms.found, misses.sboms, _fix) if count(sboms.verified) == 0

deny contains denial.of("sbom_insufficient", _wanted, _found, misses.sboms, _fix) if {
	count(sboms.verified) > 0
	not _satisfied
}

_satisfied if {
	some sbom in sboms.counting
	sbom.kind in data.params.formats
	sboms.size(sbom) >= data.params.min_packages
}

default _wanted := "an SBOM"

_wanted := sprintf("an SBOM (%s) that lists at least %s", [
	concat(" or ", data.params.formats),
	plural.of(data.params.min_packages, "package"),
])

_found := sort({sprintf("%s: %s", [sboms.describe(sbom), concat(", ", _content(sbom))]) | some sbom in sboms.verified})

_content(sbom) := array.concat(
	[sprintf("%s besides its root", [plural.of(sboms.size(sbom), "package")])],
	sort(array.concat(_format(sbom), sboms.faults(sbom))),
)

_format(sbom) := ["of another format" | not sbom.kind in data.params.formats]

_fix := sboms.fix if _spdx_will_do

_fix := sprintf("countersign attest --key KEY --type cyclonedx --predicate sbom.cdx.json %s", [image.pinned]) if {
	not _spdx_will_do
}

_spdx_will_do if "spdx" in data.params.formats
