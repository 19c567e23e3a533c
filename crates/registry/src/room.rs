//! How much attached content is held in memory at once, by all collections of a client together.
//!
//! Whoever can push to a repository decides how much is attached to its images; without this, a few such images
//! reviewed at once would be more than the process has.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for attached bytes.
#[derive(Debug)]
pub(crate) struct Room {
    kibibytes: Arc<Semaphore>,
    all: u32,
}

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        let all = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).max(1);
        Self {
            kibibytes: Arc::new(Semaphore::new(all as usize)),
            all,
        }
    }

    /// Waits until there is room for `bytes`. Ends only with the caller's patience.
    pub(crate) async fn take(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let kibibytes = u32::try_from(bytes.div_ceil(1024))
            .unwrap_or(u32::MAX)
            .min(self.all);
        // Fails only when closed, and nobody closes it.
        Arc::clone(&self.kibibytes)
            .acquire_many_owned(kibibytes)
            .await
            .ok()
    }
}

/// `bytes`, which give their room back when the last reader lets go of them.
pub(crate) fn hold(bytes: Bytes, room: Option<OwnedSemaphorePermit>) -> Bytes {
    Bytes::from_owner(Held { bytes, _room: room })
}

struct Held {
    bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
