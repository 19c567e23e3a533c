//! How much attached content is held in memory at once, by all collections of a client together.
//!
//! Whoever can push to a repository decides how much is attached to its images; without this, a few such images
//! reviewed at once would be more than the process has. Collections that hold a part each and wait for more would wait
//! for each other, so one of them at a time goes on regardless: it may hold no more than one image may have.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{Either, select};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SetOnce};

/// Room for attached bytes.
#[derive(Debug)]
pub(crate) struct Room {
    kibibytes: Arc<Semaphore>,
    all: u32,
    /// For the one collection that goes on regardless.
    beyond: Arc<Semaphore>,
}

/// What one collection has of the room.
#[derive(Debug, Default)]
pub(crate) struct Share {
    /// Set once it holds anything: before, nobody waits for it.
    holds: SetOnce<()>,
    beyond: SetOnce<Place>,
}

/// Some of the room, given back with the last clone.
pub(crate) type Place = Arc<OwnedSemaphorePermit>;

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        let all = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).max(1);
        Self {
            kibibytes: Arc::new(Semaphore::new(all as usize)),
            all,
            beyond: Arc::new(Semaphore::new(1)),
        }
    }

    /// Waits until there is room for `bytes`. Ends only with the caller's patience.
    pub(crate) async fn take(&self, bytes: u64, share: &Share) -> Option<Place> {
        let place = match select(pin!(self.within(bytes)), pin!(self.beyond(share))).await {
            Either::Left((place, _)) | Either::Right((place, _)) => place,
        };
        // Set already, unless this is the first.
        let _ = share.holds.set(());
        place
    }

    async fn within(&self, bytes: u64) -> Option<Place> {
        let kibibytes = u32::try_from(bytes.div_ceil(1024))
            .unwrap_or(u32::MAX)
            .min(self.all);
        // Fails only when closed, and nobody closes it.
        Arc::clone(&self.kibibytes)
            .acquire_many_owned(kibibytes)
            .await
            .ok()
            .map(Arc::new)
    }

    async fn beyond(&self, share: &Share) -> Option<Place> {
        share.holds.wait().await;
        let ours = pin!(share.beyond.wait());
        let anybodys = pin!(Arc::clone(&self.beyond).acquire_owned());
        match select(ours, anybodys).await {
            Either::Left((place, _)) => Some(Arc::clone(place)),
            Either::Right((permit, _)) => {
                let place = Arc::new(permit.ok()?);
                let _ = share.beyond.set(Arc::clone(&place));
                Some(place)
            }
        }
    }
}

/// `bytes`, which give their room back when the last reader lets go of them.
pub(crate) fn hold(bytes: Bytes, place: Option<Place>) -> Bytes {
    Bytes::from_owner(Held {
        bytes,
        _place: place,
    })
}

struct Held {
    bytes: Bytes,
    _place: Option<Place>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
