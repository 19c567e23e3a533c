//! The review from outside: images in a registry, policies as documents, and the decision.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up must stop")]

mod exceptions;
mod identities;
mod looking;
mod platforms;
mod policies;
mod support;
mod truth;
mod uses;
