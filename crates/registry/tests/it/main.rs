//! The client against a registry that behaves, and against many that do not.
#![expect(clippy::unwrap_used, reason = "tests")]

mod attestation_manifests;
mod auth;
mod configs;
mod content;
mod cross_check;
mod destinations;
mod layout;
mod lists;
mod parts;
mod protocol;
mod push;
mod reading;
mod requests;
mod round_trips;
mod services;
mod sizes;
mod support;
mod tuf;
