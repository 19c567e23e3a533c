//! A manifest that carries attachments, and what it carries.
//!
//! Goes by what the manifest says of itself, never by what a list said of it. What makes no sense is a finding; what
//! cannot be had, or is over a limit, fails the collection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use countersign_image::{
    Attachment, Descriptor, Digest, Document, Form, Manifest, Needs, Origin, Repository,
    SourceError, excerpt, limits,
};
use futures_util::future::try_join_all;

use crate::auth::locked;
use crate::collect::Gathering;
use crate::manifests::{Found, Target};
use crate::room;

/// A manifest, and the attachments that it carries.
pub(crate) struct Carrier {
    pub(crate) manifest: Digest,
    pub(crate) attachments: Vec<Attachment>,
}

impl Gathering<'_> {
    /// What a manifest carries, fetched as far as some rule needs it.
    pub(crate) async fn carrier(
        &self,
        repository: &Repository,
        target: &Target<'_>,
        origin: Origin,
        found: Found,
    ) -> Result<Carrier, SourceError> {
        let digest = found.digest.clone();
        let whole = |form| {
            vec![Attachment {
                form,
                origin,
                manifest: digest.clone(),
                layer: None,
                artifact_type: None,
                annotations: BTreeMap::new(),
                bytes: None,
            }]
        };
        let attachments = match found.parse_attached(repository, target)? {
            Err(error) => whole(Form::Malformed(error.to_string())),
            Ok(document) => match (self.other_subject(origin, &document), document) {
                (Some(other), _) => whole(Form::Malformed(format!(
                    "subject is {other}, not this image"
                ))),
                (None, Document::Index(_)) => whole(Form::Unsupported("index".to_owned())),
                (None, Document::Manifest(manifest)) => {
                    self.layers(repository, origin, &digest, &manifest).await?
                }
            },
        };
        Ok(Carrier {
            manifest: digest,
            attachments,
        })
    }

    /// The image that a referrer says it belongs to, if that is another one. Tags say by their name what they belong to.
    fn other_subject(&self, origin: Origin, document: &Document) -> Option<Digest> {
        let subject = document
            .subject()
            .filter(|_| matches!(origin, Origin::Referrer | Origin::FallbackTag))?;
        (subject.digest != *self.image.digest()).then(|| subject.digest.clone())
    }

    async fn layers(
        &self,
        repository: &Repository,
        origin: Origin,
        digest: &Digest,
        manifest: &Manifest,
    ) -> Result<Vec<Attachment>, SourceError> {
        let attachment = |form, layer| Attachment {
            form,
            origin,
            manifest: digest.clone(),
            layer,
            artifact_type: manifest.artifact_type.clone(),
            annotations: manifest.annotations.clone(),
            bytes: None,
        };
        if manifest.layers.is_empty() && matches!(origin, Origin::Referrer | Origin::FallbackTag) {
            let what = manifest
                .artifact_type
                .as_deref()
                .unwrap_or(&manifest.config.media_type);
            return Ok(vec![attachment(Form::Unsupported(excerpt(what)), None)]);
        }
        let mut wanted: Vec<Attachment> = Vec::new();
        for layer in &manifest.layers {
            let Some(form) = self.wanted_form(origin, manifest, layer) else {
                continue;
            };
            // One word is enough on what nobody verifies: such artifacts may have hundreds of layers.
            let is_said = |known: &Attachment| matches!(known.form, Form::Unsupported(_));
            if !matches!(form, Form::Unsupported(_)) || !wanted.iter().any(is_said) {
                wanted.push(attachment(form, Some(layer.clone())));
            }
        }
        if wanted.len() > limits::SIGNATURE_LAYERS {
            let (host, what) = (
                repository.registry().to_owned(),
                "layers of one attachment".to_owned(),
            );
            return Err(SourceError::TooMany {
                host,
                what,
                limit: limits::SIGNATURE_LAYERS,
            });
        }
        try_join_all(
            wanted
                .into_iter()
                .map(|attachment| self.with_bytes(repository, attachment)),
        )
        .await
    }

    /// The form of a layer, unless no rule will look at such.
    fn wanted_form(&self, origin: Origin, manifest: &Manifest, layer: &Descriptor) -> Option<Form> {
        let form = match Form::of(manifest, layer) {
            // The name of the tag says what it is, whatever its type.
            Form::Unsupported(_) if origin == Origin::SbomTag => Form::UnsignedSbom,
            form => form,
        };
        let Needs {
            signatures,
            attestations,
            unsigned_sboms,
            ..
        } = *self.needs;
        let wanted = match form {
            Form::Bundle => signatures || attestations,
            Form::Envelope => attestations,
            Form::SimpleSigning => signatures,
            Form::UnsignedSbom => unsigned_sboms,
            _ => true,
        };
        wanted.then_some(form)
    }

    async fn with_bytes(
        &self,
        repository: &Repository,
        attachment: Attachment,
    ) -> Result<Attachment, SourceError> {
        let limit = match attachment.form {
            Form::SimpleSigning => limits::PAYLOAD_BYTES,
            _ => limits::STATEMENT_BYTES,
        };
        let bytes = match &attachment.layer {
            Some(layer) if attachment.form.is_verifiable() => {
                Some(self.blob(repository, layer, limit).await?)
            }
            _ => None,
        };
        Ok(Attachment {
            bytes,
            ..attachment
        })
    }

    async fn blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        limit: usize,
    ) -> Result<Bytes, SourceError> {
        let cell = Arc::clone(locked(&self.blobs).entry(blob.digest.clone()).or_default());
        let bytes = cell.get_or_try_init(async || {
            if blob.size <= limit as u64 {
                self.spend(repository, blob.size)?;
            }
            let room = self.client.room().take(blob.size).await;
            let _permit = self.permits.acquire().await;
            let fetched = self.client.fetch_blob(repository, blob, limit).await?;
            Ok(room::hold(fetched, room))
        });
        let bytes = bytes.await?.clone();
        // Another manifest may have announced the same content with another size.
        if bytes.len() as u64 != blob.size {
            return Err(SourceError::SizeMismatch {
                host: repository.registry().to_owned(),
                what: format!("{}@{}", repository.path(), blob.digest),
                wanted: blob.size,
                got: bytes.len() as u64,
            });
        }
        Ok(bytes)
    }

    /// Counts announced bytes, up to the limit for one image.
    fn spend(&self, repository: &Repository, bytes: u64) -> Result<(), SourceError> {
        let before = self.announced.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= limits::ATTACHMENT_BYTES as u64 {
            return Ok(());
        }
        let (host, what) = (
            repository.registry().to_owned(),
            "all that is attached to the image".to_owned(),
        );
        Err(SourceError::TooLarge {
            host,
            what,
            limit: limits::ATTACHMENT_BYTES,
        })
    }
}
