# METADATA
# title: The SBOM was made by an accepted tool
# description: |
#   Some SBOM of this image, in the word of one of the `authorities`, names a creator that is one of `allow` or
#   `patterns`: a tool, a person or an organization. Who signed it is what proves anything; the creator is what the
#   signer says of how it was made. Which SBOMs are of this image, `sbom/required` tells.
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
#       allow:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: accepted creators, as the SBOM has them
#       patterns:
#         type: array
#         minItems: 1
#         items: { type: string, format: regex }
#         description: "regular expressions, each for the whole of one"
#   example: { patterns: ["Tool: syft-1[.].*"] }
#   codes:
#     no_sbom: the image has no SBOM that counts
#     creator_not_accepted: it has, but none by such a creator
#   reads: [evidence.sboms, evidence.rejected, image.digest, image.platforms, image.repository]
package rules.sbom.creators

import data.lib.allowed
import data.lib.denial
import data.lib.misses
import data.lib.sboms
import data.lib.words

deny contains sboms.none("no_sbom", _wanted) if count(sboms.counting) == 0

deny contains denial.of("creator_not_accepted", _wanted, _found, misses.sboms, _fix) if {
	count(sboms.counting) > 0
	not _satisfied
}

_satisfied if {
	some sbom in sboms.counting
	some creator in sbom.creators
	allowed.passes(creator)
}

default _wanted := "an SBOM by an accepted creator"

_wanted := sprintf("an SBOM whose creator is %s", [allowed.words])

_found := sort({sprintf("%s: created by %s", [sboms.describe(sbom), _creators(sbom)]) | some sbom in sboms.counting})

default _creators(_) := "nobody that it names"

_creators(sbom) := concat(", ", words.few(sbom.creators)) if count(sbom.creators) > 0

_fix := sprintf("make the SBOM with a tool that is accepted, then: %s", [sboms.fix])
