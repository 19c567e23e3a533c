# METADATA
# title: The SBOM is recent
# description: |
#   Some SBOM of this image, in the word of one of the `authorities`, was made in the last `max_age_days` days, as it
#   says itself. Which SBOMs are of this image, `sbom/required` tells.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [max_age_days]
#     properties:
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose SBOMs count; without it, all of the policy
#       max_age_days:
#         type: integer
#         minimum: 1
#         description: how many days ago it may have been made
#   example: { max_age_days: 90 }
#   codes:
#     no_sbom: the image has no SBOM that counts
#     sbom_too_old: it has, but none is recent enough
#   reads: [evidence.sboms, evidence.rejected, image.digest, image.platforms, image.repository, now]
package rules.sbom.fresh

import data.lib.age
import data.lib.denial
import data.lib.misses
import data.lib.plural
import data.lib.sboms

deny contains sboms.none("no_sbom", _wanted) if count(sboms.counting) == 0

deny contains denial.of("sbom_too_old", _wanted, _found, misses.sboms, _fix) if {
	count(sboms.counting) > 0
	not _satisfied
}

_satisfied if {
	some sbom in sboms.counting
	age.is_within_days(sbom.created, data.params.max_age_days)
}

default _wanted := "a recent SBOM"

_wanted := sprintf("an SBOM of the last %s", [plural.of(data.params.max_age_days, "day")])

_found := sort({sprintf("%s %s", [sboms.describe(sbom), age.describe(object.get(sbom, "created", ""))]) |
	some sbom in sboms.counting
})

_fix := sprintf("make the SBOM again, then: %s", [sboms.fix])
