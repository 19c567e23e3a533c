# METADATA
# title: An attestation says what a schema asks for
# description: |
#   Some verified attestation of the type `predicate_type`, in the word of one of the `authorities`, has a predicate that
#   the JSON Schema `schema` accepts. A schema accepts whatever it does not speak of: name in `required` what must be
#   there. Another attestation of the type that the schema does not accept is no obstacle.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [predicate_type, schema]
#     properties:
#       predicate_type:
#         type: string
#         description: the type, exactly as attestations have it
#       schema:
#         type: object
#         format: json-schema
#         description: JSON Schema of the predicate
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example:
#     predicate_type: https://in-toto.io/attestation/test-result/v0.1
#     schema: { type: object, required: [result], properties: { result: { enum: [PASSED] } } }
#   codes:
#     no_attestation: the image has no attestation of this type that counts
#     schema_mismatch: it has, but the schema accepts none
#   predicates: [{ param: predicate_type }]
#   reads: [evidence.attestations, evidence.rejected, image.digest, image.repository]
package rules.attestation.schema

import data.lib.attestations
import data.lib.denial
import data.lib.words

deny contains denial.of("no_attestation", _wanted, attestations.found, attestations.nearest, attestations.fix) if {
	count(attestations.accepted) == 0
}

deny contains denial.of("schema_mismatch", _wanted, _found, attestations.nearest, _fix) if {
	count(attestations.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in attestations.accepted
	json.match_schema(entry.predicate, data.params.schema)[0] == true
}

_wanted := sprintf("%s that the schema accepts", [attestations.wanted])

_found := sort({sprintf("one by %s: %s", [concat(", ", entry.authorities), _fault(entry)]) |
	some entry in attestations.accepted
})

default _fault(_) := "without a predicate that can be read"

_fault(entry) := concat(", ", words.few(errors)) if {
	errors := sort({fault.error | some fault in json.match_schema(entry.predicate, data.params.schema)[1]})
	count(errors) > 0
}

_fix := sprintf("attest what the schema asks for: %s", [attestations.fix])
