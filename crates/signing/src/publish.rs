//! Signs an image and publishes the result, then reads it back as a verifier would.
//!
//! Nothing is pushed that does not verify; nothing counts as pushed that does not verify when read again.

use bytes::Bytes;
use countersign_evidence::{Authority, Evidence, Signers, Transparency, Verifier};
use countersign_image::{Attachment, Descriptor, Form, Origin, Repository, limits, media_type};
use countersign_registry::Client;
use jiff::Timestamp;

use crate::artifact::{self, Content};
use crate::claim::{Claim, Published, Storage, Target};
use crate::error::SigningError;
use crate::key::PrivateKey;
use crate::statement::{self, Annotations, Version};
use crate::{envelope, tags};

/// Signs claims with one key and publishes them through one client.
#[derive(Debug)]
pub struct Publisher<'a> {
    client: &'a Client,
    key: &'a PrivateKey,
    verifier: Verifier,
}

impl<'a> Publisher<'a> {
    /// A publisher for `key`.
    pub fn new(client: &'a Client, key: &'a PrivateKey) -> Result<Self, SigningError> {
        let authority = Authority {
            name: "this key".to_owned(),
            signers: Signers::Keys(vec![key.public_key().clone()]),
            trust_root: None,
            transparency: Transparency::NONE,
        };
        Ok(Self {
            client,
            key,
            verifier: Verifier::new(vec![authority])?,
        })
    }

    /// Signs `claim` about `target`, stores it, reads it back. `now` stands in the manifest as its time of creation.
    pub async fn publish(
        &self,
        target: &Target,
        claim: &Claim,
        storage: Storage,
        now: Timestamp,
    ) -> Result<Published, SigningError> {
        match storage {
            Storage::Bundle => self.publish_bundle(target, claim, now).await,
            Storage::Legacy => self.publish_layer(target, claim, now).await,
        }
    }

