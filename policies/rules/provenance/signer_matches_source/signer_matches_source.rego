# METADATA
# title: The source that was built is that of the run that signed
# description: |
#   Some verified provenance names the repository that was built, as its source or as the one of the working tree that
#   BuildKit's client found, and its certificate says that the run which signed was one of the same repository. Where they
#   name a commit, or a ref in full, it is one. Without this, a workflow of any repository that an authority accepts can
#   sign provenance that names another.
# custom:
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       authorities:
#         type: array
#         minItems: 1
#         items: { type: string, format: authority }
#         description: authorities whose word counts; without it, all of the policy
#   example: {}
#   codes:
#     no_provenance: the image has no verified provenance
#     signer_differs: its provenance is of another source than its signer, or one of them names none
#   reads: [evidence.provenance, evidence.rejected, image.digest, image.repository]
package rules.provenance.signer_matches_source

import data.lib.built
import data.lib.certificate
import data.lib.provenance
import data.lib.source

deny contains object.union({"code": "no_provenance"}, provenance.none(_wanted)) if count(provenance.accepted) == 0

deny contains object.union({"code": "signer_differs"}, provenance.unfit(_wanted, _found, _fix)) if {
	count(provenance.accepted) > 0
	not _satisfied
}

_satisfied if {
	some entry in provenance.accepted
	built.named(entry) == {source.canonical(certificate.repository(entry))}
	count(built.revisions(entry)) <= 1
	count(_full_refs(entry)) <= 1
}

_full_refs(entry) := {ref | some ref in built.refs(entry); startswith(ref, "refs/")}

_wanted := "provenance of a source that its signer's certificate names"

_found := sort({provenance.line(entry, _describe(entry)) | some entry in provenance.accepted})

_describe(entry) := sprintf("of a build from %s, signed by %s%s", [_source(entry), _signer(entry), _several(entry)])

_source(entry) := concat(" and ", built.named(entry)) if count(built.named(entry)) > 0

_source(entry) := "no source that it names" if count(built.named(entry)) == 0

_signer(entry) := sprintf("a run of %s", [certificate.repository(entry)])

_signer(entry) := "somebody whose repository no certificate names" if not certificate.repository(entry)

_several(entry) := sprintf(" at %s", [concat(" and ", told)]) if {
	told := {text | some texts in [built.revisions(entry), _full_refs(entry)]; count(texts) > 1; some text in texts}
	count(told) > 0
}

_several(entry) := "" if {
	count(built.revisions(entry)) <= 1
	count(_full_refs(entry)) <= 1
}

_fix := concat("", [
	"in a run of the repository itself, build its commit from its URL instead of a folder ",
	"(docker buildx build https://github.com/OWNER/REPOSITORY.git#REF), and sign there without a key",
])
