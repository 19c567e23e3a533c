//! The binary that plays scenarios against real servers and clients; `README.md` says how to run it.
//!
//! Refuses to stand in for anything: what is not there is named, and nothing runs.
#![expect(
    clippy::print_stdout,
    reason = "a test runner reports on standard output"
)]

mod admission;
mod buildkit;
mod chart;
mod cluster;
mod evidence;
mod failure;
mod interop;
mod keyless;
mod kubectl;
mod kubelet;
mod library;
mod manifest;
mod process;
mod registry;
mod run;
mod runner;
mod sigstore;
mod tools;
mod webhook;

fn main() -> std::process::ExitCode {
    run::run()
}
