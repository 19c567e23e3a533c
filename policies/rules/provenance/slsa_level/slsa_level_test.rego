package rules.provenance.slsa_level_test

import data.lib.provenance as lib
import data.rules.provenance.slsa_level

test_admits_a_listed_builder_by_the_word_of_its_authority if {
	count(slsa_level.deny) == 0 with input as _input([_provenance]) with data.params as {"minimum": 3} with data.builders as _builders
}

test_admits_where_one_of_two_authorities_is_listed if {
	both := object.union(_provenance, {"authorities": ["dev", "ci"]})
	count(slsa_level.deny) == 0 with input as _input([both]) with data.params as {"minimum": 3} with data.builders as _builders
}

test_admits_any_verified_provenance_at_level_1 if {
	unknown := {"authorities": ["dev"], "platform": null}
	count(slsa_level.deny) == 0 with input as _input([unknown]) with data.params as {"minimum": 1} with data.builders as []
}

test_admits_if_one_of_several_is_good_enough if {
	other := object.union(_provenance, {"builderId": "https://elsewhere.example/v1"})
	count(slsa_level.deny) == 0 with input as _input([other, _provenance]) with data.params as {"minimum": 3} with data.builders as _builders
}

test_denies_without_provenance if {
	some denial in slsa_level.deny with input as _input([]) with data.params as {"minimum": 1} with data.builders as _builders
	denial == {
		"code": "no_provenance",
		"msg": "wanted provenance of SLSA build level 1, found no verified provenance",
		"details": {
			"wanted": "provenance of SLSA build level 1",
			"found": ["no verified provenance"],
			"nearest": ["provenance sha256:0123456789ab: signed by another key (key_mismatch)"],
		},
		"fix": "countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json registry.example.com/shop/api@sha256:aa",
	}
}

test_says_how_what_buildkit_wrote_would_count if {
	unsigned := [{
		"format": "buildkit",
		"digest": "sha256:0123456789abcdef",
		"predicateType": "https://slsa.dev/provenance/v1",
		"reason": "unsigned",
		"detail": "BuildKit's",
	}]
	wrote := object.union(_input([]), {"evidence": {"provenance": [], "rejected": unsigned}})
	some denial in slsa_level.deny with input as wrote with data.params as {"minimum": 1} with data.builders as _builders
	startswith(denial.fix, "sign the index, which vouches for what BuildKit put into it: countersign sign")
}

test_denies_a_builder_that_is_not_listed if {
	other := object.union(_provenance, {"builderId": "https://elsewhere.example/v1"})
	some denial in slsa_level.deny with input as _input([other]) with data.params as {"minimum": 3} with data.builders as _builders
	denial.code == "level_too_low"
	denial.msg == concat("", [
		"wanted provenance of SLSA build level 3, found level 1: ",
		"builder https://elsewhere.example/v1 is not among the builders of the policy",
	])
	denial.fix == concat("", [
		"if this builder reaches level 3, add it to spec.builders: ",
		`{id: "https://elsewhere.example/v1", authorities: [ci], maxLevel: 3}`,
	])
}

test_denies_a_listed_builder_by_the_word_of_somebody_else if {
	forged := object.union(_provenance, {"authorities": ["dev"]})
	some denial in slsa_level.deny with input as _input([forged]) with data.params as {"minimum": 2} with data.builders as _builders
	denial.code == "level_too_low"
	denial.details.found == [concat("", [
		"level 1: builder https://builder.acme.example/v1 counts only by the word of ci, ",
		"and this is the word of dev",
	])]
	denial.fix == "build with a builder that the policy lists for this level"
}

test_denies_a_listed_builder_of_a_lower_level if {
	builders := [{"id": "https://builder.acme.example/v1", "authorities": ["ci"], "maxLevel": 2}]
	some denial in slsa_level.deny with input as _input([_provenance]) with data.params as {"minimum": 3} with data.builders as builders
	denial.details.found == ["level 2: builder https://builder.acme.example/v1 reaches at most level 2"]
}

