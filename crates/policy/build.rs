//! Rebuilds the crate when a file of the rule library appears or disappears.

#![allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=../../policies");
}
