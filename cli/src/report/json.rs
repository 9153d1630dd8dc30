//! Machine output: `docs/output.md` is its contract.

use std::io::Write;

use anyhow::Result;
use remora_engine::sweep::{ByRule, ByTool, Outcome, SightingList, Summary};
use serde::Serialize;

/// One object a line; the summary is the last line, so that a stream that was
/// cut off can be told from a whole one.
pub(crate) fn write_lines(outcome: &Outcome, out: &mut impl Write) -> Result<()> {
    let mut lines = Lines { out, waiting: Vec::with_capacity(2 * ENOUGH) };
    // What is excluded comes behind what is reported.
    for sighting in outcome.by_rule.iter().chain(outcome.excluded.by_rule.iter()) {
        lines.write(&sighting)?;
    }
    for sighting in outcome.by_tool.iter().chain(outcome.excluded.by_tool.iter()) {
        lines.write(&sighting)?;
    }
    lines.write(&outcome.summary)?;
    lines.finish()
}

/// So many bytes are written at once, or more.
const ENOUGH: usize = 1 << 16;

/// Lines that are put together in memory: a sighting is some two hundred pieces
/// of text, and a buffered writer looks for room at each.
struct Lines<'o, W> {
    out: &'o mut W,
    waiting: Vec<u8>,
}

impl<W: Write> Lines<'_, W> {
    fn write(&mut self, value: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.waiting, value)?;
        self.waiting.push(b'\n');
        if self.waiting.len() >= ENOUGH {
            self.out.write_all(&self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        Ok(self.out.write_all(&self.waiting)?)
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Sightings<'a> {
    Rules(&'a SightingList<ByRule>),
    Tools(&'a SightingList<ByTool>),
}

impl<'a> Sightings<'a> {
    fn of(by_rule: &'a SightingList<ByRule>, by_tool: &'a SightingList<ByTool>) -> Sightings<'a> {
        if by_tool.is_empty() { Sightings::Rules(by_rule) } else { Sightings::Tools(by_tool) }
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
