package rules.provenance.builder_id_test

import data.rules.provenance.builder_id

test_admits_an_allowed_builder if {
	count(builder_id.deny) == 0 with input as _input([_provenance]) with data.params as _allow with data.builders as []
}

test_admits_an_allowed_builder_by_the_word_of_its_authority if {
	count(builder_id.deny) == 0 with input as _input([_provenance]) with data.params as _allow with data.builders as _builders
}

test_denies_without_provenance if {
	some denial in builder_id.deny with input as _input([]) with data.params as _allow with data.builders as []
	denial == {
		"code": "no_provenance",
		"msg": "wanted provenance of builder https://builder.acme.example/v1, found no verified provenance",
		"details": {
			"wanted": "builder https://builder.acme.example/v1",
			"found": ["no verified provenance"],
			"nearest": [],
		},
		"fix": "countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json registry.example.com/shop/api@sha256:aa",
	}
}

test_denies_and_names_another_builder if {
	other := object.union(_provenance, {"builderId": "https://elsewhere.example/v1"})
	some denial in builder_id.deny with input as _input([other]) with data.params as _allow with data.builders as []
	denial.code == "builder_not_allowed"
	denial.msg == concat("", [
		"wanted provenance of builder https://builder.acme.example/v1, ",
		"found builder https://elsewhere.example/v1",
	])
	denial.fix == "build with an allowed builder, and attest the provenance that it wrote to registry.example.com/shop/api@sha256:aa"
}

test_denies_an_id_that_only_begins_like_an_allowed_one if {
	longer := object.union(_provenance, {"builderId": "https://builder.acme.example/v1/evil"})
	some denial in builder_id.deny with input as _input([longer]) with data.params as _allow with data.builders as []
	denial.code == "builder_not_allowed"
}

test_denies_an_allowed_builder_by_the_word_of_somebody_else if {
	forged := object.union(_provenance, {"authorities": ["dev"]})
	some denial in builder_id.deny with input as _input([forged]) with data.params as _allow with data.builders as _builders
	denial.details.found == [concat("", [
		"builder https://builder.acme.example/v1 counts only by the word of ci, ",
		"and this is the word of dev",
	])]
}

test_denies_provenance_without_a_builder if {
	nameless := object.remove(_provenance, ["builderId"])
	some denial in builder_id.deny with input as _input([nameless]) with data.params as _allow with data.builders as []
	denial.details.found == ["provenance that names no builder"]
}

test_admits_a_workflow_by_its_own_certificate if {
	count(builder_id.deny) == 0 with input as _input([_workflow]) with data.params as _allow_workflow with data.builders as _shipped
}

test_denies_a_workflow_that_a_key_names_and_says_how_to_let_it if {
	forged := object.union(_workflow, {"authorities": ["ci"], "identity": {"kind": "key", "subject": "sha256:11"}})
	id := forged.builderId
	some denial in builder_id.deny with input as _input([forged]) with data.params as _allow_workflow with data.builders as _shipped
	denial.details.found == [concat("", [
		"builder ", id,
		" counts only by the word of its own certificate, and this is the word of ci",
	])]
	denial.fix == concat("", [
		"if ci may speak for this builder, add it to spec.builders: ",
		sprintf("{id: %q, authorities: [ci], maxLevel: 1}", [id]),
	])
}

test_admits_a_workflow_that_a_key_names_where_the_policy_lets_it if {
	named := object.union(_workflow, {"authorities": ["ci"], "identity": {"kind": "key", "subject": "sha256:11"}})
	builders := array.concat([{"id": _workflow.builderId, "authorities": ["ci"], "maxLevel": 1}], _shipped)
	count(builder_id.deny) == 0 with input as _input([named]) with data.params as _allow_workflow with data.builders as builders
}

