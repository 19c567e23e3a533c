# The vulnerabilities of the image: what its scans found, with what is said of whether it matters.
package lib.vulnerabilities

import data.lib.scan
import data.lib.vex

# Those that count: found, and not cleared; and those that somebody says affect the image, though no scan found them.
open := array.concat([finding | some finding in _found; not vex.clears(finding)], _unscanned)

# As lines name it.
label(finding) := concat(" ", [sprintf("%v", [part]) |
	some part in [finding.ids[0], finding.package, sprintf("(%s)", [finding.severity])]
	part != ""
])

_found := [finding | some entry in scan.heard; some finding in scan.findings(entry)]

_unscanned := [finding |
	some ids in vex.affecting
	not _is_found(ids)
	finding := {"ids": ids, "package": "", "purl": "", "severity": "unknown", "fixable": true}
]

_is_found(ids) if {
	some id in ids
	id in _names
}

_names := {id | some finding in _found; some id in finding.ids}
