//! The policy crate from outside: documents in, verdicts out.
#![allow(clippy::unwrap_used, reason = "tests")]

mod alternatives;
mod authorities;
mod builders;
mod contract;
mod evaluate;
mod examples;
mod exceptions;
mod foreign;
mod hostile;
mod inline;
mod kinds;
mod lint;
mod load;
mod matching;
mod meaning;
mod mistakes;
mod namespaced;
mod own_rules;
mod pages;
mod params;
mod platforms;
mod provenance;
mod registries;
mod schema;
mod shared;
mod shipped;
mod sources;
mod statements;
mod support;
mod trust_roots;
