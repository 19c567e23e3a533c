//! How much may be attached to one image, and to what its index lists, together.
//!
//! Refuses what is more; never takes a part of it, since whoever can push could then choose the part.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use countersign_image::{SourceError, limits};

/// What the things attached to one image have cost so far.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    bytes: AtomicU64,
    manifests: AtomicUsize,
}

impl Budget {
    /// Counts bytes that are announced, or held.
    pub(crate) fn bytes(&self, host: &str, bytes: u64) -> Result<(), SourceError> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= limits::ATTACHMENT_BYTES as u64 {
            return Ok(());
        }
        Err(SourceError::TooLarge {
            host: host.to_owned(),
            what: "all that is attached to the image".to_owned(),
            limit: limits::ATTACHMENT_BYTES,
        })
    }

    /// Counts manifests that are listed, or tagged.
    pub(crate) fn manifests(&self, host: &str, count: usize) -> Result<(), SourceError> {
        let before = self.manifests.fetch_add(count, Ordering::Relaxed);
        if before.saturating_add(count) <= limits::ATTACHED_MANIFESTS {
            return Ok(());
        }
        Err(SourceError::TooMany {
            host: host.to_owned(),
            what: "manifests attached to one image and its parts".to_owned(),
            limit: limits::ATTACHED_MANIFESTS,
        })
    }
}
