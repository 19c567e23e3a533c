# METADATA
# title: The image runs on the wanted platforms
# description: |
#   The image has a manifest for each platform in `required`, and with `only` for no other. A platform is
#   `os/architecture` or `os/architecture/variant`; without a variant every variant will do. That one is there says
#   nothing of what is attached to it: the `platforms` of the policy say which of them other rules judge.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [required]
#     properties:
#       required:
#         type: array
#         minItems: 1
#         items: { type: string }
#         description: platforms that the image must run on
#       only:
#         type: boolean
#         default: false
#         description: whether it may run on no others
#   example: { required: [linux/amd64, linux/arm64] }
#   codes:
#     platform_missing: it does not run on all of them
#     platform_not_allowed: it runs on others too
#   reads: [image.config, image.platforms]
package rules.image.platforms

import data.lib.platform
import data.lib.words

deny contains {
	"code": "platform_missing",
	"msg": sprintf("wanted %s, found %s", [_wanted, concat(", ", words.few(_found))]),
	"details": {"wanted": _wanted, "found": _found, "nearest": []},
	"fix": sprintf("build it for all of them: docker buildx build --platform %s --push …", [_list]),
} if {
	not _all_present
}

deny contains {
	"code": "platform_not_allowed",
	"msg": sprintf("wanted %s and no others, found %s", [_wanted, concat(", ", words.few(_found))]),
	"details": {"wanted": sprintf("%s and no others", [_wanted]), "found": _found, "nearest": []},
	"fix": sprintf("build it for these only: docker buildx build --platform %s --push …", [_list]),
} if {
	_all_present
	data.params.only
	count(_others) > 0
}

_all_present if {
	count(data.params.required) > 0
	every wanted in data.params.required {
		_is_present(wanted)
	}
}

_is_present(wanted) if {
	some found in platform.present
	platform.is(found, wanted)
}

_others := [found | some found in platform.present; not _is_wanted(found)]

_is_wanted(found) if {
	some wanted in data.params.required
	platform.is(found, wanted)
}

default _list := "LIST"

_list := concat(",", data.params.required)

default _wanted := "an image for platforms"

_wanted := sprintf("an image for %s", [concat(" and ", data.params.required)])

_found := sort(platform.present) if count(platform.present) > 0

_found := ["no platform"] if count(platform.present) == 0
