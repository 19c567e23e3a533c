//! How images are read: the trait that a registry, a cache and a layout on disk have in common, and its failures.
//!
//! A [`SourceError`] says "could not look" and never "there is nothing": absence is an empty list.

mod error;

use std::collections::BTreeMap;
use std::future::Future;

use bytes::Bytes;

pub use self::error::SourceError;
use crate::{
    Attachment, Descriptor, Document, ImageConfig, PinnedReference, Reference, Repository,
};

/// Where images and what is attached to them are read from.
pub trait ImageSource: Send + Sync {
    /// The digest that `reference` means now. A reference with a digest asks nobody.
    fn resolve(
        &self,
        reference: &Reference,
    ) -> impl Future<Output = Result<Resolved, SourceError>> + Send;

    /// The content of `image` and everything in `needs` that is attached to it, complete or an error.
    fn collect(
        &self,
        image: &Resolved,
        needs: &Needs,
    ) -> impl Future<Output = Result<Collected, SourceError>> + Send;
}

/// Where the content that a manifest names is read from.
pub trait BlobSource: Send + Sync {
    /// The bytes of `blob`, of its length and digest.
    fn blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> impl Future<Output = Result<Bytes, SourceError>> + Send;
}

/// What some rule will look at; nothing else is fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Needs {
    /// Signatures.
    pub signatures: bool,
    /// Attestations.
    pub attestations: bool,
    /// SBOMs that nobody signed, to name them as the nearest miss.
    pub unsigned_sboms: bool,
    /// The configurations of the image.
    pub config: bool,
    /// Repositories other than the image's own that signatures live in.
    pub repositories: Vec<Repository>,
}

/// An image that a reference was resolved to.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The image.
    pub image: PinnedReference,
    /// Its content, when resolving has fetched it already.
    pub content: Option<Document>,
}

/// An image with what is attached to it.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The manifest or index.
    pub content: Document,
    /// Everything attached that was asked for.
    pub attachments: Vec<Attachment>,
    /// The configurations, if they were asked for: that of each image of an index by its platform, or that of a single
    /// image. None where a single manifest is no image.
    pub configs: Option<BTreeMap<String, ImageConfig>>,
}
