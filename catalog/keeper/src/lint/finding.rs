//! One thing that a lint found, and the list of them.

use std::{fmt, ops::Range};

use remora_catalog::{CatalogError, Provenance, diagnose};
use remora_rules::{Diagnostic, Severity};

use super::{
    Strictness,
    codes::{INVALID_FILE, Lint},
    file::Entry,
};

/// What a lint found, with its place.
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
    /// What is wrong, where, and how it is mended.
    pub diagnostic: Diagnostic,
    /// The bytes of the file that it is about.
    pub(super) span: Range<usize>,
}

impl Finding {
    /// A file that is no tool's file.
    pub(super) fn invalid(error: &CatalogError) -> Finding {
        Finding {
            lint: &INVALID_FILE,
            severity: Severity::Error,
            file: error.origin().to_owned(),
            tool: String::new(),
            diagnostic: error.diagnostic().clone(),
            span: 0..0,
        }
    }

    /// Line and column, from 1, the column in characters.
    pub fn place(&self) -> (usize, usize) {
        self.diagnostic.line_column()
    }

    /// The finding as people read it: severity, code and message, the file's
    /// line with a caret, help. `color` adds ANSI escapes.
    pub fn render(&self, color: bool) -> String {
        self.diagnostic.render_as(self.severity, Some(self.lint.code), &self.file, color)
    }

    /// Says how it is mended.
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Finding {
        self.diagnostic.help = Some(help.into());
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
        (&self.file, self.place().0, self.lint.code, &self.diagnostic.message)
    }
}

/// On one line: `file:line: severity: message [code]`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (message, code) = (&self.diagnostic.message, self.lint.code);
        write!(f, "{}:{}: {}: {message} [{code}]", self.file, self.place().0, self.severity.name())
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
        self.findings.push(Finding {
            lint,
            severity: lint.severity(self.strictness),
            file: entry.origin().to_owned(),
            tool: entry.tool().id.clone(),
            diagnostic: diagnose(entry.text(), span.clone(), message, None),
            span,
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
