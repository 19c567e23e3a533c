# What was built, and why, by the words of provenance and of the certificate that signed it. Both may speak, and a rule
# holds both to what it wants: neither makes up for the other.
package lib.built

import data.lib.certificate
import data.lib.source

# All that are named, in one spelling each: by the builder, by the client that found the working tree, and by the
# certificate.
repositories(entry) := named(entry) | {source.canonical(uri) | uri := certificate.repository(entry)}

# Those that the provenance names.
named(entry) := {source.canonical(uri) | uri := entry.source.uri} | {source.canonical(uri) | uri := entry.vcs.repository}

# What the certificate says of its run is about what was built where the run is one of the same repository as all that
# the provenance names.
refs(entry) := {ref | ref := entry.source.ref; not source.is_commit(ref)} | {ref |
	_certifies_source(entry)
	ref := certificate.ref(entry)
}

# The commit that was built: all that is told must be this one, in full, and nothing may be changed on top of it.
commit(entry) := told if {
	some told in revisions(entry)
	count(revisions(entry)) == 1
	source.is_commit(told)
	not is_dirty(entry)
}

# A tree with changes that are in no commit.
is_dirty(entry) if entry.vcs.dirty != false

is_dirty(entry) if {
	some revision in revisions(entry)
	endswith(revision, "-dirty")
}

# All that is told, in full or not.
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
	repository := source.canonical(certificate.repository(entry))
	count(named(entry) - {repository}) == 0
}
