//! What BuildKit puts into an index: evidence through a signature of the index or of the manifest that holds it, and
//! through nothing else.

use std::collections::BTreeMap;

use countersign_evidence::{Authority, Evidence, PublicKey, Signers, Transparency, Verifier};
use countersign_image::{
    Attachment, Collected, Descriptor, Digest, Document, Form, ImageSource, Needs, Origin,
    PinnedReference, Platform, media_type,
};
use countersign_registry::Layout;
use countersign_testkit::sigstore::{Signer, Sigstore};
use serde_json::json;

use crate::world::fixtures;

const PROVENANCE: &str = "https://slsa.dev/provenance/v0.2";
const SPDX: &str = "https://spdx.dev/Document";

/// A real index of two platforms, each with an SBOM and provenance, and one key that is accepted.
struct Lab {
    image: PinnedReference,
    collected: Collected,
    release: Signer,
    stranger: Signer,
}

impl Lab {
    async fn new() -> Self {
        let layout = Layout::open(&fixtures().join("layouts/buildkit-unsigned-index")).unwrap();
        let digest = &layout.only_image().unwrap().digest;
        let reference = format!("localhost/layout@{digest}").parse().unwrap();
        let resolved = layout.resolve(&reference).await.unwrap();
        let needs = Needs {
            signatures: true,
            attestations: true,
            unsigned_sboms: false,
            config: false,
            repositories: vec![],
        };
        let sigstore = Sigstore::new();
        Self {
            collected: layout.collect(&resolved, &needs).await.unwrap(),
            image: resolved.image,
            release: sigstore.key(),
            stranger: sigstore.key(),
        }
    }

    fn index(&self) -> &countersign_image::Index {
        match &self.collected.content {
            Document::Index(index) => index,
            Document::Manifest(_) => panic!("it is an index"),
        }
    }

    /// The attestation manifest and the child of `architecture`.
    fn listed(&self, architecture: &str) -> (Digest, Digest) {
        let listed = self.index().attestation_manifests().unwrap();
        let is_meant = |platform: &Option<Platform>| {
            platform
                .as_ref()
                .is_some_and(|platform| platform.architecture == architecture)
        };
        let found = listed
            .iter()
            .find(|listed| is_meant(&listed.child.platform))
            .unwrap();
        (found.manifest.digest.clone(), found.child.digest.clone())
    }

    /// With what is attached, and signatures of these digests.
    fn judge(&self, signed: &[(&Signer, &Digest)]) -> Evidence {
        let signatures = signed
            .iter()
            .map(|(signer, digest)| signature(signer, digest));
        let attached = self.collected.attachments.iter().cloned();
        self.judge_only(&signatures.chain(attached).collect::<Vec<_>>())
    }

    fn judge_only(&self, attachments: &[Attachment]) -> Evidence {
        let key = PublicKey::from_pem(&self.release.public_key_pem()).unwrap();
        let verifier = Verifier::new(vec![Authority {
            name: "release".to_owned(),
            signers: Signers::Keys(vec![key]),
            trust_root: None,
            transparency: Transparency::NONE,
        }])
        .unwrap();
        let now = "2026-11-20T08:00:00Z".parse().unwrap();
        verifier.verify(&self.image, Some(&self.collected.content), attachments, now)
    }
}

#[tokio::test]
async fn nobody_signed_it_and_it_is_said_so() {
    let lab = Lab::new().await;
    let evidence = lab.judge(&[]);
    assert!(evidence.statements.is_empty());
    assert_eq!(codes(&evidence), ["unsigned"; 4]);
    assert!(
        evidence
            .rejected
            .iter()
            .all(|rejection| rejection.format == "buildkit")
    );
}

#[tokio::test]
async fn a_signature_of_the_index_vouches_for_what_it_lists_with_its_signers_authority() {
    let lab = Lab::new().await;
    let evidence = lab.judge(&[(&lab.release, lab.image.digest())]);
    assert_eq!(evidence.rejected, []);
    assert_eq!(
        found(&evidence),
        [
            ("linux/amd64", PROVENANCE),
            ("linux/amd64", SPDX),
            ("linux/arm64", PROVENANCE),
            ("linux/arm64", SPDX),
        ]
        .map(|(platform, kind)| (platform.to_owned(), kind.to_owned()))
    );
    for statement in &evidence.statements {
        assert_eq!(statement.authorities(), ["release"]);
        assert_eq!(statement.format().as_str(), "buildkit");
    }
}

#[tokio::test]
async fn a_strangers_signature_of_the_index_vouches_for_nothing() {
    let lab = Lab::new().await;
    let evidence = lab.judge(&[(&lab.stranger, lab.image.digest())]);
    assert!(evidence.statements.is_empty());
    assert_eq!(
        codes(&evidence),
        [
            "key_mismatch",
            "unsigned",
            "unsigned",
            "unsigned",
            "unsigned"
        ]
    );
}

