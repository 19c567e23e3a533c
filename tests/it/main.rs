//! Integration tests of the workspace, in one binary: the real parts together, over loopback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set up must stop"
)]

mod buildkit;
mod cli;
mod corpus;
mod docs;
mod fuzz_seeds;
mod hostile_material;
mod hostile_reviews;
mod layering;
mod properties;
mod readme;
mod requests;
mod semantics;
mod stances;
mod webhook;
mod world;