test_believes_no_level_that_the_provenance_claims if {
	boasting := object.union(_provenance, {
		"builderId": "https://elsewhere.example/generator_container_slsa3.yml",
		"parameters": {"slsa_level": 3},
		"level": 3,
		"maxLevel": 3,
	})
	some denial in slsa_level.deny with input as _input([boasting]) with data.params as {"minimum": 2} with data.builders as _builders
	denial.code == "level_too_low"
}

test_denies_provenance_without_a_builder if {
	nameless := object.remove(_provenance, ["builderId"])
	some denial in slsa_level.deny with input as _input([nameless]) with data.params as {"minimum": 2} with data.builders as _builders
	denial.details.found == ["level 1: it names no builder"]
}

test_admits_what_speaks_of_the_platform_that_is_judged if {
	part := object.union(_provenance, {"platform": "linux/amd64"})
	count(slsa_level.deny) == 0 with input as _input([part]) with data.params as {"minimum": 3} with data.builders as _builders
}

test_admits_a_release_of_a_generator_by_its_own_certificate_at_level_3 if {
	every version in ["v2.1.0", "v10.0.12"] {
		ref := sprintf("refs/tags/%s", [version])
		_level_of(_signed_by_itself(_generator(ref), sprintf("%s/container@v1", [_generators]))) == 3
	}
}

test_denies_a_generator_that_is_no_release if {
	every ref in [
		"refs/heads/main",
		"refs/heads/refs/tags/v1.2.3",
		"refs/tags/v2",
		"refs/tags/v2.1",
		"refs/tags/v1.0.0-evil",
		"refs/tags/v1.0.0-rc.1",
		"refs/tags/v1.0.0/x",
		"refs/tags/v1.0.0\n",
		"refs/tags/v1.0.0+meta",
		"refs/tags/1.0.0",
		"0123456789012345678901234567890123456789",
	] {
		forged := _signed_by_itself(_generator(ref), sprintf("%s/container@v1", [_generators]))
		_level_of(forged) == 1
	}
}

test_denies_a_look_alike_of_a_generator if {
	path := "/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.2.3"
	every repository in [
		"https://github.com/slsa-framework/slsa-github-generator.evil",
		"https://github.com/evil/slsa-github-generator",
		"https://github.com.evil.example/slsa-framework/slsa-github-generator",
		"http://github.com/slsa-framework/slsa-github-generator",
		"x https://github.com/slsa-framework/slsa-github-generator",
	] {
		forged := _signed_by_itself(sprintf("%s%s", [repository, path]), sprintf("%s/container@v1", [_generators]))
		_level_of(forged) == 1
	}
}

test_denies_a_generator_that_somebody_else_names if {
	good := _signed_by_itself(_generator("refs/tags/v1.2.3"), sprintf("%s/container@v1", [_generators]))
	every forged in [
		object.union(good, {"identity": {"kind": "key", "subject": "sha256:11", "issuer": _github}}),
		object.union(good, {"identity": {"subject": _generator("refs/tags/v1.2.4")}}),
		object.union(good, {"identity": {"issuer": "https://accounts.google.com"}}),
		object.union(good, {"authorities": ["own-fulcio"]}),
		object.union(good, {"buildType": "https://acme.example/build/v1"}),
	] {
		_level_of(forged) == 1
	}
}

test_says_whose_word_a_generator_counts_by if {
	good := _signed_by_itself(_generator("refs/tags/v1.2.3"), sprintf("%s/container@v1", [_generators]))
	forged := object.union(good, {"identity": {"subject": "https://github.com/evil/x/.github/workflows/x.yml@refs/heads/main"}})
	id := good.builderId
	some denial in slsa_level.deny with input as _input([forged]) with data.params as {"minimum": 3} with data.builders as _shipped
	denial.details.found == [concat("", [
		"level 1: builder ", id,
		" counts only by the word of its own certificate, and this is the word of public",
	])]
	denial.fix == "build with a builder that the policy lists for this level"
}

test_lets_the_policy_overrule_what_is_shipped if {
	id := _generator("refs/tags/v1.2.3")
	generated := _signed_by_itself(id, sprintf("%s/container@v1", [_generators]))
	builders := array.concat([{"id": id, "authorities": ["public"], "maxLevel": 2}], _shipped)
	_level_with(generated, builders) == 2
	others := array.concat([{"id": id, "authorities": ["ci"], "maxLevel": 3}], _shipped)
	_level_with(generated, others) == 1
}

