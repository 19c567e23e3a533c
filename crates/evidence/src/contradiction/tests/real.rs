//! No real build contradicts the certificate that it was signed with.

use x509_cert::Certificate;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::{Decode as _, DecodePem as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::*;
use crate::testing::fixture;

/// The statement in an envelope or a bundle.
pub(super) fn statement(file: &str) -> Value {
    let json: Value = serde_json::from_slice(&fixture(file)).unwrap();
    let payload = json
        .pointer("/dsseEnvelope/payload")
        .unwrap_or(&json["payload"]);
    serde_json::from_slice(&crate::base64::decode(payload.as_str().unwrap()).unwrap()).unwrap()
}

/// The certificate in a bundle.
pub(super) fn signer(file: &str) -> Identity {
    let json: Value = serde_json::from_slice(&fixture(file)).unwrap();
    let material = &json["verificationMaterial"];
    let der = material
        .pointer("/certificate/rawBytes")
        .unwrap_or(&material["x509CertificateChain"]["certificates"][0]["rawBytes"]);
    let der = crate::base64::decode(der.as_str().unwrap()).unwrap();
    identity(&Certificate::from_der(&der).unwrap())
}

/// What stands in a certificate, whoever issued it.
fn identity(certificate: &Certificate) -> Identity {
    let mut claims = Claims::new();
    let mut subject = String::new();
    for extension in certificate.tbs_certificate.extensions.iter().flatten() {
        let (id, value) = (
            extension.extn_id.to_string(),
            extension.extn_value.as_bytes(),
        );
        if id == "2.5.29.17" {
            subject = match &SubjectAltName::from_der(value).unwrap().0[0] {
                GeneralName::UniformResourceIdentifier(uri) => uri.to_string(),
                GeneralName::Rfc822Name(mail) => mail.to_string(),
                other => panic!("{other:?}"),
            };
        }
        if let Some((number, name)) = CLAIMS
            .iter()
            .find(|(number, _)| id == format!("1.3.6.1.4.1.57264.1.{number}"))
        {
            let text = if *number < 8 {
                String::from_utf8(value.to_vec()).unwrap()
            } else {
                Utf8StringRef::from_der(value).unwrap().to_string()
            };
            claims.insert(name, text);
        }
    }
    certificate_of(&subject, claims)
}

fn certificate_of(subject: &str, claims: Claims) -> Identity {
    super::certificate(subject, claims)
}

fn read(statement: &Value) -> Provenance {
    super::provenance(
        statement["predicateType"].as_str().unwrap(),
        &statement["predicate"],
    )
}

/// How much of it was compared at all.
fn compared(identity: &Identity, provenance: &Provenance) -> usize {
    let told = told::by(provenance);
    told.iter()
        .filter(|(topic, _)| topic.certified(identity).is_some())
        .count()
}

#[test]
fn the_bundles_of_other_producers_contradict_nothing() {
    for (file, at_least) in [
        ("bcr-module-bazel", 8),
        ("gh-internal-attest-demo", 7),
        ("gh-reusable-workflow", 7),
        ("gh-sigstore-js-2.1.0", 7),
        ("gha_container-based-v1.7.0-workflow_dispatch", 11),
        ("gha_container-based-v1.9.0-push-v14", 11),
        ("gha_container-based-v2.0.0-push-v13.0.30", 11),
        ("gha_delegator-v2.0.0-push-v14", 8),
        ("gha_generic-v2.1.0-push-v14", 9),
        ("gha_gradle-v2.1.0-workflow_dispatch", 8),
        ("gha_maven-v1.10.0-push-v14", 8),
        ("go-sigstorejs-2.0.0", 7),
        ("java-dsse-gha-slsa1", 8),
        ("npm-gundam-visor-cli-v1-tag", 7),
        // Signed by a person: there is nothing to compare.
        ("go-dsse", 0),
    ] {
        let file = format!("bundles/{file}.sigstore.json");
        let (identity, provenance) = (signer(&file), read(&statement(&file)));
        let found = between(&identity, &provenance).map(|refusal| refusal.detail);
        assert_eq!(found, None, "{file}");
        let compared = compared(&identity, &provenance);
        assert!(
            compared >= at_least,
            "{file}: {compared} facts were compared"
        );
        assert!(at_least > 0 || compared == 0, "{file}");
    }
}

#[test]
fn the_images_of_the_container_generator_contradict_nothing() {
    for (version, manifest, envelope, at_least) in [
        // A certificate with the older extensions only.
        (
            "v1.4.0",
            "738d456c898daf28d211c2e0b8ecf5dc67b9a1d631c99ef2c4b4669bcb7a0354",
            "784c5bd14237b9a979fd0251f01dcc7956f06da243ca1e9c52470c410e53c654",
            7,
        ),
        (
            "v1.6.0",
            "1b7e72ba31845231a69a6db723a1e4f0290813183eaa31c8d60d3c16c6d71d23",
            "6a353e333eb116103813d4912f0b8d06e747412299b52f92a21bf87c1c54680a",
            9,
        ),
        (
            "v1.8.0",
            "195f75fe5d0554704527695e9205c457d3544bd0b078340bebd109a761c57920",
            "291729ce6264067c1a61f8156f9133f2efcc3f72341d5cd22f2b9ba279ecb25f",
            9,
        ),
        (
            "v2.0.0",
            "a3e4bf251423a455ad90c3d706f95f133ed11a8e81e3f34e6fa6d056a1c15529",
            "1a16dff13cea8be5dd3e4d31640da5f9b6c8a3ff879f728ec8be5d9e2b17499f",
            9,
        ),
    ] {
        let blob = |digest: &str| {
            format!("layouts/slsa-generator-container-{version}/blobs/sha256/{digest}")
        };
        let manifest: Value = serde_json::from_slice(&fixture(&blob(manifest))).unwrap();
        let layer = &manifest["layers"][0];
        assert_eq!(layer["digest"], format!("sha256:{envelope}"));
        let pem = layer["annotations"]["dev.sigstore.cosign/certificate"]
            .as_str()
            .unwrap();
        let identity = identity(&Certificate::from_pem(pem).unwrap());
        let provenance = read(&statement(&blob(envelope)));
        let found = between(&identity, &provenance).map(|refusal| refusal.detail);
        assert_eq!(found, None, "{version}");
        let compared = compared(&identity, &provenance);
        assert!(
            compared >= at_least,
            "{version}: {compared} facts were compared"
        );
    }
}

#[test]
fn statements_that_buildkit_wrote_stand_beside_the_signature_of_the_workflow_that_ran_it() {
    // Not of one build, but of one repository: the run that signs need not be the run that built.
    let signer = signer("bundles/cosign-v3.0.2-public.ecr.aws-test-docker-action.sigstore.json");
    let statement: Value =
        serde_json::from_slice(&fixture("provenance/buildkit-slsa1-single-provenance.json"))
            .unwrap();
    let provenance = read(&statement);
    assert!(between(&signer, &provenance).is_none());
    assert_eq!(compared(&signer, &provenance), 1);
}

/// A statement copied from elsewhere and signed by a workflow that had nothing to do with it: what this is for.
#[test]
fn the_conformance_suite_signs_what_others_built() {
    let file = "conformance/happy-path-intoto-in-dsse-v3/bundle.sigstore.json";
    let refusal = between(&signer(file), &read(&statement(file))).unwrap();
    assert_eq!(refusal.reason, Reason::ProvenanceContradiction);
    assert_eq!(
        refusal.detail,
        "it says that the source repository is https://github.com/loosebazooka/aa-test, and its certificate says \
         https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon"
    );
}

/// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
const CLAIMS: &[(u32, &str)] = &[
    (2, "githubWorkflowTrigger"),
    (3, "githubWorkflowSHA"),
    (5, "githubWorkflowRepository"),
    (6, "githubWorkflowRef"),
    (9, "buildSignerURI"),
    (11, "runnerEnvironment"),
    (12, "sourceRepositoryURI"),
    (13, "sourceRepositoryDigest"),
    (14, "sourceRepositoryRef"),
    (15, "sourceRepositoryIdentifier"),
    (18, "buildConfigURI"),
    (20, "buildTrigger"),
    (21, "runInvocationURI"),
];
