# METADATA
# title: The image was signed lately
# description: |
#   Some signature of the image, accepted by one of the authorities, is no older than `max_age_days`, by the word of
#   transparency logs and timestamp authorities. The earliest of its times counts. A signature that nobody proves a time
#   of does not count, whatever time it states itself. A time proves that the signature existed by then, not that it was
#   made no earlier: who has an old signature of a key can have it stamped anew.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [max_age_days]
#     properties:
#       max_age_days:
#         type: integer
#         minimum: 1
#         description: how many days ago it may have been signed
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose signatures count; without it, all of the policy
#   example: { max_age_days: 90 }
#   codes:
#     unsigned: nobody signed the image
#     untrusted: somebody signed it, but no accepted authority
#     no_time: accepted authorities signed it, but nobody proves when
#     too_old: it was signed, but too long ago, or at a time that is yet to come
#   reads: [evidence.signatures, evidence.rejected, image.digest, image.repository, now]
package rules.signature.fresh

import data.lib.age
import data.lib.image
import data.lib.signatures
import data.lib.vouch
import data.lib.words

deny contains {
	"code": _code,
	"msg": sprintf("wanted %s, found %s", [_wanted, _summary]),
	"details": {"wanted": _wanted, "found": _found, "nearest": signatures.nearest},
	"fix": sprintf("%s %s", [_command, image.pinned]),
} if {
	not _satisfied
}

_satisfied if {
	some signature in signatures.accepted
	age.is_within_days(_time(signature), data.params.max_age_days)
}

# When it existed for the first time that is known.
_time(signature) := sort({[age.nanoseconds(time), time] | some time in signature.times})[0][1]

_timed := [signature | some signature in signatures.accepted; _time(signature)]

default _code := "too_old"

_code := signatures.missing if count(signatures.accepted) == 0

_code := "no_time" if {
	count(signatures.accepted) > 0
	count(_timed) == 0
}

default _wanted := "a fresh signature"

_wanted := sprintf("a signature by %s that is proven to be at most %s old", [vouch.names, _days])

_days := "1 day" if data.params.max_age_days == 1

_days := sprintf("%d days", [data.params.max_age_days]) if data.params.max_age_days > 1

_summary := "none" if _code == "unsigned"

_summary := "none that counts" if _code == "untrusted"

_summary := concat("; ", words.few(_found)) if count(_found) > 0

_found := sort({sprintf("%s, %s", [signatures.describe(signature), _when(signature)]) |
	some signature in signatures.accepted
})

_when(signature) := age.describe(_time(signature))

_when(signature) := "without a time that a log or timestamp authority proves" if not _time(signature)

_command := "countersign sign --key KEY" if _code != "no_time"

_command := concat("", [
	"have the authority ask for a proof (transparency: log, or timestamp), ",
	"and show the signature to who gives one: countersign sign --key KEY --signing-config FILE",
]) if {
	_code == "no_time"
}
