# Package URLs (https://github.com/package-url/purl-spec), as far as is needed to tell packages apart. Letter case is
# not regarded: some types do not, and none has two packages that differ in it and matter.
package lib.purl

# Several at once, too, with line ends between them.
normal(text) := strings.replace_n(
	{"%40": "@", "%2b": "+", "%2f": "/", "%3a": ":"},
	replace(replace(lower(text), "pkg://", "pkg:"), "pkg:/", "pkg:"),
)

# Type, namespace and name.
base(text) := _parts(text)[1]

version(text) := _parts(text)[2] if _parts(text)[2] != ""

kind(base_) := trim_prefix(split(base_, "/")[0], "pkg:")

# What a package of this `base` is called where there is no package URL, in lower case.
names(base_) := {concat(":", path), concat("/", path), path[count(path) - 1]} if {
	parts := split(base_, "/")
	path := array.slice(parts, 1, count(parts))
}

_parts(text) := regex.find_all_string_submatch_n(_purl, normal(text), 1)[0] if is_string(text)

_purl := `^(pkg:[^?#]*?[^/?#])/?(?:@([^@/?#]*))?(?:[?#].*)?$`
