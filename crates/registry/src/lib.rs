//! Images over HTTP, and in layouts on disk: names to digests, manifests, and everything attached to an image and to
//! what its index lists, complete or an error.
//!
//! Judges nothing and trusts nothing: every byte is capped, measured and hashed before anybody parses it, credentials
//! go only to the registry they were given for, and "there is nothing" is said only when a registry said so.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod address;
mod auth;
mod budget;
mod call;
mod carrier;
mod challenge;
mod client;
mod collect;
mod configs;
mod credentials;
mod destination;
mod docker_config;
mod layout;
mod link;
mod manifests;
mod once;
mod proof;
mod proxies;
mod push;
mod referrers;
mod retry;
mod room;
mod service;
mod settings;
mod store;
mod subject;
mod tls;
mod token;
mod transport;
mod tuf;

pub use client::Client;
pub use credentials::{Anonymous, Credential, CredentialError, Credentials, Lookup};
pub use docker_config::{DockerConfig, DockerConfigError};
pub use layout::{Layout, LayoutError, LayoutImage};
pub use proxies::Proxies;
pub use push::Pushed;
pub use service::{ServiceClient, ServiceError, ServiceRequest, ServiceResponse};
pub use settings::{Settings, SettingsError};
pub use tuf::{TufAnswer, TufError, TufLocation, TufRepository, TufSource, TufTarget};
