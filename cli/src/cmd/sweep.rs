//! `remora sweep`

use std::{
    io::{self, BufWriter, IsTerminal as _, Write},
    num::NonZero,
    path::Path,
    sync::Arc,
    thread,
};

use anyhow::{Context as _, Result, bail};
use remora_engine::{
    sources::{FormatName, Zone},
    sweep::{self, Grouping, Options, Outcome},
};

use crate::{
    args::{FailOn, Group, LogArgs, Output, SweepArgs},
    exit::Status,
    inputs::{Inputs, named},
    known,
    progress::Bar,
    report, scenarios, spool, stdout,
    target::Target,
    times,
};

const USAGE: &str = "usage: remora sweep [OPTIONS] INPUT...

  remora sweep exports/      sweeps every file in the folder and shows a table

INPUT is a file, a folder, a glob, or - for standard input. More: remora sweep --help";

/// Problems that are written out per input; the summary counts all.
const SHOWN_PROBLEMS: usize = 10;

/// Runs the command.
pub(crate) fn run(args: &SweepArgs, log: &LogArgs) -> Result<Status> {
    let arguments = named(&args.inputs, USAGE)?;
    let format = read_format(&args.reading.format)?;
    let exclusions = scenarios::read(&args.exclusions.scenario)?;
    let plugins = args.detectors.plugins();
    let to_terminal = args.file.is_none() && io::stdout().is_terminal();
    let stdout = stdout::take(&plugins).context("standard output")?;
    let (detectors, known) = args.detectors.start(&plugins)?;
    let mut found = Inputs::find(&arguments);
    // Kept until the end of the run, then deleted.
    let _spooled = match &args.spool {
        Some(folder) => spool::keep(folder, &mut found.inputs)?,
        None => None,
    };
    let output = args.output.unwrap_or(if to_terminal { Output::Table } else { Output::Ndjson });
    let grouping = match (args.group, output) {
        (Some(Group::Tool), _) | (None, Output::Table) => Grouping::Tool,
        (Some(Group::Rule), _) | (None, _) => Grouping::Rule,
    };
    let threads = args.threads.map_or_else(cores, usize::from);
    let mut options = Options {
        inputs: found.inputs,
        format,
        zone: args.reading.timezone.as_deref().map(read_zone).transpose()?,
        window: sweep::Window::default(),
        now: times::clock(),
        tools: args.detectors.tools(),
        rules: args.detectors.rule.clone(),
        exclusions,
        show_excluded: args.show_excluded,
        grouping,
        validate: args.validate,
        threads,
        browsers: known::browsers(),
        folding: known.folding,
        tenant: args.tenant.clone().unwrap_or_default(),
        search_suffixes: read_suffixes(&args.reading.search_suffix)?,
        without_rules: known.without_rules,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        progress: Arc::default(),
    };
    options.now = match args.now.as_deref() {
        None => options.now,
        Some("last-event") => last_event(&options)?,
        Some(text) => times::now(text)?,
    };
    options.window = times::window(args.since.as_deref(), args.until.as_deref(), options.now)?;
    if let Some(path) = &args.file {
        refuse_input(path, &options.inputs)?;
    }
    // Before the work, so that a wrong path costs nothing.
    let target = args.file.as_deref().map(Target::open).transpose()?;

    let bar = (!args.no_progress && !log.quiet).then(|| Bar::show(&options)).flatten();
    let outcome = sweep::run(&detectors, &options)?;
    drop(bar);
    say_problems(&outcome);
    say_doubts(&outcome, options.window);
    say_excluded(&outcome, &options);
    let style = report::Style {
        colour: log.color.choice(to_terminal) && output == Output::Table,
        window: options.window,
        grouping: options.grouping,
        show_excluded: options.show_excluded,
        exclusions: &options.exclusions,
    };
    let nothing = !outcome.summary.inputs.iter().any(|input| !input.format.is_empty());
    match target {
        // A report of nothing does not replace one of something.
        Some(_) if nothing => {}
        Some(target) => target.write(|out| write(&outcome, output, &style, out))?,
        None => {
            write(&outcome, output, &style, BufWriter::new(stdout)).context("standard output")?
        }
    }
    Ok(status(args, nothing, &outcome))
}

