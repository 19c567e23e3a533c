//! A manifest that carries attachments, and what it carries.
//!
//! Goes by what the manifest says of itself, never by what a list said of it. What makes no sense is a finding; what
//! cannot be had, or is over a limit, fails the collection.

use std::collections::BTreeMap;

use bytes::Bytes;
use countersign_image::{
    Attachment, AttestationManifest, Descriptor, Digest, Document, Form, Manifest, Needs, Origin,
    Repository, SourceError, excerpt, limits,
};
use futures_util::future::try_join_all;

use crate::collect::Gathering;
use crate::manifests::Found;
use crate::room;
use crate::store::Store;

/// A manifest, and the attachments that it carries.
pub(crate) struct Carrier {
    pub(crate) manifest: Digest,
    pub(crate) standing: Standing,
    pub(crate) attachments: Vec<Attachment>,
}

/// How well a manifest's own words agree with where it was found. Of one that was found in several places the best
/// counts: whoever lists it where it does not belong must not be able to hide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// An attestation manifest that the judged index lists.
    Listed,
    /// One that contradicts the index: no other road makes it better.
    ListedWrongly,
    /// Attached to what it says it is attached to, or does not say it.
    Attached,
    /// Attached to something else than it says.
    Misplaced,
}

/// A layer that some rule will look at; none where the manifest as a whole is one finding.
type Wanted<'m> = (Form, Option<&'m Descriptor>);

/// A manifest that was read, and where it was found.
struct Opened<'a> {
    repository: &'a Repository,
    origin: Origin,
    digest: &'a Digest,
    manifest: &'a Manifest,
}

impl Opened<'_> {
    fn attachment(&self, form: Form, layer: Option<Descriptor>) -> Attachment {
        Attachment {
            form,
            origin: self.origin,
            manifest: self.digest.clone(),
            layer,
            artifact_type: self.manifest.artifact_type.clone(),
            annotations: self.manifest.annotations.clone(),
            bytes: None,
        }
    }
}

