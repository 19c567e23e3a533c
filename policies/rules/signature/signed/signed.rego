# METADATA
# title: The image is signed by enough signers
# description: |
#   At least `threshold` different signers, each accepted by one of the authorities, signed the digest of the image.
#   A signer is a key, not a signature: one key counts once, however often it signed and however many authorities
#   hold it.
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
#   reads: [evidence.signatures, evidence.rejected, image.digest, image.repository]
package rules.signature.signed

import data.lib.image
import data.lib.misses

deny contains {
	"code": _code,
	"msg": sprintf("wanted %s, found %s", [_wanted, _count]),
	"details": {"wanted": _wanted, "found": _found, "nearest": _nearest},
	"fix": sprintf("countersign sign --key KEY %s", [image.pinned]),
} if {
	not _satisfied
}

_satisfied if count(_signers) >= data.params.threshold

# Identities, not signatures: who signs twice is still one signer.
_signers := {signature.identity | some signature in _signatures; _accepted(signature)}

_signatures := image.whole(object.get(input, ["evidence", "signatures"], []))

_accepted(signature) if count(_vouchers(signature)) > 0

_vouchers(signature) := signature.authorities if not data.params.authorities

_vouchers(signature) := [name | some name in signature.authorities; name in data.params.authorities] if {
	data.params.authorities
}

default _code := "threshold"

_code := "unsigned" if {
	count(_signers) == 0
	count(_nearest) == 0
}

_code := "untrusted" if {
	count(_signers) == 0
	count(_nearest) > 0
}

default _wanted := "a signature"

_wanted := sprintf("a signature by %s", [_names]) if data.params.threshold == 1

_wanted := sprintf("signatures of %d different signers by %s", [data.params.threshold, _names]) if {
	data.params.threshold > 1
}

default _names := "any authority of the policy"

_names := sprintf("authority %s", [concat(" or ", data.params.authorities)])

_count := "none" if _code == "unsigned"

_count := "none that counts" if _code == "untrusted"

_count := sprintf("%d", [count(_signers)]) if count(_signers) > 0

_found := sort({sprintf("signed by %s, key %s", [concat(", ", _vouchers(signature)), signature.identity.subject]) |
	some signature in _signatures
	_accepted(signature)
})

_nearest := array.concat(_others, misses.signatures)

_others := sort({sprintf("signed by %s, which does not count here", [concat(", ", signature.authorities)]) |
	some signature in _signatures
	not _accepted(signature)
})
