//! What is wrong with a catalog file.

use std::{fmt, ops::Range};

use remora_rules::Diagnostic;

/// An error in a catalog file, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogError {
    origin: String,
    diagnostic: Diagnostic,
}

impl CatalogError {
    pub(crate) fn new(origin: &str, text: &str, problem: Problem) -> CatalogError {
        let diagnostic = Diagnostic {
            message: problem.message,
            span: problem.span,
            help: problem.help,
            text: text.to_owned(),
        };
        CatalogError { origin: origin.to_owned(), diagnostic }
    }

    /// The file, as the caller named it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.diagnostic.line_column().0
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.diagnostic.message
    }

    /// What would be accepted, if that can be said.
    pub fn help(&self) -> Option<&str> {
        self.diagnostic.help.as_deref()
    }

    /// The error as people read it: message, the file's line with a caret,
    /// help. `color` adds ANSI escapes.
    pub fn render(&self, color: bool) -> String {
        self.diagnostic.render(&self.origin, color)
    }
}

/// On one line: `file:line: message; help`.
impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.origin, self.line(), self.message())?;
        match self.help() {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CatalogError {}

/// What is wrong, with its place in a text that the caller knows.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
    pub(crate) help: Option<String>,
}

impl Problem {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Problem {
        Problem { message: message.into(), span, help: None }
    }

    /// Says which words would be accepted.
    pub(crate) fn accepting<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Problem {
        let words: Vec<&str> = words.into_iter().collect();
        self.help = Some(format!("accepted are: {}", words.join(", ")));
        self
    }
}

impl From<toml::de::Error> for Problem {
    fn from(error: toml::de::Error) -> Problem {
        Problem::new(error.span().unwrap_or(0..0), error.message())
    }
}
