# METADATA
# title: The image is signed by enough signers
# description: |
#   At least `threshold` different signers, each accepted by one of the authorities, signed the digest of the image.
#   A signer is a key, or the subject and issuer of a certificate, and no signature: it counts once, however often it
#   signed and however many authorities accept it.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose signatures count; without it, all of the policy
#       threshold:
#         type: integer
#         minimum: 1
#         default: 1
#         description: how many different signers are needed
#   example: { authorities: [release], threshold: 1 }
#   codes:
#     unsigned: nobody signed the image
#     untrusted: somebody signed it, but no accepted authority
#     threshold: accepted authorities signed it, but too few different signers
#   reads: [evidence.signatures, evidence.rejected, image.digest, image.mediaType, image.reference, image.repository]
package rules.signature.signed

import data.lib.identity
import data.lib.image
import data.lib.signatures
import data.lib.vouch

deny contains {
	"code": _code,
	"msg": sprintf("wanted %s, found %s", [_wanted, _count]),
	"details": {"wanted": _wanted, "found": _found, "nearest": signatures.nearest},
	"fix": _fix,
} if {
	not _satisfied
}

# One signature is the usual demand, and most images have it.
_satisfied if {
	params := data.params
	params.threshold == 1
	some signature in input.evidence.signatures
	signature.identity.subject
	some name in signature.authorities
	name in object.get(params, "authorities", [name])
} else if count(_signers) >= data.params.threshold

# Identities, not signatures: who signs twice is still one signer.
_signers := {identity.signer(signature.identity) | some signature in signatures.accepted}

default _code := "threshold"

_code := signatures.missing if count(_signers) == 0

default _wanted := "a signature"

_wanted := sprintf("a signature by %s", [vouch.names]) if data.params.threshold == 1

_wanted := sprintf("signatures of %d different signers by %s", [data.params.threshold, vouch.names]) if {
	data.params.threshold > 1
}

_count := "none" if _code == "unsigned"

_count := "none that counts" if _code == "untrusted"

_count := sprintf("%d", [count(_signers)]) if count(_signers) > 0

_found := sort({signatures.describe(signature) | some signature in signatures.accepted})

_fix := sprintf("countersign sign --key KEY %s", [image.pinned]) if not _may_be_a_part

# A signature of an index covers its platforms, but not who names one of them alone.
_fix := sprintf(
	"countersign sign --key KEY %s, or if it is one platform of a signed image: countersign sign --recursive --key KEY INDEX",
	[image.pinned],
) if {
	_may_be_a_part
}

_may_be_a_part if {
	_code == "unsigned"
	contains(input.image.reference, "@")
	not contains(input.image.mediaType, "index")
	not contains(input.image.mediaType, "list")
}
