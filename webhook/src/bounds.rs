//! Text within the bounds that the API server sets: messages, warnings, audit annotations.
//!
//! Refuses control characters and loses nothing silently: what is cut says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// At most [`MESSAGE_BYTES`], whole lines, and a last one that says what is missing.
pub(crate) fn message(text: &str) -> String {
    let mut message = String::new();
    let lines: Vec<_> = text.lines().map(printable).collect();
    for (position, line) in lines.iter().enumerate() {
        let room = MESSAGE_BYTES.saturating_sub(message.len());
        if line.len() >= room {
            // The first line says what is wrong: a cut one is better than none.
            if position == 0 {
                message.push_str(cut(line, room));
            }
            _ = write!(
                message,
                "\n… {} more lines: see `countersign check`",
                lines.len() - position
            );
            return message;
        }
        if position > 0 {
            message.push('\n');
        }
        message.push_str(line);
    }
    message
}

/// Each at most [`WARNING_CHARS`], all together at most [`WARNINGS_CHARS`]; longer ones go on in the next, since a
/// digest that is cut is worth nothing.
pub(crate) fn warnings(warnings: &[String]) -> Vec<String> {
    let mut shown = Vec::new();
    let mut total = 0;
    for (position, warning) in warnings.iter().enumerate() {
        let lines = wrap(&printable(warning));
        let length: usize = lines.iter().map(|line| line.chars().count()).sum();
        if total + length > WARNINGS_CHARS {
            shown.push(format!(
                "… {} more warnings: see `countersign check`",
                warnings.len() - position
            ));
            break;
        }
        total += length;
        shown.extend(lines);
    }
    shown
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word;
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WARNING_CHARS {
            lines.push(std::mem::replace(&mut line, "…".to_owned()));
        }
        while word.chars().count() + 2 > WARNING_CHARS {
            let head = cut_chars(word, WARNING_CHARS - 2);
            lines.push(format!(
                "{line}{}{head}",
                if line.is_empty() { "" } else { " " }
            ));
            word = word.get(head.len()..).unwrap_or_default();
            "…".clone_into(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// What the API server would drop: keys that are no qualified name without a prefix.
pub(crate) fn annotations(annotations: &BTreeMap<String, String>) -> BTreeMap<&str, String> {
    let valid = |key: &str| {
        let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        key.len() <= ANNOTATION_KEY_BYTES
            && edge(key.bytes().next())
            && edge(key.bytes().last())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    annotations
        .iter()
        .filter(|(key, _)| valid(key))
        .map(|(key, value)| {
            (
                key.as_str(),
                cut(&printable(value), ANNOTATION_BYTES).to_owned(),
            )
        })
        .collect()
}

/// `text` with everything spelt out that would move a cursor or turn the direction of what follows (CVE-2021-42574).
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let moves = matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        );
        if character.is_control() || moves {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

fn cut_chars(text: &str, chars: usize) -> &str {
    let end = text
        .char_indices()
        .nth(chars)
        .map_or(text.len(), |(position, _)| position);
    text.get(..end).unwrap_or(text)
}

const MESSAGE_BYTES: usize = 4096;
/// What the documentation of admission webhooks asks for.
const WARNING_CHARS: usize = 120;
/// Above this the API server cuts each to 256.
const WARNINGS_CHARS: usize = 4096;
const ANNOTATION_KEY_BYTES: usize = 63;
const ANNOTATION_BYTES: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_bounded_by_whole_lines_and_says_what_is_missing() {
        let long = message(&format!("first\n{}", "a line of detail\n".repeat(1000)));
        assert!(long.len() < MESSAGE_BYTES + 100 && long.starts_with("first\na line"));
        assert!(
            long.ends_with("more lines: see `countersign check`"),
            "{long}"
        );
        let wide = message(&"é".repeat(10_000));
        assert!(wide.len() < MESSAGE_BYTES + 100 && wide.starts_with('é'));
        assert_eq!(message("a\nb"), "a\nb");
    }

    #[test]
    fn no_control_or_direction_character_reaches_a_terminal() {
        assert_eq!(
            message("a\r\u{1b}[2Jb\u{202e}c"),
            "a\\u{d}\\u{1b}[2Jb\\u{202e}c"
        );
        assert_eq!(warnings(&["a\nb".to_owned()]), ["a\\u{a}b"]);
    }

    #[test]
    fn a_long_warning_goes_on_in_the_next_and_loses_nothing() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let text = format!(
            "{} is a tag, judged as {digest}: write a digest",
            "x".repeat(300)
        );
        let shown = warnings(&[text]);
        assert!(
            shown
                .iter()
                .all(|line| line.chars().count() <= WARNING_CHARS),
            "{shown:#?}"
        );
        assert!(
            shown.iter().any(|line| line.contains(&digest)),
            "{shown:#?}"
        );
        let letters: usize = shown.iter().map(|line| line.matches('x').count()).sum();
        assert_eq!(letters, 300);
    }

    #[test]
    fn warnings_beyond_the_total_are_counted() {
        let many: Vec<_> = (0..100)
            .map(|n| format!("{n} {}", "w".repeat(100)))
            .collect();
        let shown = warnings(&many);
        assert!(shown.iter().map(|line| line.chars().count()).sum::<usize>() < 4200);
        assert!(shown.last().unwrap().contains("more warnings"));
    }

    #[test]
    fn only_annotations_with_valid_keys_are_sent() {
        let all = [
            "decision",
            "image.0",
            "a/b",
            "",
            "-a",
            "a.",
            &"k".repeat(64),
        ]
        .iter()
        .map(|key| ((*key).to_owned(), "v".to_owned()))
        .collect();
        assert_eq!(
            annotations(&all).into_keys().collect::<Vec<_>>(),
            ["decision", "image.0"]
        );
    }
}
