//! What is said of a tool as a whole.

use std::path::Path;

use remora_catalog::{Provenance, sources};
use remora_rules::abi::Class;

use super::{
    codes::{ATTRIBUTION, FILE_NAME, NO_NEXT_STEPS, NO_RULE, NOTHING_EXCLUSIVE, UNFINISHED},
    file::Entry,
    finding::Report,
};
use crate::create::BLANKS;

pub(super) fn check(entry: &Entry, report: &mut Report) {
    file_name(entry, report);
    unfinished(entry, report);
    attribution(entry, report);
    let tool = entry.tool();
    if tool.rules.is_empty() && tool.note.is_empty() {
        report
            .push(&NO_RULE, entry, entry.of_tool("id"), "nothing finds this tool: it has no rule")
            .help("give it an indicator, of which rules are made, or say in its `note` why it has none");
    }
    let exclusive = |class: Class| class == Class::EXCLUSIVE;
    if !tool.rules.is_empty() && !tool.indicators.iter().any(|one| exclusive(one.indicator.class)) {
        report
            .push(
                &NOTHING_EXCLUSIVE,
                entry,
                entry.of_tool("id"),
                "no indicator is the tool's alone, so that no finding is ever more than possible",
            )
            .help("give the class `exclusive` to what only this tool has, or add an indicator that is");
    }
    if tool.next_steps.is_empty() {
        report
            .push(
                &NO_NEXT_STEPS,
                entry,
                entry.of_tool("next_steps"),
                "an analyst is not told what to do about a sighting",
            )
            .help(
                "say in order what to ask, what to look at, and what to do if nobody approves it",
            );
    }
}

fn file_name(entry: &Entry, report: &mut Report) {
    let id = &entry.tool().id;
    let stem = Path::new(entry.origin()).file_stem().unwrap_or_default();
    if stem != id.as_str() {
        let message = format!("the file of {id:?} is called {:?}", stem.to_string_lossy());
        report
            .push(&FILE_NAME, entry, entry.of_tool("id"), message)
            .help(format!("call it {id}.toml, or change the id"));
    }
}

/// What `catalog new` left blank, and what an import could not know.
fn unfinished(entry: &Entry, report: &mut Report) {
    let blank = |text: &str| BLANKS.iter().any(|blank| text.contains(blank));
    let (mut left, mut in_examples) = (vec![], vec![]);
    for (key, place) in entry.place().named() {
        place.texts(if key == "example" { &mut in_examples } else { &mut left });
    }
    left.retain(|(text, _)| blank(text));
    in_examples.retain(|(text, _)| blank(text));
    // Once the indicators are filled in, examples with the old value fire nothing.
    let examples = if left.is_empty() { in_examples } else { vec![] };
    for (text, span) in left.into_iter().chain(examples) {
        report
            .push(&UNFINISHED, entry, span, format!("{text:?} is still to be filled in"))
            .help("docs/catalog-format.md says what each key holds");
    }
    if entry.tool().vendor == "unknown" {
        report
            .push(
                &UNFINISHED,
                entry,
                entry.of_tool("vendor"),
                "the vendor is still to be filled in",
            )
            .help("who makes it; of free software the project");
    }
}

/// Entries of others are credited in the head of the file.
fn attribution(entry: &Entry, report: &mut Report) {
    let tool = entry.tool();
    let head: Vec<&str> = entry.text().lines().take_while(|line| line.starts_with('#')).collect();
    let head = head.join("\n");
    let of_indicators = tool.indicators.iter().enumerate();
    let of_indicators =
        of_indicators.map(|(at, one)| (&one.provenance, entry.of_indicator(at, "provenance")));
    let of_rules = tool.rules.iter().enumerate();
    let of_rules = of_rules.map(|(at, one)| (&one.provenance, entry.of_rule(at, "provenance")));
    for (provenance, span) in of_indicators.chain(of_rules) {
        let lacks = lacking(provenance, &head);
        if let Some(part) = lacks {
            report
                .push(
                    &ATTRIBUTION,
                    entry,
                    span,
                    format!(
                        "an entry of {:?}, whose head of the file does not name {part:?}",
                        provenance.source
                    ),
                )
                .help("its licence asks for it: copy the head of another file with entries of this source");
            // One is enough: the head is mended once.
            return;
        }
    }
}

/// What the head of a file has to name and does not.
fn lacking<'p>(provenance: &'p Provenance, head: &str) -> Option<&'p str> {
    let source = sources().iter().find(|source| source.key == provenance.source)?;
    let commit = provenance.commit.as_deref().unwrap_or_default();
    [source.url.as_str(), &source.copyright, commit]
        .into_iter()
        .find(|part| !part.is_empty() && !head.contains(part))
}