#[tokio::test]
async fn a_signature_of_a_child_vouches_for_the_child_and_for_no_statement() {
    let lab = Lab::new().await;
    let (_, child) = lab.listed("amd64");
    let evidence = lab.judge(&[(&lab.release, &child)]);
    assert_eq!(evidence.signatures.len(), 1);
    assert_eq!(
        evidence.signatures[0].platform().unwrap().to_string(),
        "linux/amd64"
    );
    assert!(evidence.covering(None).signatures.is_empty());
    assert!(evidence.statements.is_empty());
    assert_eq!(codes(&evidence), ["unsigned"; 4]);
}

#[tokio::test]
async fn a_signature_of_an_attestation_manifest_vouches_for_what_that_one_holds() {
    let lab = Lab::new().await;
    let (manifest, _) = lab.listed("arm64");
    let evidence = lab.judge(&[(&lab.release, &manifest)]);
    assert!(
        evidence.signatures.is_empty(),
        "it is no signature of the image"
    );
    let kinds = found(&evidence);
    assert_eq!(kinds.len(), 2);
    assert!(kinds.iter().all(|(platform, _)| platform == "linux/arm64"));
    assert_eq!(codes(&evidence), ["unsigned"; 2]);
}

#[tokio::test]
async fn a_manifest_that_the_signed_index_does_not_list_holds_nothing_that_counts() {
    let lab = Lab::new().await;
    let index = signature(&lab.release, lab.image.digest());
    let mut moved = lab.collected.attachments.clone();
    for attachment in &mut moved {
        // As whoever may push can attach it to the image.
        attachment.manifest = Digest::of(b"another manifest");
        attachment.origin = Origin::Referrer;
    }
    let evidence = lab.judge_only(&[vec![index], moved].concat());
    assert!(evidence.statements.is_empty());
    assert_eq!(codes(&evidence), ["unsigned"; 4]);
}

#[tokio::test]
async fn a_statement_about_another_child_than_its_manifest_is_listed_for_is_refused() {
    let lab = Lab::new().await;
    let (amd64, _) = lab.listed("amd64");
    let (arm64, _) = lab.listed("arm64");
    let mut swapped = lab.collected.attachments.clone();
    for attachment in &mut swapped {
        attachment.manifest = if attachment.manifest == amd64 {
            arm64.clone()
        } else {
            amd64.clone()
        };
    }
    let index = signature(&lab.release, lab.image.digest());
    let evidence = lab.judge_only(&[vec![index], swapped].concat());
    assert!(evidence.statements.is_empty());
    assert_eq!(codes(&evidence), ["subject_mismatch"; 4]);
}

#[tokio::test]
async fn a_statement_of_another_type_than_its_layer_is_annotated_with_is_refused() {
    let lab = Lab::new().await;
    let mut lying = lab.collected.attachments.clone();
    for attachment in &mut lying {
        let layer = attachment.layer.as_mut().unwrap();
        layer.annotations.insert(
            "in-toto.io/predicate-type".to_owned(),
            "https://acme.example/v1".to_owned(),
        );
    }
    let index = signature(&lab.release, lab.image.digest());
    let evidence = lab.judge_only(&[vec![index], lying].concat());
    assert!(evidence.statements.is_empty());
    assert_eq!(codes(&evidence), ["predicate_mismatch"; 4]);
}

fn signature(signer: &Signer, digest: &Digest) -> Attachment {
    let payload = json!({
        "critical": {
            "identity": {"docker-reference": "localhost/layout"},
            "image": {"docker-manifest-digest": digest.to_string()},
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    let layer = signer.payload(payload.to_string()).layer();
    let mut descriptor = Descriptor::new(
        media_type::SIMPLE_SIGNING,
        Digest::of(&layer.bytes),
        layer.bytes.len() as u64,
    );
    descriptor.annotations = layer
        .annotations
        .clone()
        .into_iter()
        .collect::<BTreeMap<_, _>>();
    Attachment {
        form: Form::SimpleSigning,
        origin: Origin::SignatureTag,
        manifest: Digest::of(b"a manifest of signatures"),
        layer: Some(descriptor),
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: Some(layer.bytes),
    }
}

fn found(evidence: &Evidence) -> Vec<(String, String)> {
    let statements = evidence.statements.iter();
    let mut found: Vec<_> = statements
        .map(|found| {
            (
                found.platform().unwrap().to_string(),
                found.value().predicate_type.clone(),
            )
        })
        .collect();
    found.sort();
    found
}

fn codes(evidence: &Evidence) -> Vec<&'static str> {
    let rejected = evidence.rejected.iter();
    rejected.map(|rejection| rejection.reason.code()).collect()
}
