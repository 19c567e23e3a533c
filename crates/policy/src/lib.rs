//! Evidence to decision: policy documents, the rule library, and the one place that knows Rego.
//!
//! Fetches nothing, reads no file, environment or clock; refuses a configuration that is empty, unknown or ambiguous.
#![deny(clippy::unwrap_used, clippy::expect_used)]

mod assemble;
mod authority;
mod base;
mod builders;
mod document;
mod engines;
mod entry;
mod error;
mod exception;
mod explain;
mod fields;
mod header;
mod input;
mod json_schema;
mod library;
mod lint;
mod linter;
mod metadata;
mod module;
mod nesting;
mod pages;
mod platforms;
mod policy;
mod reads;
mod recursion;
mod references;
mod registry;
mod rego;
mod requirement;
mod rule;
mod ruleset;
mod schema;
mod selector;
mod set;
mod shared;
mod tester;
mod trust_root;
mod verdict;
mod written_out;
mod yaml;

pub use error::{LoadError, LoadErrors, SourceFile};
pub use exception::{Excepted, Exceptions, ImageException, NearException};
pub use explain::{Attempt, Explanation, Outcome, Seen, Step, Trace};
pub use input::{Gathered, Input, InputParts, RequestContext, WorkloadContext, input_schema};
pub use library::{
    RuleInfo, RuleSummary, files as library_files, rule_summary, rules, with_shipped_lib,
};
pub use linter::lint_files;
pub use pages::{pages_of, rule_pages};
pub use platforms::Scope;
pub use policy::{Mode, Policy};
pub use registry::Registry;
pub use selector::Namespace;
pub use set::{Match, PolicySet};
pub use shared::named_files;
pub use tester::{FileCoverage, Print, RegoTest, TestFailure, TestReport, run_rego_tests};
pub use trust_root::{
    NamedTrustRoot, TrustRootFacts, TrustRootLocation, TrustRootOrigin, TrustRootSource,
    TrustRoots, TufLocation, TufRepository, trust_root_sources,
};
pub use verdict::{Verdict, Violation};
