//! Policies as an artifact in a registry: a manifest that lists the files of a directory, each as a layer of its own.
//!
//! Refuses a tag that nobody vouches for, files that would land elsewhere than below their directory, and more or larger
//! ones than policies are, before any of them is fetched. There is no archive to unpack, and so no link in one.

mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use countersign_evidence::Verifier;
use countersign_image::{
    BlobSource, Collected, Descriptor, Digest, Document, ImageSource, Manifest, Needs,
    PinnedReference, Reference, SourceError, excerpt, media_type,
};
use jiff::Timestamp;

use self::files::unfit;
use crate::wording;

/// A directory of policies, as an artifact holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyArtifact {
    /// The files in order of path: relative, with `/` between folders.
    pub files: BTreeMap<String, Bytes>,
}

/// Why policies could not be had from a registry, or cannot become an artifact.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// A file or folder that could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is there is no artifact of policies, or none that we take.
    #[error("{image} cannot be used as policies: {detail}")]
    Malformed {
        /// What was looked at.
        image: PinnedReference,
        /// What is wrong.
        detail: String,
    },
    /// The registry could not be looked at.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file that policies may not have.
    #[error("{}: {why}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Nobody is named who has to vouch for what the tag leads to.
    #[error("{reference} is a tag, which anybody who may push can move")]
    Untrusted {
        /// The tag.
        reference: String,
    },
    /// Nobody who is named vouches for it.
    #[error("{image} is not signed by whoever has to sign these policies{nearest}")]
    Unverified {
        /// What was looked at.
        image: PinnedReference,
        /// What is attached and does not count, if anything is.
        nearest: String,
    },
}

impl ArtifactError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "file_unreadable",
            Self::Malformed { .. } => "policies_malformed",
            Self::Source(error) => error.code(),
            Self::Unfit { .. } => "policies_unfit",
            Self::Untrusted { .. } => "policies_untrusted",
            Self::Unverified { .. } => "policies_unverified",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Source(error) => return error.hint(),
            Self::Malformed { .. } => {
                "`countersign policy push DIR REFERENCE` makes an artifact of a directory"
            }
            Self::Unfit { .. } => "leave it out of the directory, or give it another form",
            Self::Untrusted { .. } => {
                "write its digest, or name whose signature it must bear: a key, or an identity"
            }
            Self::Unverified { .. } => {
                "do not use these policies before you know who wrote them; sign them with `countersign policy push --key KEY`"
            }
            Self::Io { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl PolicyArtifact {
    /// The manifest: of the same files always the same bytes.
    ///
    /// Source: OCI image-spec `manifest.md`, guidelines for artifact usage.
    ///
    /// # Errors
    ///
    /// Never, as far as is known: everything in it can be written as JSON.
    pub fn manifest(&self) -> serde_json::Result<Vec<u8>> {
        let layers = self.files.iter().map(|(path, bytes)| {
            let mut layer = descriptor(FILE_TYPE, bytes);
            layer.annotations = BTreeMap::from([(TITLE.to_owned(), path.clone())]);
            layer
        });
        serde_json::to_vec(&Manifest {
            media_type: media_type::OCI_MANIFEST.to_owned(),
            artifact_type: Some(ARTIFACT_TYPE.to_owned()),
            config: descriptor(media_type::OCI_EMPTY, POLICY_CONFIG),
            layers: layers.collect(),
            subject: None,
            annotations: BTreeMap::new(),
        })
    }

    /// Fetches what `reference` names, if its digest says so or `verifier` accepts who signed it.
    ///
    /// # Errors
    ///
    /// An [`ArtifactError`] other than `Io`.
    pub async fn fetch<S: ImageSource + BlobSource>(
        source: &S,
        reference: &Reference,
        verifier: Option<&Verifier>,
        now: Timestamp,
    ) -> Result<(PinnedReference, Self), ArtifactError> {
        if reference.digest().is_none() && verifier.is_none() {
            return Err(ArtifactError::Untrusted {
                reference: reference.to_string(),
            });
        }
        let resolved = source.resolve(reference).await?;
        let needs = Needs {
            signatures: verifier.is_some(),
            ..Needs::default()
        };
        let collected = source.collect(&resolved, &needs).await?;
        let image = resolved.image;
        if let Some(verifier) = verifier {
            verify(verifier, &image, &collected, now)?;
        }
        let malformed = |detail| ArtifactError::Malformed {
            image: image.clone(),
            detail,
        };
        let listed = listed(&collected.content).map_err(malformed)?;
        let mut files = BTreeMap::new();
        for (path, layer) in listed {
            let bytes = source.blob(image.repository(), layer).await?;
            files.insert(path.to_owned(), bytes);
        }
        Ok((image, Self { files }))
    }
}

/// That somebody whom `verifier` accepts signed `image`.
fn verify(
    verifier: &Verifier,
    image: &PinnedReference,
    collected: &Collected,
    now: Timestamp,
) -> Result<(), ArtifactError> {
    let content = Some(&collected.content);
    let evidence = verifier.verify(image, content, &collected.attachments, now);
    if !evidence.covering(None).signatures.is_empty() {
        return Ok(());
    }
    let nearest = evidence.rejected.first();
    let nearest = nearest.map(|rejection| format!("; nearest: {}", wording::rejected(rejection)));
    Err(ArtifactError::Unverified {
        image: image.clone(),
        nearest: nearest.unwrap_or_default(),
    })
}

/// The files that a manifest lists, each with its path.
fn listed(content: &Document) -> Result<Vec<(&str, &Descriptor)>, String> {
    let Document::Manifest(manifest) = content else {
        return Err("it is an index".to_owned());
    };
    if manifest.artifact_type.as_deref() != Some(ARTIFACT_TYPE) {
        let found = manifest.artifact_type.as_deref().unwrap_or("an image");
        return Err(format!("wanted {ARTIFACT_TYPE}, found {}", excerpt(found)));
    }
    if manifest.layers.is_empty() {
        return Err("it holds no files".to_owned());
    }
    let (mut files, mut paths, mut total) = (Vec::new(), BTreeSet::new(), 0);
    for layer in &manifest.layers {
        let path = layer.annotations.get(TITLE).map_or("", String::as_str);
        let wrong = |why: &str| format!("file {:?}: {why}", excerpt(path));
        if layer.media_type != FILE_TYPE {
            return Err(wrong("of another type than files of policies are"));
        }
        unfit(path, layer.size).map_or(Ok(()), |why| Err(wrong(&why)))?;
        // Some disks take names for the same that differ in case.
        if !paths.insert(path.to_ascii_lowercase()) {
            return Err(wrong("listed twice"));
        }
        total += layer.size;
        files.push((path, layer));
    }
    files::fits(files.len(), total)?;
    Ok(files)
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor::new(media_type, Digest::of(bytes), bytes.len() as u64)
}

/// The config of an artifact, which says nothing.
pub const POLICY_CONFIG: &[u8] = b"{}";
/// What an artifact of policies says that it is.
const ARTIFACT_TYPE: &str = "application/vnd.countersign.policies.v1";
const FILE_TYPE: &str = "application/vnd.countersign.policies.file.v1";
/// Where clients of artifacts look for the name of a file.
const TITLE: &str = "org.opencontainers.image.title";

#[cfg(test)]
mod tests;
