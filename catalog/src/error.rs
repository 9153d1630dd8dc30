//! What is wrong with a catalog file.

use std::{fmt, ops::Range};

use remora_rules::{Diagnostic, nearest};

/// An error in a catalog file, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogError {
    origin: String,
    diagnostic: Diagnostic,
}

impl CatalogError {
    pub(crate) fn new(origin: &str, text: &str, problem: Problem) -> CatalogError {
        let Problem { message, span, help } = problem;
        let diagnostic = diagnose(text, span, message, help);
        CatalogError { origin: origin.to_owned(), diagnostic }
    }

    /// The file, as the caller named it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What is wrong and where, without the file's name.
    pub fn diagnostic(&self) -> &Diagnostic {
        &self.diagnostic
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

    /// Says what would be accepted.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Says which words would be accepted, and first the one that was meant, if
    /// one is spelled like `typed`.
    pub(crate) fn accepting(self, typed: &str, words: &[&str]) -> Problem {
        const SHOWN: usize = 40;
        let meant = match nearest(typed, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? "),
            None => String::new(),
        };
        let more = if words.len() > SHOWN { ", …" } else { "" };
        let shown = &words[..words.len().min(SHOWN)];
        self.help(format!("{meant}accepted are: {}{more}", shown.join(", ")))
    }

    /// An error of the TOML reader. What serde says of an unknown key or word
    /// is taken apart, so that it reads like every other error.
    pub(crate) fn of_toml(error: toml::de::Error) -> Problem {
        let problem = Problem::new(error.span().unwrap_or(0..0), error.message().trim_end());
        let Some((message, expected)) = problem.message.split_once(", expected ") else {
            return problem;
        };
        let mut quoted = message.split('`').skip(1).step_by(2);
        let (true, Some(typed)) = (message.starts_with("unknown "), quoted.next()) else {
            return problem;
        };
        let words: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        Problem::new(problem.span.clone(), message).accepting(typed, &words)
    }
}

/// A diagnostic of a catalog file's text, fit to be shown: of lines that are
/// long it has the part around the place.
pub fn diagnose(
    text: &str,
    span: Range<usize>,
    message: impl Into<String>,
    help: Option<String>,
) -> Diagnostic {
    let (text, span) = readable(text, span);
    Diagnostic { message: message.into(), span, help, text }
}

/// A text of which every line is short, with the same number of lines, and the
/// span moved to where it is in that text: what an error shows of a file.
fn readable(text: &str, span: Range<usize>) -> (String, Range<usize>) {
    const MOST: usize = 400;
    const BEFORE: usize = 100;
    let mut shown = String::new();
    let mut moved = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let own = (start..end).contains(&span.start) || (span.start == end && end == text.len());
        // Of a long line, what stands around the place.
        let at = span.start.saturating_sub(start);
        let from = if own && line.len() > MOST { at.saturating_sub(BEFORE) } else { 0 };
        let from = boundary(line, from);
        let to = boundary(line, from.saturating_add(MOST));
        if own && moved.is_none() {
            let at = shown.len() + (at - from);
            moved = Some(at..at + span.len());
        }
        shown.push_str(line[from..to].trim_end_matches('\n'));
        if line.ends_with('\n') {
            shown.push('\n');
        }
        start = end;
    }
    let span = moved.unwrap_or(0..0);
    let (from, to) = (boundary(&shown, span.start), boundary(&shown, span.end));
    (shown, from..to)
}

/// The nearest place at or before `at` where a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}
