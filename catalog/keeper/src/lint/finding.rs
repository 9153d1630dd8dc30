//! One thing that a lint found, and the list of them.

use std::{fmt, ops::Range, sync::Arc};

use remora_catalog::{CatalogError, Provenance, diagnose};
use remora_rules::{Diagnostic, Severity};

use super::{
    Strictness,
    codes::{INVALID_FILE, Lint},
    file::Entry,
};

/// What a lint found, with its place.
///
/// It shares its file's text, so that a file with many findings is held once.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which lint.
    pub lint: &'static Lint,
    /// How much it weighs here.
    pub severity: Severity,
    /// The file, as the caller named it.
    pub file: String,
    /// The tool's id; `""` where the file could not be read.
    pub tool: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// How it is mended.
    pub help: Option<String>,
    /// The bytes of the text that it is about.
    pub(super) span: Range<usize>,
    text: Arc<str>,
}

impl Finding {
    /// A file that is no tool's file.
    pub(super) fn invalid(error: &CatalogError) -> Finding {
        let Diagnostic { message, span, help, text } = error.diagnostic().clone();
        let (line, column) = error.diagnostic().line_column();
        Finding {
            line,
            column,
            help,
            span,
            text: text.into(),
            ..Finding::unread(error.origin(), message)
        }
    }

    /// A file of which there is no text.
    pub(super) fn unread(file: &str, message: String) -> Finding {
        Finding {
            lint: &INVALID_FILE,
            severity: Severity::Error,
            file: file.to_owned(),
            tool: String::new(),
            line: 1,
            column: 1,
            message,
            help: None,
            span: 0..0,
            text: "".into(),
        }
    }

    /// The finding as people read it: severity, code and message, the file's
    /// line with a caret, help. `color` adds ANSI escapes.
    pub fn render(&self, color: bool) -> String {
        // The lines that it is about are enough, whatever the file's size.
        let text = self.text.as_bytes();
        let Range { start, end } = self.span;
        let line_end = |from: usize| text[from..].iter().position(|byte| *byte == b'\n');
        let from = text[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let to = line_end(end).map_or(text.len(), |at| end + at);
        let message = self.message.as_str();
        let span = start - from..end - from;
        let diagnostic = diagnose(&self.text[from..to], span, message, self.help.clone());
        let code = Some(self.lint.code);
        diagnostic.render_as(self.severity, code, &self.file, self.line, color)
    }

    /// Says how it is mended.
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Finding {
        self.help = Some(help.into());
        self
    }

    /// Takes weight from it, if it has more.
    pub(super) fn at_most(&mut self, severity: Severity) -> &mut Finding {
        self.severity = self.severity.min(severity);
        self
    }

    /// Takes weight from what follows a collection of others, whose values are
    /// not ours to change, and says so.
    pub(super) fn upstream(&mut self, provenance: &Provenance) -> &mut Finding {
        if provenance.source == crate::import::SOURCE {
            self.at_most(Severity::Warning);
            self.help(format!(
                "the list {} has it so, and its rules are kept as they are; what it is worth is for the indicator's class to say",
                provenance.source
            ));
        }
        self
    }

    /// The order in which findings are told.
    pub(super) fn order(&self) -> (&str, usize, &'static str, &str) {
        (&self.file, self.line, self.lint.code, &self.message)
    }
}

/// On one line: `file:line: severity: message [code]`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { file, line, message, .. } = self;
        write!(f, "{file}:{line}: {}: {message} [{}]", self.severity.name(), self.lint.code)
    }
}

/// The findings so far.
#[derive(Debug)]
pub(super) struct Report {
    strictness: Strictness,
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(strictness: Strictness) -> Report {
        Report { strictness, findings: vec![] }
    }

    /// Adds a finding; what it returns is for saying more of it.
    pub(super) fn push(
        &mut self,
        lint: &'static Lint,
        entry: &Entry,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Finding {
        let (line, column) = entry.line_column(span.start);
        self.findings.push(Finding {
            lint,
            severity: lint.severity(self.strictness),
            file: entry.origin().to_owned(),
            tool: entry.tool().id.clone(),
            line,
            column,
            message: message.into(),
            help: None,
            span,
            text: entry.shared_text(),
        });
        self.findings.last_mut().expect("it was just added")
    }

    /// Takes findings out; how many there were.
    pub(super) fn take_out(&mut self, which: impl Fn(&Finding) -> bool) -> usize {
        let before = self.findings.len();
        self.findings.retain(|finding| !which(finding));
        before - self.findings.len()
    }

    pub(super) fn findings(self) -> Vec<Finding> {
        self.findings
    }
}
