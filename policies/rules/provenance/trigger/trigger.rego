# METADATA
# title: The build was begun by an allowed event
# description: |
#   Some verified provenance is of a run that one of the events in `allow` began. The certificate of the signer names the
#   event, where its authority knows it, and otherwise provenance of GitHub's workflows does. A pull request brings code
#   of whoever opened it: `pull_request` and `pull_request_target` belong into no list.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [allow]
#     properties:
#       allow:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: events as the build platform calls them, such as push, release, schedule, workflow_dispatch
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { allow: [push, release] }
#   codes:
#     no_provenance: the image has no verified provenance
#     trigger_not_allowed: another event began the run, or none is told
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.trigger

import data.lib.built
import data.lib.provenance

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "trigger_not_allowed"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.accepted
	built.trigger(entry) in data.params.allow
}

default _events := "an allowed event"

_events := concat(" or ", data.params.allow)

_wanted := sprintf("provenance of a run that was begun by %s", [_events])

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := sprintf("of a run that was begun by %s", [built.trigger(entry)])

_describe(entry) := "that does not tell what began the run" if not built.trigger(entry)

default _fix := "build and sign in a run that an allowed event begins"

_fix := concat("", [
	"sign with the certificate of the run (countersign sign in a workflow with id-token: write), ",
	"which names the event that began it",
]) if {
	every entry in provenance.accepted {
		not built.trigger(entry)
	}
}
