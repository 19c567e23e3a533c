//! Evidence to decision: policy documents, the rule library, and the one place that knows Rego.
//!
//! Fetches nothing, reads no file, environment or clock; refuses a configuration that is empty, unknown or ambiguous.

mod error;
mod input;
mod policy;
mod selector;
mod set;
mod verdict;

pub use error::{LoadError, LoadErrors, SourceFile};
pub use input::{Input, InputParts, RequestContext, WorkloadContext};
pub use policy::{Mode, Policy};
pub use selector::Namespace;
pub use set::{Match, PolicySet};
pub use verdict::{Verdict, Violation};
