package lib.vouch_test

import data.lib.vouch

test_without_the_parameter_every_authority_counts if {
	vouch.by(_entry) == ["ci", "release"] with data.params as {}
	vouch.accepted(_entry) with data.params as {}
	vouch.names == "any authority of the policy" with data.params as {}
}

test_with_it_those_that_it_names if {
	params := {"authorities": ["release", "security"]}
	vouch.by(_entry) == ["release"] with data.params as params
	vouch.accepted(_entry) with data.params as params
	vouch.names == "authority release or security" with data.params as params
}

test_nobody_else_counts if {
	not vouch.accepted(_entry) with data.params as {"authorities": ["security"]}
	not vouch.accepted(_entry) with data.params as {"authorities": []}
	vouch.line("an SBOM", _entry) == "an SBOM in the word of ci, release, which does not count here"
}

test_what_nobody_vouches_for_never_counts if {
	every entry in [{}, {"authorities": []}] {
		not vouch.accepted(entry) with data.params as {}
		not vouch.accepted(entry) with data.params as {"authorities": ["ci"]}
	}
}

_entry := {"authorities": ["ci", "release"]}
