//! Images over HTTP: names to digests, manifests, and everything attached to an image, complete or an error.
//!
//! Judges nothing and trusts nothing: every byte is capped, measured and hashed before anybody parses it, credentials
//! go only to the registry they were given for, and "there is nothing" is said only when a registry said so.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod address;
mod auth;
mod call;
mod carrier;
mod challenge;
mod client;
mod collect;
mod credentials;
mod destination;
mod docker_config;
mod link;
mod manifests;
mod proof;
mod proxies;
mod push;
mod referrers;
mod retry;
mod room;
mod settings;
mod tls;
mod token;
mod transport;

pub use client::Client;
pub use credentials::{Anonymous, Credential, CredentialError, Credentials, Lookup};
pub use docker_config::{DockerConfig, DockerConfigError};
pub use proxies::Proxies;
pub use push::Pushed;
pub use settings::{Settings, SettingsError};
