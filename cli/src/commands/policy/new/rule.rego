# METADATA
# title: The pod carries the label that is asked for
# description: |
#   Say here what has to hold and why; the page of the rule begins with this.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [label]
#     properties:
#       label: { type: string, description: the label that a pod must carry }
#   example: { label: owner }
#   codes:
#     no_label: the pod does not carry the label
#   reads: [workload.labels]
package rules.CATEGORY.NAME

deny contains {
	"code": "no_label",
	"msg": sprintf("wanted the label %s, found %s", [data.params.label, _found]),
	"fix": sprintf("add the label %s to the pod", [data.params.label]),
} if {
	not _labels[data.params.label]
}

# What is absent must not make a message undefined: nobody is denied by one.
_labels := object.get(input, ["workload", "labels"], {})

_found := concat(", ", sort([name | some name, _ in _labels])) if count(_labels) > 0

_found := "none" if count(_labels) == 0
