# METADATA
# title: A signature carries annotations
# description: |
#   Some signature of the image, accepted by one of the authorities, carries all annotations in `required`: each with the
#   `value` or a value that matches the `pattern`, or with any value where it has neither. Annotations are signed: they
#   are the word of the signer, such as which environment the image is meant for. Those of the manifest are not meant.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [required]
#     properties:
#       required:
#         type: array
#         minItems: 1
#         items:
#           type: object
#           additionalProperties: false
#           required: [name]
#           properties:
#             name: { type: string, description: the name of the annotation }
#             value: { type: string, description: the value that it must have }
#             pattern: { type: string, format: regex, description: a regular expression that must match its whole value }
#         description: annotations that one signature must carry
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose signatures count; without it, all of the policy
#   example: { required: [{ name: env, value: production }, { name: ticket, pattern: "REL-[0-9]+" }] }
#   codes:
#     unsigned: nobody signed the image
#     untrusted: somebody signed it, but no accepted authority
#     annotations_missing: accepted authorities signed it, but no signature carries all annotations
#   reads: [evidence.signatures, evidence.rejected, image.digest, image.repository]
package rules.signature.annotations

import data.lib.image
import data.lib.labels
import data.lib.signatures
import data.lib.vouch
import data.lib.words

deny contains {
	"code": _code,
	"msg": sprintf("wanted %s, found %s", [_wanted, _summary]),
	"details": {"wanted": _wanted, "found": _found, "nearest": signatures.nearest},
	"fix": _fix,
} if {
	not _satisfied
}

_satisfied if {
	some signature in signatures.accepted
	labels.satisfied(data.params.required, _annotations(signature))
}

_annotations(signature) := object.get(signature, "annotations", {})

default _code := "annotations_missing"

_code := signatures.missing if count(signatures.accepted) == 0

default _wanted := "a signature with annotations"

_wanted := sprintf("a signature by %s with %s", [vouch.names, labels.describe(data.params.required)])

_summary := "none that counts" if _code == "untrusted"

_summary := "none" if _code == "unsigned"

_summary := concat("; ", words.few(_found)) if _code == "annotations_missing"

_found := sort({sprintf("%s: %s", [signatures.describe(signature), concat(", ", _faults(signature))]) |
	some signature in signatures.accepted
})

default _faults(_) := []

_faults(signature) := labels.faults(data.params.required, _annotations(signature))

default _fix := "countersign sign --key KEY -a NAME=VALUE IMAGE@DIGEST"

_fix := sprintf("countersign sign --key KEY %s %s", [labels.flags("-a", data.params.required), image.pinned])
