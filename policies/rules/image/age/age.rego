# METADATA
# title: The image was built lately
# description: |
#   The configuration of the image says for every platform that it was created at most `max_age_days` ago. That is the
#   word of whoever built it, as far as nobody signed: [provenance/fresh](../provenance/fresh.md) asks who may say so.
#   Images that can be built again bit by bit are often of 1970, or of the time of their last commit.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     required: [max_age_days]
#     properties:
#       max_age_days:
#         type: integer
#         minimum: 1
#         description: how many days ago the image may have been created
#   example: { max_age_days: 180 }
#   codes:
#     too_old: it was created too long ago, or at a time that is yet to come
#     no_time: it does not tell when it was created
#     no_config: what is deployed has no configuration of an image
#   reads: [image.config, now]
package rules.image.age

import data.lib.age
import data.lib.config
import data.lib.words

deny contains object.union({"code": "no_config"}, config.none(_wanted)) if count(config.by_platform) == 0

deny contains {
	"code": _code,
	"msg": sprintf("wanted %s, found %s", [_wanted, concat("; ", words.few(_found))]),
	"details": {"wanted": _wanted, "found": _found, "nearest": []},
	"fix": "build the image again from a base of today, and deploy the new digest",
} if {
	count(_good) != count(config.by_platform)
}

_good := {platform |
	some platform, one in config.by_platform
	age.is_within_days(_created(one), data.params.max_age_days)
}

_created(one) := object.get(one, "created", "")

default _code := "too_old"

_code := "no_time" if {
	every platform, one in config.by_platform {
		_is_good_or_timeless(platform, one)
	}
}

_is_good_or_timeless(platform, _) if platform in _good

_is_good_or_timeless(_, one) if not age.nanoseconds(_created(one))

default _wanted := "an image that was created lately"

_wanted := "an image that was created at most 1 day ago" if data.params.max_age_days == 1

_wanted := sprintf("an image that was created at most %d days ago", [data.params.max_age_days]) if {
	data.params.max_age_days > 1
}

_found := sort({config.line(platform, age.describe(_created(one))) |
	some platform, one in config.by_platform
	not platform in _good
})