impl<S: Store> Gathering<'_, S> {
    /// What a manifest carries that was found attached to `subject`, fetched as far as some rule needs it.
    pub(crate) async fn carrier(
        &self,
        repository: &Repository,
        subject: &Digest,
        origin: Origin,
        found: Found,
    ) -> Result<Carrier, SourceError> {
        let (mut standing, digest) = (Standing::Attached, found.digest.clone());
        self.hold(repository, found.bytes.len())?;
        let attachments = match found.parse_attached()? {
            Err(error) => malformed(&digest, origin, error.to_string()),
            Ok(document) => match (other_subject(subject, origin, &document), document) {
                (Some(other), _) => {
                    standing = Standing::Misplaced;
                    let whose = if subject == self.image.digest() {
                        "this image".to_owned()
                    } else {
                        subject.to_string()
                    };
                    malformed(&digest, origin, format!("subject is {other}, not {whose}"))
                }
                (None, Document::Index(_)) => {
                    whole(&digest, origin, Form::Unsupported("index".to_owned()))
                }
                (None, Document::Manifest(manifest)) => {
                    let wanted = self.wanted(origin, &manifest);
                    let opened = Opened {
                        repository,
                        origin,
                        digest: &digest,
                        manifest: &manifest,
                    };
                    self.fetched(&opened, wanted).await?
                }
            },
        };
        Ok(Carrier {
            manifest: digest,
            standing,
            attachments,
        })
    }

    /// The statements in an attestation manifest that the judged index lists.
    pub(crate) async fn attestation_manifest(
        &self,
        repository: &Repository,
        listed: &AttestationManifest<'_>,
        found: Found,
    ) -> Result<Carrier, SourceError> {
        let digest = found.digest.clone();
        self.hold(repository, found.bytes.len())?;
        let (origin, wrongly) = (Origin::Index, Standing::ListedWrongly);
        let (standing, attachments) = match found.parse_attached()? {
            Err(error) => (wrongly, malformed(&digest, origin, error.to_string())),
            Ok(Document::Index(_)) => {
                let reason = "an index is listed as an attestation manifest".to_owned();
                (wrongly, malformed(&digest, origin, reason))
            }
            Ok(Document::Manifest(manifest)) => match listed.statements(&manifest) {
                Err(error) => (wrongly, malformed(&digest, origin, error.to_string())),
                Ok(layers) => {
                    let statement = |layer| (Form::Statement, Some(layer));
                    let wanted = layers.into_iter().map(statement).collect();
                    let opened = Opened {
                        repository,
                        origin,
                        digest: &digest,
                        manifest: &manifest,
                    };
                    (Standing::Listed, self.fetched(&opened, wanted).await?)
                }
            },
        };
        Ok(Carrier {
            manifest: digest,
            standing,
            attachments,
        })
    }

    /// The layers that some rule will look at.
    fn wanted<'m>(&self, origin: Origin, manifest: &'m Manifest) -> Vec<Wanted<'m>> {
        if manifest.layers.is_empty() && matches!(origin, Origin::Referrer | Origin::FallbackTag) {
            let what = manifest
                .artifact_type
                .as_deref()
                .unwrap_or(&manifest.config.media_type);
            return vec![(Form::Unsupported(excerpt(what)), None)];
        }
        let mut wanted: Vec<Wanted<'m>> = Vec::new();
        for layer in &manifest.layers {
            let Some(form) = self.wanted_form(origin, manifest, layer) else {
                continue;
            };
            // One word is enough on what nobody verifies: such artifacts may have hundreds of layers.
            let is_said = |(known, _): &Wanted<'_>| matches!(known, Form::Unsupported(_));
            if !matches!(form, Form::Unsupported(_)) || !wanted.iter().any(is_said) {
                wanted.push((form, Some(layer)));
            }
        }
        wanted
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
            // A signature may vouch for the statements that an index lists.
            Form::Bundle | Form::SimpleSigning => signatures || attestations,
            Form::Envelope | Form::Statement => attestations,
            Form::UnsignedSbom => unsigned_sboms,
            _ => true,
        };
        wanted.then_some(form)
    }

    /// These layers as attachments, with their content where it can be verified.
    async fn fetched(
        &self,
        opened: &Opened<'_>,
        wanted: Vec<Wanted<'_>>,
    ) -> Result<Vec<Attachment>, SourceError> {
        if wanted.len() > limits::SIGNATURE_LAYERS {
            return Err(SourceError::TooMany {
                host: self.store.host(opened.repository),
                what: "layers of one attachment".to_owned(),
                limit: limits::SIGNATURE_LAYERS,
            });
        }
        // Each attachment has a copy of the manifest's annotations, and a manifest may be little else.
        let annotations = &opened.manifest.annotations;
        let copied: usize = annotations
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        self.hold(opened.repository, copied * wanted.len())?;
        let fetched = wanted.into_iter().map(|(form, layer)| {
            self.with_bytes(opened.repository, opened.attachment(form, layer.cloned()))
        });
        try_join_all(fetched).await
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

    pub(crate) async fn blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        limit: usize,
    ) -> Result<Bytes, SourceError> {
        let bytes = self.blobs.get(blob.digest.clone(), async {
            if blob.size <= limit as u64 {
                self.budget.bytes(&self.store.host(repository), blob.size)?;
            }
            let place = self.store.room().take(blob.size, &self.share).await;
            let _permit = self.permits.acquire().await;
            let fetched = self.store.blob(repository, blob, limit).await?;
            Ok(room::hold(fetched, place))
        });
        let bytes = bytes.await?;
        // Another manifest may have announced the same content with another size.
        if bytes.len() as u64 != blob.size {
            return Err(SourceError::SizeMismatch {
                host: self.store.host(repository),
                what: format!("{}@{}", repository.path(), blob.digest),
                wanted: blob.size,
                got: bytes.len() as u64,
            });
        }
        Ok(bytes)
    }

    fn hold(&self, repository: &Repository, bytes: usize) -> Result<(), SourceError> {
        self.budget
            .bytes(&self.store.host(repository), bytes as u64)
    }
}

/// What a referrer says it belongs to, if that is something else than it was found attached to. Tags say by their name
/// what they belong to.
fn other_subject(found_at: &Digest, origin: Origin, document: &Document) -> Option<Digest> {
    let subject = document
        .subject()
        .filter(|_| matches!(origin, Origin::Referrer | Origin::FallbackTag))?;
    (subject.digest != *found_at).then(|| subject.digest.clone())
}

/// A manifest that is one finding as a whole.
fn whole(digest: &Digest, origin: Origin, form: Form) -> Vec<Attachment> {
    vec![Attachment {
        form,
        origin,
        manifest: digest.clone(),
        layer: None,
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: None,
    }]
}

fn malformed(digest: &Digest, origin: Origin, reason: String) -> Vec<Attachment> {
    whole(digest, origin, Form::Malformed(reason))
}
