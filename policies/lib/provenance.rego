# Verified provenance, and what it proves: only the pair of builder and signer counts. A level, or the
# name of a builder, is text that whoever signed could choose.
package lib.provenance

import data.lib.certificate
import data.lib.image
import data.lib.misses
import data.lib.source
import data.lib.vouch
import data.lib.words

verified := object.get(input, ["evidence", "provenance"], [])

# Whose word counts for the rule.
accepted := [entry | some entry in verified; vouch.accepted(entry)]

# What a rule says where there is none, and where none of them will do.
none(wanted) := {
	"msg": sprintf("wanted %s, found no verified provenance%s", [wanted, _by]),
	"details": {"wanted": wanted, "found": [sprintf("no verified provenance%s", [_by])], "nearest": nearest},
	"fix": fix,
}

unfit(wanted, found, remedy) := {
	"msg": sprintf("wanted %s, found %s", [wanted, concat("; ", words.few(found))]),
	"details": {"wanted": wanted, "found": found, "nearest": nearest},
	"fix": remedy,
}

default _by := ""

_by := sprintf(" by %s", [vouch.names]) if data.params.authorities

nearest := array.concat(
	sort({vouch.line("provenance", entry) | some entry in verified; not vouch.accepted(entry)}),
	misses.provenance,
)

# One of them in what was found.
line(entry, text) := sprintf("provenance by %s %s", [concat(", ", vouch.by(entry)), text])

# Who built. BuildKit knows no builder, or takes the run that called it for one: where a certificate
# vouches for what BuildKit wrote, its holder is the builder.
builder(provenance) := _holder(provenance)

builder(provenance) := provenance.builderId if not _holder(provenance)

# The SLSA build level that one provenance proves. That it verified is level 1.
level(provenance) := max(array.concat([1], [entry.maxLevel |
	some entry in _entries(provenance)
	_speaks_for(provenance, entry)
]))

# Whether its signer may name its builder. Whoever may, unless the table lists who may.
may_name(provenance) if count(_entries(provenance)) == 0

may_name(provenance) if {
	some entry in _listed(provenance)
	_vouches(provenance, entry)
}

may_name(provenance) if {
	count(_listed(provenance)) == 0
	_is_its_own_word(provenance)
	some entry in _entries(provenance)
	provenance.identity.issuer == entry.issuer
}

# Why it proves the level that it proves, in words.
reason(provenance) := "it names no builder" if not builder(provenance)

reason(provenance) := sprintf("builder %s is not among the builders of the policy", [builder(provenance)]) if {
	count(_entries(provenance)) == 0
	not is_unproven_run(provenance)
}

reason(provenance) := sprintf("builder %s is a run that no certificate of its repository vouches for", [builder(provenance)]) if {
	is_unproven_run(provenance)
}

reason(provenance) := sprintf("builder %s counts only by the word of %s, and this is the word of %s", [
	builder(provenance),
	_who(provenance),
	concat(", ", provenance.authorities),
]) if {
	not may_name(provenance)
}

reason(provenance) := sprintf("builder %s reaches at most level %d", [builder(provenance), level(provenance)]) if {
	may_name(provenance)
	_is_as_listed(provenance)
}

reason(provenance) := sprintf("builder %s counts for more only with the build type and the runner of the table", [
	builder(provenance),
]) if {
	count(_entries(provenance)) > 0
	may_name(provenance)
	not _is_as_listed(provenance)
}

_is_as_listed(provenance) if {
	some entry in _entries(provenance)
	_speaks_for(provenance, entry)
}

_who(provenance) := concat(", ", {name | some entry in _listed(provenance); some name in entry.authorities}) if {
	count(_listed(provenance)) > 0
}

_who(provenance) := "its own certificate" if {
	count(_listed(provenance)) == 0
	not known_by_key(provenance)
}

_who(provenance) := "an authority that spec.builders names for it" if known_by_key(provenance)

# What is known of a builder whose key only the policy can name.
known_by_key(provenance) := entry if {
	some entry in _entries(provenance)
	not entry.id
	not entry.issuer
}

# The entries about its builder: those of the policy, or where it has none, those that are shipped.
_entries(provenance) := _listed(provenance) if count(_listed(provenance)) > 0

_entries(provenance) := [entry |
	some entry in data.builders
	startswith(id, entry.idPrefix)
	contains(id, object.get(entry, "idContains", ""))
	regex.match(entry.idPattern, id)
] if {
	count(_listed(provenance)) == 0
	id := _id(provenance)
}

_listed(provenance) := [entry | some entry in data.builders; entry.id == id] if id := _id(provenance)

_id(provenance) := builder(provenance)

_id(provenance) := "" if not builder(provenance)

_speaks_for(provenance, entry) if {
	entry.id
	_vouches(provenance, entry)
}

_speaks_for(provenance, entry) if {
	entry.idPattern
	_vouches(provenance, entry)
	_is_its_own_word(provenance)
	provenance.identity.issuer == entry.issuer
	provenance.buildType in entry.buildTypes
	_runs_there(provenance, entry)
}

_vouches(provenance, entry) if {
	some name in entry.authorities
	name in provenance.authorities
}

_is_its_own_word(provenance) if {
	provenance.identity.kind == "certificate"
	provenance.identity.subject == builder(provenance)
}

_runs_there(_, entry) if not entry.runnerEnvironment

_runs_there(provenance, entry) if provenance.identity.claims.runnerEnvironment == entry.runnerEnvironment

_holder(provenance) := provenance.identity.subject if {
	provenance.identity.kind == "certificate"
	startswith(provenance.identity.subject, "https://")
	provenance.buildType in _buildkit
	_names_no_builder(provenance)
}

_names_no_builder(provenance) if not provenance.builderId

_names_no_builder(provenance) if run_repository(provenance)

# The repository of the run that stands where the builder should, as docker/build-push-action has it there.
run_repository(provenance) := found[0][1] if {
	contains(provenance.builderId, "/actions/runs/")
	found := regex.find_all_string_submatch_n(
		`^(https://[^/?#@]+/[^/?#@]+/[^/?#@]+)/actions/runs/[0-9]+(?:/attempts/[0-9]+)?$`,
		provenance.builderId, 1,
	)
}

# Anybody can write the run of anybody. It is of the signer where the certificate names its repository.
is_run_of_signer(provenance) if source.same(run_repository(provenance), certificate.repository(provenance))

is_unproven_run(provenance) if {
	run_repository(provenance)
	builder(provenance) == provenance.builderId
	not is_run_of_signer(provenance)
	count(_listed(provenance)) == 0
}

# What would prove it.
pin_signer(provenance) := concat("", [
	"the URL of a run is what whoever built wrote there; pin the signer instead: sign in the run, without a key, ",
	"and have an authority with issuer https://token.actions.githubusercontent.com and subjectPattern ",
	sprintf("%s/\\.github/workflows/.*", [replace(run_repository(provenance), ".", "\\.")]),
])

_buildkit := {
	"https://mobyproject.org/buildkit@v1",
	"https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
}

# What to do where there is none that is verified.
fix := sprintf(
	"countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json %s",
	[image.pinned],
) if {
	not _by_buildkit
}

fix := sprintf(
	"sign the index, which vouches for what BuildKit put into it: countersign sign --key KEY %s",
	[image.pinned],
) if {
	_by_buildkit
}

_by_buildkit if {
	some entry in object.get(input, ["evidence", "rejected"], [])
	entry.format == "buildkit"
	entry.reason == "unsigned"
	startswith(entry.predicateType, "https://slsa.dev/provenance/")
}