test_proves_level_2_for_a_workflow_of_github_by_its_own_certificate if {
	_level_of(_workflow) == 2
	_level_of(object.union(_workflow, {"authorities": ["private"]})) == 2
}

test_proves_level_1_for_a_workflow_that_is_not_hosted_or_not_its_own_word if {
	every forged in [
		object.union(_workflow, {"identity": {"claims": {"runnerEnvironment": "self-hosted"}}}),
		object.union(_workflow, {"identity": {"subject": "https://github.com/acme/app/.github/workflows/other.yml@refs/heads/main"}}),
		object.union(_workflow, {"builderId": "https://github.com/acme/app/.github/workflows/other.yml@refs/heads/main"}),
		object.union(_workflow, {"buildType": _buildkit}),
		object.union(_workflow, {"authorities": ["own-fulcio"]}),
		object.remove(_workflow, ["builderId"]),
	] {
		_level_of(forged) == 1
	}
}

test_proves_the_listed_level_for_a_reusable_workflow if {
	builders := array.concat([{"id": _workflow.builderId, "authorities": ["public"], "maxLevel": 3}], _shipped)
	_level_with(_workflow, builders) == 3
}

test_proves_level_1_for_buildkit_whatever_builder_it_names if {
	signed := object.union(_provenance, {"buildType": _buildkit})
	_level_of(object.remove(signed, ["builderId"])) == 1
	_level_of(object.union(signed, {"builderId": "https://github.com/acme/app/actions/runs/1/attempts/1"})) == 1
	_level_of(object.union(signed, {"builderId": _generator("refs/tags/v1.2.3")})) == 1
}

test_proves_level_1_for_builders_whose_key_nobody_named_and_says_how_to_name_it if {
	gcb := object.union(_provenance, {"builderId": "https://cloudbuild.googleapis.com/GoogleHostedWorker"})
	_level_of(gcb) == 1
	some denial in slsa_level.deny with input as _input([gcb]) with data.params as {"minimum": 3} with data.builders as _shipped
	denial.details.found == [concat("", [
		"level 1: builder https://cloudbuild.googleapis.com/GoogleHostedWorker counts only by the word of ",
		"an authority that spec.builders names for it, and this is the word of ci",
	])]
	denial.fix == concat("", [
		"if ci holds the key of this builder, add it to spec.builders: ",
		`{id: "https://cloudbuild.googleapis.com/GoogleHostedWorker", authorities: [ci], maxLevel: 3} `,
		"(https://docs.cloud.google.com/build)",
	])
}

test_proves_the_listed_level_for_a_builder_whose_key_the_policy_names if {
	id := "https://cloudbuild.googleapis.com/GoogleHostedWorker"
	gcb := object.union(_provenance, {"builderId": id})
	builders := array.concat([{"id": id, "authorities": ["ci"], "maxLevel": 3}], _shipped)
	_level_with(gcb, builders) == 3
	_level_with(object.union(gcb, {"authorities": ["dev"]}), builders) == 1
}

test_says_what_the_table_wants_of_a_workflow if {
	self_hosted := object.union(_workflow, {"identity": {"claims": {"runnerEnvironment": "self-hosted"}}})
	some denial in slsa_level.deny with input as _input([self_hosted]) with data.params as {"minimum": 2} with data.builders as _shipped
	denial.details.found == [concat("", [
		"level 1: builder https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1 ",
		"counts for more only with the build type and the runner of the table",
	])]
}

test_says_to_pin_the_signer_where_the_builder_is_a_run_that_nobody_proves if {
	run := object.union(_provenance, {"builderId": "https://github.com/acme/app/actions/runs/1", "buildType": _buildkit})
	some denial in slsa_level.deny with input as _input([run]) with data.params as {"minimum": 2} with data.builders as _shipped
	denial.details.found == [concat("", [
		"level 1: builder https://github.com/acme/app/actions/runs/1 is a run that no certificate of its repository ",
		"vouches for",
	])]
	startswith(denial.fix, "the URL of a run is what whoever built wrote there; pin the signer instead")
}

