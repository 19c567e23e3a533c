# METADATA
# title: The SBOM has the minimum elements
# description: |
#   Some SBOM of this image, in the word of one of the `authorities`, has the elements that `standard` asks for. `ntia`
#   (2021): who made it, when, how its packages depend on each other, and of each package the supplier, name, version
#   and an identifier (package URL or CPE). `cisa` (2025) in addition: the tool that made it, and of each package a hash
#   and the licence; that it was made of the finished image holds for every SBOM that counts. What is `NOASSERTION` is
#   absent. Which SBOMs are of this image, `sbom/required` tells; the image itself need not have the elements.
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
#       standard:
#         type: string
#         enum: [ntia, cisa]
#         default: ntia
#         description: whose minimum elements
#       min_percent:
#         type: integer
#         minimum: 0
#         maximum: 100
#         default: 100
#         description: how many packages in a hundred must have all that is asked of a package
#   example: { standard: ntia, min_percent: 95 }
#   codes:
#     no_sbom: the image has no SBOM that counts
#     elements_missing: it has, but none with all elements
#   reads: [evidence.sboms, evidence.rejected, image.digest, image.platforms, image.repository]
package rules.sbom.minimum_elements

import data.lib.age
import data.lib.denial
import data.lib.misses
import data.lib.plural
import data.lib.sboms

deny contains sboms.none("no_sbom", _wanted) if count(sboms.counting) == 0

deny contains denial.of("elements_missing", _wanted, _found, misses.sboms, _fix) if {
	count(sboms.counting) > 0
	not _satisfied
}

_satisfied if {
	some sbom in sboms.counting
	count(_document(sbom)) == 0
	_has_enough(sbom)
}

# Nearly always enough packages have the usual members, which is cheap to see.
_has_enough(sbom) if {
	_usual(sbom) >= _needed(sbom)
} else if {
	sboms.size(sbom) - count(_incomplete(sbom)) >= _needed(sbom)
}

# How many of them may not round down.
_needed(sbom) := ceil((sboms.size(sbom) * data.params.min_percent) / 100)

# How many have the members that hold the elements nearly always, beside the root.
_usual(sbom) := _complete(sbom.packages) - _complete(sboms.root(sbom))

# What a loop looks up outside of itself, it looks up each time.
_complete(packages) := count([1 |
	nothing := _nothing
	some package_ in packages
	package_.supplier
	package_.version
	package_.purl
	not nothing[package_.name]
]) if {
	data.params.standard == "ntia"
}

_complete(packages) := count([1 |
	nothing := _nothing
	none := {}
	some package_ in packages
	package_.supplier
	package_.version
	package_.purl
	package_.licenses[0]
	package_.checksums != none
	not nothing[package_.name]
]) if {
	data.params.standard == "cisa"
}

_incomplete(sbom) := {index |
	some index, package_ in sbom.packages
	index != object.get(sbom, "root", null)
	some element in _elements
	not _has(package_, element)
}

_elements := array.concat(
	["name", "version", "supplier", "identifier"],
	[element | data.params.standard == "cisa"; some element in ["hash", "licence"]],
)

_has(package_, "name") if not package_.name in _nothing

_has(package_, "version") if package_.version

_has(package_, "supplier") if package_.supplier

_has(package_, "supplier") if package_.originator

_has(package_, "identifier") if package_.purl

_has(package_, "identifier") if package_.cpes[0]

_has(package_, "hash") if package_.checksums != {}

_has(package_, "licence") if package_.licenses[0]

_nothing := {"", "NOASSERTION", "NONE"}

# What the document itself lacks.
_document(sbom) := array.concat(
	array.concat(
		["no creator" | not sbom.creators[0]],
		["no time of creation" | not _is_dated(sbom)],
	),
	array.concat(
		["no relationship of its packages" | sboms.size(sbom) > 0; not _is_connected(sbom)],
		["no tool" | data.params.standard == "cisa"; not _names_a_tool(sbom)],
	),
)

_is_dated(sbom) if age.nanoseconds(sbom.created)

_is_connected(sbom) if sbom.relationships > 0

_names_a_tool(sbom) if strings.any_prefix_match(sbom.creators, ["Tool: "])

_wanted := sprintf("an SBOM with the minimum elements of %s", [_standard])

default _standard := "NTIA"

_standard := "CISA" if data.params.standard == "cisa"

_found := sort({sprintf("%s: %s", [sboms.describe(sbom), concat(", ", _lacks(sbom))]) | some sbom in sboms.counting})

_lacks(sbom) := array.concat(_document(sbom), [line |
	some element in _elements
	number := count(_without(sbom, element))
	number > 0
	line := sprintf("%s of %d without %s", [plural.of(number, "package"), sboms.size(sbom), element])
])

_without(sbom, element) := {index |
	some index, package_ in sbom.packages
	index != object.get(sbom, "root", null)
	not _has(package_, element)
}

_fix := sprintf("make an SBOM that has them, then: %s", [sboms.fix])
