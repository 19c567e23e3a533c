//! Text from outside, made fit to stand in a message.
//!
//! Lets through no control character (log injection, response splitting) and no more than [`limits::EXCERPT_CHARS`].

use crate::limits;

/// `text` cut to [`limits::EXCERPT_CHARS`] characters, with control and text-direction characters escaped.
#[must_use]
pub fn excerpt(text: &str) -> String {
    excerpt_within(text, limits::EXCERPT_CHARS)
}

/// `text` cut to `limit` characters, with control and text-direction characters escaped.
#[must_use]
pub fn excerpt_within(text: &str, limit: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(limit));
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            shown.push('…');
            break;
        }
        if character.is_control() || reorders_text(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Characters that make a terminal show a name other than the one that stands there (CVE-2021-42574).
fn reorders_text(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(
            excerpt("registry.example.com/ä:1"),
            "registry.example.com/ä:1"
        );
    }

    #[test]
    fn control_and_direction_characters_are_spelt_out() {
        assert_eq!(
            excerpt("a\r\nb\0\u{202e}c"),
            "a\\u{d}\\u{a}b\\u{0}\\u{202e}c"
        );
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let shown = excerpt(&"é".repeat(10_000));
        assert_eq!(shown.chars().count(), limits::EXCERPT_CHARS + 1);
        assert!(shown.ends_with('…'));
    }
}