# docker/github-builder signs what BuildKit wrote, which names the run of the caller.
test_takes_the_holder_of_the_certificate_for_the_builder_of_what_buildkit_wrote if {
	id := "https://github.com/docker/github-builder/.github/workflows/build.yml@refs/tags/v1.2.3"
	built := object.union(_signed_by_itself(id, _buildkit), {"builderId": "https://github.com/acme/app/actions/runs/1/attempts/1"})
	_level_of(built) == 1
	builders := array.concat([{"id": id, "authorities": ["public"], "maxLevel": 3}], _shipped)
	_level_with(built, builders) == 3
	_level_with(object.union(built, {"builderId": "https://elsewhere.example/v1"}), builders) == 1
	_level_with(object.union(built, {"buildType": "https://acme.example/build/v1"}), builders) == 1
}

_level_of(provenance) := _level_with(provenance, _shipped)

_level_with(provenance, builders) := level if {
	level := lib.level(provenance) with data.builders as builders
}

test_denies_where_nothing_is_known if count(slsa_level.deny) == 1 with input as {} with data.params as {}

_builders := [
	{"id": "https://builder.acme.example/v1", "authorities": ["ci"], "maxLevel": 3},
	{"id": "https://other.acme.example/v1", "authorities": ["ci", "dev"], "maxLevel": 3},
]

_github := "https://token.actions.githubusercontent.com"

_generators := "https://github.com/slsa-framework/slsa-github-generator"

_generator(ref) := sprintf("%s/.github/workflows/generator_container_slsa3.yml@%s", [_generators, ref])

_buildkit := "https://mobyproject.org/buildkit@v1"

# Some entries of the shipped table, as a policy has them whose authorities `public` and `private` are keyless.
_shipped := [
	{
		"idPrefix": sprintf("%s/.github/workflows/generator_container_slsa3.yml@", [_generators]),
		"idPattern": concat("", [
			`^https://github\.com/slsa-framework/slsa-github-generator/\.github/workflows/generator_container_slsa3`,
			`\.yml@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+$`,
		]),
		"issuer": _github,
		"buildTypes": [sprintf("%s/container@v1", [_generators])],
		"authorities": ["public"],
		"maxLevel": 3,
	},
	{
		"idPrefix": "https://github.com/",
		"idPattern": `^https://github\.com/[^/@]+/[^/@]+/\.github/workflows/[^/@]+@.+$`,
		"issuer": _github,
		"buildTypes": ["https://actions.github.io/buildtypes/workflow/v1"],
		"runnerEnvironment": "github-hosted",
		"authorities": ["public", "private"],
		"maxLevel": 2,
	},
	{
		"idPrefix": "https://cloudbuild.googleapis.com/GoogleHostedWorker",
		"idPattern": `^https://cloudbuild\.googleapis\.com/GoogleHostedWorker(@v0\.[0-9]+)?$`,
		"authorities": [],
		"maxLevel": 3,
		"source": "https://docs.cloud.google.com/build",
	},
]

_workflow := _signed_by_itself(
	"https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1",
	"https://actions.github.io/buildtypes/workflow/v1",
)

_signed_by_itself(id, build_type) := {
	"authorities": ["public"],
	"identity": {
		"kind": "certificate", "issuer": _github, "subject": id,
		"claims": {"runnerEnvironment": "github-hosted"},
	},
	"platform": null,
	"builderId": id,
	"buildType": build_type,
}

_provenance := {
	"authorities": ["ci"],
	"identity": {"kind": "key", "subject": "sha256:11"},
	"platform": null,
	"builderId": "https://builder.acme.example/v1",
}

_input(provenance) := {
	"image": {"repository": "registry.example.com/shop/api", "digest": "sha256:aa"},
	"evidence": {
		"provenance": provenance,
		"rejected": [
			{
				"format": "bundle", "digest": "sha256:0123456789abcdef", "reason": "key_mismatch",
				"detail": "signed by another key", "predicateType": "https://slsa.dev/provenance/v1",
			},
			{"format": "bundle", "digest": "sha256:bb", "reason": "key_mismatch", "detail": "a signature"},
		],
	},
}
