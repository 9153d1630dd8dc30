//! Machine output: `docs/output.md` is its contract.

use std::io::Write;

use anyhow::Result;
use remora_engine::sweep::{Outcome, RuleSighting, Summary, ToolSighting};
use serde::Serialize;

/// One object a line; the summary is the last line, so that a stream that was
/// cut off can be told from a whole one.
pub(crate) fn write_lines(outcome: &Outcome, out: &mut impl Write) -> Result<()> {
    for sighting in &outcome.by_rule {
        write_line(sighting, out)?;
    }
    for sighting in &outcome.by_tool {
        write_line(sighting, out)?;
    }
    write_line(&outcome.summary, out)
}

fn write_line(value: &impl Serialize, out: &mut impl Write) -> Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// One object with `sightings` and `summary`.
pub(crate) fn write_object(outcome: &Outcome, out: &mut impl Write) -> Result<()> {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Sightings<'a> {
        ByRule(&'a [RuleSighting]),
        ByTool(&'a [ToolSighting]),
    }
    #[derive(Serialize)]
    struct Object<'a> {
        sightings: Sightings<'a>,
        summary: &'a Summary,
    }
    let sightings = if outcome.by_tool.is_empty() {
        Sightings::ByRule(&outcome.by_rule)
    } else {
        Sightings::ByTool(&outcome.by_tool)
    };
    serde_json::to_writer_pretty(&mut *out, &Object { sightings, summary: &outcome.summary })?;
    out.write_all(b"\n")?;
    Ok(())
}
