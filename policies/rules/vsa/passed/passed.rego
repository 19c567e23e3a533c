# METADATA
# title: A verifier let the image pass
# description: |
#   Some SLSA verification summary of the image says PASSED: by one of the `verifiers`, in the word of one of the
#   authorities, and with all that is asked of it. A level implies the lower ones of its track. One that says FAILED, by
#   such a verifier and authority, denies whatever else there is, however old it is and whatever levels it names.
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
#         description: authorities that may speak for these verifiers; without it, all of the policy
#       levels:
#         type: array
#         items: { type: string }
#         default: []
#         description: "levels (`SLSA_BUILD_LEVEL_3`) and properties that it must have, each of them"
#       max_age_hours:
#         type: integer
#         minimum: 1
#         description: how long ago it may have been verified; without it, any time will do
#       resource_uri:
#         type: string
#         description: the `resourceUri` that it must have; without it, any will do
#   example: { verifiers: ["https://verify.acme.example/gate"], levels: [SLSA_BUILD_LEVEL_3] }
#   codes:
#     no_summary: the image has no verified summary by such a verifier
#     failed: such a verifier says that the image failed
#     summary_insufficient: it passed, but not with all that is asked for
#   reads: [evidence.verificationSummaries, evidence.rejected, image.digest, image.repository, now]
package rules.vsa.passed

import data.lib.image
import data.lib.misses

deny contains {
	"code": "no_summary",
	"msg": sprintf("wanted %s, found none that is verified", [_wanted]),
	"details": {"wanted": _wanted, "found": ["no verified summary"], "nearest": _nearest},
	"fix": sprintf("countersign attest --key KEY --type %s --predicate vsa.json %s", [_predicate_type, image.pinned]),
} if {
	count(_accepted) == 0
}

deny contains {
	"code": "failed",
	"msg": sprintf("wanted %s, found that it failed: %s", [_wanted, concat("; ", _failures)]),
	"details": {"wanted": _wanted, "found": _failures, "nearest": _nearest},
	"fix": "mend what the verifier found, and deploy the image that passes",
} if {
	count(_failures) > 0
}

deny contains {
	"code": "summary_insufficient",
	"msg": sprintf("wanted %s, found %s", [_wanted, concat("; ", _found)]),
	"details": {"wanted": _wanted, "found": _found, "nearest": _nearest},
	"fix": sprintf("have it verified again, and attest the new summary to %s", [image.pinned]),
} if {
	count(_accepted) > 0
	count(_failures) == 0
	not _satisfied
}

_satisfied if {
	some summary in _accepted
	summary.result == "PASSED"
	count(_faults(summary)) == 0
}

_summaries := object.get(input, ["evidence", "verificationSummaries"], [])

_accepted := [summary | some summary in _summaries; _counts(summary)]

_counts(summary) if {
	summary.verifier.id in data.params.verifiers
	count(_vouchers(summary)) > 0
}

_vouchers(summary) := summary.authorities if not data.params.authorities

_vouchers(summary) := [name | some name in summary.authorities; name in data.params.authorities] if {
	data.params.authorities
}

# Whatever does not say PASSED says no.
_failures := sort({sprintf("%s by the word of %s, against policy %s", [
	summary.verifier.id,
	concat(", ", _vouchers(summary)),
	summary.policy.uri,
]) |
	some summary in _accepted
	summary.result != "PASSED"
})

_faults(summary) := sort(array.concat(
	[sprintf("without %s", [level]) | some level in data.params.levels; not _reaches(summary, level)],
	[fault | some fault in [_age(summary), _resource(summary)]; fault != ""],
))

_reaches(summary, level) if level in summary.levels

_reaches(summary, level) if {
	wanted := _track(level)
	some written in summary.levels
	reached := _track(written)
	reached.track == wanted.track
	reached.level >= wanted.level
}

_track(level) := {"track": parts[1], "level": to_number(parts[2])} if {
	parts := regex.find_all_string_submatch_n(`^SLSA_(.+)_LEVEL_(0|[1-9][0-9]{0,3})$`, level, 1)[0]
}

default _age(_) := ""

_age(summary) := "without a time" if {
	data.params.max_age_hours
	not _verified_at(summary)
}

_age(summary) := sprintf("of %s, which is too long ago", [summary.timeVerified]) if {
	time.parse_rfc3339_ns(input.now) - _verified_at(summary) > ((data.params.max_age_hours * 3600) * 1000000000)
}

_age(summary) := sprintf("of %s, which is yet to come", [summary.timeVerified]) if {
	data.params.max_age_hours
	_verified_at(summary) - time.parse_rfc3339_ns(input.now) > _skew
}

# What is no RFC 3339 would be an error of the whole rule.
_verified_at(summary) := time.parse_rfc3339_ns(summary.timeVerified) if regex.match(_rfc3339, summary.timeVerified)

_rfc3339 := `^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`

default _resource(_) := ""

_resource(summary) := sprintf("for %s", [summary.resourceUri]) if summary.resourceUri != data.params.resource_uri

default _wanted := "a passed verification summary"

_wanted := sprintf("a passed verification summary by %s%s", [concat(" or ", data.params.verifiers), _qualities])

default _qualities := ""

_qualities := sprintf(" with %s", [concat(" and ", data.params.levels)]) if count(data.params.levels) > 0

_found := sort({sprintf("one by %s: %s", [summary.verifier.id, concat(", ", _faults(summary))]) |
	some summary in _accepted
})

_nearest := array.concat(_others, misses.summaries)

_others := sort({sprintf("%s by %s in the word of %s, which does not count here", [
	summary.result,
	summary.verifier.id,
	concat(", ", summary.authorities),
]) |
	some summary in _summaries
	not _counts(summary)
})

_predicate_type := "https://slsa.dev/verification_summary/v1"

# Clocks differ a little: five minutes.
_skew := 300000000000