fn write(
    outcome: &Outcome,
    output: Output,
    style: &report::Style<'_>,
    mut out: impl Write,
) -> Result<()> {
    match output {
        Output::Table => report::table::write(outcome, style, &mut out)?,
        Output::Json => report::json::write_object(outcome, style.show_excluded, &mut out)?,
        Output::Ndjson => report::json::write_lines(outcome, &mut out)?,
        Output::Csv => report::csv::write(outcome, style, &mut out)?,
    }
    out.flush()?;
    Ok(())
}

/// A report must not take the place of an input.
fn refuse_input(file: &Path, inputs: &[sweep::Input]) -> Result<()> {
    let Ok(target) = same_file::Handle::from_path(file) else { return Ok(()) };
    for input in inputs {
        let source = match &input.origin {
            sweep::Origin::Path(path) => same_file::Handle::from_path(path),
            sweep::Origin::Stdin => same_file::Handle::stdin(),
            sweep::Origin::Unreadable(_) => continue,
        };
        // A terminal or the null device may be both.
        let regular = file.metadata().is_ok_and(|meta| meta.is_file());
        if regular && source.is_ok_and(|source| source == target) {
            bail!("-o {} is the input {}; name another file", file.display(), input.name);
        }
    }
    Ok(())
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

pub(crate) fn read_format(name: &str) -> Result<Option<FormatName>> {
    if name == "auto" {
        return Ok(None);
    }
    let known = FormatName::ALL.iter().copied();
    match known.clone().find(|format| format.name() == name) {
        Some(format) => Ok(Some(format)),
        None => {
            let names: Vec<&str> = known.map(FormatName::name).collect();
            bail!("--format: there is no format {name:?}; choose auto, {}", names.join(", "))
        }
    }
}

pub(crate) fn read_zone(name: &str) -> Result<Zone> {
    match Zone::from_name(name) {
        Some(zone) => Ok(zone),
        None => bail!(
            "--timezone: there is no zone {name:?}; write a name such as Europe/Berlin, an offset such as +02:00, or UTC"
        ),
    }
}

/// Domains of a search list, as hosts are compared with them.
pub(crate) fn read_suffixes(names: &[String]) -> Result<Vec<String>> {
    let read = |name: &String| {
        let domain = name.trim_matches('.').to_lowercase();
        let is_label = |label: &str| {
            let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
            !label.is_empty() && label.chars().all(allowed)
        };
        if domain.split('.').all(is_label) {
            return Ok(domain);
        }
        bail!("--search-suffix: {name:?} is no domain; write one like corp.example")
    };
    names.iter().map(read).collect()
}

/// The latest time in the inputs: a pass of its own.
fn last_event(options: &Options) -> Result<i64> {
    if options.inputs.iter().any(|input| input.origin == sweep::Origin::Stdin) {
        bail!(
            "--now last-event reads the inputs twice, which standard input does not allow; give --spool DIR, name a file, or give --now a time"
        );
    }
    sweep::last_event(options)?.context("--now last-event: no record in the inputs has a time")
}

/// Writes one thing that was wrong with an input to standard error.
pub(crate) fn say_problem(problem: &sweep::Problem) {
    tracing::warn!("{problem}");
}

/// Writes what was wrong with the inputs to standard error.
fn say_problems(outcome: &Outcome) {
    for of_input in outcome.problems.chunk_by(|one, other| one.source == other.source) {
        for problem in of_input.iter().take(SHOWN_PROBLEMS) {
            say_problem(problem);
        }
        let source = &of_input[0].source;
        // Of very many not each is kept in words.
        let mut inputs = outcome.summary.inputs.iter().filter(|input| input.source == *source);
        let refused = inputs.next().map_or(0, |input| input.refused);
        let all = refused.max(of_input.len() as u64);
        if all > SHOWN_PROBLEMS as u64 {
            tracing::warn!("{source}: {} more such problems", all - SHOWN_PROBLEMS as u64);
        }
    }
    for detector in &outcome.summary.detectors {
        // What was refused was told before the work.
        if let (Some(error), "failed") = (&detector.error, detector.state) {
            tracing::error!("detector {} failed and was switched off: {error}", detector.name);
        }
    }
}

/// Says where the answer could be taken for more than it is.
fn say_doubts(outcome: &Outcome, window: sweep::Window) {
    let summary = &outcome.summary;
    let outside = |(first, last): (i64, i64)| {
        window.since.is_some_and(|since| last < since)
            || window.until.is_some_and(|until| first > until)
    };
    if let Some((first, last)) = outcome.span.filter(|span| outside(*span)) {
        tracing::warn!(
            "no event is within the window: the inputs run from {} to {}; spans such as 5d count from --now, which may be a time or last-event",
            sweep::format_time(first),
            sweep::format_time(last)
        );
    }
    // Else it would read like a clean answer.
    if summary.no_time > 0 && summary.sightings == 0 {
        tracing::warn!(
            "{} events have no readable time and so are outside the window; without --since and --until they count",
            summary.no_time
        );
    }
    if let Some(why) = summary.second_pass.as_ref().and_then(|pass| pass.left_out) {
        tracing::warn!(
            "rules that look for what others learned (signed files' hashes) were left out: {why}"
        );
    }
    for input in &summary.inputs {
        if let Some(why) = &input.probably_cut {
            tracing::warn!(
                "{}: {why}, the number at which exports are cut off; export shorter periods, so that nothing is missing",
                input.source
            );
        }
    }
}

/// Says what scenarios hid: a report must not read as clean where it was made so.
fn say_excluded(outcome: &Outcome, options: &Options) {
    for (hid, exclusion) in outcome.summary.scenarios.iter().zip(&options.exclusions) {
        let more = match hid.excluded > 0 && !options.show_excluded {
            true => "; --show-excluded lists them",
            false => "",
        };
        tracing::warn!("scenario {}{more}", report::excluded::sentence(hid, exclusion));
    }
}

fn status(args: &SweepArgs, nothing: bool, outcome: &Outcome) -> Status {
    let summary = &outcome.summary;
    let flawed = !outcome.problems.is_empty()
        || summary.refused > 0
        || summary.detectors.iter().any(|detector| detector.state != "ok");
    if nothing {
        tracing::error!("nothing was swept: no input could be opened and recognised");
    }
    Status {
        found: args.fail_on == Some(FailOn::Any) && summary.sightings > 0,
        failed: nothing || args.strict && flawed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_by_name() {
        assert_eq!(read_format("auto").unwrap(), None);
        assert_eq!(read_format("defender-csv").unwrap(), Some(FormatName::DefenderCsv));
        assert!(read_zone("Europe/Berlin").is_ok() && read_zone("-05:00").is_ok());
        assert!(read_zone("Berlin").unwrap_err().to_string().contains("Europe/Berlin"));
        let suffixes = ["Corp.Example.".to_owned(), ".lan".to_owned()];
        assert_eq!(read_suffixes(&suffixes).unwrap(), ["corp.example", "lan"]);
        for wrong in ["", ".", "*.corp.example", "a..b", "http://corp.example", "a b"] {
            let error = read_suffixes(&[wrong.to_owned()]).unwrap_err().to_string();
            assert!(error.contains("corp.example"), "{wrong}: {error}");
        }
        assert!(read_format("exel").unwrap_err().to_string().contains("defender-ndjson"));
    }
}
