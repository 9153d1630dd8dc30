//! Machine output: `docs/output.md` is its contract.

use std::io::Write;

use anyhow::Result;
use remora_engine::sweep::{Outcome, RuleSighting, SightingList, Summary, ToolSighting};
use serde::Serialize;

/// One object a line; the summary is the last line, so that a stream that was
/// cut off can be told from a whole one.
pub(crate) fn write_lines(outcome: &Outcome, out: &mut impl Write) -> Result<()> {
    // What is excluded comes behind what is reported.
    for sighting in outcome.by_rule.iter().chain(outcome.excluded.by_rule.iter()) {
        write_line(&sighting, out)?;
    }
    for sighting in outcome.by_tool.iter().chain(outcome.excluded.by_tool.iter()) {
        write_line(&sighting, out)?;
    }
    write_line(&outcome.summary, out)
}

fn write_line(value: &impl Serialize, out: &mut impl Write) -> Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")?;
    Ok(())
}

#[derive(Serialize)]
#[serde(untagged)]
enum Sightings<'a> {
    ByRule(&'a SightingList<RuleSighting>),
    ByTool(&'a SightingList<ToolSighting>),
}

impl<'a> Sightings<'a> {
    fn of(
        by_rule: &'a SightingList<RuleSighting>,
        by_tool: &'a SightingList<ToolSighting>,
    ) -> Sightings<'a> {
        if by_tool.is_empty() { Sightings::ByRule(by_rule) } else { Sightings::ByTool(by_tool) }
    }
}

/// One object with `sightings` and `summary`; with `excluded` between them where
/// what is excluded is to be shown.
pub(crate) fn write_object(
    outcome: &Outcome,
    show_excluded: bool,
    out: &mut impl Write,
) -> Result<()> {
    #[derive(Serialize)]
    struct Object<'a> {
        sightings: Sightings<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        excluded: Option<Sightings<'a>>,
        summary: &'a Summary,
    }
    let Outcome { by_rule, by_tool, excluded, summary, .. } = outcome;
    let object = Object {
        sightings: Sightings::of(by_rule, by_tool),
        excluded: show_excluded.then(|| Sightings::of(&excluded.by_rule, &excluded.by_tool)),
        summary,
    };
    serde_json::to_writer_pretty(&mut *out, &object)?;
    out.write_all(b"\n")?;
    Ok(())
}
