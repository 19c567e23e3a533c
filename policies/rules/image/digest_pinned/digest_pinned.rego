# METADATA
# title: The workload names the image by its digest
# description: |
#   The workload names the image as `NAME@sha256:…`, with or without a tag, so that what runs tomorrow is what was judged
#   today. Where the mutating webhook pins tags, it has done so before this rule sees them.
# custom:
#   params: { type: object, additionalProperties: false }
#   example: {}
#   codes:
#     not_pinned: the workload names the image by a tag, or by its name alone
#   reads: [image.reference]
package rules.image.digest_pinned

deny contains {
	"code": "not_pinned",
	"msg": sprintf("wanted an image that is named by its digest, found %s", [_found]),
	"details": {"wanted": "an image that is named by its digest", "found": [_found], "nearest": []},
	"fix": sprintf("name it as this prints it: countersign resolve %s", [_name]),
} if {
	not _satisfied
}

_satisfied if regex.match(`@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`, input.image.reference)

default _found := "an image without a name"

_found := _name if _name != "IMAGE"

default _name := "IMAGE"

_name := input.image.reference
