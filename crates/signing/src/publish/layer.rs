//! Signatures and attestations in the form of cosign 1 and 2: a layer behind a tag.
//!
//! Writes them for a key alone, without certificates, log entries and timestamps.

use bytes::Bytes;
use countersign_image::{Attachment, Descriptor, Form, Origin, media_type};

use super::{Clock, Publisher, check};
use crate::artifact::{self, Content};
use crate::claim::{Claim, Published, Storage, Target};
use crate::envelope::{self, Envelope};
use crate::error::SigningError;
use crate::statement::{self, Annotations, Version};
use crate::tags;

impl Publisher<'_> {
    pub(super) async fn publish_layer(
        &self,
        target: &Target,
        claim: &Claim,
        clock: &Clock,
    ) -> Result<Published, SigningError> {
        // 1. Sign, and verify before anybody else can see it.
        let (layer, suffix) = self.layer(target, claim)?;
        let verifier = &self.verifiers.published;
        let made = attachment(&layer.descriptor, layer.bytes.clone());
        let identity = check(verifier, target, made, clock)?;

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
        check(
            verifier,
            target,
            attachment(&layer.descriptor, stored),
            clock,
        )?;
        Ok(Published {
            storage: Storage::Legacy,
            identity,
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
        let key = self.signer.key();
        match claim {
            Claim::Attestation(predicate) => {
                let statement = statement::attestation(&target.image, predicate, Version::V01)?;
                let envelope = Envelope::sign(key, statement)?.to_json()?;
                let mut layer = Content::new(media_type::DSSE_ENVELOPE, envelope.into_bytes());
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
                let signature = envelope::base64(&key.sign(&layer.bytes)?);
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
        let key = self.signer.key().public_key();
        other.digest == layer.descriptor.digest
            && signature.is_some_and(|signature| key.verify(&layer.bytes, &signature).is_ok())
    }
}

fn attachment(layer: &Descriptor, bytes: Bytes) -> Attachment {
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
