# The configurations of the image: what it says of itself, one for each platform that can run.
package lib.config

by_platform := object.get(input, ["image", "config"], {})

label(config, name) := config.labels[name]

# What a rule says where there is none, as of what is no image that could run.
none(wanted) := {
	"msg": sprintf("wanted %s, found no configuration of an image", [wanted]),
	"details": {"wanted": wanted, "found": [], "nearest": []},
	"fix": "deploy an image that can run; this is something else",
}

# One line for each platform.
line(platform, text) := sprintf("%s: %s", [platform, text])
