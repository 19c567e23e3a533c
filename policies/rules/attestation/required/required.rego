# METADATA
# title: The image has an attestation of a type
# description: |
#   Some verified attestation of the image has exactly the type `predicate_type`, in the word of one of the
#   `authorities`. What it says is not looked at: `attestation/schema` does that.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [predicate_type]
#     properties:
#       predicate_type:
#         type: string
#         description: the type, exactly as attestations have it
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: { predicate_type: "https://in-toto.io/attestation/test-result/v0.1" }
#   codes:
#     no_attestation: the image has no attestation of this type that counts
#   reads: [evidence.attestations, evidence.rejected, image.digest, image.repository]
package rules.attestation.required

import data.lib.attestations
import data.lib.denial

deny contains denial.of("no_attestation", attestations.wanted, attestations.found, attestations.nearest, attestations.fix) if {
	count(attestations.accepted) == 0
}
