//! The rules under OPA: what passes with us passes there, and a new rule is right for both.
//!
//! Rules that only one engine understands would be tested by one and judged by the other.

use std::rc::Rc;

use crate::failure::{Failure, Outcome, ensure};
use crate::process::Ran;
use crate::runner::{Runner, Scenario, World, scenarios};
use crate::tools::Tools;

/// Plays all of them.
pub(crate) fn play(runner: &mut Runner, tools: &Rc<Tools>) {
    runner.suite("library", SCENARIOS, || {
        Ok(Author {
            tools: Rc::clone(tools),
        })
    });
}

const SCENARIOS: &[Scenario<Author>] = &scenarios![
    both::passes_its_tests_under_both_engines,
    both::finds_opas_strict_check_content,
    both::is_covered_line_by_line,
    own::a_new_rule_passes_under_both_engines,
    own::a_test_that_fails_with_us_fails_with_opa,
    own::what_opa_does_not_compile_is_refused,
];

/// Who writes rules.
struct Author {
    tools: Rc<Tools>,
}

impl World for Author {
    fn logs(&self) -> String {
        String::new()
    }
}

impl Author {
    fn opa(&self, command: &[&str], files: &[&str]) -> Outcome<Ran> {
        let ignored = ["--ignore", "*.yaml,*.json"];
        let args = command.iter().chain(&ignored).chain(files);
        self.tools.run("opa", args.copied())
    }

    fn ours(&self, args: &[&str]) -> Outcome<Ran> {
        let all = ["policy"].into_iter().chain(args.iter().copied());
        self.tools.run("countersign", all)
    }

    /// A folder with one rule as `policy new` writes it, and its test.
    fn new_rule(&self, folder: &str) -> Outcome<String> {
        let path = self.tools.folder(folder)?.display().to_string();
        self.ours(&["new", "--dir", &path, "shop/owner_label"])?
            .exits(0)?;
        Ok(path)
    }

    /// Puts this at the end of the rule, or of its test.
    fn append(&self, folder: &str, file: &str, text: &str) -> Outcome {
        let path = format!("{folder}/rules/shop/owner_label/{file}.rego");
        let rego = std::fs::read_to_string(&path)?;
        Ok(std::fs::write(&path, format!("{rego}\n{text}\n"))?)
    }
}

mod both {
    use super::*;

    pub(super) fn passes_its_tests_under_both_engines(author: &Author) -> Outcome {
        let ours = author.ours(&["test", RULES])?.exits(0)?;
        let opa = author.opa(&["test"], &[RULES])?.exits(0)?;
        let words = |text: &str, before: &str| -> Option<u32> {
            let (head, _) = text.split_once(before)?;
            head.rsplit(|letter: char| !letter.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        };
        let ours = words(&ours.stdout, " passed").unwrap_or_default();
        let opa = opa
            .stdout
            .split_once("PASS: ")
            .and_then(|(_, counts)| words(counts, "/"));
        ensure(ours > 100 && Some(ours) == opa, || {
            format!("we ran {ours} tests, OPA {opa:?}")
        })
    }

    pub(super) fn finds_opas_strict_check_content(author: &Author) -> Outcome {
        author
            .opa(&["check", "--strict"], &[RULES])?
            .exits(0)
            .map(drop)
    }

    pub(super) fn is_covered_line_by_line(author: &Author) -> Outcome {
        author
            .ours(&["test", "--coverage", "--threshold", "100", RULES])?
            .exits(0)
            .map(drop)
    }
}

mod own {
    use super::*;

    pub(super) fn a_new_rule_passes_under_both_engines(author: &Author) -> Outcome {
        let folder = author.new_rule("new-rule")?;
        for command in ["test", "lint"] {
            author.ours(&[command, &folder])?.exits(0)?;
        }
        author
            .opa(&["test"], &[&folder, LIB])?
            .exits(0)?
            .saying("PASS: ")?;
        author
            .opa(&["check", "--strict"], &[&folder, LIB])?
            .exits(0)
            .map(drop)
    }

    pub(super) fn a_test_that_fails_with_us_fails_with_opa(author: &Author) -> Outcome {
        let folder = author.new_rule("failing-rule")?;
        let failing = "test_that_fails if 1 == 2";
        author.append(&folder, "owner_label_test", failing)?;
        author
            .ours(&["test", &folder])?
            .exits(1)?
            .saying("test_that_fails")?;
        author
            .opa(&["test"], &[&folder, LIB])?
            .fails_saying("test_that_fails")
            .map(drop)
    }

    pub(super) fn what_opa_does_not_compile_is_refused(author: &Author) -> Outcome {
        let mistakes = [
            ("recursion", "a if b\nb if a", "recursi"),
            ("unknown", "x if no.such_thing(1)", "no.such_thing"),
        ];
        for (name, mistake, words) in mistakes {
            let folder = author.new_rule(name)?;
            author.append(&folder, "owner_label", mistake)?;
            author.ours(&["lint", &folder])?.exits(1)?.saying(words)?;
            let opa = author.opa(&["check", "--strict"], &[&folder, LIB])?;
            if opa.succeeded() {
                return Err(Failure::new(opa.describe("wanted OPA to refuse it too")));
            }
        }
        Ok(())
    }
}

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies");
const LIB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/lib");
