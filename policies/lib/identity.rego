# Who signed.
package lib.identity

# One signer, however often it signs: claims tell one run of a workflow from another, not one workflow from another.
signer(identity) := object.filter(identity, ["kind", "issuer", "subject"])

describe(identity) := sprintf("key %s", [identity.subject]) if identity.kind == "key"

describe(identity) := sprintf("%s (issuer %s)", [identity.subject, identity.issuer]) if identity.kind == "certificate"

describe(identity) := identity.subject if {
	identity.kind == "certificate"
	not identity.issuer
}
