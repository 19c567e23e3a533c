//! SBOMs of 5 MB in a signed statement: parsed, verified and brought into one shape, against hashing and a slim parse of
//! the same bytes.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{
    Authority, Content, PublicKey, Signers, Transparency, Verifier, dsse_pae,
};
use countersign_image::{
    Attachment, Descriptor, Digest, Form, Origin, PinnedReference, media_type,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Row;
use crate::clock::both;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(
            "SPDX",
            "https://spdx.dev/Document",
            &spdx(PACKAGES),
            slim::<Spdx>,
        ),
        row(
            "CycloneDX",
            "https://cyclonedx.org/bom",
            &cyclonedx(),
            slim::<CycloneDx>,
        ),
    ]
}

fn row(name: &str, kind: &str, predicate: &Value, slim: fn(&[u8]) -> usize) -> Row {
    let image = PinnedReference::new(
        "registry.example/app".parse().expect("a name"),
        Digest::of(b"app"),
    );
    // In the order in which producers write it.
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","predicateType":"{kind}","subject":[{{"digest":{{"sha256":"{}"}}}}],"predicate":{predicate}}}"#,
        image.digest().hex()
    );
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("its public half");
    let verifier = Verifier::new(vec![Authority {
        name: "release".to_owned(),
        signers: Signers::Keys(vec![PublicKey::from_spki_der(der.as_ref()).expect("a key")]),
        trust_root: None,
        transparency: Transparency::NONE,
    }])
    .expect("an authority");
    let pae = dsse_pae(media_type::IN_TOTO, statement.as_bytes());
    let signature = pair.sign(&SystemRandom::new(), &pae).expect("a signature");
    let envelope = json!({
        "payloadType": media_type::IN_TOTO,
        "payload": STANDARD.encode(&statement),
        "signatures": [{ "sig": STANDARD.encode(signature) }],
    });
    let attachment = attachment(envelope.to_string().into_bytes());
    let predicate = predicate.to_string();
    let (cost, base) = both(
        15,
        || {
            let evidence = verifier.verify(
                &image,
                None,
                std::slice::from_ref(&attachment),
                Timestamp::UNIX_EPOCH,
            );
            let found = evidence
                .statements
                .first()
                .map(|found| &found.value().content);
            assert!(matches!(found, Some(Content::Sbom(sbom)) if sbom.packages.len() >= PACKAGES));
            evidence
        },
        || {
            let hash = digest(&SHA256, predicate.as_bytes());
            let packages = slim(predicate.as_bytes());
            assert!(packages >= PACKAGES);
            (hash, packages)
        },
    );
    let what = format!(
        "{name} of {} MB, to SHA-256 and a slim parse",
        predicate.len() / 1_000_000
    );
    Row::ratio(&what, cost, base, 3.0)
}

fn attachment(envelope: Vec<u8>) -> Attachment {
    let digest = Digest::of(&envelope);
    Attachment {
        form: Form::Envelope,
        origin: Origin::AttestationTag,
        manifest: digest.clone(),
        layer: Some(Descriptor::new(
            media_type::DSSE_ENVELOPE,
            digest,
            envelope.len() as u64,
        )),
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: Some(envelope.into()),
    }
}