test_denies_a_workflow_by_the_certificate_of_another if {
	forged := object.union(_workflow, {"identity": {"subject": "https://github.com/acme/app/.github/workflows/x.yml@refs/heads/main"}})
	some denial in builder_id.deny with input as _input([forged]) with data.params as _allow_workflow with data.builders as _shipped
	denial.code == "builder_not_allowed"
}

# Any authority can write that name into a certificate of its own.
test_denies_a_workflow_by_a_certificate_of_that_name_from_elsewhere if {
	named := {"kind": "certificate", "subject": _workflow.builderId, "claims": {}}
	every identity in [named, object.union(named, {"issuer": "https://issuer.acme.example"})] {
		forged := object.union(object.remove(_workflow, ["identity"]), {"authorities": ["lab"], "identity": identity})
		some denial in builder_id.deny with input as _input([forged]) with data.params as _allow_workflow with data.builders as _shipped
		denial.code == "builder_not_allowed"
	}
}

test_takes_the_holder_of_the_certificate_for_the_builder_of_what_buildkit_wrote if {
	run := {
		"builderId": "https://github.com/acme/app/actions/runs/1/attempts/1",
		"buildType": "https://mobyproject.org/buildkit@v1",
	}
	every built in [object.union(_workflow, run), object.remove(object.union(_workflow, run), ["builderId"])] {
		count(builder_id.deny) == 0 with input as _input([built]) with data.params as _allow_workflow with data.builders as _shipped
	}
}

test_admits_what_a_pattern_matches_whole if {
	params := {"allow": [], "patterns": ["https://github\\.com/acme/app/\\.github/workflows/release\\.yml@refs/tags/v[0-9]+"]}
	count(builder_id.deny) == 0 with input as _input([_workflow]) with data.params as params with data.builders as _shipped
	longer := object.union(_provenance, {"builderId": "https://builder.acme.example/v1/evil"})
	patterns := {"patterns": ["https://builder\\.acme\\.example/v[0-9]"]}
	some denial in builder_id.deny with input as _input([longer]) with data.params as patterns with data.builders as []
	startswith(denial.msg, "wanted provenance of builder one like https://builder")
}

test_admits_the_run_of_a_repository_that_the_certificate_names if {
	every params in [
		{"allow": ["https://github.com/acme/app"]},
		{"allow": ["https://github.com/Acme/app"]},
		{"allow": ["https://github.com/Acme/app/actions/runs/1/attempts/1"]},
		{"patterns": ["https://github.com/Acme/app/actions/runs/.*"]},
		{"allow": [_workflow.builderId]},
	] {
		count(builder_id.deny) == 0 with input as _input([_run_of_app]) with data.params as params with data.builders as _shipped
	}
}

test_denies_the_run_of_a_repository_that_nobody_proves_and_says_to_pin_the_signer if {
	by_key := object.union(_run_of_app, {
		"builderId": "https://github.com/acme/app/actions/runs/1/attempts/1",
		"identity": {"kind": "key", "subject": "sha256:11"},
		"authorities": ["ci"],
	})
	found := concat("", [
		"builder https://github.com/acme/app/actions/runs/1/attempts/1 is a run that no certificate of its repository ",
		"vouches for",
	])
	every params in [
		{"allow": ["https://github.com/acme/app"]},
		{"allow": ["https://github.com/acme/app/actions/runs/1/attempts/1"]},
		{"patterns": ["https://github.com/acme/app/.*"]},
	] {
		some denial in builder_id.deny with input as _input([by_key]) with data.params as params with data.builders as _shipped
		denial.code == "builder_not_allowed"
		denial.details.found == [found]
		denial.fix == concat("", [
			"the URL of a run is what whoever built wrote there; pin the signer instead: sign in the run, without a key, ",
			"and have an authority with issuer https://token.actions.githubusercontent.com and subjectPattern ",
			`https://github\.com/acme/app/\.github/workflows/.*`,
		])
	}
}

