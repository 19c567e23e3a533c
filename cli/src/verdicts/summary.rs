//! Verdicts as a short table in Markdown, which is readable in a terminal too.
//!
//! Refuses no text: everything from outside stands between backticks, where Markdown and HTML mean nothing.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use countersign_image::excerpt;

use super::{CheckOut, in_words};
use crate::failure::Failure;
use crate::printer::Printer;

/// Writes the table to the end of `file`, or else to where we talk.
pub(super) fn write(
    check: &CheckOut,
    file: Option<&Path>,
    printer: &Printer,
) -> Result<(), Failure> {
    let table = table(check);
    let Some(path) = file else {
        printer.note(table.trim_end());
        return Ok(());
    };
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(table.as_bytes()))
        .map_err(|error| Failure::unwritable(path, &error))
}

fn table(check: &CheckOut) -> String {
    let mut table = "| verdict | image | used by | reason |\n|---|---|---|---|\n".to_owned();
    for review in &check.reviews {
        for image in &review.images {
            let used_by = match &review.origin {
                Some(origin) => format!("{} ({origin})", review.name),
                None => review.name.clone(),
            };
            let reasons: Vec<_> = image.codes.iter().map(|code| cell(code)).collect();
            _ = writeln!(
                table,
                "| {} | {} | {} | {} |",
                in_words(image.result),
                cell(&image.image),
                cell(&used_by),
                reasons.join(", ")
            );
        }
    }
    for error in &check.errors {
        _ = writeln!(table, "| not read | | | {} |", cell(error));
    }
    table.push('\n');
    table
}

/// Source: GitHub Flavored Markdown, section 4.10: `|` ends a cell even between backticks, unless escaped.
fn cell(text: &str) -> String {
    let text = excerpt(text).replace('`', "'").replace('|', "\\|");
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_words_end_a_cell_or_mean_anything() {
        assert_eq!(
            cell("a` | <b>\r\n[x](y) \u{1b}[2J"),
            "`a' \\| <b>\\u{d}\\u{a}[x](y) \\u{1b}[2J`"
        );
    }
}
