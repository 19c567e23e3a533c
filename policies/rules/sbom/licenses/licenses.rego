# METADATA
# title: The licences of all packages are acceptable
# description: |
#   No SBOM of the image lists a package whose licence is one of `deny`, or, where `allow` is given, none of it. A choice
#   (`MIT OR GPL-3.0-only`) is acceptable if one of its sides is; where both count (`MIT AND GPL-3.0-only`), or a package
#   has several licences, all must be. A licence with an exception is denied with its licence, and allowed only by its
#   whole text. Letter case does not matter. What cannot be taken apart is not acceptable. Licences are heard of from
#   the SBOMs of all authorities of the policy. Packages without one are treated as `missing` says.
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
#         items: { type: string, format: regex }
#         description: "regular expressions, one of which must match the whole of each licence; without it, all may"
#       deny:
#         type: array
#         items: { type: string, format: regex }
#         default: []
#         description: "regular expressions, none of which may match the whole of a licence"
#       missing:
#         type: string
#         enum: [deny, allow]
#         default: deny
#         description: what to do about packages without a licence
#   example: { deny: ["A?GPL-.*"], missing: allow }
#   codes:
#     no_sbom: the image has no SBOM that counts
#     license_not_acceptable: an SBOM lists a package whose licence is not acceptable
#     license_missing: no SBOM tells the licence of every package
#   reads: [evidence.sboms, evidence.rejected, image.digest, image.platforms, image.repository]
package rules.sbom.licenses

import data.lib.denial
import data.lib.license
import data.lib.misses
import data.lib.plural
import data.lib.sboms

deny contains sboms.none("no_sbom", _wanted) if count(sboms.counting) == 0

deny contains denial.of("license_not_acceptable", _wanted, _bad, misses.sboms, _fix) if count(_bad) > 0

deny contains denial.of("license_missing", _wanted, _unlicensed, misses.sboms, _naming) if {
	data.params.missing != "allow"
	count(sboms.counting) > 0
	not _complete
}

# Each licence is looked at once, however many packages are under it.
_refused := {text |
	some text in _licenses
	not license.is_acceptable(text, object.get(data.params, "allow", null), object.get(data.params, "deny", []))
}

_licenses := {text |
	some sbom in sboms.heard
	some package_ in sbom.packages
	some text in package_.licenses
}

_bad := sort({sprintf("%s under %s, in the %s", [sboms.label(package_), text, sboms.describe(sbom)]) |
	count(_refused) > 0
	some sbom in sboms.heard
	some index, package_ in sbom.packages
	some text in package_.licenses
	text in _refused
	index != object.get(sbom, "root", null)
})

_complete if {
	some sbom in sboms.counting
	_bare(sbom) == 0
}

_bare(sbom) := (sboms.size(sbom) - _licensed(sbom.packages)) + _licensed(sboms.root(sbom))

_licensed(packages) := count([1 | some package_ in packages; package_.licenses[0]])

_unlicensed := sort({sprintf("%s: %s without a licence", [sboms.describe(sbom), plural.of(_bare(sbom), "package")]) |
	some sbom in sboms.counting
})

_wanted := concat("", array.concat(
	["packages under acceptable licences only"],
	array.concat(
		[sprintf(", of %s", [concat(" or ", data.params.allow)]) | data.params.allow],
		[sprintf(", none of %s", [concat(" or ", data.params.deny)]) | count(data.params.deny) > 0],
	),
))

_fix := "replace these packages, or let the policy accept their licences"

_naming := sprintf("make an SBOM that tells the licence of each package, then: %s", [sboms.fix])
