# METADATA
# title: The image carries labels
# description: |
#   The configuration of the image carries all labels in `required`, on every platform: each with the `value` or a value
#   that matches the `pattern`, or with any value where it has neither. Labels are the word of whoever built the image,
#   and what its base says goes for it too unless it says otherwise.
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
#             name: { type: string, description: the name of the label }
#             value: { type: string, description: the value that it must have }
#             pattern: { type: string, format: regex, description: a regular expression that must match its whole value }
#         description: labels that the image must carry
#   example: { required: [{ name: org.opencontainers.image.vendor, value: ACME }, { name: team, pattern: "[a-z]+" }] }
#   codes:
#     labels_missing: it does not carry all of them, or with other values, on some platform
#     no_config: what is deployed has no configuration of an image
#   reads: [image.config]
package rules.image.labels

import data.lib.config
import data.lib.labels
import data.lib.words

deny contains object.union({"code": "no_config"}, config.none(_wanted)) if count(config.by_platform) == 0

deny contains {
	"code": "labels_missing",
	"msg": sprintf("wanted %s, found %s", [_wanted, concat("; ", words.few(_found))]),
	"details": {"wanted": _wanted, "found": _found, "nearest": []},
	"fix": _fix,
} if {
	count(_good) != count(config.by_platform)
}

_good := {platform |
	some platform, one in config.by_platform
	labels.satisfied(data.params.required, _labels(one))
}

_labels(one) := object.get(one, "labels", {})

default _wanted := "an image with labels"

_wanted := sprintf("an image with the labels %s", [labels.describe(data.params.required)])

_found := sort({config.line(platform, _describe(one)) |
	some platform, one in config.by_platform
	not platform in _good
})

default _describe(_) := "labels that nobody asked for"

_describe(one) := concat(", ", labels.faults(data.params.required, _labels(one)))

default _fix := "build the image again with docker buildx build --label NAME=VALUE …"

_fix := sprintf("build the image again: docker buildx build %s …", [labels.flags("--label", data.params.required)])
