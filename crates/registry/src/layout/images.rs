//! The images among what a layout lists.

use countersign_image::Digest;

use super::attached::Referrer;
use super::index::Listing;

/// An image in a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutImage {
    /// Its digest.
    pub digest: Digest,
    /// The media type of its manifest or index, as the layout lists it.
    pub media_type: String,
    /// What the layout calls it: tags, or references with a repository.
    pub names: Vec<String>,
}

impl LayoutImage {
    /// What it is called, or its digest if it has no name.
    pub(super) fn name(&self) -> String {
        let digest = || self.digest.to_string();
        self.names.first().cloned().unwrap_or_else(digest)
    }
}

/// What `listing` lists, each once, without what is attached to something else.
pub(super) fn list(listing: &Listing, referrers: &[Referrer]) -> Vec<LayoutImage> {
    let refers = |digest: &Digest| {
        referrers
            .iter()
            .any(|referrer| referrer.descriptor.digest == *digest)
    };
    let mut images: Vec<LayoutImage> = Vec::new();
    for entry in listing.entries() {
        let digest = &entry.descriptor.digest;
        if entry.is_attached() || refers(digest) {
            continue;
        }
        match images.iter_mut().find(|image| image.digest == *digest) {
            Some(known) => known.names.extend(entry.names.clone()),
            None => images.push(LayoutImage {
                digest: digest.clone(),
                media_type: entry.descriptor.media_type.clone(),
                names: entry.names.clone(),
            }),
        }
    }
    images
}
