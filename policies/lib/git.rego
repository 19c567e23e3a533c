# What Git knew of the sources: by the word of verified provenance or, only where the parameter `allow_unsigned_labels`
# lets them, of the labels that docker buildx writes into the image.
package lib.git

import data.lib.config
import data.lib.glob
import data.lib.provenance
import data.lib.source

# Whether the builder fetched a commit itself, so that there was no tree that could have changes.
is_fetched(entry) if source.is_commit(entry.source.digest.gitCommit)

# The Dockerfile, as a path in the repository. What BuildKit was told to read is one only where it fetched the sources;
# other builders begin with other files.
dockerfile(entry) := path if {
	path := _dockerfile(entry)
	is_path(path)
}

_dockerfile(entry) := path if {
	path := entry.vcs.dockerfile
	path != ""
}

_dockerfile(entry) := entry.entryPoint if {
	object.get(entry, ["vcs", "dockerfile"], "") == ""
	is_string(entry.detail)
	is_fetched(entry)
}

# One that stays within the repository.
is_path(text) if {
	is_string(text)
	not regex.match(`(^|/)\.{0,2}(/|$)`, text)
}

# Whether the repository at `uri` is one that `patterns` allow, in whatever spelling; they may leave out the scheme.
is_one_of(uri, patterns) if glob.matches(_plain(uri), [_pattern(pattern) | some pattern in patterns])

_plain(uri) := trim_prefix(source.canonical(uri), "https://")

_pattern(text) := _plain(text) if regex.match(`://|@`, text)

_pattern(text) := _plain(sprintf("https://%s", [text])) if not regex.match(`://|@`, text)

# What the label says: the same on every platform, or nothing.
label(name) := value if {
	values := {object.get(one, ["labels", name], "") | some one in _configs}
	count(values) == 1
	some value in values
	value != ""
}

_configs := config.by_platform

# The same, if it counts.
unsigned(name) := label(name) if data.params.allow_unsigned_labels

# What a rule says where there is no provenance, and where none of it will do; a label that may count is near.
none(wanted, name) := _with_label(provenance.none(wanted), name)

unfit(wanted, found, fix, name) := _with_label(provenance.unfit(wanted, found, fix), name)

_with_label(denial, name) := object.union(denial, {"details": {"nearest": array.concat(
	denial.details.nearest,
	[sprintf("label %s=%s, which will not do either", [name, value]) | value := unsigned(name)],
)}})

# Marks what only a label says.
by_label(what, name) := sprintf("only the label %s=%s, which nobody signed, tells %s", [name, label(name), what])
