//! What verification costs: CPU time, as ratios measured in one run, each against the bound that it must hold.
//!
//! `make bench` runs it; it exits 1 if a bound does not hold.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for developers: what it prints is its result"
)]

mod clock;
mod hostile;
mod keyless;
mod policies;
mod sboms;
mod signatures;

use std::process::ExitCode;

use clock::Cost;

// That of the binaries.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One line of the result.
struct Row {
    what: String,
    /// What it was measured as, and against what, in words.
    figures: String,
    value: f64,
    bound: f64,
    unit: &'static str,
}

impl Row {
    /// How many times the cost of `base` it costs to do `what`.
    fn ratio(what: &str, cost: Cost, base: Cost, bound: f64) -> Self {
        Self {
            what: what.to_owned(),
            figures: format!("{cost} against {base}"),
            value: cost.nanos() / base.nanos(),
            bound,
            unit: "x",
        }
    }

    /// What it costs to do `what`, in microseconds.
    fn micros(what: &str, cost: Cost, bound: f64) -> Self {
        Self {
            what: what.to_owned(),
            figures: "CPU time".to_owned(),
            value: cost.nanos() / 1e3,
            bound,
            unit: "us",
        }
    }

    /// What it costs to do `what`, in milliseconds.
    fn millis(what: &str, cost: Cost, bound: f64) -> Self {
        Self {
            what: what.to_owned(),
            figures: "CPU time".to_owned(),
            value: cost.millis(),
            bound,
            unit: "ms",
        }
    }

    fn holds(&self) -> bool {
        self.value <= self.bound
    }
}

fn main() -> ExitCode {
    let mut rows = policies::rows();
    rows.extend([keyless::row(), signatures::row()]);
    rows.extend(sboms::rows());
    rows.extend(hostile::rows());
    for row in &rows {
        let verdict = if row.holds() { "ok  " } else { "OVER" };
        println!(
            "{verdict} {:<58} {:>7.2} {:<3} at most {:>5.1}   {}",
            row.what, row.value, row.unit, row.bound, row.figures
        );
    }
    if rows.iter().all(Row::holds) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
