//! What attachments are gathered from: a registry, or a layout on disk.
//!
//! Hands out nothing whose size and digest were not checked, and says "there is nothing" only where that is certain.

use bytes::Bytes;
use countersign_image::{Descriptor, Digest, Origin, Repository, SourceError, limits};

use crate::client::Client;
use crate::manifests::{Found, Target};
use crate::referrers::Listed;
use crate::room::Room;

/// Where manifests, blobs and lists of referrers are read from.
pub(crate) trait Store: Sync {
    /// Who is asked about `repository`, for messages.
    fn host(&self, repository: &Repository) -> String;

    /// How much attached content may be held at once.
    fn room(&self) -> &Room;

    /// A manifest, either the image's own or one that carries attachments, whose size is announced; `None` when there
    /// certainly is none.
    fn manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: Option<u64>,
    ) -> impl Future<Output = Result<Option<Found>, SourceError>> + Send;

    /// What the tags of one kind that belong to `subject` lead to.
    fn tagged(
        &self,
        repository: &Repository,
        subject: &Digest,
        origin: Origin,
    ) -> impl Future<Output = Result<Vec<Found>, SourceError>> + Send;

    /// A blob of at most `limit` bytes, exactly as its descriptor says.
    fn blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        limit: usize,
    ) -> impl Future<Output = Result<Bytes, SourceError>> + Send;

    /// The manifests that refer to `subject`.
    fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> impl Future<Output = Result<Listed, SourceError>> + Send;

    /// Learns that there is no API for referrers.
    fn remember_lack_of_referrers(&self, repository: &Repository);
}

impl Store for Client {
    fn host(&self, repository: &Repository) -> String {
        repository.registry().to_owned()
    }

    fn room(&self) -> &Room {
        self.room()
    }

    async fn manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: Option<u64>,
    ) -> Result<Option<Found>, SourceError> {
        let (target, limit) = match size {
            Some(size) => (Target::Entry(digest, size), limits::CARRIER_BYTES),
            None => (Target::Digest(digest.clone()), limits::MANIFEST_BYTES),
        };
        self.fetch_manifest(repository, &target, limit).await
    }

    async fn tagged(
        &self,
        repository: &Repository,
        subject: &Digest,
        origin: Origin,
    ) -> Result<Vec<Found>, SourceError> {
        let Some(tag) = tag(subject, origin) else {
            return Ok(Vec::new());
        };
        let target = Target::Tag(&tag);
        let found = self
            .fetch_manifest(repository, &target, limits::CARRIER_BYTES)
            .await?;
        Ok(found.into_iter().collect())
    }

    async fn blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        limit: usize,
    ) -> Result<Bytes, SourceError> {
        self.fetch_blob(repository, blob, limit).await
    }

    async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Listed, SourceError> {
        self.list_referrers(repository, subject).await
    }

    fn remember_lack_of_referrers(&self, repository: &Repository) {
        self.remember_lack_of_referrers(repository);
    }
}

/// The tag of one kind that belongs to `subject`.
pub(crate) fn tag(subject: &Digest, origin: Origin) -> Option<String> {
    let suffix = match origin {
        Origin::AttestationTag => ".att",
        Origin::FallbackTag => "",
        Origin::SbomTag => ".sbom",
        Origin::SignatureTag => ".sig",
        _ => return None,
    };
    Some(format!("{}{suffix}", subject.tag_stem()))
}
