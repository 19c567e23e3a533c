//! The command line `countersign`: makes images pass, shows why they do or do not, and judges them before the cluster does.
//!
//! Reads files, environment and terminal, so that no other crate has to.
#![expect(
    clippy::disallowed_methods,
    reason = "a binary reads the clock and the environment"
)]

mod ambient;
mod args;
mod claims;
mod commands;
mod credentials;
mod failure;
mod junit;
mod keyless;
mod keys;
mod lookup;
mod manifests;
mod password;
mod policies;
mod printer;
mod publishing;
#[cfg(test)]
mod reference;
mod registry;
mod rego_files;
mod run;
mod source;
mod status;
mod traces;
mod trust;
mod tuf;
mod verdicts;

pub use run::run;
