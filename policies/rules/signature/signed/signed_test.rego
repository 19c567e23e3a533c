package rules.signature.signed_test

import data.rules.signature.signed

test_admits_a_signature_of_an_accepted_authority if {
	count(signed.deny) == 0 with input as _input([_release]) with data.params as {"authorities": ["release"], "threshold": 1}
}

test_admits_any_authority_where_none_is_named if {
	count(signed.deny) == 0 with input as _input([_ci]) with data.params as {"threshold": 1}
}

test_admits_two_different_signers if {
	count(signed.deny) == 0 with input as _input([_release, _ci]) with data.params as {"threshold": 2}
}

test_denies_an_unsigned_image if {
	some denial in signed.deny with input as _input([]) with data.params as {"authorities": ["release"], "threshold": 1}
	denial == {
		"code": "unsigned",
		"msg": "wanted a signature by authority release, found none",
		"details": {"wanted": "a signature by authority release", "found": [], "nearest": []},
		"fix": "countersign sign --key KEY registry.example.com/shop/api@sha256:aa",
	}
}

test_names_the_signature_of_another_key if {
	some denial in signed.deny with input as _rejecting([
		{
			"format": "bundle", "digest": "sha256:0123456789abcdef", "reason": "key_mismatch",
			"detail": "signed by another key than those of authority release",
		},
		{
			"format": "bundle", "digest": "sha256:bb", "reason": "key_mismatch", "detail": "a statement",
			"predicateType": "https://spdx.dev/Document",
		},
		{"format": "sbom-tag", "digest": "sha256:cc", "reason": "unsigned", "detail": "an SBOM"},
		{
			"format": "bundle", "digest": "sha256:dd", "reason": "subject_mismatch", "detail": "about another image",
			"predicateType": "https://sigstore.dev/cosign/sign/v1",
		},
	])
		with data.params as {"threshold": 1}
	denial.code == "untrusted"
	denial.details.nearest == [
		"signature sha256:0123456789ab: signed by another key than those of authority release (key_mismatch)",
		"signature sha256:dd: about another image (subject_mismatch)",
	]
}

test_denies_an_authority_that_is_not_asked_for if {
	some denial in signed.deny with input as _input([_ci]) with data.params as {"authorities": ["release"], "threshold": 1}
	denial.code == "untrusted"
	denial.msg == "wanted a signature by authority release, found none that counts"
	denial.details.nearest == ["signed by ci, which does not count here"]
}

test_counts_one_key_once_however_often_it_signed if {
	again := object.union(_release, {"format": "cosign-tag", "annotations": {"a": "b"}, "authorities": ["release", "ci"]})
	some denial in signed.deny with input as _input([_release, again]) with data.params as {"threshold": 2}
	denial.code == "threshold"
	denial.msg == "wanted signatures of 2 different signers by any authority of the policy, found 1"
	denial.details.found == ["signed by release, ci, key sha256:11", "signed by release, key sha256:11"]
}

test_counts_two_runs_of_one_workflow_once if {
	runs := [_workflow("https://issuer.example", number) | some number in ["1", "2"]]
	some denial in signed.deny with input as _input(runs) with data.params as {"threshold": 2}
	denial.code == "threshold"
	denial.details.found == ["signed by ci, https://acme.example/release (issuer https://issuer.example)"]
}

test_counts_one_subject_by_two_issuers_twice if {
	two := [_workflow("https://issuer.example", "1"), _workflow("https://other.example", "1")]
	count(signed.deny) == 0 with input as _input(two) with data.params as {"threshold": 2}
}

test_names_the_holder_of_a_certificate_without_issuer if {
	holder := object.union(_ci, {"identity": {"kind": "certificate", "subject": "ops@acme.example", "claims": {}}})
	some denial in signed.deny with input as _input([holder]) with data.params as {"threshold": 2}
	denial.details.found == ["signed by ci, ops@acme.example"]
}

test_admits_a_signature_of_the_platform_that_is_judged if {
	part := object.union(_release, {"platform": "linux/amd64", "subject": "sha256:ab"})
	count(signed.deny) == 0 with input as _input([part]) with data.params as {"threshold": 1}
}

test_suggests_to_sign_all_platforms_where_one_is_named_by_its_digest if {
	pinned := object.union(_input([]), {"image": {
		"reference": "registry.example.com/shop/api@sha256:aa",
		"mediaType": "application/vnd.oci.image.manifest.v1+json",
	}})
	some denial in signed.deny with input as pinned with data.params as {"threshold": 1}
	denial.fix == concat("", [
		"countersign sign --key KEY registry.example.com/shop/api@sha256:aa, ",
		"or if it is one platform of a signed image: countersign sign --recursive --key KEY INDEX",
	])
}

test_suggests_no_such_thing_for_an_index if {
	pinned := object.union(_input([]), {"image": {
		"reference": "registry.example.com/shop/api@sha256:aa",
		"mediaType": "application/vnd.oci.image.index.v1+json",
	}})
	some denial in signed.deny with input as pinned with data.params as {"threshold": 1}
	denial.fix == "countersign sign --key KEY registry.example.com/shop/api@sha256:aa"
}

test_denies_where_nothing_is_known if count(signed.deny) == 1 with input as {} with data.params as {}

_release := _signature("release", "sha256:11")

_ci := _signature("ci", "sha256:22")

_signature(authority, key) := {
	"authorities": [authority],
	"identity": {"kind": "key", "subject": key},
	"annotations": {},
	"format": "bundle",
	"subject": "sha256:aa",
	"platform": null,
}

_workflow(issuer, run) := object.union(_ci, {"identity": {
	"kind": "certificate",
	"issuer": issuer,
	"subject": "https://acme.example/release",
	"claims": {"runInvocationURI": run},
}})

_input(signatures) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"signatures": signatures, "rejected": []},
}

_rejecting(rejected) := object.union(_input([]), {"evidence": {"signatures": [], "rejected": rejected}})
