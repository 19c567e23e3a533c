//! Why a scenario did not hold, in words: the runner prints them, nobody branches on them.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

/// What a step of a scenario yields.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Why a scenario did not hold, or could not be played here.
#[derive(Debug)]
pub(crate) struct Failure {
    words: String,
    /// Nothing is wrong: what the scenario needs is not here.
    pub(crate) inapplicable: bool,
}

impl Failure {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            inapplicable: false,
        }
    }

    /// For what cannot be played here: it is said, and counts neither way.
    pub(crate) fn inapplicable(words: impl Into<String>) -> Self {
        Self {
            inapplicable: true,
            ..Self::new(words)
        }
    }

    /// Says before the reason what was being done.
    pub(crate) fn during(self, step: impl fmt::Display) -> Self {
        Self {
            words: format!("{step}: {}", self.words),
            ..self
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new(format!("not the JSON that was expected: {error}"))
    }
}

/// Fails with these words unless the condition holds.
pub(crate) fn ensure(holds: bool, words: impl FnOnce() -> String) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(Failure::new(words()))
    }
}

/// Asks until there is an answer; what was awaited and what was last seen make the failure.
pub(crate) fn until<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> Outcome<T>,
) -> Outcome<T> {
    let began = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(last) if began.elapsed() > limit => {
                return Err(last.during(format_args!("waited {limit:?} for {what}")));
            }
            Err(_) => std::thread::sleep(BETWEEN_QUESTIONS),
        }
    }
}

/// Short beside what is waited for, long beside what a question costs.
pub(crate) const BETWEEN_QUESTIONS: Duration = Duration::from_millis(50);
