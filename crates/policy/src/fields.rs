//! Reading a tree by its fields, collecting what is wrong on the way.
//!
//! Refuses fields that nobody knows, and suggests the one that was meant.

use countersign_image::excerpt;

use crate::LoadError;
use crate::yaml::{Entry, Node, Position, Value};

/// The mistakes of one file, so far.
#[derive(Debug)]
pub(crate) struct Problems {
    path: String,
    errors: Vec<LoadError>,
}

impl Problems {
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            errors: Vec::new(),
        }
    }

    pub(crate) fn report(&mut self, at: Position, code: &'static str, message: impl Into<String>) {
        self.push(at, code, message.into(), None);
    }

    pub(crate) fn advise(
        &mut self,
        at: Position,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(at, code, message.into(), Some(hint.into()));
    }

    /// Reports the error of another type, with its hint if it has one.
    pub(crate) fn with_hint(
        &mut self,
        at: Position,
        code: &'static str,
        message: String,
        hint: Option<impl Into<String>>,
    ) {
        self.push(at, code, message, hint.map(Into::into));
    }

    /// Reports a name that is none of `known`.
    pub(crate) fn unknown<'k>(
        &mut self,
        at: Position,
        code: &'static str,
        message: impl Into<String>,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let hint = match nearest(name, &known) {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None if known.is_empty() => None,
            None => Some(format!("known: {}", known.join(", "))),
        };
        self.push(at, code, message.into(), hint);
    }

    /// The same for names too many to list.
    pub(crate) fn unknown_quietly<'k>(
        &mut self,
        at: Position,
        code: &'static str,
        message: impl Into<String>,
        name: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.collect();
        let hint = nearest(name, &known).map(|meant| format!("did you mean `{meant}`?"));
        self.push(at, code, message.into(), hint);
    }

    fn push(&mut self, at: Position, code: &'static str, message: String, hint: Option<String>) {
        let (path, line, column) = (self.path.clone(), at.line, at.column);
        self.errors.push(LoadError {
            path,
            line,
            column,
            code,
            message,
            hint,
        });
    }

    /// The file.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// A place of this file, as messages about other places name it.
    pub(crate) fn place(&self, at: Position) -> String {
        format!("{}:{}", self.path, at.line)
    }

    pub(crate) fn add(&mut self, error: LoadError) {
        self.errors.push(error);
    }

    /// The same file with nothing wrong so far.
    pub(crate) fn fresh(&self) -> Self {
        Self::new(&self.path)
    }

    /// Adds what was found apart from the rest.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.errors.extend(other.errors);
    }

    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    /// All of them, in order of place.
    pub(crate) fn into_errors(mut self) -> Vec<LoadError> {
        self.errors.sort_by_key(|error| (error.line, error.column));
        self.errors
    }
}

/// A mapping whose fields are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'n> {
    pub(crate) at: Position,
    what: &'n str,
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    /// Opens `node` as a mapping with no other fields than `known`.
    pub(crate) fn open(
        node: &'n Node,
        what: &'n str,
        known: &[&str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            problems.report(
                node.at,
                "wrong_type",
                format!("{what} is {}, wanted a mapping", node.kind()),
            );
            return None;
        };
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                let message = format!("{what} has no field `{}`", excerpt(&entry.key));
                problems.unknown(
                    entry.at,
                    "unknown_field",
                    message,
                    &entry.key,
                    known.iter().copied(),
                );
            }
        }
        Some(Self {
            at: node.at,
            what,
            entries,
        })
    }

    /// The field's value; one that is null counts as absent, as it does in Kubernetes.
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        (!matches!(entry.value.value, Value::Null)).then_some(&entry.value)
    }

    /// The place of the field's key.
    pub(crate) fn key(&self, name: &str) -> Position {
        self.entries
            .iter()
            .find(|entry| entry.key == name)
            .map_or(self.at, |entry| entry.at)
    }

    /// The field's value; its absence is a mistake.
    pub(crate) fn require(&self, name: &str, problems: &mut Problems) -> Option<&'n Node> {
        let node = self.get(name);
        if node.is_none() {
            problems.report(
                self.key(name),
                "missing_field",
                format!("{} needs the field `{name}`", self.what),
            );
        }
        node
    }

    /// The one of `names` that is there; none and several are mistakes.
    pub(crate) fn exactly_one(
        &self,
        names: &[&'static str],
        problems: &mut Problems,
    ) -> Option<(&'static str, &'n Node)> {
        let mut present = names
            .iter()
            .filter_map(|name| Some((*name, self.get(name)?)));
        match (present.next(), present.next()) {
            (Some(one), None) => Some(one),
            (Some(_), Some((second, _))) => {
                let message = format!("{} has more than one of {}", self.what, names.join(", "));
                problems.report(self.key(second), "invalid_value", message);
                None
            }
            (None, _) => {
                let message = format!("{} needs one of {}", self.what, names.join(", "));
                problems.report(self.at, "missing_field", message);
                None
            }
        }
    }
}

/// `node` as text.
pub(crate) fn text<'n>(node: &'n Node, what: &str, problems: &mut Problems) -> Option<&'n str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => {
            problems.report(
                node.at,
                "wrong_type",
                format!("{what} is {}, wanted a string", node.kind()),
            );
            None
        }
    }
}

/// `node` as text that is not empty.
pub(crate) fn name<'n>(node: &'n Node, what: &str, problems: &mut Problems) -> Option<&'n str> {
    let text = text(node, what, problems)?;
    if text.trim().is_empty() {
        problems.report(node.at, "invalid_value", format!("{what} is empty"));
        return None;
    }
    Some(text)
}

/// `node` as a list.
pub(crate) fn list<'n>(node: &'n Node, what: &str, problems: &mut Problems) -> Option<&'n [Node]> {
    match &node.value {
        Value::List(items) => Some(items),
        _ => {
            problems.report(
                node.at,
                "wrong_type",
                format!("{what} is {}, wanted a list", node.kind()),
            );
            None
        }
    }
}

/// The one of `known` that is close enough to `name` to have been meant.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let allowed = (name.chars().count() / 3).max(1);
    known
        .iter()
        .map(|candidate| {
            (
                edits(&name.to_lowercase(), &candidate.to_lowercase()),
                *candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters to add, leave out, change, or swap with their neighbours.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut before = row.clone();
    let mut letter_before = None;
    for (index, letter) in left.chars().enumerate() {
        let mut next = vec![index + 1];
        for (column, other) in right.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
            let mut least = (at(&row, column) + usize::from(letter != *other))
                .min(at(&row, column + 1) + 1)
                .min(at(&next, column) + 1);
            let other_before = column.checked_sub(1).and_then(|last| right.get(last));
            if letter_before == Some(*other) && other_before == Some(&letter) {
                least = least.min(at(&before, column - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
        letter_before = Some(letter);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["threshold", "authorities", "mode", "min_packages"];
        assert_eq!(nearest("treshold", &known), Some("threshold"));
        assert_eq!(nearest("authoritys", &known), Some("authorities"));
        assert_eq!(nearest("Mode", &known), Some("mode"));
        assert_eq!(nearest("mdoe", &known), Some("mode"));
        assert_eq!(nearest("mdeo", &known), None);
        assert_eq!(nearest("minPackages", &known), Some("min_packages"));
        assert_eq!(nearest("builders", &known), None);
        assert_eq!(nearest("", &known), None);
    }
}
