//! An error in a rule's text, shown with a caret.
//!
//! The type is plain data, so that a catalog can move it into its own file's
//! coordinates; how it looks is decided in [`Diagnostic::render`] alone.

use std::{fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Wrong.
    Error,
}

impl Severity {
    /// The word in output.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    fn level(self) -> Level<'static> {
        match self {
            Severity::Note => Level::NOTE,
            Severity::Warning => Level::WARNING,
            Severity::Error => Level::ERROR,
        }
    }
}

/// What is wrong with a rule, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one sentence.
    pub message: String,
    /// Which bytes of the text; empty at the end of the text.
    pub span: Range<usize>,
    /// What would be accepted there.
    pub help: Option<String>,
    /// The rule's text.
    pub text: String,
}

impl Diagnostic {
    /// Line and column of the span's beginning, both from 1, the column in
    /// characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.text.get(..self.span.start).unwrap_or(&self.text);
        let lines = before.matches('\n').count();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (lines + 1, before[line_start..].chars().count() + 1)
    }

    /// The error as people read it: message, the line with a caret, help.
    /// `origin` names the text (a file, or e.g. `--where`); `color` adds ANSI
    /// escapes. Ends without a line end.
    pub fn render(&self, origin: &str, color: bool) -> String {
        self.render_as(Severity::Error, None, origin, 1, color)
    }

    /// As [`render`](Self::render), for what is no error of syntax. A `code`
    /// stands in brackets behind the severity. `first` is the number that the
    /// text's first line has in `origin`, for a text that is a part of it.
    pub fn render_as(
        &self,
        severity: Severity,
        code: Option<&str>,
        origin: &str,
        first: usize,
        color: bool,
    ) -> String {
        let annotation = AnnotationKind::Primary.span(self.span.clone());
        let snippet = Snippet::source(self.text.as_str())
            .path(origin)
            .line_start(first)
            .annotation(annotation);
        let mut title = severity.level().primary_title(self.message.as_str());
        if let Some(code) = code {
            title = title.id(code);
        }
        let mut group = title.element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}
