# The images that went into a build, by the word of verified provenance that counts for the rule.
package lib.base

import data.lib.provenance
import data.lib.reference

# What provenance says of each; `name` is absent where its URI names none that could be compared.
images := {image | some entry in provenance.accepted; some image in of(entry)}

of(entry) := {image |
	some dependency in object.get(entry, "dependencies", [])
	_is_image(dependency)
	image := object.union_n([{"uri": dependency.uri}, _named(dependency.uri), _resolved(dependency)])
}

describe(image) := reference.describe(image)

describe(image) := image.uri if not image.name

_is_image(dependency) if {
	some scheme in ["pkg:docker/", "pkg:oci/", "docker-image://", "docker-pullable://", "docker://", "oci://"]
	startswith(dependency.uri, scheme)
}

default _named(_) := {}

_named(uri) := reference.parse(split(uri, "://")[1]) if not startswith(uri, "pkg:")

_named(uri) := reference.parse(concat("", [_name(purl), _version(purl)])) if purl := _purl(uri)

# What the builder really got, whatever it was told to get.
default _resolved(_) := {}

_resolved(dependency) := {"digest": sprintf("sha256:%s", [dependency.digest.sha256])}

# https://github.com/package-url/purl-spec/blob/main/types/docker-definition.json, and oci-definition.json beside it.
_purl(uri) := {"type": found[1], "path": _decoded(found[2]), "version": _decoded(found[3]), "qualifiers": found[4]} if {
	found := regex.find_all_string_submatch_n(`^pkg:(docker|oci)/([^@?#]+)(?:@([^?#]*))?(?:\?([^#]*))?(?:#.*)?$`, uri, 1)[0]
}

_name(purl) := _qualifier(purl, "repository_url") if purl.type == "oci"

_name(purl) := concat("/", array.concat(
	[registry | registry := _qualifier(purl, "repository_url")],
	[purl.path],
)) if {
	purl.type == "docker"
}

# A tag, a digest, or both, as they stand in a reference.
_version(purl) := concat("", array.concat(
	[sprintf(":%s", [tag]) | some tag in {purl.version, _tag(purl)}; regex.match(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`, tag)],
	[sprintf("@%s", [digest]) | digest := _digest(purl)],
))

default _tag(_) := ""

_tag(purl) := _qualifier(purl, "tag")

_digest(purl) := purl.version if contains(purl.version, ":")

_digest(purl) := _qualifier(purl, "digest") if not contains(purl.version, ":")

_qualifier(purl, name) := _decoded(value) if {
	value := regex.find_all_string_submatch_n(sprintf(`(?:^|&)%s=([^&]+)`, [name]), purl.qualifiers, 1)[0][1]
}

# As much of it as names of images can need.
_decoded(text) := strings.replace_n({"%2F": "/", "%2f": "/", "%3A": ":", "%3a": ":"}, text)