test_denies_a_run_by_the_certificate_of_another_repository if {
	every repository in ["https://github.com/evil/app", "https://github.com/acme/app-fork", "https://ghe.example/acme/app"] {
		forged := object.union(_run_of_app, {"identity": {
			"subject": "https://github.com/evil/app/.github/workflows/x.yml@refs/heads/main",
			"claims": {"sourceRepositoryURI": repository},
		}})
		params := {"allow": ["https://github.com/acme/app"], "patterns": ["https://github.com/acme/app/actions/runs/.*"]}
		some denial in builder_id.deny with input as _input([forged]) with data.params as params with data.builders as _shipped
		denial.code == "builder_not_allowed"
	}
}

test_denies_what_only_looks_like_a_run if {
	every id in [
		"https://github.com/acme/app/actions/runs/1/x", "https://github.com/acme/app/actions/runs/", "http://github.com/acme/app/actions/runs/1",
		"https://evil@github.com/acme/app/actions/runs/1", "https://github.com/evil/acme/app/actions/runs/1",
	] {
		other := object.union(_run_of_app, {"builderId": id})
		params := {"allow": ["https://github.com/acme/app"]}
		count(builder_id.deny) == 1 with input as _input([other]) with data.params as params with data.builders as _shipped
	}
}

test_admits_a_run_that_the_policy_itself_lists if {
	id := "https://github.com/acme/app/actions/runs/1/attempts/1"
	by_key := object.union(_run_of_app, {
		"builderId": "https://github.com/acme/app/actions/runs/1/attempts/1",
		"identity": {"kind": "key", "subject": "sha256:11"},
		"authorities": ["ci"],
	})
	builders := [{"id": id, "authorities": ["ci"], "maxLevel": 1}]
	count(builder_id.deny) == 0 with input as _input([by_key]) with data.params as {"allow": [id]} with data.builders as builders
}

test_denies_several_with_a_fix_that_fits_all if {
	forged := object.union(_provenance, {"authorities": ["dev"]})
	other := object.union(_provenance, {"builderId": "https://elsewhere.example/v1"})
	entries := [forged, other]
	some denial in builder_id.deny with input as _input(entries) with data.params as _allow with data.builders as _builders
	count(denial.details.found) == 2
	denial.fix == "build with an allowed builder, and attest the provenance that it wrote"
}

test_denies_where_nothing_is_allowed if {
	some denial in builder_id.deny with input as _input([_provenance]) with data.params as {} with data.builders as []
	denial.details.wanted == "an allowed builder"
}

test_denies_where_nothing_is_known if count(builder_id.deny) == 1 with input as {} with data.params as {}

_allow := {"allow": ["https://builder.acme.example/v1"]}

_allow_workflow := {"allow": [_workflow.builderId]}

_shipped := [{
	"idPrefix": "https://github.com/",
	"idPattern": `^https://github\.com/[^/@]+/[^/@]+/\.github/workflows/[^/@]+@.+$`,
	"issuer": "https://token.actions.githubusercontent.com",
	"buildTypes": ["https://actions.github.io/buildtypes/workflow/v1"],
	"authorities": [],
	"maxLevel": 2,
}]

_workflow := {
	"authorities": ["public"],
	"identity": {
		"kind": "certificate",
		"issuer": "https://token.actions.githubusercontent.com",
		"subject": "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1",
		"claims": {},
	},
	"platform": null,
	"builderId": "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1",
	"buildType": "https://actions.github.io/buildtypes/workflow/v1",
}

_run_of_app := object.union(_workflow, {
	"builderId": "https://github.com/Acme/app/actions/runs/1/attempts/1",
	"buildType": "https://mobyproject.org/buildkit@v1",
	"identity": {"claims": {"sourceRepositoryURI": "https://github.com/Acme/app"}},
})

_builders := [{"id": "https://builder.acme.example/v1", "authorities": ["ci"], "maxLevel": 3}]

_provenance := {"authorities": ["ci"], "platform": null, "builderId": "https://builder.acme.example/v1"}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {"provenance": provenance, "rejected": []},
}
