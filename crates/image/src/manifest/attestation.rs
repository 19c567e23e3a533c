//! BuildKit's attestation manifests: which an index lists, and which of their layers are statements.
//!
//! Says nothing about trust: nobody signs such a statement, and only a signature of the index or of the attestation
//! manifest vouches for it. Refuses an attestation manifest whose own words contradict the index that lists it.
//!
//! Source: moby/buildkit `docs/attestations/attestation-storage.md`.

use super::{Descriptor, Index, Manifest, ManifestError};
use crate::{Digest, excerpt, limits, media_type};

/// An attestation manifest, as an index lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttestationManifest<'a> {
    /// The attestation manifest.
    pub manifest: &'a Descriptor,
    /// The runnable child of the same index that it speaks of.
    pub child: &'a Descriptor,
}

impl Index {
    /// The attestation manifests of this index's runnable children, in the order of the index.
    ///
    /// A child may have several. Entries that speak of something that is no child are none, and an entry that a node
    /// would run is an image, whatever it is annotated with.
    ///
    /// # Errors
    ///
    /// [`ManifestError::TooMany`] over [`limits::INDEX_CHILDREN`] or [`limits::INDEX_ATTESTATIONS`].
    pub fn attestation_manifests(&self) -> Result<Vec<AttestationManifest<'_>>, ManifestError> {
        let runnable = self.runnable()?;
        let listed = |manifest| {
            let digest = spoken_of(manifest)?;
            let child = runnable.iter().find(|child| child.digest == digest)?;
            let runs = runnable.contains(&manifest);
            (!runs).then_some(AttestationManifest { manifest, child })
        };
        let found: Vec<_> = self.manifests.iter().filter_map(listed).collect();
        if found.len() > limits::INDEX_ATTESTATIONS {
            return Err(ManifestError::TooMany {
                what: "attestation manifests in one index",
                limit: limits::INDEX_ATTESTATIONS,
            });
        }
        Ok(found)
    }
}

impl AttestationManifest<'_> {
    /// The layers of `manifest`, which the descriptor led to, that are statements. Others mean nothing to anybody.
    ///
    /// # Errors
    ///
    /// [`ManifestError::ArtifactType`] or [`ManifestError::OtherSubject`] when it says of itself that it is something
    /// else, or speaks of something else, than the index says.
    pub fn statements<'m>(
        &self,
        manifest: &'m Manifest,
    ) -> Result<Vec<&'m Descriptor>, ManifestError> {
        if let Some(found) = &manifest.artifact_type
            && media_type::essence(found) != media_type::DOCKER_ATTESTATION
        {
            return Err(ManifestError::ArtifactType {
                found: excerpt(found),
            });
        }
        if let Some(subject) = &manifest.subject
            && !same_content(subject, self.child)
        {
            return Err(ManifestError::OtherSubject {
                found: subject.digest.clone(),
                wanted: self.child.digest.clone(),
            });
        }
        let is_statement =
            |layer: &&Descriptor| media_type::essence(&layer.media_type) == media_type::IN_TOTO;
        Ok(manifest.layers.iter().filter(is_statement).collect())
    }
}

/// What an entry says that it attests, if it says that it does.
fn spoken_of(entry: &Descriptor) -> Option<Digest> {
    let kind = entry.annotations.get(super::BUILDKIT_REFERENCE_TYPE)?;
    let digest = entry.annotations.get(BUILDKIT_REFERENCE_DIGEST)?;
    (kind == ATTESTATION).then(|| digest.parse().ok()).flatten()
}

fn same_content(one: &Descriptor, other: &Descriptor) -> bool {
    one.digest == other.digest
        && one.size == other.size
        && media_type::essence(&one.media_type) == media_type::essence(&other.media_type)
}

const ATTESTATION: &str = "attestation-manifest";
const BUILDKIT_REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

#[cfg(test)]
mod tests;
