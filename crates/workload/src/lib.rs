//! Kubernetes objects, reduced to the images that they run.
//!
//! Refuses what it cannot read: a field of the wrong type or a key that stands twice is an error with a code, never an
//! image that nobody looked at. Believes nothing that an object says about itself beyond its images.
//!
//! ```
//! # fn main() -> Result<(), countersign_workload::WorkloadError> {
//! let pod = br#"{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "web", "image": "nginx"}]}}"#;
//! let images = countersign_workload::Workload::from_json(pod)?.map(|workload| workload.images);
//! assert_eq!(images.unwrap_or_default()[0].path, "spec.containers[0].image");
//! # Ok(())
//! # }
//! ```
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod error;
mod kind;
mod object;
mod pod;
mod template;
mod workload;

pub use error::WorkloadError;
pub use kind::is_workload_kind;
pub use object::{Item, objects};
pub use template::{PodTemplate, PodTemplateError};
pub use workload::{ImageUse, Workload};
