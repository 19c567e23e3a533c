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
	regex.match(`^([0-9a-f]{40}|[0-9a-f]{64})$`, text)
}

_parts(uri) := {"authority": found[2], "path": found[3], "port": _ports[found[1]]} if {
	is_string(uri)
	found := regex.find_all_string_submatch_n(`(?s)^(https|http|ssh)://([^/]*)/?(.*)$`, trim_prefix(uri, "git+"), 1)[0]
}

# As scp has it: `git@host:owner/repository`.
_parts(uri) := {"authority": found[1], "path": found[2], "port": ""} if {
	is_string(uri)
	found := regex.find_all_string_submatch_n(`(?s)^([^:/]*@[^:/]*):(.*)$`, trim_prefix(uri, "git+"), 1)[0]
}

_ports := {"https": ":443", "http": ":80", "ssh": ":22"}

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

_without_ref(host, path) := regex.replace(path, `(?s)^(.*)@refs/.*$`, "$1") if {
	not _on_github(host)
	contains(path, "@refs/")
}

_without_ref(host, path) := regex.replace(path, `(?s)^(.*[^/])@[^/]*$`, "$1") if {
	not _on_github(host)
	not contains(path, "@refs/")
}

# Other letters have lower cases that are somebody else's ASCII.
_lower(text) := lower(text) if _is_ascii(text)

_lower(text) := text if not _is_ascii(text)

_is_ascii(text) if regex.match(`^[\x00-\x7f]*$`, text)
