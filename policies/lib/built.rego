# What was built, and why, by the words of provenance and of the certificate that signed it. Both may speak, and a rule
# holds both to what it wants: neither makes up for the other.
package lib.built

import data.lib.certificate
import data.lib.source

# In one spelling each.
repositories(entry) := {source.canonical(uri) | uri := entry.source.uri} | {source.canonical(uri) |
	uri := certificate.repository(entry)
}

# What the certificate says of its run is about what was built where the run is one of the same repository, or the
# provenance names none.
refs(entry) := {ref | ref := entry.source.ref; not source.is_commit(ref)} | {ref |
	_certifies_source(entry)
	ref := certificate.ref(entry)
}

# All commits that are told, as if one were not in full or another than the rest, what was built is not known.
revisions(entry) := union({
	{commit | commit := entry.source.digest.gitCommit},
	{ref | ref := entry.source.ref; source.is_commit(ref)},
	{commit | commit := entry.vcs.revision},
	{commit | _certifies_source(entry); commit := certificate.revision(entry)},
})

# Numbers that no name that changes hands brings along. Only certificates prove them.
repository_id(entry) := certificate.repository_id(entry) if _certifies_source(entry)

owner_id(entry) := certificate.owner_id(entry) if _certifies_source(entry)

# The event that began the run.
trigger(entry) := certificate.trigger(entry)

trigger(entry) := _told_trigger(entry) if not certificate.trigger(entry)

# https://actions.github.io/buildtypes/workflow/v1, then the generators of slsa-github-generator, of 1.0 and of 0.2.
_told_trigger(entry) := entry.environment.github.event_name

_told_trigger(entry) := entry.environment.GITHUB_EVENT_NAME if not entry.environment.github.event_name

_told_trigger(entry) := entry.environment.github_event_name if {
	not entry.environment.github.event_name
	not entry.environment.GITHUB_EVENT_NAME
}

_certifies_source(entry) if {
	certificate.repository(entry)
	not entry.source.uri
}

_certifies_source(entry) if source.same(certificate.repository(entry), entry.source.uri)
