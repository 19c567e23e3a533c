//! Where a policy document is wrong, and how to put it right.
//!
//! Refuses to stop at the first mistake: a load reports all of them.

use std::fmt;

use crate::rego::RegoError;

/// One document or Rego file, as the caller read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path as it is to appear in messages.
    pub path: String,
    /// Content.
    pub text: String,
}

/// One mistake in a policy document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", Position(self))]
pub struct LoadError {
    /// File, as the caller named it.
    pub path: String,
    /// Line, counted from one; 0 where the mistake has no place of its own.
    pub line: u32,
    /// Column, counted from one; 0 where unknown.
    pub column: u32,
    /// Stable code, such as `unknown_field`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to put it right.
    pub hint: Option<String>,
}

impl LoadError {
    /// A mistake of a file as a whole.
    pub(crate) fn new(path: &str, code: &'static str, message: impl Into<String>) -> Self {
        let (path, message) = (path.to_owned(), message.into());
        Self {
            path,
            line: 0,
            column: 0,
            code,
            message,
            hint: None,
        }
    }

    /// What the engine says about a Rego file.
    pub(crate) fn rego(path: &str, error: &RegoError) -> Self {
        let (line, column) = (error.at.line, error.at.column);
        Self {
            line,
            column,
            ..Self::new(path, error.code, error.message.clone())
        }
    }

    /// The stable code of this mistake.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// How to put it right, where that is known.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

struct Position<'a>(&'a LoadError);

impl fmt::Display for Position<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.path)?;
        if self.0.line > 0 {
            write!(f, ":{}", self.0.line)?;
            if self.0.column > 0 {
                write!(f, ":{}", self.0.column)?;
            }
        }
        Ok(())
    }
}

/// Every mistake found in one load; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadErrors(pub(crate) Vec<LoadError>);

impl LoadErrors {
    /// The mistakes, in order of file and line.
    pub fn errors(&self) -> &[LoadError] {
        &self.0
    }
}

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
            if let Some(hint) = &error.hint {
                write!(f, "\n  hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for LoadErrors {}

impl From<LoadError> for LoadErrors {
    fn from(error: LoadError) -> Self {
        Self(vec![error])
    }
}
