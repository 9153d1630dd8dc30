//! `remora explain`

use std::{
    collections::BTreeMap,
    io::{self, BufWriter, IsTerminal as _, Write},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use remora_engine::sweep::{self, EXPLANATION_SCHEMA, Explanation, Options, Origin, Selection};
use serde::Serialize;

use crate::{
    args::{ExplainArgs, LogArgs, TextOrJson},
    cmd::sweep::{read_format, read_suffixes, read_zone, say_problem},
    exit::Status,
    inputs::{Inputs, named},
    known,
    report::explanation,
    scenarios, stdout, times,
};

const USAGE: &str = "usage: remora explain [OPTIONS] INPUT...

  remora explain net.csv:1042      why each rule fired for the record on that line, or did not

INPUT is a file, FILE:LINE, FILE:LINE-LINE, a folder, a glob, or - for standard input.";

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs, log: &LogArgs) -> Result<Status> {
    let arguments = named(&args.inputs, USAGE)?;
    let format = read_format(&args.reading.format)?;
    let exclusions = scenarios::read(&args.exclusions.scenario)?;
    let plugins = args.detectors.plugins();
    let colour = log.color.choice(io::stdout().is_terminal()) && args.output == TextOrJson::Text;
    let stdout = stdout::take(&plugins).context("standard output")?;
    let (detectors, known) = args.detectors.start(&plugins)?;
    let (paths, lines) = split_lines(&arguments);
    let found = Inputs::find(&paths);
    let mut selection = Selection { why_not: args.why_not, ..Selection::default() };
    for (input, at) in found.inputs.iter().zip(0..) {
        if let Origin::Path(path) = &input.origin
            && let Some(ranges) = lines.get(path)
        {
            selection.lines.insert(at, ranges.clone());
        }
    }
    let options = Options {
        inputs: found.inputs,
        format,
        window: sweep::Window::default(),
        now: times::clock(),
        zone: args.reading.timezone.as_deref().map(read_zone).transpose()?,
        tools: args.detectors.tools(),
        rules: args.detectors.rule.clone(),
        exclusions,
        show_excluded: false,
        grouping: sweep::Grouping::Rule,
        validate: true,
        threads: 1,
        browsers: known::browsers(),
        folding: known.folding,
        tenant: String::new(),
        search_suffixes: read_suffixes(&args.reading.search_suffix)?,
        without_rules: known.without_rules,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        progress: Arc::default(),
    };
    let limit = match (args.limit, args.output) {
        (Some(0), _) | (None, TextOrJson::Json) => u64::MAX,
        (Some(limit), _) => limit,
        (None, TextOrJson::Text) => 20,
    };
    let mut out =
        Out { out: BufWriter::new(stdout), output: args.output, colour, written: 0, failure: None };
    // Nobody asked for these events or rules in particular: what has nothing to say is counted.
    let by_the_way = args.output == TextOrJson::Text
        && selection.lines.is_empty()
        && !args.why_not
        && options.tools.is_empty()
        && options.rules.is_empty();
    let (mut left, mut quiet, mut cut) = (limit, 0_u64, false);
    let summary = sweep::explain(&detectors, &options, &selection, &mut |explanation| {
        if by_the_way && explanation.rules.is_empty() {
            quiet += 1;
            return true;
        }
        cut = left == 0;
        left = left.saturating_sub(1);
        !cut && out.event(&explanation)
    })?;
    if let Some(failure) = out.failure.take() {
        return Err(failure).context("standard output");
    }
    out.end(&summary, quiet).context("standard output")?;
    summary.problems.iter().for_each(say_problem);
    for (name, fault) in &summary.failed {
        tracing::error!("detector {name} failed and was switched off: {fault}");
    }
    if cut {
        tracing::warn!(
            "stopped after {} events; name lines as FILE:LINE, or give --limit 0 for all",
            out.written
        );
    }
    if summary.inputs > 0 && summary.events == 0 {
        tracing::warn!("{}", nothing(&summary, !selection.lines.is_empty()));
    }
    let failed = summary.inputs == 0;
    if failed {
        tracing::error!("nothing was explained: no input could be opened and recognised");
    }
    Ok(Status { found: false, failed })
}

/// Why no event was explained.
fn nothing(summary: &sweep::ExplainSummary, by_line: bool) -> String {
    let counts = &summary.counts;
    let place = if by_line { "no event begins on these lines" } else { "no event in the input" };
    let mut why = Vec::new();
    for (count, what) in [
        (counts.other_kind, "of tables that are not swept"),
        (counts.no_fields, "with no field of their kind"),
        (counts.refused, "refused"),
    ] {
        if count > 0 {
            why.push(format!("{count} {what}"));
        }
    }
    let around = if by_line { "records around them" } else { "records" };
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join(", ")) };
    format!("{place}; {} {around}{why}", counts.records)
}

