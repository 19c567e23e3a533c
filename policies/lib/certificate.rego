# What a certificate authority wrote into the certificate of a signer about the run that signed. Of the holder of a key
# nobody says such things.
package lib.certificate

claim(entry, name) := value if {
	entry.identity.kind == "certificate"
	value := entry.identity.claims[name]
}

# The older claims, which only GitHub had, stand in for the newer ones.
repository(entry) := claim(entry, "sourceRepositoryURI")

repository(entry) := sprintf("https://github.com/%s", [claim(entry, "githubWorkflowRepository")]) if {
	not claim(entry, "sourceRepositoryURI")
}

ref(entry) := _either(entry, "sourceRepositoryRef", "githubWorkflowRef")

revision(entry) := _either(entry, "sourceRepositoryDigest", "githubWorkflowSHA")

trigger(entry) := _either(entry, "buildTrigger", "githubWorkflowTrigger")

# Numbers that stay with a repository and its owner when names change hands.
repository_id(entry) := claim(entry, "sourceRepositoryIdentifier")

owner_id(entry) := claim(entry, "sourceRepositoryOwnerIdentifier")

_either(entry, name, _) := claim(entry, name)

_either(entry, name, older) := claim(entry, older) if not claim(entry, name)
