//! The binary `countersign-webhook`: installs what a process may have one of, then runs.

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // For what speaks TLS without naming a provider itself; the first call in a process cannot fail.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    countersign_webhook::run(countersign_webhook::Cli::parse())
}
