# Verified provenance, and what it proves: only the pair of builder and signer counts. A level, or the
# name of a builder, is text that whoever signed could choose.
package lib.provenance

import data.lib.image

verified := image.whole(object.get(input, ["evidence", "provenance"], []))

# The SLSA build level that one provenance proves. That it verified is level 1.
level(provenance) := max(array.concat([1], [entry.maxLevel |
	some entry in data.builders
	_speaks_for(provenance, entry)
]))

# Whether its signer may name its builder: whoever may, unless the policy lists who may.
may_name(provenance) if count(_vouchers(provenance)) == 0

may_name(provenance) if {
	some entry in data.builders
	_speaks_for(provenance, entry)
}

# Why it proves the level that it proves, in words.
reason(provenance) := "it names no builder" if not provenance.builderId

reason(provenance) := sprintf("builder %s is not among the builders of the policy", [provenance.builderId]) if {
	count(_vouchers(provenance)) == 0
}

reason(provenance) := sprintf("builder %s counts only by the word of %s, and this is the word of %s", [
	provenance.builderId,
	concat(", ", _vouchers(provenance)),
	concat(", ", provenance.authorities),
]) if {
	not may_name(provenance)
}

reason(provenance) := sprintf("builder %s reaches at most level %d", [provenance.builderId, level(provenance)]) if {
	count(_vouchers(provenance)) > 0
	may_name(provenance)
}

# The authorities that may vouch for its builder.
_vouchers(provenance) := {name |
	some entry in data.builders
	entry.id == provenance.builderId
	some name in entry.authorities
}

_speaks_for(provenance, entry) if {
	entry.id == provenance.builderId
	some name in entry.authorities
	name in provenance.authorities
}
