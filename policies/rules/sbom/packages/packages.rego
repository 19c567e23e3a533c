# METADATA
# title: The image holds none of these packages
# description: |
#   No SBOM of the image lists a package of `deny`, in any version or in the given ones. Packages are heard of from the
#   SBOMs of all authorities of the policy; one that counts, in the word of one of the `authorities`, must be there. A
#   package is known by its package URL (without version and qualifiers), or where the SBOM gives none, by its name
#   alone; letter case does not matter. One whose version is not told is taken to be of those that are denied.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [deny]
#     properties:
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose SBOMs count; without it, all of the policy
#       deny:
#         type: array
#         minItems: 1
#         items:
#           type: object
#           additionalProperties: false
#           required: [purl]
#           properties:
#             purl:
#               type: string
#               pattern: "pkg:[a-zA-Z0-9.+-]+/[^?#]*[^?#/@]"
#               description: package URL, without version and qualifiers
#             versions:
#               type: string
#               pattern: " *((<|<=|>|>=|=) *[^ |<>=]+ *([|][|] *)?)+"
#               description: "which versions: all comparisons with blanks between them, or those of one side of a `||`"
#             reason: { type: string, description: why }
#         description: "packages: `purl`, and if wanted `versions` (`>=2.0 <2.17.1 || =3.0`) and `reason`"
#   example: { deny: [{ purl: "pkg:maven/org.apache.logging.log4j/log4j-core", versions: "<2.17.1" }] }
#   codes:
#     no_sbom: the image has no SBOM that counts
#     package_denied: an SBOM lists such a package
#   reads: [evidence.sboms, evidence.rejected, image.digest, image.platforms, image.repository]
package rules.sbom.packages

import data.lib.denial
import data.lib.misses
import data.lib.purl
import data.lib.sboms
import data.lib.version
import data.lib.words

deny contains sboms.none("no_sbom", _wanted) if count(sboms.counting) == 0

deny contains denial.of("package_denied", _wanted, _denied, misses.sboms, _fix) if count(_denied) > 0

# Nearly always there is none, which is to be seen without looking at each by itself.
_suspected if strings.any_prefix_match(split(purl.normal(concat("\n", _purls)), "\n"), _bases)

_suspected if {
	count(_purls) < sum([count(sbom.packages) | some sbom in sboms.heard])
	names := _names
	some sbom in sboms.heard
	some package_ in sbom.packages
	not package_.purl
	lower(package_.name) in names
}

_purls := [text | some sbom in sboms.heard; some package_ in sbom.packages; text := package_.purl]

_entries := [object.union(entry, {"base": purl.base(entry.purl)}) | some entry in data.params.deny]

_bases := [entry.base | some entry in _entries]

_names := {name | some base in _bases; some name in purl.names(base)}

# What may be one of them, and is worth a closer look.
_candidates := [{"sbom": sboms.describe(sbom), "item": package_} |
	_suspected
	bases := _bases
	names := _names
	some sbom in sboms.heard
	some package_ in sbom.packages
	_may_be(package_, bases, names)
]

_may_be(package_, bases, _) if strings.any_prefix_match(purl.normal(package_.purl), bases)

_may_be(package_, _, names) if {
	not package_.purl
	lower(package_.name) in names
}

_denied := sort({sprintf("%s (%s)%s, in the %s", [label, entry.purl, _reason(entry), candidate.sbom]) |
	some candidate in _candidates
	some entry in _entries
	_is(candidate.item, entry.base)
	_is_of(candidate.item, entry)
	label := sboms.label(candidate.item)
})

_is(package_, base) if purl.base(package_.purl) == base

_is(package_, base) if {
	not package_.purl
	lower(package_.name) in purl.names(base)
}

_is_of(_, entry) if not entry.versions

_is_of(package_, _) if not _version(package_)

_is_of(package_, entry) if version.is_within(_version(package_), entry.versions, purl.kind(entry.base))

_version(package_) := package_.version

_version(package_) := purl.version(package_.purl) if not package_.version

default _reason(_) := ""

_reason(entry) := sprintf(": %s", [entry.reason])

_wanted := sprintf("none of %s", [concat(", ", words.few([_entry(entry) | some entry in data.params.deny]))])

_entry(entry) := concat(" ", array.concat([entry.purl], [entry.versions | entry.versions]))

_fix := "update or remove these packages, and build the image again"
