//! The admission webhook: takes reviews from the API server, has them judged, answers.
//!
//! Judges nothing itself and signs nothing: verdicts are `countersign_review`'s, and the signing crate is not linked.

mod admission;
mod bounds;
mod config;
mod files;
mod health;
mod log;
mod metrics;
mod mutate;
mod policies;
mod registry;
mod response;
mod routes;
mod run;
mod server;
mod tls;
mod trust;
mod validate;

pub use config::{Cli, LogFormat, Realm, Settings};
pub use policies::PoliciesError;
pub use registry::RegistryError;
pub use run::{Running, StartError, run, start};
pub use server::ConnectionLimits;
pub use tls::CertificateError;
