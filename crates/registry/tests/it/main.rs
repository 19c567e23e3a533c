//! The client against a registry that behaves, and against many that do not.
//!
//! Tests that answer a line of THREATS §4.3 name its number beside them.
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
