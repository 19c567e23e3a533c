//! The client against a registry that behaves, and against many that do not.
#![expect(clippy::unwrap_used, reason = "tests")]

mod auth;
mod content;
mod cross_check;
mod destinations;
mod lists;
mod protocol;
mod push;
mod reading;
mod requests;
mod sizes;
mod support;
