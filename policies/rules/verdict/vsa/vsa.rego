# METADATA
# title: A verifier let the image pass
# description: |
#   Some SLSA verification summary of the image says PASSED: by one of the `verifiers`, in the word of one of the
#   `authorities`, and with all that is asked of it. A level implies the lower ones of its track. One by such a verifier
#   that says FAILED denies whatever else there is: however old it is, whatever it names, and whichever authority of the
#   policy vouches for it.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [verifiers]
#     properties:
#       verifiers:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: ids of the verifiers whose summaries count, exactly as they write them
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word that it passed counts; without it, all of the policy
#       levels:
#         type: array
#         items: { type: string }
#         default: []
#         description: "levels (`SLSA_BUILD_LEVEL_3`) and properties that it must have, each of them"
#       policies:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: URIs of the policies that it may have been verified against; without it, any will do
#       max_age_days:
#         type: integer
#         minimum: 1
#         description: how many days ago it may have been verified; without it, any time will do
#       resource_uri:
#         type: string
#         description: the `resourceUri` that it must have; without it, any will do
#   example: { verifiers: ["https://verify.acme.example/gate"], levels: [SLSA_BUILD_LEVEL_3] }
#   codes:
#     no_summary: the image has no verified summary by such a verifier
#     failed: such a verifier says that the image failed
#     summary_insufficient: it passed, but not with all that is asked for
#   reads: [evidence.verificationSummaries, evidence.rejected, image.digest, image.repository, now]
package rules.verdict.vsa

import data.lib.age
import data.lib.image
import data.lib.misses
import data.lib.plural
import data.lib.vouch

deny contains _violation if not _satisfied

_violation := {
	"code": "no_summary",
	"msg": sprintf("wanted %s, found none that is verified", [_wanted]),
	"details": {"wanted": _wanted, "found": ["no verified summary"], "nearest": _nearest},
	"fix": sprintf("countersign attest --key KEY --type %s --predicate vsa.json %s", [_predicate_type, image.pinned]),
} if {
	count(_accepted) == 0
	count(_failures) == 0
}

_violation := {
	"code": "failed",
	"msg": sprintf("wanted %s, found that it failed: %s", [_wanted, concat("; ", _failures)]),
	"details": {"wanted": _wanted, "found": _failures, "nearest": _nearest},
	"fix": "mend what the verifier found, and deploy the image that passes",
} if {
	count(_failures) > 0
}

_violation := {
	"code": "summary_insufficient",
	"msg": sprintf("wanted %s, found %s", [_wanted, concat("; ", _found)]),
	"details": {"wanted": _wanted, "found": _found, "nearest": _nearest},
	"fix": sprintf("have it verified again, and attest the new summary to %s", [image.pinned]),
} if {
	count(_accepted) > 0
	count(_failures) == 0
}

_satisfied if {
	params := data.params
	count([1 |
		some summary in input.evidence.verificationSummaries
		summary.verifier.id in params.verifiers
		not _passed(summary)
	]) == 0
	some summary in input.evidence.verificationSummaries
	summary.verifier.id in params.verifiers
	some name in summary.authorities
	name in object.get(params, "authorities", [name])
	every level in params.levels {
		_reaches(summary, level)
	}
	uri := object.get(summary, ["policy", "uri"], "of no name")
	uri in object.get(params, "policies", [uri])
	resource := object.get(summary, "resourceUri", "no resource")
	resource == object.get(params, "resource_uri", resource)
	time := object.get(summary, "timeVerified", "")
	count([1 | days := params.max_age_days; not age.is_within_days(time, days)]) == 0
}

_summaries := object.get(input, ["evidence", "verificationSummaries"], [])

# Those of the verifiers. Who may say that the image failed is asked less than who may say that it passed.
_ours := [summary | some summary in _summaries; summary.verifier.id in data.params.verifiers]

_accepted := [summary | some summary in _ours; vouch.accepted(summary)]

# Whatever does not say PASSED says no.
_passed(summary) if {
	summary.result == "PASSED"
	not "FAILED" in summary.levels
}

_failures := sort({sprintf("%s by the word of %s, against policy %s", [
	summary.verifier.id,
	concat(", ", summary.authorities),
	object.get(summary, ["policy", "uri"], "of no name"),
]) |
	some summary in _ours
	not _passed(summary)
})

_faults(summary) := sort(array.concat(
	[sprintf("without %s", [level]) | some level in data.params.levels; not _reaches(summary, level)],
	[fault | some fault in [_policy(summary), _age(summary), _resource(summary)]; fault != ""],
))

_reaches(summary, level) if level in summary.levels

# A higher level of the same track. Numbers of one length are in the order of their texts.
_reaches(summary, level) if {
	track := trim_right(level, "0123456789")
	startswith(track, "SLSA_")
	endswith(track, "_LEVEL_")
	some written in summary.levels
	trim_right(written, "0123456789") == track
	count(written) == count(level)
	written > level
}

default _policy(_) := ""

_policy(summary) := sprintf("against policy %s", [uri]) if {
	uri := object.get(summary, ["policy", "uri"], "of no name")
	data.params.policies
	not uri in data.params.policies
}

default _age(_) := ""

_age(summary) := age.describe(time) if {
	time := object.get(summary, "timeVerified", "")
	data.params.max_age_days
	not age.is_within_days(time, data.params.max_age_days)
}

default _resource(_) := ""

_resource(summary) := sprintf("for %s", [uri]) if {
	uri := object.get(summary, "resourceUri", "no resource")
	uri != data.params.resource_uri
}

default _wanted := "a passed verification summary"

_wanted := sprintf("a passed verification summary by %s%s", [concat(" or ", data.params.verifiers), concat("", _qualities)])

_qualities := array.concat(
	[sprintf(" with %s", [concat(" and ", data.params.levels)]) | count(data.params.levels) > 0],
	[sprintf(" of the last %s", [plural.of(data.params.max_age_days, "day")]) | data.params.max_age_days],
)

_found := sort({sprintf("one by %s: %s", [summary.verifier.id, concat(", ", _faults(summary))]) |
	some summary in _accepted
})

_nearest := array.concat(_others, misses.summaries)

_others := sort({vouch.line(sprintf("%s by %s", [summary.result, summary.verifier.id]), summary) |
	some summary in _summaries
	not _counts(summary)
})

_counts(summary) if {
	summary.verifier.id in data.params.verifiers
	vouch.accepted(summary)
}

_predicate_type := "https://slsa.dev/verification_summary/v1"
