# METADATA
# title: The image is trusted without evidence
# description: |
#   Holds for every image that the policy covers, whatever is or is not attached to it, and warns that it did. For images
#   that nobody signs, such as those that the cluster itself is made of: cover them with a policy of their own that has
#   this rule alone, and no registry is asked about them. `reason` is for whoever asks why.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [reason]
#     properties:
#       reason:
#         type: string
#         description: why these images need no evidence
#   example: { reason: "part of the managed control plane, which the provider updates" }
#   codes:
#     no_reason: the policy gives no reason
#     trusted: a warning, the image is admitted without evidence
#   reads: [image.reference]
package rules.image.trusted

deny contains {
	"code": "no_reason",
	"msg": "wanted a reason to trust the image without evidence, found none",
	"details": {"wanted": "a reason to trust the image without evidence", "found": [], "nearest": []},
	"fix": "say in the parameter reason why these images need no evidence",
} if {
	not _reason
}

warn contains {
	"code": "trusted",
	"msg": sprintf("%s is trusted without evidence: %s", [_name, _reason]),
}

_reason := reason if {
	reason := trim_space(data.params.reason)
	reason != ""
}

default _name := "the image"

_name := input.image.reference
