//! The last good policies of a registry, on disk: so that a restart needs no registry.
//!
//! One file, replaced whole. Everything in it is verified again when it is read, signatures included; a file that
//! cannot be used counts as none.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign_image::{
    Attachment, BlobSource, Collected, Descriptor, Digest, Document, Form, ImageSource, Needs,
    Origin, PinnedReference, Reference, Repository, Resolved, SourceError,
};
use countersign_registry::Client;
use serde::{Deserialize, Serialize};

use crate::files;

/// An artifact with its signatures, as it was served.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// What was asked for.
    reference: String,
    manifest: String,
    signatures: Vec<KeptSignature>,
    /// By digest.
    blobs: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptSignature {
    form: KeptForm,
    manifest: Digest,
    layer: Descriptor,
    annotations: BTreeMap<String, String>,
    bytes: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KeptForm {
    Bundle,
    Envelope,
    SimpleSigning,
}

impl Kept {
    /// What was kept of `reference`, if it can be read.
    pub(super) fn read(directory: &Path, reference: &Reference) -> Option<Self> {
        let path = directory.join(FILE);
        let kept = files::read(&path, LARGEST).and_then(|bytes| {
            serde_json::from_slice::<Self>(&bytes)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        });
        match kept {
            Ok(kept) => (kept.reference == reference.to_string()).then_some(kept),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    let path = path.display();
                    tracing::warn!(%path, %error, "the policies that were kept cannot be read");
                }
                None
            }
        }
    }

    /// Replaces what is kept.
    pub(super) fn write(&self, directory: &Path) -> io::Result<()> {
        let json = serde_json::to_vec(self)?;
        let path = directory.join(FILE);
        let new = directory.join(format!("{FILE}.new"));
        let mut file = std::fs::File::create(&new)?;
        file.write_all(&json)?;
        file.sync_all()?;
        std::fs::rename(&new, &path)
    }

    fn damaged(&self, detail: &str) -> SourceError {
        SourceError::MalformedResponse {
            host: FILE.to_owned(),
            what: self.reference.clone(),
            detail: detail.to_owned(),
        }
    }

    fn attachment(&self, signature: &KeptSignature) -> Result<Attachment, SourceError> {
        let (form, origin) = match signature.form {
            KeptForm::Bundle => (Form::Bundle, Origin::Referrer),
            KeptForm::Envelope => (Form::Envelope, Origin::AttestationTag),
            KeptForm::SimpleSigning => (Form::SimpleSigning, Origin::SignatureTag),
        };
        let bytes = STANDARD.decode(&signature.bytes);
        let bytes = Bytes::from(bytes.map_err(|_| self.damaged("a signature is no base64"))?);
        if Digest::of(&bytes) != signature.layer.digest {
            return Err(self.damaged("a signature has another digest"));
        }
        Ok(Attachment {
            form,
            origin,
            manifest: signature.manifest.clone(),
            layer: Some(signature.layer.clone()),
            artifact_type: None,
            annotations: signature.annotations.clone(),
            bytes: Some(bytes),
        })
    }
}

impl ImageSource for Kept {
    async fn resolve(&self, reference: &Reference) -> Result<Resolved, SourceError> {
        let bytes = STANDARD.decode(&self.manifest);
        let bytes = bytes.map_err(|_| self.damaged("the manifest is no base64"))?;
        let digest = Digest::of(&bytes);
        if reference.digest().is_some_and(|wanted| *wanted != digest) {
            return Err(self.damaged("the manifest has another digest"));
        }
        let content =
            Document::parse(&bytes, None).map_err(|error| self.damaged(&error.to_string()))?;
        Ok(Resolved {
            image: reference.pin(digest),
            content: Some(content),
        })
    }

    async fn collect(&self, image: &Resolved, needs: &Needs) -> Result<Collected, SourceError> {
        let content = image.content.clone();
        let signatures = self.signatures.iter().filter(|_| needs.signatures);
        let attachments: Result<_, _> = signatures.map(|one| self.attachment(one)).collect();
        Ok(Collected {
            content: content.ok_or_else(|| self.damaged("there is no manifest"))?,
            attachments: attachments?,
            configs: None,
        })
    }
}

impl BlobSource for Kept {
    async fn blob(&self, _: &Repository, blob: &Descriptor) -> Result<Bytes, SourceError> {
        let kept = self.blobs.get(&blob.digest.to_string());
        let bytes = kept.and_then(|text| STANDARD.decode(text).ok());
        let bytes = bytes.filter(|bytes| Digest::of(bytes) == blob.digest);
        bytes
            .map(Bytes::from)
            .ok_or_else(|| self.damaged("a file is missing, or is another"))
    }
}

/// A registry, and what it served.
pub(super) struct Recorder<'a> {
    client: &'a Client,
    served: Mutex<Kept>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self {
            client,
            served: Mutex::default(),
        }
    }

    /// What was served of `image`, with its manifest.
    pub(super) async fn kept(
        self,
        reference: &Reference,
        image: &PinnedReference,
    ) -> Result<Kept, SourceError> {
        let digest = image.digest().to_string();
        let manifest = self.client.manifest(image.repository(), &digest).await?;
        let served = self.served.into_inner();
        let mut kept = served.unwrap_or_else(PoisonError::into_inner);
        kept.reference = reference.to_string();
        let (_, _, bytes) = manifest.ok_or_else(|| kept.damaged("the manifest is gone"))?;
        kept.manifest = STANDARD.encode(bytes);
        Ok(kept)
    }

    fn note(&self, note: impl FnOnce(&mut Kept)) {
        note(&mut self.served.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl ImageSource for Recorder<'_> {
    async fn resolve(&self, reference: &Reference) -> Result<Resolved, SourceError> {
        self.client.resolve(reference).await
    }

    async fn collect(&self, image: &Resolved, needs: &Needs) -> Result<Collected, SourceError> {
        let collected = self.client.collect(image, needs).await?;
        let signatures = collected.attachments.iter().filter_map(kept_signature);
        self.note(|kept| kept.signatures = signatures.collect());
        Ok(collected)
    }
}

impl BlobSource for Recorder<'_> {
    async fn blob(&self, repository: &Repository, blob: &Descriptor) -> Result<Bytes, SourceError> {
        let bytes = self.client.blob(repository, blob).await?;
        self.note(|kept| {
            let text = STANDARD.encode(&bytes);
            kept.blobs.insert(blob.digest.to_string(), text);
        });
        Ok(bytes)
    }
}

fn kept_signature(attachment: &Attachment) -> Option<KeptSignature> {
    let form = match attachment.form {
        Form::Bundle => KeptForm::Bundle,
        Form::Envelope => KeptForm::Envelope,
        Form::SimpleSigning => KeptForm::SimpleSigning,
        _ => return None,
    };
    Some(KeptSignature {
        form,
        manifest: attachment.manifest.clone(),
        layer: attachment.layer.clone()?,
        annotations: attachment.annotations.clone(),
        bytes: STANDARD.encode(attachment.bytes.as_ref()?),
    })
}

/// Twice what an artifact may hold, for it is written as base64, and its signatures.
const LARGEST: u64 = 64 * 1024 * 1024;
const FILE: &str = "policies.json";
