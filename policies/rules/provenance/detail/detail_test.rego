package rules.provenance.detail_test

import data.rules.provenance.detail

test_admits_the_wanted_degree if {
	every degree in ["min", "max"] {
		count(detail.deny) == 0 with input as _input([_of(degree)]) with data.params as {"detail": degree}
	}
}

test_admits_where_one_of_several_will_do if {
	count(detail.deny) == 0 with input as _input([_of("min"), _of("max")]) with data.params as {"detail": "max"}
}

test_denies_without_provenance if {
	some denial in detail.deny with input as _input([]) with data.params as {"detail": "max"}
	denial.code == "no_provenance"
	denial.msg == "wanted provenance of BuildKit with mode=max, found no verified provenance"
}

test_denies_less_and_more if {
	every wanted, degree in {"max": "min", "min": "max"} {
		some denial in detail.deny with input as _input([_of(degree)]) with data.params as {"detail": wanted}
		denial == {
			"code": "other_detail",
			"msg": sprintf("wanted provenance of BuildKit with mode=%s, found provenance by ci with mode=%s", [wanted, degree]),
			"details": {
				"wanted": sprintf("provenance of BuildKit with mode=%s", [wanted]),
				"found": [sprintf("provenance by ci with mode=%s", [degree])],
				"nearest": [],
			},
			"fix": sprintf("build again: docker buildx build --provenance mode=%s …", [wanted]),
		}
	}
}

test_denies_what_other_builders_wrote if {
	every entry in [_of(null), {"authorities": ["ci"]}] {
		some denial in detail.deny with input as _input([entry]) with data.params as {"detail": "max"}
		denial.details.found == ["provenance by ci that is not BuildKit's"]
	}
}

test_denies_the_word_of_other_authorities if {
	params := {"detail": "max", "authorities": ["release"]}
	some denial in detail.deny with input as _input([_of("max")]) with data.params as params
	denial.code == "no_provenance"
}

test_denies_where_no_degree_is_wanted if {
	some denial in detail.deny with input as _input([_of("max")]) with data.params as {}
	denial.fix == "build with docker buildx build --provenance mode=min or mode=max"
}

test_denies_where_nothing_is_known if count(detail.deny) == 1 with input as {} with data.params as {}

_of(degree) := {"authorities": ["ci"], "platform": null, "detail": degree}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
