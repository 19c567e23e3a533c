# What OpenVEX documents (https://github.com/openvex/spec) say of vulnerabilities of the image. That one does not matter
# counts in the word of whom the rule asks; that one does, in the word of whoever vouches.
package lib.vex

import data.lib.purl
import data.lib.vouch

types := {
	"https://openvex.dev/ns",
	"https://openvex.dev/ns/v0.0.1",
	"https://openvex.dev/ns/v0.2.0",
}

# The names of each vulnerability that somebody says affects the image.
affecting := [statement.ids | some statement in _affected]

# Whether what a scan found does not matter: somebody says so, and nobody says that it does.
clears(finding) if {
	some id in finding.ids
	id in _cleared
	some statement in _clearing
	_is_about(statement, finding)
	_covers(statement, finding)
	not _is_affected(finding)
}

_is_affected(finding) if {
	some statement in _affected
	_is_about(statement, finding)
	_may_cover(statement, finding)
}

_is_about(statement, finding) if {
	some id in statement.ids
	id in finding.ids
}

# Without a product it is about the subject of the attestation. A part of the image is known by its package URL alone.
_covers(statement, _) if count(statement.products) == 0

_covers(statement, finding) if {
	some product in statement.products
	_is_image(product.purl)
	_covers_part(product.parts, finding)
}

_covers(statement, finding) if {
	some product in statement.products
	_is_package(product.purl, finding)
}

_covers_part(parts, _) if count(parts) == 0

_covers_part(parts, finding) if {
	some part in parts
	_is_package(part, finding)
}

# Only what is clearly about other packages is not about this one.
_may_cover(statement, _) if count(_packages(statement)) == 0

_may_cover(_, finding) if finding.purl == ""

_may_cover(statement, finding) if {
	some package_ in _packages(statement)
	_is_package(package_, finding)
}

_packages(statement) := {text |
	some product in statement.products
	some text in array.concat([product.purl], product.parts)
	not startswith(text, "pkg:oci/")
}

_is_package(text, finding) if {
	purl.base(text) == purl.base(finding.purl)
	_is_version(text, finding)
}

_is_version(text, _) if not purl.version(text)

_is_version(text, finding) if purl.version(text) == purl.version(finding.purl)

# One without a digest is any image of this name.
_is_image(text) if {
	startswith(text, "pkg:oci/")
	purl.version(text) in _digests
}

_is_image(text) if {
	startswith(text, "pkg:oci/")
	not purl.version(text)
	endswith(sprintf("/%s", [object.get(input, ["image", "repository"], "")]), trim_prefix(purl.base(text), "pkg:oci"))
}

_digests := {object.get(input, ["image", "digest"], "")} | {platform.digest |
	some platform in object.get(input, ["image", "platforms"], [])
}

_cleared := {id | some statement in _clearing; some id in statement.ids}

_clearing := [statement |
	some statement in _statements
	statement.status in {"not_affected", "fixed"}
	statement.accepted
]

_affected := [statement | some statement in _statements; statement.status == "affected"]

_statements := [statement |
	some entry in object.get(input, ["evidence", "attestations"], [])
	entry.predicateType in types
	some written in entry.predicate.statements
	statement := {
		"status": object.get(written, "status", ""),
		"ids": _ids(object.get(written, "vulnerability", "")),
		"products": [_product(product) | some product in _list(object.get(written, "products", []))],
		"accepted": count(vouch.by(entry)) > 0,
	}
]

# What cannot be read stands for something, and not for nothing.
default _list(_) := [""]

_list(value) := value if is_array(value)

_list(value) := [] if value == null

# The first version has names alone, for vulnerabilities as for products.
default _ids(_) := ["unnamed"]

_ids(vulnerability) := [vulnerability] if is_string(vulnerability)

_ids(vulnerability) := array.concat(
	[object.get(vulnerability, field, "unnamed") | some field in ["name", "@id"]],
	_list(object.get(vulnerability, "aliases", [])),
) if {
	is_object(vulnerability)
}

default _product(_) := {"purl": "", "parts": []}

_product(product) := {"purl": product, "parts": []} if is_string(product)

_product(product) := {
	"purl": _identifier(product),
	"parts": [_identifier(part) | some part in _list(object.get(product, "subcomponents", []))],
} if {
	is_object(product)
}

default _identifier(_) := ""

_identifier(thing) := thing if is_string(thing)

_identifier(thing) := object.get(thing, ["identifiers", "purl"], object.get(thing, "@id", "")) if is_object(thing)