/// Files and the lines of them that `FILE:LINE` and `FILE:LINE-LINE` name.
type Lines = BTreeMap<PathBuf, Vec<RangeInclusive<u64>>>;

fn split_lines(arguments: &[PathBuf]) -> (Vec<PathBuf>, Lines) {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut lines = Lines::new();
    for argument in arguments {
        match line_of(argument) {
            Some((path, range)) => {
                let known = lines.entry(path.clone()).or_default();
                if known.is_empty() {
                    paths.push(path);
                }
                known.push(range);
            }
            None => paths.push(argument.clone()),
        }
    }
    (paths, lines)
}

/// `FILE:LINE` or `FILE:LINE-LINE`, where no file has that name itself.
fn line_of(argument: &Path) -> Option<(PathBuf, RangeInclusive<u64>)> {
    if argument.exists() {
        return None;
    }
    let (path, range) = argument.to_str()?.rsplit_once(':')?;
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let path = PathBuf::from(path);
    path.is_file().then_some(())?;
    let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
    Some((path, first.min(last)..=first.max(last)))
}

struct Out<W> {
    out: W,
    output: TextOrJson,
    colour: bool,
    written: u64,
    failure: Option<anyhow::Error>,
}

impl<W: Write> Out<W> {
    /// Writes one explanation; says whether to go on.
    fn event(&mut self, explanation: &Explanation) -> bool {
        let done = match self.output {
            TextOrJson::Text => {
                explanation::write(explanation, self.colour, &mut self.out).map_err(Into::into)
            }
            TextOrJson::Json => self.json(explanation),
        };
        self.written += 1;
        self.failure = done.err();
        self.failure.is_none()
    }

    fn json(&mut self, explanation: &Explanation) -> Result<()> {
        if self.written == 0 {
            writeln!(self.out, "{{\"schema\":\"{EXPLANATION_SCHEMA}\",\"events\":[")?;
        } else {
            writeln!(self.out, ",")?;
        }
        serde_json::to_writer(&mut self.out, explanation)?;
        Ok(())
    }

    fn end(&mut self, summary: &sweep::ExplainSummary, quiet: u64) -> Result<()> {
        if quiet > 0 {
            let events = if quiet == 1 { "1 event".to_owned() } else { format!("{quiet} events") };
            let more = if self.written > 0 { "other " } else { "" };
            let events = events.replace("event", &format!("{more}event"));
            writeln!(
                self.out,
                "In {events} no rule fired or came near; --why-not, --tool, --rule or FILE:LINE show why."
            )?;
        }
        if self.output == TextOrJson::Json {
            if self.written == 0 {
                write!(self.out, "{{\"schema\":\"{EXPLANATION_SCHEMA}\",\"events\":[")?;
            }
            write!(self.out, "\n],\"summary\":")?;
            serde_json::to_writer(&mut self.out, &Summary::from(summary))?;
            writeln!(self.out, "}}")?;
        }
        self.out.flush()?;
        Ok(())
    }
}

/// What was read, at the end of the machine output.
#[derive(Serialize)]
struct Summary {
    events: u64,
    records: u64,
    refused: u64,
    other_kind: u64,
    no_fields: u64,
}

impl From<&sweep::ExplainSummary> for Summary {
    fn from(summary: &sweep::ExplainSummary) -> Summary {
        Summary {
            events: summary.events,
            records: summary.counts.records,
            refused: summary.counts.refused,
            other_kind: summary.counts.other_kind,
            no_fields: summary.counts.no_fields,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_named_behind_a_colon() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("net.csv");
        let odd = dir.path().join("odd:7");
        std::fs::write(&file, "x").expect("a file");
        std::fs::write(&odd, "x").expect("a file");
        let with = |end: &str| PathBuf::from(format!("{}{end}", file.display()));
        assert_eq!(line_of(&with(":12")), Some((file.clone(), 12..=12)));
        assert_eq!(line_of(&with(":12-20")), Some((file.clone(), 12..=20)));
        assert_eq!(line_of(&with(":20-12")), Some((file.clone(), 12..=20)));
        for other in [with(""), with(":"), with(":x"), odd, dir.path().join("none:3")] {
            assert_eq!(line_of(&other), None, "{}", other.display());
        }
        let (paths, lines) = split_lines(&[with(":1"), with(":3")]);
        assert_eq!(paths, std::slice::from_ref(&file));
        assert_eq!(lines[&file], [1..=1, 3..=3]);
    }
}
