# METADATA
# title: The image was built by an allowed builder
# description: |
#   Some verified provenance of the image names a builder that is in `allow`, or that one of the `patterns` matches. If an
#   entry of `builders` in the policy says which authorities may vouch for that builder, only their word counts; a
#   workflow of GitHub that no entry is about is named by its own certificate only. BuildKit names no builder, or the run
#   that called it: what it wrote is the work of the workflow whose certificate vouches for it. The URL of a run, and
#   that of its repository, count as the builder only where the certificate of the signer names that repository.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       allow:
#         type: array
#         items: { type: string }
#         default: []
#         description: ids of builders, exactly as provenance writes them, or URLs of repositories whose runs build
#       patterns:
#         type: array
#         items: { type: string, format: regex }
#         default: []
#         description: regular expressions that must match the whole id
#   example: { allow: ["https://builder.acme.example/v1"] }
#   codes:
#     no_provenance: the image has no verified provenance
#     builder_not_allowed: its provenance names other builders, or is not the word of who may name them
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.builder_id

import data.lib.allowed
import data.lib.image
import data.lib.misses
import data.lib.provenance
import data.lib.source

deny contains _violation if not _satisfied

_violation := {
	"code": "no_provenance",
	"msg": sprintf("wanted provenance of %s, found no verified provenance", [_wanted]),
	"details": {"wanted": _wanted, "found": ["no verified provenance"], "nearest": misses.provenance},
	"fix": provenance.fix,
} if {
	count(provenance.verified) == 0
}

_violation := {
	"code": "builder_not_allowed",
	"msg": sprintf("wanted provenance of %s, found %s", [_wanted, concat("; ", _found)]),
	"details": {"wanted": _wanted, "found": _found, "nearest": misses.provenance},
	"fix": _fix,
} if {
	count(provenance.verified) > 0
}

_satisfied if {
	params := data.params
	some entry in input.evidence.provenance
	entry.builderId in params.allow
	some row in data.builders
	row.id == entry.builderId
	not contains(row.id, "/actions/runs/")
	some name in row.authorities
	name in entry.authorities
} else if {
	some entry in provenance.verified
	some name in _names(entry)
	allowed.passes(name)
}

# What its builder counts as.
_names(entry) := {name | some name in _claimed(entry); provenance.may_name(entry); not provenance.is_unproven_run(entry)} | _run(entry)

_claimed(entry) := {name | name := provenance.builder(entry)}

_run(entry) := {name |
	provenance.is_run_of_signer(entry)
	repository := provenance.run_repository(entry)
	some name in [entry.builderId, repository, source.canonical(repository)]
}

_is_allowed(entry) if allowed.passes(provenance.builder(entry))

default _wanted := "an allowed builder"

_wanted := sprintf("builder %s", [allowed.words])

_found := sort({_describe(entry) | some entry in provenance.verified})

_describe(entry) := "provenance that names no builder" if not provenance.builder(entry)

_describe(entry) := sprintf("builder %s", [provenance.builder(entry)]) if {
	provenance.may_name(entry)
	not provenance.is_unproven_run(entry)
}

_describe(entry) := provenance.reason(entry) if provenance.is_unproven_run(entry)

_describe(entry) := provenance.reason(entry) if not provenance.may_name(entry)

default _fix := "build with an allowed builder, and attest the provenance that it wrote"

_fix := sprintf("if %s may speak for this builder, add it to spec.builders: {id: %q, authorities: [%s], maxLevel: 1}", [
	concat(", ", entry.authorities),
	provenance.builder(entry),
	concat(", ", entry.authorities),
]) if {
	some entry in provenance.verified
	count(provenance.verified) == 1
	_is_allowed(entry)
	not provenance.is_unproven_run(entry)
}

_fix := provenance.pin_signer(provenance.verified[0]) if {
	count(provenance.verified) == 1
	provenance.is_unproven_run(provenance.verified[0])
}

_fix := sprintf("build with an allowed builder, and attest the provenance that it wrote to %s", [image.pinned]) if {
	not _one_is_allowed
	not _one_is_run
}

_one_is_allowed if {
	some entry in provenance.verified
	_is_allowed(entry)
}

_one_is_run if {
	some entry in provenance.verified
	provenance.is_unproven_run(entry)
}
