//! Everything attached to an image, by every road, as much at a time as can be.
//!
//! Decides nothing about trust. A list is followed whole or the collection fails: what cannot be read is never taken
//! for absent, and what is over a limit is never cut.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use countersign_image::{
    Attachment, Collected, Descriptor, Digest, Document, Needs, Origin, PinnedReference,
    Repository, Resolved, SourceError,
};
use futures_util::future::{try_join, try_join_all, try_join4};
use tokio::sync::{OnceCell, Semaphore};

use crate::carrier::Carrier;
use crate::client::Client;
use crate::manifests::{Found, Target};

/// The content of `image` and everything in `needs` that is attached to it.
pub(crate) async fn collect(
    client: &Client,
    image: &Resolved,
    needs: &Needs,
) -> Result<Collected, SourceError> {
    let gathering = Gathering {
        client,
        image: &image.image,
        needs,
        permits: Semaphore::new(CONCURRENCY),
        blobs: Mutex::default(),
        announced: AtomicU64::new(0),
    };
    let own = image.image.repository();
    let repositories: BTreeSet<&Repository> = needs
        .repositories
        .iter()
        .filter(|other| *other != own)
        .collect();
    let others = try_join_all(
        repositories
            .into_iter()
            .map(|repository| gathering.repository(repository)),
    );
    let (content, (own_found, others_found)) = try_join(
        gathering.content(image),
        try_join(gathering.repository(own), others),
    )
    .await?;
    if own_found.lacks_referrers {
        // Only now: before, a 404 could have meant that there is no such image.
        client.remember_lack_of_referrers(own);
    }
    let found = own_found
        .carriers
        .into_iter()
        .chain(others_found.into_iter().flat_map(|other| other.carriers));
    Ok(Collected {
        content,
        attachments: distinct(found),
    })
}

/// One collection under way.
pub(crate) struct Gathering<'a> {
    pub(crate) client: &'a Client,
    pub(crate) image: &'a PinnedReference,
    pub(crate) needs: &'a Needs,
    pub(crate) permits: Semaphore,
    /// By digest, so that a blob which several manifests name is fetched once.
    pub(crate) blobs: Mutex<HashMap<Digest, Arc<OnceCell<Bytes>>>>,
    /// Bytes that descriptors have announced so far.
    pub(crate) announced: AtomicU64,
}

/// What one repository holds for the image.
struct Holdings {
    carriers: Vec<Carrier>,
    lacks_referrers: bool,
}

impl Gathering<'_> {
    async fn content(&self, image: &Resolved) -> Result<Document, SourceError> {
        if let Some(content) = &image.content {
            return Ok(content.clone());
        }
        let target = Target::Digest(self.image.digest().clone());
        let found = self.manifest(self.image.repository(), &target).await?;
        let missing = || SourceError::ImageNotFound {
            host: self.image.repository().registry().to_owned(),
            reference: self.image.to_string(),
        };
        found
            .ok_or_else(missing)?
            .parse(self.image.repository(), &target)
    }

    async fn repository(&self, repository: &Repository) -> Result<Holdings, SourceError> {
        let Needs {
            signatures,
            attestations,
            unsigned_sboms,
            ..
        } = *self.needs;
        let (signatures, attestations, sboms, listed) = try_join4(
            self.tag(signatures, repository, Origin::SignatureTag),
            self.tag(attestations, repository, Origin::AttestationTag),
            self.tag(unsigned_sboms, repository, Origin::SbomTag),
            self.referrers(signatures || attestations || unsigned_sboms, repository),
        )
        .await?;
        let tagged = [signatures, attestations, sboms].into_iter().flatten();
        Ok(Holdings {
            carriers: tagged.chain(listed.carriers).collect(),
            lacks_referrers: listed.lacks_referrers,
        })
    }

    /// What the image's tag of one kind leads to, if there is such a tag.
    async fn tag(
        &self,
        wanted: bool,
        repository: &Repository,
        origin: Origin,
    ) -> Result<Option<Carrier>, SourceError> {
        if !wanted {
            return Ok(None);
        }
        let suffix = match origin {
            Origin::AttestationTag => "att",
            Origin::SbomTag => "sbom",
            _ => "sig",
        };
        let tag = format!("{}.{suffix}", self.image.digest().tag_stem());
        let target = Target::Tag(&tag);
        let Some(found) = self.manifest(repository, &target).await? else {
            return Ok(None);
        };
        self.carrier(repository, &target, origin, found)
            .await
            .map(Some)
    }

    async fn referrers(
        &self,
        wanted: bool,
        repository: &Repository,
    ) -> Result<Holdings, SourceError> {
        if !wanted {
            return Ok(Holdings {
                carriers: Vec::new(),
                lacks_referrers: false,
            });
        }
        let listed = {
            let _permit = self.permits.acquire().await;
            self.client
                .list_referrers(repository, self.image.digest())
                .await?
        };
        let carriers = listed
            .entries
            .iter()
            .map(|entry| self.referrer(repository, listed.origin, entry));
        Ok(Holdings {
            carriers: try_join_all(carriers).await?,
            lacks_referrers: listed.lacks_api,
        })
    }

    async fn referrer(
        &self,
        repository: &Repository,
        origin: Origin,
        entry: &Descriptor,
    ) -> Result<Carrier, SourceError> {
        let target = Target::Entry(entry);
        let missing = || SourceError::AttachmentMissing {
            host: repository.registry().to_owned(),
            what: target.of(repository),
        };
        let found = self
            .manifest(repository, &target)
            .await?
            .ok_or_else(missing)?;
        self.carrier(repository, &target, origin, found).await
    }

    async fn manifest(
        &self,
        repository: &Repository,
        target: &Target<'_>,
    ) -> Result<Option<Found>, SourceError> {
        let _permit = self.permits.acquire().await;
        self.client.fetch_manifest(repository, target).await
    }
}

/// Each carrying manifest once, though several roads may lead to it. Layers stay as they are: two signatures of one
/// payload are two layers of one digest.
fn distinct(found: impl Iterator<Item = Carrier>) -> Vec<Attachment> {
    let mut seen = BTreeSet::new();
    let first = found.filter(|carrier| seen.insert(carrier.manifest.clone()));
    first.flat_map(|carrier| carrier.attachments).collect()
}

/// Requests of one collection at a time.
const CONCURRENCY: usize = 8;
