# Repositories compared as people mean them, whatever URL a builder writes.
package lib.source

same(left, right) if canonical(left) == canonical(right)

# `https://<host>/<path>`, without credentials, ref and `.git`. Only GitHub knows no upper case in paths. What is no
# repository of the usual forms stays as it is.
canonical(uri) := sprintf("https://%s/%s", [_host(parts), _path(_host(parts), parts)]) if parts := _parts(uri)

canonical(uri) := trim_prefix(uri, "git+") if {
	is_string(uri)
	not _parts(uri)
}

# The commit, as git writes it in full.
is_commit(text) if {
	is_string(text)
	count(text) in {40, 64}
	trim(text, "0123456789abcdef") == ""
}

_parts(uri) := {"authority": split(rest, "/")[0], "path": _after(rest, "/"), "port": port} if {
	bare := _bare(uri)
	port := _ports[split(bare, "://")[0]]
	contains(bare, "://")
	rest := _after(bare, "://")
}

# As scp has it: `git@host:owner/repository`.
_parts(uri) := {"authority": authority, "path": _after(bare, ":"), "port": ""} if {
	bare := _bare(uri)
	not contains(bare, "://")
	contains(bare, ":")
	authority := split(bare, ":")[0]
	contains(authority, "@")
	not contains(authority, "/")
}

_bare(uri) := trim_prefix(uri, "git+") if is_string(uri)

_ports := {"https": ":443", "http": ":80", "ssh": ":22"}

# What follows the first `mark`.
_after(text, mark) := concat(mark, array.slice(pieces, 1, count(pieces))) if pieces := split(text, mark)

# What comes before the last `mark`.
_before(text, mark) := concat(mark, array.slice(pieces, 0, count(pieces) - 1)) if pieces := split(text, mark)

_host(parts) := trim_suffix(_lower(host), parts.port) if {
	names := split(parts.authority, "@")
	host := names[count(names) - 1]
}

_path(host, parts) := _cased(host, trim_suffix(trim_right(_without_ref(host, path), "/"), ".git")) if {
	path := split(split(trim_left(parts.path, "/"), "?")[0], "#")[0]
}

_cased(host, path) := _lower(path) if _on_github(host)

_cased(host, path) := path if not _on_github(host)

_on_github(host) if host == "github.com"

_on_github(host) if endswith(host, ".ghe.com")

# A full ref behind `@`, or whatever follows it in the last part. On GitHub no name has an `@`.
_without_ref(host, path) := split(path, "@")[0] if _on_github(host)

_without_ref(host, path) := _before(path, "@refs/") if {
	not _on_github(host)
	contains(path, "@refs/")
}

_without_ref(host, path) := path if {
	not _on_github(host)
	not contains(path, "@refs/")
	not _names_ref(path)
}

_without_ref(host, path) := _before(path, "@") if {
	not _on_github(host)
	not contains(path, "@refs/")
	_names_ref(path)
}

_names_ref(path) if {
	names := split(path, "/")
	last := names[count(names) - 1]
	contains(last, "@")
	_before(last, "@") != ""
}

# Two other letters have lower cases that are somebody else's ASCII.
_lower(text) := lower(text) if not _has_false_ascii(text)

_lower(text) := text if _has_false_ascii(text)

_has_false_ascii(text) if {
	some letter in ["\u212a", "\u0130"]
	contains(text, letter)
}
