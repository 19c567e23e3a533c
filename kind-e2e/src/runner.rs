//! Plays scenarios one after the other and counts: `ok <sentence>` or `FAILED <sentence>` and why. What cannot be played
//! where it runs is said too, and counts neither way.
//!
//! A suite whose servers do not start is one failure, never nothing.

use std::process::ExitCode;

use crate::failure::Outcome;

/// A scenario: its name is a sentence, and it holds or says why not.
pub(crate) struct Scenario<W> {
    pub(crate) name: &'static str,
    pub(crate) play: fn(&W) -> Outcome,
}

/// An array of scenarios from functions, each named after its function.
macro_rules! scenarios {
    ($($module:ident::$name:ident),* $(,)?) => {
        [$(crate::runner::Scenario { name: stringify!($name), play: $module::$name }),*]
    };
}
pub(crate) use scenarios;

/// What scenarios are played in.
pub(crate) trait World {
    /// The ends of the logs of its servers, shown beside a failure.
    fn logs(&self) -> String;
}

/// Plays what its filters choose, and counts.
#[derive(Debug, Default)]
pub(crate) struct Runner {
    filters: Vec<String>,
    passed: usize,
    failed: usize,
}

impl Runner {
    /// Plays only what contains one of these words; all if there are none.
    pub(crate) fn new(filters: impl IntoIterator<Item = String>) -> Self {
        let filters = filters
            .into_iter()
            .map(|filter| filter.replace('_', " "))
            .collect();
        Self {
            filters,
            ..Self::default()
        }
    }

    /// Starts a world if any scenario of it is chosen, and plays those.
    pub(crate) fn suite<W: World>(
        &mut self,
        suite: &str,
        scenarios: &[Scenario<W>],
        start: impl FnOnce() -> Outcome<W>,
    ) {
        let sentence = |scenario: &Scenario<W>| sentence(suite, scenario.name);
        let chosen: Vec<_> = scenarios
            .iter()
            .filter(|scenario| self.chooses(&sentence(scenario)))
            .collect();
        if chosen.is_empty() {
            return;
        }
        let world = match start() {
            Ok(world) => world,
            Err(failure) => return self.record(&format!("{suite}: it starts"), Err(failure)),
        };
        for scenario in chosen {
            let outcome = (scenario.play)(&world);
            let failed = outcome.as_ref().is_err_and(|failure| !failure.inapplicable);
            self.record(&sentence(scenario), outcome);
            if failed {
                println!("{}", indented(&world.logs()));
            }
        }
    }

    /// The last line, and what the process exits with.
    pub(crate) fn finish(self) -> ExitCode {
        println!("{} passed, {} failed", self.passed, self.failed);
        // Nothing played is no success: a filter that matches nothing is a mistake.
        ExitCode::from(u8::from(self.failed > 0 || self.passed == 0))
    }

    pub(crate) fn record(&mut self, sentence: &str, outcome: Outcome) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok {sentence}");
            }
            Err(failure) if failure.inapplicable => println!("not played {sentence}: {failure}"),
            Err(failure) => {
                self.failed += 1;
                println!("FAILED {sentence}\n{}", indented(&failure.to_string()));
            }
        }
    }

    fn chooses(&self, sentence: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| sentence.contains(filter))
    }
}

fn sentence(suite: &str, name: &str) -> String {
    format!("{suite}: {}", name.replace('_', " "))
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("       {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    struct Nothing;

    impl World for Nothing {
        fn logs(&self) -> String {
            String::new()
        }
    }

    mod played {
        use super::*;

        pub(super) fn holds(_: &Nothing) -> Outcome {
            Ok(())
        }

        pub(super) fn does_not_hold(_: &Nothing) -> Outcome {
            Err(Failure::new("it does not"))
        }

        pub(super) fn has_no_place_here(_: &Nothing) -> Outcome {
            Err(Failure::inapplicable("no audit log"))
        }
    }

    fn play(filters: &[&str], start: fn() -> Outcome<Nothing>) -> Runner {
        let mut runner = Runner::new(filters.iter().map(|filter| (*filter).to_owned()));
        runner.suite(
            "suite",
            &scenarios![
                played::holds,
                played::does_not_hold,
                played::has_no_place_here
            ],
            start,
        );
        runner
    }

    #[test]
    fn counts_what_holds_and_what_does_not() {
        let runner = play(&[], || Ok(Nothing));
        assert_eq!((runner.passed, runner.failed), (1, 1));
    }

    #[test]
    fn plays_only_what_is_chosen_in_either_spelling() {
        for filter in ["does_not", "does not hold"] {
            let runner = play(&[filter], || Ok(Nothing));
            assert_eq!((runner.passed, runner.failed), (0, 1), "{filter}");
        }
    }

    #[test]
    fn a_world_that_does_not_start_is_a_failure() {
        let runner = play(&[], || Err(Failure::new("no")));
        assert_eq!((runner.passed, runner.failed), (0, 1));
    }

    #[test]
    fn a_world_of_which_nothing_is_chosen_is_not_started() {
        let runner = play(&["absent"], || Err(Failure::new("started")));
        assert_eq!((runner.passed, runner.failed), (0, 0));
        assert_eq!(
            format!("{:?}", runner.finish()),
            format!("{:?}", ExitCode::FAILURE)
        );
    }
}
