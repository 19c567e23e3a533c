package rules.provenance.required_test

import data.rules.provenance.required

test_admits_verified_provenance if {
	every type, version in {"v0.1": "0.1", "v0.2": "0.2", "v1": "1"} {
		entry := {"authorities": ["ci"], "predicateType": sprintf("https://slsa.dev/provenance/%s", [type])}
		count(required.deny) == 0 with input as _input([entry]) with data.params as {"versions": [version]}
	}
}

test_admits_where_one_of_several_will_do if {
	params := {"versions": ["1"], "authorities": ["ci"]}
	count(required.deny) == 0 with input as _input([_old, _provenance]) with data.params as params
}

test_denies_without_provenance if {
	some denial in required.deny with input as _input([]) with data.params as {"versions": ["0.2", "1"]}
	denial == {
		"code": "no_provenance",
		"msg": "wanted SLSA provenance of version 0.2 or 1, found no verified provenance",
		"details": {
			"wanted": "SLSA provenance of version 0.2 or 1",
			"found": ["no verified provenance"],
			"nearest": ["provenance sha256:0123456789ab: signed by another key (key_mismatch)"],
		},
		"fix": "countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json registry.example.com/shop/api@sha256:aa",
	}
}

test_denies_the_word_of_other_authorities if {
	params := {"versions": ["1"], "authorities": ["release"]}
	some denial in required.deny with input as _input([_provenance]) with data.params as params
	denial.code == "no_provenance"
	denial.details.found == ["no verified provenance by authority release"]
	denial.details.nearest[0] == "provenance in the word of ci, which does not count here"
}

test_denies_other_versions if {
	some denial in required.deny with input as _input([_old]) with data.params as {"versions": ["1"]}
	denial.code == "version_not_allowed"
	denial.msg == concat("", [
		"wanted SLSA provenance of version 1, ",
		"found provenance by ci of type https://slsa.dev/provenance/v0.2",
	])
	denial.fix == concat("", [
		"have the builder write SLSA provenance of version 1, ",
		"and attest that to registry.example.com/shop/api@sha256:aa",
	])
}

test_denies_what_says_no_type if {
	some denial in required.deny with input as _input([{"authorities": ["ci"]}]) with data.params as {"versions": ["1"]}
	denial.details.found == ["provenance by ci of no known type"]
}

test_denies_where_nothing_is_known if count(required.deny) == 1 with input as {} with data.params as {}

test_denies_where_no_version_is_allowed if {
	some denial in required.deny with input as _input([_provenance]) with data.params as {}
	denial.details.wanted == "provenance"
}

_provenance := {"authorities": ["ci"], "platform": null, "predicateType": "https://slsa.dev/provenance/v1"}

_old := object.union(_provenance, {"predicateType": "https://slsa.dev/provenance/v0.2"})

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {
		"provenance": provenance,
		"rejected": [{
			"format": "bundle", "digest": "sha256:0123456789abcdef", "reason": "key_mismatch",
			"detail": "signed by another key", "predicateType": "https://slsa.dev/provenance/v1",
		}],
	},
}
