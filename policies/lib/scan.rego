# Scans for vulnerabilities, in one shape: as cosign and in-toto wrap the reports of Trivy and Grype, or list them.
package lib.scan

import data.lib.age
import data.lib.denial
import data.lib.image
import data.lib.misses
import data.lib.vouch

# https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md
# https://github.com/in-toto/attestation/blob/main/spec/predicates/vuln.md
types := {
	"https://cosign.sigstore.dev/attestation/vuln/v1",
	"https://in-toto.io/attestation/vulns/v0.1",
	"https://in-toto.io/attestation/vulns/v0.2",
}

verified := [entry |
	some entry in object.get(input, ["evidence", "attestations"], [])
	entry.predicateType in types
]

# Those that count: whose word is asked for, that tell when they were made, and what they found in a form that we know.
counting := [entry | some entry in verified; count(faults(entry)) == 0]

# Of several by one scanner of one thing (the index, or a platform's manifest) the youngest is heard.
heard := [entry | some entry in counting; not _is_outdated(entry)]

# When it ended, as the scanner says; undefined if it does not.
time(entry) := entry.predicate.metadata.scanFinishedOn

scanner(entry) := entry.predicate.scanner.uri

# As in "scan with pkg:github/aquasecurity/trivy by ci".
describe(entry) := sprintf("scan with %s by %s", [_name(entry), concat(", ", entry.authorities)])

# Why one does not count, in words.
faults(entry) := [fault | some fault in [_voucher(entry), _time(entry), _result(entry)]; fault != ""]

# What there is where none counts.
found := ["none that is verified"] if count(verified) == 0

found := sort({sprintf("%s: %s", [describe(entry), concat(", ", faults(entry))]) | some entry in verified}) if {
	count(verified) > 0
}

nearest := misses.typed("scan", types)

fix := concat(" && ", [
	sprintf("trivy image --format cosign-vuln --output scan.json %s", [image.pinned]),
	sprintf("countersign attest --key KEY --type vuln --predicate scan.json %s", [image.pinned]),
])

# The denial of a rule for which no scan counts.
none(code, wanted) := denial.of(code, wanted, found, nearest, fix)

# What a scan found: `ids` (all names of the vulnerability), `package`, `purl` if known, `severity`, and whether it is
# `fixable`, which holds where nobody says that it is not. Undefined if it is in no form that we know.
findings(entry) := [_of_trivy(item) | some item in items] if items := _trivy(entry)

findings(entry) := [_of_grype(item) | some item in items] if items := _grype(entry)

findings(entry) := [_of_list(item) | some item in items] if items := _list(entry)

_is_outdated(entry) if {
	some other in counting
	_tool(other) == _tool(entry)
	object.get(other, "subject", "") == object.get(entry, "subject", "")
	age.nanoseconds(time(other)) > age.nanoseconds(time(entry))
}

# Of any version.
_tool(entry) := split(scanner(entry), "@")[0]

default _name(_) := "an unnamed scanner"

_name(entry) := scanner(entry) if is_string(scanner(entry))

default _voucher(_) := ""

_voucher(entry) := "its word does not count here" if not vouch.accepted(entry)

default _time(_) := "it does not tell when it was made"

_time(entry) := "" if _is_past(entry)

_time(entry) := age.describe(time(entry)) if {
	age.nanoseconds(time(entry))
	not _is_past(entry)
}

# However long ago.
_is_past(entry) if age.is_within_days(time(entry), 100000)

default _result(_) := "its result is in no form that is known"

_result(entry) := "" if {
	is_string(scanner(entry))
	findings(entry)
}

_report(entry) := entry.predicate.scanner.result

_trivy(entry) := items if {
	_report(entry).SchemaVersion
	results := _items(object.get(_report(entry), "Results", []))
	lists := [_items(object.get(result, "Vulnerabilities", [])) | some result in results; is_object(result)]
	count(lists) == count(results)
	items := [item | some list in lists; some item in list]
	_are_objects(items)
}

_grype(entry) := items if {
	not _report(entry).SchemaVersion
	items := _report(entry).matches
	is_array(items)
	_are_objects(items)
}

_list(entry) := items if {
	items := _report(entry)
	is_array(items)
	_are_objects(items)
}

# Go writes null for an empty list.
_items(value) := value if is_array(value)

_items(value) := [] if value == null

# Where what cannot be read is no worse than nothing.
default _entries(_) := []

_entries(value) := value if is_array(value)

_are_objects(items) if {
	every item in items {
		is_object(item)
	}
}

_of_trivy(item) := {
	"ids": [object.get(item, "VulnerabilityID", "unnamed")],
	"package": _label(object.get(item, "PkgName", ""), object.get(item, "InstalledVersion", "")),
	"purl": _text(object.get(item, ["PkgIdentifier", "PURL"], "")),
	"severity": _severity(object.get(item, "Severity", "")),
	"fixable": object.get(item, "FixedVersion", "") != "",
}

_of_grype(item) := {
	"ids": array.concat(
		[object.get(item, ["vulnerability", "id"], "unnamed")],
		[other.id | some other in _entries(object.get(item, "relatedVulnerabilities", []))],
	),
	"package": _label(object.get(item, ["artifact", "name"], ""), object.get(item, ["artifact", "version"], "")),
	"purl": _text(object.get(item, ["artifact", "purl"], "")),
	"severity": _severity(object.get(item, ["vulnerability", "severity"], "")),
	"fixable": object.get(item, ["vulnerability", "fix", "state"], "fixed") in {"fixed", "unknown", ""},
}

# The text of the specification has it one level deeper than its example.
_of_list(item) := {
	"ids": [object.get(listed, "id", "unnamed")],
	"package": "",
	"purl": "",
	"severity": _highest(_entries(object.get(listed, "severity", []))),
	"fixable": true,
} if {
	listed := object.get(item, "vulnerability", item)
}

default _text(_) := ""

_text(value) := value if is_string(value)

_label(name, version) := trim_space(sprintf("%s %s", [name, version]))

# The severities, from the one that matters least.
severities := ["none", "low", "medium", "high", "critical"]

default _severity(_) := "unknown"

_severity(text) := lower(text) if {
	is_string(text)
	lower(text) in severities
}

_severity(text) := "low" if {
	is_string(text)
	lower(text) == "negligible"
}

# https://www.first.org/cvss/v3.1/specification-document (table 14); a method that is none of CVSS gives low numbers.
_severity(text) := severities[count([1 | some least in [0.1, 4, 7, 9]; score >= least])] if {
	is_string(text)
	regex.match(`^[0-9]{1,2}([.][0-9]{1,3})?$`, text)
	score := to_number(text)
}

default _highest(_) := "unknown"

_highest(list) := severities[max(ranks)] if {
	ranks := {rank |
		some entry in list
		some rank, severity in severities
		severity == _severity(_score(entry))
	}
}

_score(entry) := sprintf("%v", [entry.score])
