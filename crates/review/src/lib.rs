//! The one path from a workload to a decision, shared by the webhook and the CLI.
//!
//! Resolves, collects, verifies and evaluates through [`ImageSource`](countersign_image::ImageSource); knows no
//! registry, reads no clock, and answers within the deadline it is given.

mod artifact;
mod decision;
mod directory;
mod error;
mod judge;
mod reviewer;
mod settings;
pub mod wording;
mod workers;

pub use artifact::{ArtifactError, POLICY_CONFIG, PolicyArtifact};
pub use decision::{Facts, Finding, ImageReview, Outcome, Remark, Review};
pub use directory::{DirectoryError, file_trust_roots, policies_in};
pub use error::ReviewError;
pub use reviewer::{Observer, PinnedUse, Reviewer};
pub use settings::{Request, Settings, Stance, UnknownStance, User};
