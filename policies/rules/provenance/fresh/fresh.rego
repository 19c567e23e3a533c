# METADATA
# title: The image was built lately
# description: |
#   Some verified provenance is of a build that ended at most `max_age_days` ago. The earliest of all times counts: when
#   the build ended, or else began, as the provenance says, and when transparency logs and timestamp authorities saw it.
#   Provenance of GitHub's workflows tells no time, so only those count there: who can sign in such a run can have an old
#   image stamped anew.
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

# The build ended no later than its provenance existed.
_time(entry) := sort({[age.nanoseconds(time), time] | some time in _times(entry)})[0][1]

_times(entry) := array.concat([time | time := _told(entry)], object.get(entry, "times", []))

_told(entry) := entry.finishedOn

_told(entry) := entry.startedOn if not entry.finishedOn

default _wanted := "provenance of a recent build"

_wanted := "provenance of a build at most 1 day ago" if data.params.max_age_days == 1

_wanted := sprintf("provenance of a build at most %d days ago", [data.params.max_age_days]) if data.params.max_age_days > 1

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := age.describe(_time(entry))

_describe(entry) := "that does not tell when it was built" if not _time(entry)

_fix := sprintf("build %s again from sources of today, and deploy the new digest", [image.pinned])
