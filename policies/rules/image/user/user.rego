# METADATA
# title: The image does not run as root
# description: |
#   The configuration of the image names a user for every platform, and none of them is root: neither `root`, nor the
#   number 0, nor nobody at all, which means root. What a name stands for is written inside of the image: with `numeric`
#   only numbers will do, as the kubelet demands for `runAsNonRoot`. A user that the workload sets itself is not looked
#   at: see to that with Pod Security Admission.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       numeric:
#         type: boolean
#         default: false
#         description: whether the user must be a number
#   example: { numeric: true }
#   codes:
#     root: it runs as root, on some platform
#     user_not_numeric: it runs as a user of whom only the name is known
#     no_config: what is deployed has no configuration of an image
#   reads: [image.config]
package rules.image.user

import data.lib.config
import data.lib.words

deny contains object.union({"code": "no_config"}, config.none(_wanted)) if count(config.by_platform) == 0

deny contains {
	"code": _code,
	"msg": sprintf("wanted %s, found %s", [_wanted, concat("; ", words.few(_found))]),
	"details": {"wanted": _wanted, "found": _found, "nearest": []},
	"fix": "end the Dockerfile with USER and a number, such as USER 65532, and see that this user can read what it needs",
} if {
	count(_good) != count(config.by_platform)
}

_good := {platform |
	some platform, one in config.by_platform
	not _is_root(_user(one))
	_is_known(_user(one))
}

# The group behind it does not matter.
_user(one) := trim_space(split(object.get(one, "user", ""), ":")[0])

_is_root(user) if lower(user) in {"", "root", "containeradministrator"}

# As runtimes read numbers.
_is_root(user) if regex.match(`^[+-]?0+$`, user)

_is_known(_) if not data.params.numeric

_is_known(user) if regex.match(`^[1-9][0-9]{0,9}$`, user)

default _code := "user_not_numeric"

_code := "root" if {
	some one in config.by_platform
	_is_root(_user(one))
}

default _wanted := "a user that is not root"

_wanted := "a user that is not root, as a number" if data.params.numeric

_found := sort({config.line(platform, _describe(_user(one))) |
	some platform, one in config.by_platform
	not platform in _good
})

_describe(user) := sprintf("user %s", [user]) if user != ""

_describe("") := "no user, which means root"
