//! What is wrong with tools' files, beyond what reading them refuses.
//!
//! A catalog can be read and still be bad: an indicator that everybody has, a
//! rule that nothing can meet, an alternative that no example tries. Such
//! things are found here, by functions over files that are read already, so
//! that the command, the catalog's own tests and a run that adds files all ask
//! the same. Nothing is changed and no rule is run over anything but examples.
//!
//! A finding points into its file. What cannot be otherwise is allowed in the
//! data, with its reason: `allow = [{ lint = "…", why = "…" }]`.

mod across;
mod allow;
mod broad;
mod codes;
mod domains;
mod examples;
mod file;
mod filled;
mod finding;
mod literals;
mod names;
mod place;
mod rules;
mod tool;

pub use self::{
    codes::{LINTS, Lint, lint_of},
    file::{Entry, Files, ReadError, embedded},
    finding::Finding,
};
pub use remora_rules::Severity;

use remora_catalog::Tool;

use self::finding::Report;

/// What is asked of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// What a shipped catalog keeps to: every rule has its examples.
    Catalog,
    /// What files of one's own keep to, that are used beside a catalog: what
    /// could do harm is an error, what is merely unproved a warning.
    Addition,
}

/// Looks at `entries`, which are used together with the tools `beside` them; of
/// these, those are left out whose id one of the entries has. Findings are in
/// the order of files and of their lines.
pub fn lint(entries: &[Entry], beside: &[Tool], strictness: Strictness) -> Vec<Finding> {
    let replaced = |tool: &&Tool| entries.iter().any(|entry| entry.tool().id == tool.id);
    let beside: Vec<&Tool> = beside.iter().filter(|tool| !replaced(tool)).collect();
    let mut report = Report::new(strictness);
    for entry in entries {
        tool::check(entry, &mut report);
        broad::check(entry, &mut report);
        literals::check(entry, &mut report);
        rules::check(entry, &mut report);
        examples::check(entry, &mut report);
    }
    across::check(entries, &beside, &mut report);
    names::check(entries, &beside, &mut report);
    allow::apply(entries, &mut report);
    let mut findings = report.findings();
    findings.sort_by(|one, other| one.order().cmp(&other.order()));
    findings
}
