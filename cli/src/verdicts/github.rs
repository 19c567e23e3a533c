//! Verdicts as workflow commands of GitHub Actions, which it shows at the line of the image.
//!
//! Refuses no text: what would end a command, or begin another, is escaped.

use std::fmt::Write;

use countersign_image::excerpt_within;
use countersign_review::Remark;

use super::{CheckOut, ReviewOut};

/// One command for each use of an image and each thing to say about it.
pub(super) fn commands(check: &CheckOut) -> String {
    let mut commands = String::new();
    for error in &check.errors {
        let properties = [("title", "countersign".to_owned())];
        command(&mut commands, "error", &properties, error);
    }
    for review in &check.reviews {
        for image in &review.images {
            for (path, line) in image.uses() {
                for remark in &image.remarks {
                    annotate(&mut commands, review, remark, path, line);
                }
            }
        }
    }
    commands
}

fn annotate(
    commands: &mut String,
    review: &ReviewOut,
    remark: &Remark,
    path: &str,
    line: Option<u64>,
) {
    let level = if remark.refuses { "error" } else { "warning" };
    let mut properties = Vec::new();
    if let Some((file, line)) = review.place(line) {
        properties.push(("file", excerpt_within(file, PATH_CHARACTERS)));
        properties.extend(line.map(|line| ("line", line.to_string())));
    }
    properties.push(("title", remark.topic.clone()));
    let mut message = format!("{}: {path}: {}", review.name, remark.text);
    if let Some(fix) = &remark.fix {
        _ = write!(message, "\nfix: {fix}");
    }
    command(commands, level, &properties, &message);
}

/// Source: GitHub's runner (`ActionCommand`): a command is one line; `%` escapes what ends it or one of its properties.
fn command(commands: &mut String, level: &str, properties: &[(&str, String)], message: &str) {
    let data = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let properties: Vec<_> = properties
        .iter()
        .map(|(name, value)| format!("{name}={}", property(value)))
        .collect();
    _ = writeln!(
        commands,
        "::{level} {}::{}",
        properties.join(","),
        data(message)
    );
}

/// As long as a path may be (PATH_MAX).
const PATH_CHARACTERS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_words_end_a_command_or_begin_another() {
        let mut commands = String::new();
        let hostile = "a,line=9::b\r\n::error::c 100% %0A";
        command(
            &mut commands,
            "error",
            &[("file", hostile.to_owned()), ("line", "3".to_owned())],
            hostile,
        );
        assert_eq!(
            commands,
            "::error file=a%2Cline=9%3A%3Ab%0D%0A%3A%3Aerror%3A%3Ac 100%25 %250A,line=3::a,line=9::b%0D%0A::error::c 100%25 %250A\n"
        );
    }
}