    async fn publish_bundle(
        &self,
        target: &Target,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Published, SigningError> {
        // 1. Sign, and verify before anybody else can see it.
        let statement = match claim {
            Claim::Attestation(predicate) => {
                statement::attestation(&target.image, predicate, Version::V1)?
            }
            Claim::Signature(annotations) => statement::signature(&target.image, annotations)?,
        };
        let bundle = Content::new(
            media_type::BUNDLE_V03,
            envelope::bundle(self.key, &statement)?,
        );
        let created = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let manifest = artifact::bundle(
            &target.descriptor,
            &bundle,
            claim.predicate_type(),
            &created,
        )?;
        let attachment = |bytes| Attachment {
            form: Form::Bundle,
            origin: Origin::Referrer,
            manifest: manifest.descriptor.digest.clone(),
            layer: Some(bundle.descriptor.clone()),
            artifact_type: Some(media_type::BUNDLE_V03.to_owned()),
            annotations: manifest.descriptor.annotations.clone(),
            bytes: Some(bytes),
        };
        self.check(target, attachment(bundle.bytes.clone()), now)?;

        // 2. One more than a verifier reads would hide all of them.
        let repository = &target.repository;
        let subject = target.image.digest();
        if self.client.referrers(repository, subject).await?.len() >= limits::REFERRERS {
            return Err(SigningError::TooMany {
                what: target.image.to_string(),
                limit: limits::REFERRERS,
            });
        }

        // 3. Push what the manifest names, then the manifest, then the way to find it.
        self.client
            .push_blob(repository, Content::empty().bytes)
            .await?;
        self.client
            .push_blob(repository, bundle.bytes.clone())
            .await?;
        let pushed = self.push_artifact(repository, &manifest).await?;
        let mut tag = None;
        if !pushed {
            let fallback = subject.tag_stem();
            tags::add_to_fallback_index(self.client, repository, &fallback, &manifest.descriptor)
                .await?;
            tag = Some(fallback);
        }

        // 4. Read back.
        let stored = self.client.blob(repository, &bundle.descriptor).await?;
        self.check(target, attachment(stored), now)?;
        let listed = self.client.referrers(repository, subject).await?;
        if !listed
            .iter()
            .any(|entry| entry.digest == manifest.descriptor.digest)
        {
            return Err(SigningError::NotListed {
                manifest: manifest.descriptor.digest,
            });
        }
        Ok(Published {
            storage: Storage::Bundle,
            manifest: manifest.descriptor.digest,
            tag,
        })
    }

    /// Pushes a manifest that has a subject. Whether the registry took note of the subject.
    async fn push_artifact(
        &self,
        repository: &Repository,
        manifest: &Content,
    ) -> Result<bool, SigningError> {
        let target = manifest.descriptor.digest.to_string();
        let pushed = self
            .client
            .push_manifest(
                repository,
                &target,
                media_type::OCI_MANIFEST,
                manifest.bytes.clone(),
            )
            .await;
        match pushed {
            Ok(pushed) => Ok(pushed.subject_processed),
            Err(error) => Err(SigningError::artifact(error)),
        }
    }

    async fn publish_layer(
        &self,
        target: &Target,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Published, SigningError> {
        // 1. Sign, and verify before anybody else can see it.
        let (layer, suffix) = self.layer(target, claim)?;
        self.check(
            target,
            legacy_attachment(&layer.descriptor, layer.bytes.clone()),
            now,
        )?;

        // 2. Push, and add to what the tag holds.
        let repository = &target.repository;
        self.client
            .push_blob(repository, layer.bytes.clone())
            .await?;
        let tag = format!("{}.{suffix}", target.image.digest().tag_stem());
        let is_ours = |other: &Descriptor| self.says_the_same(other, &layer);
        let manifest =
            tags::add_layer(self.client, repository, &tag, &layer.descriptor, is_ours).await?;

        // 3. Read back.
        let stored = self.client.blob(repository, &layer.descriptor).await?;
        self.check(target, legacy_attachment(&layer.descriptor, stored), now)?;
        Ok(Published {
            storage: Storage::Legacy,
            manifest,
            tag: Some(tag),
        })
    }

    /// The layer that says `claim`, and what its tag ends in.
    fn layer(
        &self,
        target: &Target,
        claim: &Claim,
    ) -> Result<(Content, &'static str), SigningError> {
        match claim {
            Claim::Attestation(predicate) => {
                let statement = statement::attestation(&target.image, predicate, Version::V01)?;
                let mut layer = Content::new(
                    media_type::DSSE_ENVELOPE,
                    envelope::envelope(self.key, &statement)?,
                );
                layer.descriptor.annotations = artifact::annotations([
                    (SIGNATURE, ""),
                    ("predicateType", predicate.predicate_type()),
                ]);
                Ok((layer, "att"))
            }
            Claim::Signature(annotations) => {
                let mut layer = Content::new(
                    media_type::SIMPLE_SIGNING,
                    statement::simple_signing(&target.image, annotations)?,
                );
                let signature = envelope::base64(&self.key.sign(&layer.bytes)?);
                layer.descriptor.annotations = artifact::annotations([(SIGNATURE, &signature)]);
                Ok((layer, "sig"))
            }
        }
    }

    /// Whether `other` is our layer, or an earlier signature of this key over the same payload: signing once more must
    /// not fill the tag.
    fn says_the_same(&self, other: &Descriptor, layer: &Content) -> bool {
        if *other == layer.descriptor {
            return true;
        }
        let signature = other
            .annotations
            .get(SIGNATURE)
            .and_then(|text| envelope::from_base64(text));
        other.digest == layer.descriptor.digest
            && signature.is_some_and(|signature| {
                self.key
                    .public_key()
                    .verify(&layer.bytes, &signature)
                    .is_ok()
            })
    }

    /// Verifies one attachment with our own public key, as the webhook would.
    fn check(
        &self,
        target: &Target,
        attachment: Attachment,
        now: Timestamp,
    ) -> Result<(), SigningError> {
        let Evidence {
            signatures,
            statements,
            rejected,
            ..
        } = self
            .verifier
            .verify(&target.image, None, &[attachment], now);
        match rejected.into_iter().next() {
            Some(rejection) => Err(SigningError::Refused {
                code: rejection.reason.code(),
                detail: rejection.detail,
            }),
            None if signatures.len() + statements.len() == 1 => Ok(()),
            None => Err(SigningError::Refused {
                code: "unverified",
                detail: "it is no evidence of anything".to_owned(),
            }),
        }
    }
}

fn legacy_attachment(layer: &Descriptor, bytes: Bytes) -> Attachment {
    let signature = layer.media_type == media_type::SIMPLE_SIGNING;
    Attachment {
        form: if signature {
            Form::SimpleSigning
        } else {
            Form::Envelope
        },
        origin: if signature {
            Origin::SignatureTag
        } else {
            Origin::AttestationTag
        },
        manifest: layer.digest.clone(),
        layer: Some(layer.clone()),
        artifact_type: None,
        annotations: Annotations::new(),
        bytes: Some(bytes),
    }
}

/// Where cosign keeps the signature of a layer; empty where the layer is an envelope that has its own.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
