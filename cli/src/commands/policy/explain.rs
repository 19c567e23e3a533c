//! `policy explain`: which expression of which rule decided, and what it saw.
//!
//! The verdict is that of `check`; what is told beside it decides nothing.

use countersign_policy::{Attempt, Explanation, Mode, Trace};
use serde::Serialize;

use crate::args::OutputArgs;
use crate::commands::policy::looking::{ImageArgs, Look, nothing_seen};
use crate::failure::Failure;
use crate::printer::{Output, Printer};
use crate::status::ExitStatus;
use crate::traces;
use crate::verdicts;

/// Show why policies admit or deny an image: each rule, its expressions, and what they saw
///
/// Exit codes: 0 admitted, 1 denied, 2 a policy is wrong, 3 a registry could not be looked at.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    image: ImageArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Document<'a> {
    outcome: &'static str,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    evaluations: Vec<Evaluation<'a>>,
}

#[derive(Serialize)]
struct Evaluation<'a> {
    policy: &'a str,
    mode: Mode,
    platforms: &'a [String],
    rules: &'a [Explanation],
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let (review, looks) = args
        .image
        .look(printer, |policy, input| policy.explain(input))?;
    if looks.is_empty() {
        return Err(nothing_seen(&review));
    }
    let pinned = review.images.iter().find_map(|image| image.pinned.as_ref());
    let document = Document {
        outcome: review.outcome().as_str(),
        image: countersign_image::excerpt(&args.image.image),
        digest: pinned.map(|pinned| pinned.digest().to_string()),
        evaluations: looks
            .iter()
            .map(|look| Evaluation {
                policy: &look.policy,
                mode: look.mode,
                platforms: &look.platforms,
                rules: &look.seen,
            })
            .collect(),
    };
    if args.output.output == Output::Json {
        printer.json(&document)?;
    } else {
        let digest = document.digest.as_deref().unwrap_or_default();
        printer.data(&format!(
            "{}: {} {digest}",
            document.outcome, document.image
        ));
        looks.iter().for_each(|look| show(look, printer));
    }
    Ok(verdicts::status(review.outcome()))
}

fn show(look: &Look<Vec<Explanation>>, printer: &Printer) {
    let platforms = match look.platforms.as_slice() {
        [] => String::new(),
        platforms => format!(", {}", platforms.join(", ")),
    };
    printer.data(&format!(
        "policy {} ({}){platforms}",
        look.policy,
        look.mode.as_str()
    ));
    for rule in &look.seen {
        lines(rule)
            .iter()
            .for_each(|line| printer.data(&format!("  {line}")));
    }
}

/// What one rule made of the input, as a tree.
pub(super) fn lines(rule: &Explanation) -> Vec<String> {
    let verdict = if rule.violations.is_empty() {
        "holds"
    } else {
        "denies"
    };
    let mut lines = vec![format!("{} {verdict}", rule.rule)];
    for violation in &rule.violations {
        lines.push(format!("  {}: {}", violation.code, violation.message));
        lines.extend(violation.fix.iter().map(|fix| format!("    fix  {fix}")));
    }
    lines.extend(
        rule.warnings
            .iter()
            .map(|warning| format!("  warns: {warning}")),
    );
    let printed = rule.printed.iter();
    lines.extend(printed.map(|print| {
        format!(
            "  printed at {}: {}",
            traces::place(&print.file, print.line, 0),
            print.text
        )
    }));
    for trace in &rule.traces {
        // Of what has no elements, a word to each definition; of what has some, only those that gave one.
        let gave = trace.definitions.iter().any(|attempt| attempt.holds);
        let told = trace
            .definitions
            .iter()
            .filter(|attempt| attempt.holds || !gave);
        told.for_each(|attempt| tell(trace, attempt, 1, &mut lines));
    }
    lines
}

fn tell(trace: &Trace, attempt: &Attempt, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let name = trace.rule.rsplit('.').next().unwrap_or_default();
    let outcome = if attempt.holds {
        "holds"
    } else {
        "does not hold"
    };
    let place = traces::place(&attempt.file, attempt.line, 0);
    lines.push(format!("{indent}{place}: {name} {outcome}"));
    for step in &attempt.steps {
        let mut told = Vec::new();
        traces::step(&attempt.file, step, &traces::place, &mut told);
        lines.extend(told.iter().map(|line| format!("{indent}  {line}")));
        for because in &step.because {
            for attempt in &because.definitions {
                tell(because, attempt, depth + 2, lines);
            }
        }
    }
}
