//! Names and content of OCI images: references, digests, manifests, attached things, and the trait by which they are read.
//!
//! Pure: opens no file and no connection, and reads no clock. Refuses what two readers could understand in two ways.
//!
//! ```
//! # fn main() -> Result<(), countersign_image::ReferenceError> {
//! use countersign_image::{Digest, Reference};
//!
//! let reference: Reference = "nginx:1.29".parse()?;
//! assert_eq!(reference.to_string(), "docker.io/library/nginx:1.29");
//!
//! let pinned = reference.pin(Digest::of(b"the manifest's bytes"));
//! assert!(pinned.to_string().starts_with("docker.io/library/nginx@sha256:"));
//! # Ok(())
//! # }
//! ```
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod attachment;
mod config;
mod digest;
mod excerpt;
mod fields;
mod json;
pub mod limits;
mod manifest;
pub mod media_type;
mod pattern;
mod reference;
mod source;

pub use attachment::{Attachment, Form, Origin};
pub use config::ImageConfig;
pub use digest::{Algorithm, Digest, DigestError};
pub use excerpt::{excerpt, excerpt_within};
pub use fields::Fields;
pub use json::{JsonError, check_strict, parse_strict, strict_members};
pub use manifest::{
    AttestationManifest, Descriptor, Document, Index, Manifest, ManifestError, Platform,
};
pub use pattern::{PatternError, RepositoryPattern};
pub use reference::{PinnedReference, Reference, ReferenceError, Repository};
pub use source::{BlobSource, Collected, ImageSource, Needs, Resolved, SourceError};
