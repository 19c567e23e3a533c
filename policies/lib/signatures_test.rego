package lib.signatures_test

import data.lib.signatures

test_every_authority_counts_where_none_is_named if {
	accepted := signatures.accepted with input as _input with data.params as {}
	accepted == [_release, _ci]
	signatures.nearest == [] with input as _input with data.params as {}
}

test_only_those_count_that_are_named if {
	params := {"authorities": ["release", "ops"]}
	accepted := signatures.accepted with input as _input with data.params as params
	accepted == [_release]
	signatures.nearest == ["signed by ci, which does not count here"] with input as _input with data.params as params
	signatures.missing == "untrusted" with input as _input with data.params as params
}

test_a_signature_is_described_by_who_made_it if {
	signatures.describe(_release) == "signed by release, key sha256:11" with data.params as {}
}

test_what_no_authority_vouches_for_does_not_count if {
	signatures.accepted == [] with input as {"evidence": {"signatures": [{}]}} with data.params as {}
	signatures.missing == "unsigned" with input as {} with data.params as {}
}

_release := {"authorities": ["release"], "identity": {"kind": "key", "subject": "sha256:11"}}

_ci := {"authorities": ["ci"], "identity": {"kind": "key", "subject": "sha256:22"}}

_input := {"evidence": {"signatures": [_release, _ci]}}
