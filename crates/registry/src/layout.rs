//! An OCI image layout: a directory that holds images and what is attached to them, as a registry does.
//!
//! Trusts the directory as little as a registry: every byte is capped, measured and hashed before anybody parses it,
//! what cannot be read is never taken for absent, and only digests become file names. Symbolic links are followed, as
//! build tools make layouts of them; nothing that they lead to passes for content unless it has the right digest.
//!
//! Source: OCI image-spec `image-layout.md`; what `cosign save` adds, sigstore/cosign `pkg/oci/layout`.

mod attached;
mod error;
mod files;
mod images;
mod index;

use std::collections::BTreeSet;
use std::path::Path;

use bytes::Bytes;
use countersign_image::{
    Collected, Descriptor, Digest, Document, ImageSource, Needs, Origin, Reference, Repository,
    Resolved, SourceError, limits,
};

pub use self::error::LayoutError;
use self::files::Files;
pub use self::images::LayoutImage;
use self::index::{Entry, Listing};
use crate::collect;
use crate::manifests::Found;
use crate::referrers::{self, Listed};
use crate::room::Room;
use crate::store::Store;

/// An OCI image layout, as its directory was when it was opened.
#[derive(Debug)]
pub struct Layout {
    files: Files,
    listing: Listing,
    /// Manifests that say they belong to another one.
    referrers: Vec<attached::Referrer>,
    images: Vec<LayoutImage>,
    room: Room,
}

impl Layout {
    /// The layout in `directory`.
    ///
    /// # Errors
    ///
    /// A [`LayoutError`] when there is none, or it cannot be read.
    pub fn open(directory: &Path) -> Result<Self, LayoutError> {
        let files = Files::open(directory)?;
        let listing = Listing::parse(&files)?;
        let referrers = attached::scan(&files)?;
        let images = images::list(&listing, &referrers);
        Ok(Self {
            files,
            listing,
            referrers,
            images,
            room: Room::new(limits::ATTACHMENT_BYTES_AT_ONCE),
        })
    }

    /// The images that it lists, without what is attached to them.
    #[must_use]
    pub fn images(&self) -> &[LayoutImage] {
        &self.images
    }

    /// The image, if it lists one and no more.
    ///
    /// # Errors
    ///
    /// [`LayoutError::NoImage`] or [`LayoutError::SeveralImages`].
    pub fn only_image(&self) -> Result<&LayoutImage, LayoutError> {
        match self.images() {
            [image] => Ok(image),
            [] => Err(LayoutError::NoImage {
                path: self.files.shown(),
            }),
            images => Err(LayoutError::SeveralImages {
                path: self.files.shown(),
                names: images.iter().map(LayoutImage::name).collect(),
            }),
        }
    }

    /// What `reference` names here. An image that nobody named goes by any name, if it is the only one.
    fn named(&self, reference: &Reference) -> Result<&Descriptor, SourceError> {
        let mut named = self.listing.named(reference);
        if named.is_empty()
            && let [image] = self.images()
            && image.names.is_empty()
        {
            named.extend(self.listing.entry(&image.digest));
        }
        let digests: BTreeSet<_> = named.iter().map(|entry| &entry.descriptor.digest).collect();
        let host = self.files.shown();
        match named.first() {
            Some(entry) if digests.len() == 1 => Ok(&entry.descriptor),
            Some(_) => Err(SourceError::MalformedResponse {
                host,
                what: reference.to_string(),
                detail: format!("it gives that name to {} images", digests.len()),
            }),
            None => Err(SourceError::ImageNotFound {
                host,
                reference: reference.to_string(),
            }),
        }
    }

    async fn found(
        &self,
        digest: &Digest,
        size: Option<u64>,
        limit: usize,
    ) -> Result<Option<Found>, SourceError> {
        let bytes = self.files.blob(digest, size, limit).await?;
        let media_type = || {
            let listed = self.listing.entry(digest)?;
            Some(listed.descriptor.media_type.clone())
        };
        Ok(bytes.map(|bytes| Found {
            digest: digest.clone(),
            bytes,
            media_type: media_type(),
            host: self.files.shown(),
            what: digest.to_string(),
        }))
    }

