//! What the tests run against instead of the world: an OCI registry on a loopback port, in process or as a binary; and a
//! Sigstore and an OpenID provider in process.
//!
//! It follows the distribution specification closely enough for other clients, and departs from it only where a
//! [`Fault`] says so. Nothing here is linked into what ships.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a broken test double should stop the test at once"
)]

mod alter;
mod auth;
mod buildkit;
mod fault;
mod fixture;
mod layout;
mod lists;
mod log;
mod oidc;
mod raw;
mod registry;
mod routes;
mod serve;
pub mod sigstore;
mod stock;
mod store;
mod tls;
mod tuf;
mod upload;

pub use auth::Issuer;
pub use buildkit::{AttestationForm, BuildKitIndex};
pub use fault::Fault;
pub use fixture::{Layer, Pushed};
pub use log::{Log, Request};
pub use oidc::IdentityProvider;
pub use raw::RawServer;
pub use registry::{Builder, TestRegistry};
pub use sigstore::Sigstore;
pub use tls::Identity;
pub use tuf::{TufRepository, TufServer};
