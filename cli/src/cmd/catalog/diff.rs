//! `remora catalog diff`: what differs between two catalogs, and between what
//! they find.

use std::{
    collections::BTreeSet,
    io::{self, BufWriter, Write},
    path::Path,
    thread,
};

use anyhow::{Context as _, Result, bail};
use remora_catalog::{Selection, Tool, embedded_tools, read_folder};
use remora_engine::sweep::{self, Options, Outcome};
use remora_keeper::diff;

use crate::{
    args::{DiffArgs, TextOrJson},
    cmd::sweep::{read_format, read_zone, say_problem},
    detectors,
    exit::Status,
    inputs::Inputs,
    known,
    report::catalog_diff::{self, Found},
    times,
};

/// The word that names the catalog in the program.
const EMBEDDED: &str = "embedded";

/// Runs the command: status 1 if anything differs, as `diff` has it.
pub(crate) fn run(args: &DiffArgs) -> Result<Status> {
    let format = read_format(&args.reading.format)?;
    let zone = args.reading.timezone.as_deref().map(read_zone).transpose()?;
    let (old, old_tools) = read(&args.old, false)?;
    let (new, new_tools) = read(&args.new, args.addition)?;
    let tools = diff::diff(&old_tools, &new_tools);
    let found = if args.on.is_empty() {
        None
    } else {
        let options = Options {
            inputs: Inputs::find(&args.on).inputs,
            format,
            zone,
            now: times::clock(),
            threads: thread::available_parallelism().map_or(1, Into::into),
            browsers: known::browsers(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Options::default()
        };
        if options.inputs.iter().any(|input| input.origin == sweep::Origin::Stdin) {
            bail!(
                "--on reads its inputs once for each catalog, which standard input does not allow; name a file"
            );
        }
        Some(compare(&old, &new, &options)?)
    };
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        TextOrJson::Text => catalog_diff::text(&tools, found.as_ref(), &mut out),
        TextOrJson::Json => catalog_diff::json(&tools, found.as_ref(), &mut out),
    }
    .and_then(|()| Ok(out.flush()?))
    .context("standard output")?;
    let differs = !tools.is_empty() || found.is_some_and(|found| !found.differences.is_empty());
    Ok(Status { found: differs, failed: false })
}

/// A catalog, and its tools; a folder alone, or beside the catalog in the
/// program.
fn read(path: &Path, beside: bool) -> Result<(Selection, Vec<Tool>)> {
    if path.as_os_str() == EMBEDDED && !path.is_dir() {
        return Ok((Selection { embedded: true, files: Vec::new() }, embedded_tools().collect()));
    }
    let (files, mut errors) = read_folder(path);
    let selection = Selection { embedded: beside, files };
    match selection.tools() {
        Ok(mut tools) if errors.is_empty() => {
            if beside {
                let own: BTreeSet<String> = tools.iter().map(|tool| tool.id.clone()).collect();
                tools.extend(embedded_tools().filter(|tool| !own.contains(&tool.id)));
            }
            Ok((selection, tools))
        }
        read => {
            errors.extend(read.err().into_iter().flatten());
            detectors::refuse_catalog(&errors)
        }
    }
}

/// What the two find in the inputs, as far as it is not the same.
fn compare(old: &Selection, new: &Selection, options: &Options) -> Result<Found> {
    let old = outcome(old, options, true)?;
    let new = outcome(new, options, false)?;
    Ok(Found::compare(&old.by_rule, &new.by_rule))
}

/// What a catalog finds. What is wrong with the inputs is told the first time.
fn outcome(catalog: &Selection, options: &Options, first: bool) -> Result<Outcome> {
    let detectors = detectors::of_catalog(catalog)?;
    let outcome = sweep::run(&detectors, options)?;
    if first {
        outcome.problems.iter().for_each(say_problem);
    }
    if !outcome.summary.inputs.iter().any(|input| !input.format.is_empty()) {
        bail!("nothing was compared: no input could be opened and recognised");
    }
    if let Some(failed) = outcome.summary.detectors.iter().find(|one| one.state != "ok") {
        bail!(
            "the detector {} failed: {}",
            failed.name,
            failed.error.as_deref().unwrap_or("it did not say why")
        );
    }
    Ok(outcome)
}
