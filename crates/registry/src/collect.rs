//! Everything attached to an image and to what its index lists, by every road, as much at a time as can be.
//!
//! Decides nothing about trust. A list is followed whole or the collection fails: what cannot be read is never taken
//! for absent, and what is over a limit is never cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use countersign_image::{
    Attachment, AttestationManifest, Collected, Descriptor, Digest, Document, Index, ManifestError,
    Needs, Origin, PinnedReference, Repository, Resolved, SourceError,
};
use futures_util::future::{try_join, try_join_all};
use tokio::sync::Semaphore;

use crate::budget::Budget;
use crate::carrier::Carrier;
use crate::manifests::Found;
use crate::once::Once;
use crate::room::Share;
use crate::store::Store;
use crate::subject::Subject;

/// The content of `image` and everything in `needs` that is attached to it, or to what it lists.
pub(crate) async fn collect<S: Store>(
    store: &S,
    image: &Resolved,
    needs: &Needs,
) -> Result<Collected, SourceError> {
    let gathering = Gathering::new(store, &image.image, needs);
    let whole = Subject::image(image.image.digest(), needs);
    // Nothing but the digest is needed for the image's own lists; what an index lists is known when it has come.
    let content_and_parts = async {
        let content = gathering.content(image).await?;
        let of_parts = async {
            match &content {
                Document::Index(index) => gathering.parts(index).await,
                Document::Manifest(_) => Ok(Vec::new()),
            }
        };
        let (of_parts, configs) = try_join(of_parts, gathering.configs(&content)).await?;
        Ok((content, of_parts, configs))
    };
    let (mut found, (content, of_parts, configs)) =
        try_join(gathering.attached(&whole), content_and_parts).await?;
    if gathering.lacks_api.load(Ordering::Relaxed) {
        // Only now: before, a 404 could have meant that there is no such image.
        store.remember_lack_of_referrers(image.image.repository());
    }
    found.extend(of_parts);
    let attachments = distinct(found);
    // A blob is fetched once and verified as often as it is attached: a few bytes of a manifest must not cost as much as
    // all that they name.
    let to_verify = attachments
        .iter()
        .filter_map(|attachment| attachment.bytes.as_ref());
    let bytes = to_verify.map(|bytes| bytes.len() as u64).sum();
    Budget::default().bytes(&store.host(image.image.repository()), bytes)?;
    Ok(Collected {
        content,
        attachments,
        configs,
    })
}

/// One collection under way.
pub(crate) struct Gathering<'a, S> {
    pub(crate) store: &'a S,
    pub(crate) image: &'a PinnedReference,
    pub(crate) needs: &'a Needs,
    pub(crate) permits: Semaphore,
    pub(crate) budget: Budget,
    pub(crate) share: Share,
    /// By digest, so that a blob which several manifests name is fetched once.
    pub(crate) blobs: Once<Digest, Bytes>,
    /// What lists name: an attestation manifest may stand in its index and in the list of its subject.
    manifests: Once<(Repository, Digest), Option<Found>>,
    /// The image's own repository, and the others that signatures live in.
    repositories: Vec<&'a Repository>,
    /// Whether the image's own registry was asked for referrers and has no such API.
    lacks_api: AtomicBool,
}

impl<'a, S: Store> Gathering<'a, S> {
    fn new(store: &'a S, image: &'a PinnedReference, needs: &'a Needs) -> Self {
        let own = image.repository();
        let others: BTreeSet<_> = needs
            .repositories
            .iter()
            .filter(|other| *other != own)
            .collect();
        Self {
            store,
            image,
            needs,
            permits: Semaphore::new(CONCURRENCY),
            budget: Budget::default(),
            share: Share::default(),
            blobs: Once::default(),
            manifests: Once::default(),
            repositories: std::iter::once(own).chain(others).collect(),
            lacks_api: AtomicBool::new(false),
        }
    }

    async fn content(&self, image: &Resolved) -> Result<Document, SourceError> {
        if let Some(content) = &image.content {
            return Ok(content.clone());
        }
        let repository = self.image.repository();
        let found = {
            let _permit = self.permits.acquire().await;
            let digest = self.image.digest();
            self.store.manifest(repository, digest, None).await?
        };
        let missing = || SourceError::ImageNotFound {
            host: self.store.host(repository),
            reference: self.image.to_string(),
        };
        found.ok_or_else(missing)?.parse()
    }

