# Verified signatures of the image: those that count, and why there is none.
package lib.signatures

import data.lib.identity
import data.lib.misses
import data.lib.vouch

accepted := [signature | some signature in _verified; vouch.accepted(signature)]

describe(signature) := sprintf("signed by %s, %s", [
	concat(", ", vouch.by(signature)),
	identity.describe(signature.identity),
])

# Signatures that do not count.
nearest := array.concat(_others, misses.signatures)

_others := sort({sprintf("signed by %s, which does not count here", [concat(", ", signature.authorities)]) |
	some signature in _verified
	not vouch.accepted(signature)
})

_verified := object.get(input, ["evidence", "signatures"], [])

# Why there is none that counts.
default missing := "untrusted"

missing := "unsigned" if count(nearest) == 0
