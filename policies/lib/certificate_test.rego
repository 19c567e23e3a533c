package lib.certificate_test

import data.lib.certificate

test_reads_the_claims_of_a_certificate if {
	certificate.repository(_new) == "https://github.com/acme/app"
	certificate.ref(_new) == "refs/tags/v1"
	certificate.revision(_new) == "01"
	certificate.trigger(_new) == "push"
	certificate.repository_id(_new) == "7"
	certificate.owner_id(_new) == "5"
}

test_older_claims_stand_in_for_newer_ones if {
	certificate.repository(_old) == "https://github.com/acme/old"
	certificate.ref(_old) == "refs/heads/old"
	certificate.revision(_old) == "02"
	certificate.trigger(_old) == "schedule"
	not certificate.repository_id(_old)
	both := {"identity": object.union(_old.identity, _new.identity)}
	certificate.repository(both) == "https://github.com/acme/app"
	certificate.ref(both) == "refs/tags/v1"
}

test_a_key_claims_nothing if {
	every entry in [{"identity": object.union(_new.identity, {"kind": "key"})}, {"identity": {"kind": "certificate"}}, {}] {
		not certificate.repository(entry)
		not certificate.ref(entry)
		not certificate.revision(entry)
		not certificate.trigger(entry)
		not certificate.repository_id(entry)
		not certificate.owner_id(entry)
	}
}

_new := {"identity": {"kind": "certificate", "claims": {
	"sourceRepositoryURI": "https://github.com/acme/app",
	"sourceRepositoryRef": "refs/tags/v1",
	"sourceRepositoryDigest": "01",
	"buildTrigger": "push",
	"sourceRepositoryIdentifier": "7",
	"sourceRepositoryOwnerIdentifier": "5",
}}}

_old := {"identity": {"kind": "certificate", "claims": {
	"githubWorkflowRepository": "acme/old",
	"githubWorkflowRef": "refs/heads/old",
	"githubWorkflowSHA": "02",
	"githubWorkflowTrigger": "schedule",
}}}
