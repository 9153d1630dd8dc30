//! `remora catalog lint`

use std::io::{self, BufWriter, IsTerminal as _, Write};

use anyhow::Result;
use remora_catalog::embedded_tools;
use remora_keeper::lint::{self, Files, Finding, Severity, Strictness};
use serde::Serialize;

use crate::{
    args::{Level, LintArgs, LogArgs, TextOrJson},
    exit::Status,
};

/// The schema of the machine output.
const SCHEMA: &str = "remora.lint/1";

/// Runs the command.
pub(crate) fn run(args: &LintArgs, log: &LogArgs) -> Result<Status> {
    let files = if args.paths.is_empty() {
        Files { entries: lint::embedded(), findings: vec![] }
    } else {
        Files::read(&args.paths)?
    };
    let (beside, strictness) = if args.addition {
        (embedded_tools().collect(), Strictness::Addition)
    } else {
        (vec![], Strictness::Catalog)
    };
    let count = files.len();
    let findings = files.lint(&beside, strictness);
    let out = BufWriter::new(io::stdout().lock());
    match args.output {
        TextOrJson::Json => json(&findings, count, out)?,
        TextOrJson::Text => {
            text(&findings, count, args.level, log.color.choice(io::stdout().is_terminal()), out)?;
        }
    }
    Ok(Status { found: number(&findings, Severity::Error) > 0, failed: false })
}

fn number(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

fn text(
    findings: &[Finding],
    files: usize,
    level: Level,
    colour: bool,
    mut out: impl Write,
) -> Result<()> {
    let least = match level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Note => Severity::Note,
    };
    for finding in findings.iter().filter(|finding| finding.severity >= least) {
        writeln!(out, "{}\n", finding.render(colour))?;
    }
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let (count, name) = (number(findings, severity), severity.name());
        let hidden = if count > 0 && severity < least { " (not shown)" } else { "" };
        format!("{}{hidden}", counted(count, name))
    });
    writeln!(out, "{}: {}", counted(files, "file"), counts.join(", "))?;
    if findings.iter().any(|finding| finding.severity >= least) {
        writeln!(out, "docs/lints.md says what each code means and how it is mended.")?;
    }
    out.flush()?;
    Ok(())
}

/// A number and what it counts: `no errors`, `1 error`, `2 errors`.
fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

#[derive(Serialize)]
struct Report<'f> {
    schema: &'static str,
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<Line<'f>>,
}

#[derive(Serialize)]
struct Line<'f> {
    code: &'static str,
    severity: &'static str,
    file: &'f str,
    line: usize,
    column: usize,
    #[serde(skip_serializing_if = "str::is_empty")]
    tool: &'f str,
    message: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'f str>,
    page: String,
}

fn json(findings: &[Finding], files: usize, mut out: impl Write) -> Result<()> {
    let lines = findings.iter().map(|finding| Line {
        code: finding.lint.code,
        severity: finding.severity.name(),
        file: &finding.file,
        line: finding.line,
        column: finding.column,
        tool: &finding.tool,
        message: &finding.message,
        help: finding.help.as_deref(),
        page: format!("docs/lints.md#{}", finding.lint.code),
    });
    let report = Report {
        schema: SCHEMA,
        files,
        errors: number(findings, Severity::Error),
        warnings: number(findings, Severity::Warning),
        notes: number(findings, Severity::Note),
        findings: lines.collect(),
    };
    serde_json::to_writer_pretty(&mut out, &report)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}