    /// What an index lists beside images, and what is attached to anything that it lists.
    async fn parts(&self, index: &Index) -> Result<Vec<Carrier>, SourceError> {
        let own = self.image.repository();
        let refused = |error: ManifestError| {
            let what = format!("{}@{}", own.path(), self.image.digest());
            SourceError::manifest(&self.store.host(own), &what, &error)
        };
        let children = index.runnable().map_err(refused)?;
        let attesting = if self.needs.attestations {
            index.attestation_manifests().map_err(refused)?
        } else {
            Vec::new()
        };
        self.budget
            .manifests(&self.store.host(own), attesting.len())?;

        let mut subjects: Vec<Subject<'_>> = children
            .iter()
            .map(|child| Subject::child(&child.digest, self.needs))
            .collect();
        subjects.extend(
            attesting
                .iter()
                .map(|listed| Subject::attestation_manifest(&listed.manifest.digest)),
        );
        // A signature of the index vouches for the statements in it, so it counts where only they are asked for.
        if !attesting.is_empty() && !self.needs.signatures {
            subjects.push(Subject::signed(self.image.digest()));
        }
        let mut seen = BTreeSet::new();
        subjects.retain(|subject| seen.insert(subject.digest));

        let statements = attesting.iter().map(|listed| self.listed(listed));
        let attached = subjects.iter().map(|subject| self.attached(subject));
        let (mut found, attached) =
            try_join(try_join_all(statements), try_join_all(attached)).await?;
        found.extend(attached.into_iter().flatten());
        Ok(found)
    }

    /// An attestation manifest that the index lists.
    async fn listed(&self, listed: &AttestationManifest<'_>) -> Result<Carrier, SourceError> {
        let repository = self.image.repository();
        let found = self.entry(repository, listed.manifest).await?;
        self.attestation_manifest(repository, listed, found).await
    }

    /// What is attached to `subject`, in every repository.
    async fn attached(&self, subject: &Subject<'_>) -> Result<Vec<Carrier>, SourceError> {
        let held = self.repositories.iter().map(|repository| {
            let tagged = subject
                .tags
                .iter()
                .map(|tag| self.tagged(repository, subject.digest, *tag));
            try_join(try_join_all(tagged), self.referrers(repository, subject))
        });
        let held = try_join_all(held).await?;
        let carriers = held
            .into_iter()
            .flat_map(|(tagged, referrers)| tagged.into_iter().flatten().chain(referrers));
        Ok(carriers.collect())
    }

    /// What the tag of one kind leads to, if there is such a tag.
    async fn tagged(
        &self,
        repository: &Repository,
        subject: &Digest,
        origin: Origin,
    ) -> Result<Vec<Carrier>, SourceError> {
        let found = {
            let _permit = self.permits.acquire().await;
            self.store.tagged(repository, subject, origin).await?
        };
        self.budget
            .manifests(&self.store.host(repository), found.len())?;
        let carriers = found
            .into_iter()
            .map(|found| self.carrier(repository, subject, origin, found));
        try_join_all(carriers).await
    }

    async fn referrers(
        &self,
        repository: &Repository,
        subject: &Subject<'_>,
    ) -> Result<Vec<Carrier>, SourceError> {
        if !subject.lists {
            return Ok(Vec::new());
        }
        let listed = {
            let _permit = self.permits.acquire().await;
            self.store.referrers(repository, subject.digest).await?
        };
        if listed.lacks_api && repository == self.image.repository() {
            self.lacks_api.store(true, Ordering::Relaxed);
        }
        self.budget
            .manifests(&self.store.host(repository), listed.entries.len())?;
        let origin = listed.origin;
        let carriers = listed.entries.iter().map(async |entry| {
            let found = self.entry(repository, entry).await?;
            self.carrier(repository, subject.digest, origin, found)
                .await
        });
        try_join_all(carriers).await
    }

    /// A manifest that a list names.
    pub(crate) async fn entry(
        &self,
        repository: &Repository,
        entry: &Descriptor,
    ) -> Result<Found, SourceError> {
        let key = (repository.clone(), entry.digest.clone());
        let found = self.manifests.get(key, async {
            let _permit = self.permits.acquire().await;
            let size = Some(entry.size);
            self.store.manifest(repository, &entry.digest, size).await
        });
        let missing = || SourceError::AttachmentMissing {
            host: self.store.host(repository),
            what: format!("{}@{}", repository.path(), entry.digest),
        };
        let found = found.await?.ok_or_else(missing)?;
        // Another list may have announced it with another size.
        found.of_size(entry.size)
    }
}

/// Each carrying manifest once, though several roads may lead to it: as it stands best. Layers stay as they are: two
/// signatures of one payload are two layers of one digest.
fn distinct(found: Vec<Carrier>) -> Vec<Attachment> {
    let mut best: BTreeMap<Digest, usize> = BTreeMap::new();
    for (position, carrier) in found.iter().enumerate() {
        let known = best.entry(carrier.manifest.clone()).or_insert(position);
        if found
            .get(*known)
            .is_some_and(|other| carrier.standing < other.standing)
        {
            *known = position;
        }
    }
    let kept: BTreeSet<usize> = best.into_values().collect();
    let kept = found
        .into_iter()
        .enumerate()
        .filter(|(position, _)| kept.contains(position));
    kept.flat_map(|(_, carrier)| carrier.attachments).collect()
}

/// Requests of one collection at a time: those for an index of ten platforms can all go at once.
const CONCURRENCY: usize = 64;
