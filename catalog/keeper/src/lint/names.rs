//! Names that differ only in spelling.
//!
//! An import finds a tool by the letters and digits of its id, name and
//! aliases, and so do people. Two tools that share them cannot be told apart;
//! two rules that do are counted as two and read as one.

use std::{collections::BTreeMap, ops::Range};

use remora_catalog::Tool;
use remora_rules::Severity;

use super::{codes::SIMILAR_NAME, file::Entry, finding::Report};
use crate::names::key;

pub(super) fn check(entries: &[Entry], beside: &[&Tool], report: &mut Report) {
    tools(entries, beside, report);
    rules(entries, beside, report);
}

/// The names of a tool: what each is, and its text.
fn names(tool: &Tool) -> impl Iterator<Item = (&'static str, &str)> {
    let own = [("id", tool.id.as_str()), ("name", tool.name.as_str())];
    own.into_iter().chain(tool.aliases.iter().map(|alias| ("alias", alias.as_str())))
}

fn tools(entries: &[Entry], beside: &[&Tool], report: &mut Report) {
    let mut known: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for tool in beside {
        for (_, name) in names(tool) {
            known.entry(key(name)).or_insert((&tool.id, name));
        }
    }
    for entry in entries {
        let tool = entry.tool();
        let mut told = vec![];
        for (number, (what, name)) in names(tool).enumerate() {
            let bare = key(name);
            let (other, spelt) = *known.entry(bare.clone()).or_insert((&tool.id, name));
            if other != tool.id && !told.contains(&bare) {
                let message =
                    format!("the {what} {name:?} is spelt like {spelt:?} of the tool {other:?}");
                report
                    .push(&SIMILAR_NAME, entry, span(entry, what, number), message)
                    .help("letters and digits must differ: lists are matched by them");
                told.push(bare);
            } else if what == "alias" && repeats(tool, number, name) {
                let message = format!(
                    "the alias {name:?} is the tool's id, name or another alias but for case"
                );
                report
                    .push(&SIMILAR_NAME, entry, span(entry, what, number), message)
                    .help("leave it out: case, blanks and punctuation do not count where names are looked for")
                    .at_most(Severity::Note);
            }
        }
    }
}

/// Whether an earlier name of the tool is the same but for case.
fn repeats(tool: &Tool, number: usize, name: &str) -> bool {
    names(tool).take(number).any(|(_, other)| other.to_lowercase() == name.to_lowercase())
}

/// Where the name of this number stands.
fn span(entry: &Entry, what: &str, number: usize) -> Range<usize> {
    match what {
        "alias" => entry.place().get("tool").get("aliases").item(number - 2).span.clone(),
        key => entry.of_tool(key),
    }
}

fn rules(entries: &[Entry], beside: &[&Tool], report: &mut Report) {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for one in beside.iter().flat_map(|tool| &tool.rules) {
        known.entry(key(&one.rule.id)).or_insert(&one.rule.id);
    }
    for entry in entries {
        for (at, one) in entry.tool().rules.iter().enumerate() {
            let id = one.rule.id.as_str();
            let other = *known.entry(key(id)).or_insert(id);
            if other != id {
                report
                    .push(
                        &SIMILAR_NAME,
                        entry,
                        entry.of_rule(at, "id"),
                        format!("the rule id {id:?} is spelt like {other:?}"),
                    )
                    .help(
                        "letters and digits of ids must differ, or people take one for the other",
                    );
            }
        }
    }
}