/// As syft writes them: packages with several references each, and a relationship for each.
pub(crate) fn spdx(count: usize) -> Value {
    let package = |number: usize| {
        json!({
            "name": format!("library-{number}"),
            "SPDXID": format!("SPDXRef-Package-deb-library-{number}-0123456789abcdef"),
            "versionInfo": format!("1.{number}.0-2+deb12u1"),
            "supplier": "Person: Debian Maintainers (maintainers@example.org)",
            "originator": "Person: Debian Maintainers (maintainers@example.org)",
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "sourceInfo": "acquired package info from DPKG DB: /var/lib/dpkg/status.d, /usr/share/doc/copyright",
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "GPL-2.0-only AND LGPL-2.1-or-later",
            "copyrightText": "NOASSERTION",
            "checksums": [{ "algorithm": "SHA256", "checksumValue": format!("{number:064x}") }],
            "externalRefs": [
                { "referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": format!("cpe:2.3:a:library-{number}:library-{number}:1.{number}.0:*:*:*:*:*:*:*") },
                { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": format!("pkg:deb/debian/library-{number}@1.{number}.0-2%2Bdeb12u1?arch=amd64&distro=debian-12") },
            ],
        })
    };
    let relationship = |number: usize| {
        json!({
            "spdxElementId": "SPDXRef-DocumentRoot-Image",
            "relatedSpdxElement": format!("SPDXRef-Package-deb-library-{number}-0123456789abcdef"),
            "relationshipType": "CONTAINS",
        })
    };
    let mut packages = vec![
        json!({ "name": "app", "SPDXID": "SPDXRef-DocumentRoot-Image", "downloadLocation": "NOASSERTION" }),
    ];
    packages.extend((0..count).map(package));
    let mut relationships = vec![
        json!({ "spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-DocumentRoot-Image", "relationshipType": "DESCRIBES" }),
    ];
    relationships.extend((0..count).map(relationship));
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "app", "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.org/spdx/app-0001",
        "creationInfo": { "created": "2026-11-20T08:00:00Z", "creators": ["Tool: bench-1"] },
        "packages": packages, "relationships": relationships,
    })
}

fn cyclonedx() -> Value {
    let component = |number: usize| {
        json!({
            "bom-ref": format!("pkg:deb/debian/library-{number}@1.{number}.0-2?package-id=0123456789abcdef"),
            "type": "library",
            "publisher": "Debian Maintainers <maintainers@example.org>",
            "name": format!("library-{number}"),
            "version": format!("1.{number}.0-2+deb12u1"),
            "licenses": [{ "license": { "id": "GPL-2.0-only" } }, { "license": { "name": "public-domain" } }],
            "hashes": [{ "alg": "SHA-256", "content": format!("{number:064x}") }],
            "cpe": format!("cpe:2.3:a:library-{number}:library-{number}:1.{number}.0:*:*:*:*:*:*:*"),
            "purl": format!("pkg:deb/debian/library-{number}@1.{number}.0-2%2Bdeb12u1?arch=amd64&distro=debian-12"),
            "properties": [
                { "name": "syft:package:foundBy", "value": "dpkg-db-cataloger" },
                { "name": "syft:location:0:path", "value": "/usr/share/doc/copyright" },
            ],
        })
    };
    let dependency = |number: usize| json!({ "ref": format!("pkg:deb/debian/library-{number}@1.{number}.0-2?package-id=0123456789abcdef"), "dependsOn": [] });
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "metadata": { "timestamp": "2026-11-20T08:00:00Z", "component": { "type": "container", "name": "app", "bom-ref": "app" } },
        "components": (0..PACKAGES).map(component).collect::<Vec<_>>(),
        "dependencies": (0..PACKAGES).map(dependency).collect::<Vec<_>>(),
    })
}

/// No more than names and versions.
fn slim<T: DeserializeOwned + Into<usize>>(bytes: &[u8]) -> usize {
    serde_json::from_slice::<T>(bytes).expect("an SBOM").into()
}

#[derive(Deserialize)]
struct Spdx {
    packages: Vec<SpdxPackage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpdxPackage {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "versionInfo")]
    _version: Option<String>,
}

impl From<Spdx> for usize {
    fn from(document: Spdx) -> Self {
        document.packages.len()
    }
}

#[derive(Deserialize)]
struct CycloneDx {
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "version")]
    _version: Option<String>,
}

impl From<CycloneDx> for usize {
    fn from(document: CycloneDx) -> Self {
        document.components.len()
    }
}

/// Enough for 5 MB of either.
const PACKAGES: usize = 6500;
