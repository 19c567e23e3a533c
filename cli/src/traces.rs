//! What is known about the evaluation of a rule, as lines for a terminal.

use countersign_policy::{Outcome, Seen, Step};

/// The place of `line` and `column` in a file, as it can be opened from here.
pub(crate) type Place<'p> = dyn Fn(&str, u32, u32) -> String + 'p;

/// `file:line:column` as the policy was loaded, as far as the numbers are known.
pub(crate) fn place(file: &str, line: u32, column: u32) -> String {
    match (line, column) {
        (0, _) => file.to_owned(),
        (line, 0) => format!("{file}:{line}"),
        (line, column) => format!("{file}:{line}:{column}"),
    }
}

/// An expression with its place, what came of it, and what it saw.
pub(crate) fn step(file: &str, step: &Step, place: &Place<'_>, lines: &mut Vec<String>) {
    let outcome = match &step.outcome {
        Outcome::Holds => "holds".to_owned(),
        Outcome::Fails => "does not hold".to_owned(),
        Outcome::Error(message) => format!("failed: {message}"),
        Outcome::Unclear => "cannot be told by itself".to_owned(),
    };
    let place = place(file, step.line, step.column);
    lines.push(format!(
        "{place}: {outcome}: {}",
        one_line(&step.expression)
    ));
    lines.extend(step.saw.iter().map(|one| format!("  {}", seen(one))));
}

/// `expression = value`, with all the values that it had.
pub(crate) fn seen(seen: &Seen) -> String {
    let name = one_line(&seen.expression);
    let mut values: Vec<String> = seen
        .values
        .iter()
        .map(|value| cut(&value.to_string()))
        .collect();
    if seen.more > 0 {
        values.push(format!("and {} more", seen.more));
    }
    match values.as_slice() {
        [] => format!("{name} is undefined"),
        values => format!("{name} = {}", values.join(" | ")),
    }
}

fn one_line(text: &str) -> String {
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `text` as far as a line of a terminal goes.
fn cut(text: &str) -> String {
    countersign_image::excerpt_within(text, WIDTH)
}

const WIDTH: usize = 400;
