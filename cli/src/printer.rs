//! The only place that prints: data to stdout, talk to stderr.
//!
//! Colours nothing. Progress shows only on a terminal.

use std::cell::Cell;
use std::fmt;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;
use crate::status::ExitStatus;

/// How data is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON document.
    Json,
}

/// Writes what a command has to say.
#[derive(Debug, Default)]
pub(crate) struct Printer {
    closed: Cell<bool>,
}

impl Printer {
    /// One line of data.
    pub(crate) fn data(&self, line: &str) {
        self.bytes(format!("{line}\n").as_bytes());
    }

    /// Data as it is.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        let mut stdout = io::stdout().lock();
        if !self.closed.get()
            && stdout
                .write_all(bytes)
                .and_then(|()| stdout.flush())
                .is_err()
        {
            // Whoever read our output has seen enough (`| head`): the verdict still goes into the exit code.
            self.closed.set(true);
        }
    }

    /// Data as one JSON document.
    pub(crate) fn json<T: Serialize>(&self, value: &T) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::usage(format!("cannot write JSON: {error}")))?;
        self.data(&text);
        Ok(())
    }

    /// Something worth knowing that is not data.
    pub(crate) fn note(&self, text: &str) {
        talk(format_args!("{text}"));
    }

    /// Something that a person who waits wants to know, and nobody else.
    pub(crate) fn progress(&self, text: &str) {
        if io::stderr().is_terminal() {
            talk(format_args!("{text}"));
        }
    }

    /// Something that is not wrong but should not go unseen.
    pub(crate) fn warning(&self, text: &str) {
        talk(format_args!("warning: {text}"));
    }

    /// What went wrong, then what to do about it.
    pub(crate) fn failure(&self, failure: &Failure) -> ExitStatus {
        talk(format_args!("error: {failure}"));
        for detail in failure.details() {
            talk(format_args!("  {detail}"));
        }
        self.hint(failure.hint());
        failure.status()
    }

    /// Advice.
    pub(crate) fn hint(&self, text: &str) {
        talk(format_args!("hint: {text}"));
    }
}

/// Writes to stderr. Nobody may be there to read it; the exit code says the rest.
fn talk(line: fmt::Arguments<'_>) {
    _ = writeln!(io::stderr().lock(), "{line}");
}
