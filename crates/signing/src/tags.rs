//! Tags that several writers add to: the fallback index, `.sig` and `.att`.
//!
//! A registry has no "replace if unchanged", so each write is read back and repeated when another writer replaced it.
//! Refuses to grow a tag beyond what a verifier reads.

use countersign_image::{Descriptor, Digest, Document, Index, Manifest, Repository, limits};
use countersign_registry::Client;

use crate::artifact;
use crate::error::SigningError;

/// Adds `entry` to the index that stands in for the referrers API.
pub(crate) async fn add_to_fallback_index(
    client: &Client,
    repository: &Repository,
    tag: &str,
    entry: &Descriptor,
) -> Result<(), SigningError> {
    for _ in 0..ATTEMPTS {
        let existing = index(client, repository, tag).await?;
        if existing.as_ref().is_some_and(|index| {
            index
                .manifests
                .iter()
                .any(|listed| listed.digest == entry.digest)
        }) {
            return Ok(());
        }
        refuse_over(
            limits::REFERRERS,
            existing.as_ref().map_or(0, |index| index.manifests.len()),
            tag,
        )?;
        let index = artifact::fallback_index(existing, entry)?;
        client
            .push_manifest(repository, tag, &index.descriptor.media_type, index.bytes)
            .await?;
    }
    Err(SigningError::Overwritten {
        tag: tag.to_owned(),
    })
}

/// Adds `layer` to the manifest behind `tag`, unless a layer that says the same `is_there`; its blob is pushed already.
/// The digest of the manifest that then has it.
pub(crate) async fn add_layer(
    client: &Client,
    repository: &Repository,
    tag: &str,
    layer: &Descriptor,
    is_there: impl Fn(&Descriptor) -> bool,
) -> Result<Digest, SigningError> {
    for _ in 0..ATTEMPTS {
        let existing = match manifest(client, repository, tag).await? {
            Some((digest, manifest)) if manifest.layers.iter().any(&is_there) => return Ok(digest),
            Some((_, manifest)) => Some(manifest),
            None => None,
        };
        refuse_over(
            limits::SIGNATURE_LAYERS,
            existing
                .as_ref()
                .map_or(0, |manifest| manifest.layers.len()),
            tag,
        )?;
        let (config, manifest) = artifact::tagged(existing, layer)?;
        client.push_blob(repository, config.bytes).await?;
        client
            .push_manifest(
                repository,
                tag,
                &manifest.descriptor.media_type,
                manifest.bytes,
            )
            .await?;
    }
    Err(SigningError::Overwritten {
        tag: tag.to_owned(),
    })
}

async fn index(
    client: &Client,
    repository: &Repository,
    tag: &str,
) -> Result<Option<Index>, SigningError> {
    match client.manifest(repository, tag).await? {
        None => Ok(None),
        Some((_, Document::Index(index), _)) => Ok(Some(index)),
        Some((_, Document::Manifest(_), _)) => Err(SigningError::TagTaken {
            tag: tag.to_owned(),
            wanted: "an index",
        }),
    }
}

async fn manifest(
    client: &Client,
    repository: &Repository,
    tag: &str,
) -> Result<Option<(Digest, Manifest)>, SigningError> {
    match client.manifest(repository, tag).await? {
        None => Ok(None),
        Some((digest, Document::Manifest(manifest), _)) => Ok(Some((digest, manifest))),
        Some((_, Document::Index(_), _)) => Err(SigningError::TagTaken {
            tag: tag.to_owned(),
            wanted: "a manifest",
        }),
    }
}

fn refuse_over(limit: usize, count: usize, tag: &str) -> Result<(), SigningError> {
    if count < limit {
        Ok(())
    } else {
        Err(SigningError::TooMany {
            what: tag.to_owned(),
            limit,
        })
    }
}

/// How often a write may be lost to another writer; one more round than writes, to see that the last one stands.
const ATTEMPTS: usize = 6;
