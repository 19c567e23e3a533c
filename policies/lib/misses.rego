# What is attached to the image and counts for nothing, told as the nearest misses of a rule.
package lib.misses

signatures := [line("signature", entry) |
	some entry in _rejected
	_is_signature(entry)
]

provenance := [line("provenance", entry) |
	some entry in _rejected
	startswith(entry.predicateType, "https://slsa.dev/provenance/")
]

sboms := [line("SBOM", entry) |
	some entry in _rejected
	_is_sbom(entry)
]

summaries := [line("verification summary", entry) |
	some entry in _rejected
	startswith(entry.predicateType, "https://slsa.dev/verification_summary/")
]

# Those that claim one of `types`.
typed(what, types) := [line(what, entry) |
	some entry in _rejected
	entry.predicateType in types
]

# The detail says who signed, or why it is of no use. `countersign verify` says the same.
line(what, entry) := sprintf("%s %s: %s (%s)", [what, short(entry.digest), entry.detail, entry.reason])

short(digest) := substring(digest, 0, 19)

_rejected := object.get(input, ["evidence", "rejected"], [])

_is_signature(entry) if entry.predicateType == "https://sigstore.dev/cosign/sign/v1"

_is_signature(entry) if {
	not entry.predicateType
	not _is_sbom(entry)
}

# What nobody signed and says no type is an SBOM: nothing else is ever attached that way.
_is_sbom(entry) if {
	not entry.predicateType
	entry.reason == "unsigned"
}

_is_sbom(entry) if {
	some prefix in {"https://spdx.dev/Document", "https://cyclonedx.org/"}
	startswith(entry.predicateType, prefix)
}
