//! How deep brackets are nested, seen before a parser sees them.
//!
//! Refuses what would keep the parser busy: it tries every reading of nested brackets, and its time doubles with each
//! level.

use std::str::Chars;

/// The line on which brackets are nested too deep, if there is one.
pub(crate) fn too_deep(text: &str) -> Option<u32> {
    let mut depth = 0_usize;
    let mut line = 1;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\n' => line += 1,
            '#' => {
                characters.by_ref().find(|next| *next == '\n');
                line += 1;
            }
            '"' => skip_string(&mut characters),
            '`' => {
                let skipped = characters.by_ref().take_while(|next| *next != '`');
                line += skipped.filter(|next| *next == '\n').count() as u32;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Some(line);
        }
    }
    None
}

fn skip_string(characters: &mut Chars<'_>) {
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '"' => return,
            _ => {}
        }
    }
}

pub(crate) const MAX_NESTING: usize = 12;