    /// What `index.json` lists is there, or the layout is damaged.
    async fn listed(&self, entry: &Entry) -> Result<Found, SourceError> {
        let descriptor = &entry.descriptor;
        let found = self
            .found(
                &descriptor.digest,
                Some(descriptor.size),
                limits::CARRIER_BYTES,
            )
            .await?;
        found.ok_or_else(|| self.missing(&descriptor.digest))
    }

    fn missing(&self, digest: &Digest) -> SourceError {
        SourceError::AttachmentMissing {
            host: self.files.shown(),
            what: digest.to_string(),
        }
    }
}

impl ImageSource for Layout {
    async fn resolve(&self, reference: &Reference) -> Result<Resolved, SourceError> {
        if let Some(digest) = reference.digest() {
            return Ok(Resolved {
                image: reference.pin(digest.clone()),
                content: None,
            });
        }
        let entry = self.named(reference)?;
        let missing = || SourceError::ImageNotFound {
            host: self.files.shown(),
            reference: reference.to_string(),
        };
        let (size, limit) = (Some(entry.size), limits::MANIFEST_BYTES);
        let found = self.found(&entry.digest, size, limit).await?;
        let content = found.ok_or_else(missing)?.parse()?;
        Ok(Resolved {
            image: reference.pin(entry.digest.clone()),
            content: Some(content),
        })
    }

    async fn collect(&self, image: &Resolved, needs: &Needs) -> Result<Collected, SourceError> {
        // There is but one place to look in.
        let needs = Needs {
            repositories: Vec::new(),
            ..needs.clone()
        };
        collect::collect(self, image, &needs).await
    }
}

impl Store for Layout {
    fn host(&self, _: &Repository) -> String {
        self.files.shown()
    }

    fn room(&self) -> &Room {
        &self.room
    }

    async fn manifest(
        &self,
        _: &Repository,
        digest: &Digest,
        size: Option<u64>,
    ) -> Result<Option<Found>, SourceError> {
        let limit = match size {
            Some(_) => limits::CARRIER_BYTES,
            None => limits::MANIFEST_BYTES,
        };
        self.found(digest, size, limit).await
    }

    async fn tagged(
        &self,
        _: &Repository,
        subject: &Digest,
        origin: Origin,
    ) -> Result<Vec<Found>, SourceError> {
        let mut found = Vec::new();
        for entry in self.listing.attached(subject, origin) {
            found.push(self.listed(entry).await?);
        }
        Ok(found)
    }

    async fn blob(
        &self,
        _: &Repository,
        blob: &Descriptor,
        limit: usize,
    ) -> Result<Bytes, SourceError> {
        let bytes = self
            .files
            .blob(&blob.digest, Some(blob.size), limit)
            .await?;
        bytes.ok_or_else(|| self.missing(&blob.digest))
    }

    /// Both what the fallback tag lists and what says of itself that it belongs to `subject`: tools write either, and
    /// `cosign save` leaves bundles out of `index.json`.
    async fn referrers(&self, _: &Repository, subject: &Digest) -> Result<Listed, SourceError> {
        let host = self.files.shown();
        let mut entries = Vec::new();
        for entry in self.listing.attached(subject, Origin::FallbackTag) {
            let Document::Index(index) = self.listed(entry).await?.parse()? else {
                return Err(SourceError::MalformedResponse {
                    host,
                    what: entry.descriptor.digest.to_string(),
                    detail: "it is a manifest where a list of referrers belongs".to_owned(),
                });
            };
            referrers::add(&host, &mut entries, index.manifests)?;
        }
        let referring = self
            .referrers
            .iter()
            .filter(|referrer| referrer.subject == *subject);
        let referring = referring.map(|referrer| referrer.descriptor.clone());
        referrers::add(&host, &mut entries, referring.collect())?;
        Ok(Listed {
            origin: Origin::Referrer,
            entries,
            lacks_api: false,
        })
    }

    fn remember_lack_of_referrers(&self, _: &Repository) {}
}
