# METADATA
# title: The image was built lately
# description: |
#   Some verified provenance says that the build ended at most `max_age_days` ago. Where a transparency log or timestamp
#   authority proves that the provenance existed earlier than it says, the earlier time counts. Provenance that names no
#   time of the build does not count.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [max_age_days]
#     properties:
#       max_age_days:
#         type: integer
#         minimum: 1
#         description: how many days ago the build may have ended
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { max_age_days: 90 }
#   codes:
#     no_provenance: the image has no verified provenance
#     no_time: its provenance does not tell when it was built
#     too_old: it was built too long ago, or at a time that is yet to come
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository, now]
package rules.provenance.fresh

import data.lib.age
import data.lib.image
import data.lib.provenance

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "no_time"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	count(_timed) == 0
}

deny contains object.union({"code": "too_old"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(_timed) > 0
	not _satisfied
}

_satisfied if {
	some entry in _timed
	age.is_within_days(_time(entry), data.params.max_age_days)
}

_timed := [entry | some entry in provenance.accepted; _time(entry)]

# The build ended no later than the provenance existed.
_time(entry) := sort({[age.nanoseconds(time), time] | some time in _times(entry)})[0][1] if age.nanoseconds(_ended(entry))

_times(entry) := array.concat([_ended(entry)], object.get(entry, "times", []))

_ended(entry) := entry.finishedOn

_ended(entry) := entry.startedOn if not entry.finishedOn

default _wanted := "provenance of a recent build"

_wanted := "provenance of a build at most 1 day ago" if data.params.max_age_days == 1

_wanted := sprintf("provenance of a build at most %d days ago", [data.params.max_age_days]) if data.params.max_age_days > 1

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := age.describe(_time(entry))

_describe(entry) := "that does not tell when it was built" if not _time(entry)

_fix := sprintf("build %s again from sources of today, and deploy the new digest", [image.pinned])
