# Attestations of the type that the parameter `predicate_type` names.
package lib.attestations

import data.lib.image
import data.lib.misses
import data.lib.vouch

# Those that count.
accepted := [entry | some entry in _typed; vouch.accepted(entry)]

# What there is where none counts.
found := ["none that is verified"] if count(_typed) == 0

found := _strange if count(_typed) > 0

# What is attached and does not count: of the type, or what may have been meant.
nearest := array.concat(array.concat(_strange, misses.typed("attestation", {_type})), _others)

fix := sprintf("countersign attest --key KEY --type %s --predicate FILE %s", [_type, image.pinned])

# As in "an attestation of type …".
wanted := sprintf("an attestation of type %s by %s", [_type, vouch.names])

_type := object.get(data.params, "predicate_type", "TYPE")

_all := object.get(input, ["evidence", "attestations"], [])

_typed := [entry | some entry in _all; entry.predicateType == _type]

_strange := sort({vouch.line("one", entry) | some entry in _typed; not vouch.accepted(entry)})

_others := sort({sprintf("one of type %s by %s", [entry.predicateType, concat(", ", entry.authorities)]) |
	some entry in _all
	entry.predicateType != _type
})
