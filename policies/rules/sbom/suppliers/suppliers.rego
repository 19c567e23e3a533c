# METADATA
# title: All packages come from accepted suppliers
# description: |
#   No SBOM of the image lists a package of a supplier that is not one of `allow` or `patterns`, and some SBOM, in the word of one of
#   the `authorities`, names the supplier of every package. A supplier that is not accepted is heard of from the SBOMs
#   of all authorities of the policy. The image itself, which an SBOM lists as what it describes, is not looked at.
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
#         description: names of accepted suppliers, as the SBOM has them
#       patterns:
#         type: array
#         minItems: 1
#         items: { type: string, format: regex }
#         description: "regular expressions, each for the whole of one"
#       missing:
#         type: string
#         enum: [deny, allow]
#         default: deny
#         description: what to do about packages without a supplier
#   example: { allow: ["Acme Inc."], patterns: ["Debian .*"], missing: allow }
#   codes:
#     no_sbom: the image has no SBOM that counts
#     supplier_not_accepted: an SBOM lists a package of another supplier
#     supplier_missing: no SBOM names the supplier of every package
#   reads: [evidence.sboms, evidence.rejected, image.digest, image.platforms, image.repository]
package rules.sbom.suppliers

import data.lib.allowed
import data.lib.denial
import data.lib.misses
import data.lib.plural
import data.lib.sboms

deny contains sboms.none("no_sbom", _wanted) if count(sboms.counting) == 0

deny contains denial.of("supplier_not_accepted", _wanted, _foreign, misses.sboms, _fix) if count(_foreign) > 0

deny contains denial.of("supplier_missing", _wanted, _unnamed, misses.sboms, _naming) if {
	data.params.missing != "allow"
	count(sboms.counting) > 0
	not _complete
}

# Each supplier is looked at once, however many packages are of it.
_refused := {supplier |
	some supplier in _suppliers
	not allowed.passes(supplier)
}

_suppliers := {supplier |
	some sbom in sboms.heard
	some package_ in sbom.packages
	supplier := package_.supplier
}

_foreign := sort({sprintf("%s of %s, in the %s", [sboms.label(package_), package_.supplier, sboms.describe(sbom)]) |
	count(_refused) > 0
	some sbom in sboms.heard
	some index, package_ in sbom.packages
	package_.supplier in _refused
	index != object.get(sbom, "root", null)
})

_complete if {
	some sbom in sboms.counting
	_nameless(sbom) == 0
}

_nameless(sbom) := (sboms.size(sbom) - _named(sbom.packages)) + _named(sboms.root(sbom))

_named(packages) := count([1 | some package_ in packages; package_.supplier])

_unnamed := sort({sprintf("%s: %s without a supplier", [sboms.describe(sbom), plural.of(_nameless(sbom), "package")]) |
	some sbom in sboms.counting
})

default _wanted := "packages of accepted suppliers only"

_wanted := sprintf("packages of %s only", [allowed.words])

_fix := "replace these packages, or let the policy accept their suppliers"

_naming := sprintf("make an SBOM that names the supplier of each package, then: %s", [sboms.fix])
