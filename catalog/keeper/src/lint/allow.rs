//! What is right all the same: exceptions that stand in the data.
//!
//! In the data and not in the program, so that who reads an entry sees what is
//! odd about it, and why somebody left it so. An exception of nothing is found
//! too, or files would gather them.

use std::ops::Range;

use remora_catalog::Allow;
use remora_rules::nearest;

use super::{
    codes::{
        DOMAIN_BELOW, DUPLICATE_RULE, DUPLICATE_TOOL, INVALID_FILE, LINTS, Lint, SHARED_INDICATOR,
        SIMILAR_NAME, UNKNOWN_TOOL, UNUSED_ALLOW, lint_of,
    },
    file::Entry,
    finding::{Finding, Report},
};

/// Lints that look at other files too: whether there is anything to leave alone
/// depends on which files are looked at.
const ACROSS: [&Lint; 6] = [
    &DOMAIN_BELOW,
    &DUPLICATE_RULE,
    &DUPLICATE_TOOL,
    &SHARED_INDICATOR,
    &SIMILAR_NAME,
    &UNKNOWN_TOOL,
];

/// An exception of a file: which lint, of which bytes, and where it stands.
struct Exception<'e> {
    entry: &'e Entry,
    allow: &'e Allow,
    of: Range<usize>,
    place: Range<usize>,
}

/// Takes out of the report what files allow, and adds what they allow in vain.
pub(super) fn apply(entries: &[Entry], report: &mut Report) {
    for exception in entries.iter().flat_map(exceptions) {
        let Exception { entry, allow, of, place } = exception;
        let known =
            lint_of(&allow.lint).filter(|lint| ![&INVALID_FILE, &UNUSED_ALLOW].contains(lint));
        let meets = |finding: &Finding| {
            finding.file == entry.origin()
                && finding.lint.code == allow.lint
                && of.contains(&finding.span.start)
        };
        if known.is_some() && report.take_out(meets) > 0 {
            continue;
        }
        match known {
            Some(lint) if ACROSS.contains(&lint) => {}
            Some(_) => {
                let message = format!("there is no {:?} here to be allowed", allow.lint);
                report.push(&UNUSED_ALLOW, entry, place, message).help("leave the exception out");
            }
            None => {
                let codes = LINTS.iter().map(|lint| lint.code);
                let help = match nearest(&allow.lint, codes) {
                    Some(near) => format!("did you mean {near:?}? docs/lints.md lists them"),
                    None => "docs/lints.md lists them".to_owned(),
                };
                let message = format!("there is no lint {:?} that could be allowed", allow.lint);
                report.push(&UNUSED_ALLOW, entry, place, message).help(help);
            }
        }
    }
}

fn exceptions(entry: &Entry) -> Vec<Exception<'_>> {
    let (tool, place) = (entry.tool(), entry.place());
    let item = |list: &str, at: usize| place.get(list).item(at);
    let indicators = tool.indicators.iter().enumerate();
    let indicators = indicators.map(|(at, one)| (&one.allow, item("indicator", at)));
    let rules = tool.rules.iter().enumerate().map(|(at, one)| (&one.allow, item("rule", at)));
    let parts = indicators.chain(rules).map(|(allow, holder)| (allow, holder, holder.extent()));
    let whole = (&tool.allow, place.get("tool"), 0..entry.text().len());
    let mut all = vec![];
    for (allowed, holder, of) in parts.chain([whole]) {
        for (at, allow) in allowed.iter().enumerate() {
            let place = holder.get("allow").item(at).span.clone();
            all.push(Exception { entry, allow, of: of.clone(), place });
        }
    }
    all
}
