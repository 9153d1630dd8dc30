//! From what the workers gathered to what leaves the engine: sightings in
//! order, inputs, coverage, problems.

use std::sync::Arc;

use remora_sources::Counts;

use super::{
    DetectorSummary, InputSummary, Outcome, Problem, SUMMARY_SCHEMA, SecondPass, Summary,
    coverage::coverage,
    exclude::Exclusion,
    keys::ShownKeys,
    read::{PROBLEMS_CAP, Read},
    rules::Rules,
    run::{Shared, State},
    sample::{Sample, extend},
    sighting::{Log, Names, format_time},
    sightings::{Sightings, sightings},
};
use crate::host::Detectors;

/// Makes the outcome of what the passes gathered.
pub(super) fn report(
    shared: &Shared<'_>,
    rules: &Arc<Rules>,
    reads: Vec<Read>,
    mut state: State,
    second_pass: Option<SecondPass>,
) -> Outcome {
    let Shared { detectors, options, .. } = *shared;
    let sources: Vec<String> = options.inputs.iter().map(|input| input.name.clone()).collect();
    let detector_names: Vec<String> = detectors.iter().map(|one| one.name().to_owned()).collect();
    let failed: Vec<bool> = detectors.iter().map(|one| one.fault().is_some()).collect();
    let mut totals = Counts::default();
    let (mut span, mut bytes) = (None, 0);
    let (mut inputs, mut samples, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    let mut logs: Vec<Log> = Vec::new();
    for (at, read) in (0..).zip(reads) {
        let mut input = state.inputs.remove(&at).unwrap_or_default();
        input.counts.records += read.refused;
        input.counts.refused += read.refused;
        totals += input.counts;
        bytes += read.bytes;
        let sample = Sample::new(std::mem::take(&mut input.sample), rules.clauses().len());
        let own = [input.span, sample.span].into_iter().flatten();
        let mut input_span = None;
        for time in own.flat_map(|(first, last)| [first, last]) {
            extend(&mut input_span, Some(time));
            extend(&mut span, Some(time));
        }
        input.devices.merge(&sample.devices);
        problems.extend(problems_of(read.problems, input.problems));
        inputs.push(InputSummary {
            source: sources[at as usize].clone(),
            format: read.format,
            compression: read.compression,
            sampled: !read.format.is_empty() && !options.validate,
            error: read.error,
            records: input.counts.records,
            first: input_span.map(|span| format_time(span.0)),
            last: input_span.map(|span| format_time(span.1)),
            devices: input.devices.len() as u64,
            refused: input.counts.refused,
            repaired: input.counts.repaired,
            other_kind: input.counts.other_kind,
            probably_cut: probably_cut(input.counts.records),
        });
        samples.push(sample);
        logs.push(Log { span: input_span, devices: input.devices });
    }
    let overlaps = state.identities.overlaps(&sources);
    let events = state.identities.len() as u64;
    // Nobody asks for them any more, and they may be as large as the groups.
    drop(std::mem::take(&mut state.identities));
    let names = Arc::new(Names {
        sources,
        detectors: detector_names,
        failed,
        rules: rules.clone(),
        exclusions: options.exclusions.iter().map(Exclusion::label).collect(),
        logs,
    });
    let (groups, hidden) = (std::mem::take(&mut state.groups), std::mem::take(&mut state.hidden));
    let (excluded_total, scenarios) = (hidden.total(), hidden.summaries(&options.exclusions));
    // Which device and installation an event speaks of does not depend on what is excluded.
    let keys = ShownKeys::new(groups.tool_keys().chain(hidden.keys.iter()));
    let Sightings { by_rule, by_tool } = sightings(groups, &names, &keys);
    let excluded = sightings(hidden.groups, &names, &keys);

    let summary = Summary {
        schema: SUMMARY_SCHEMA,
        version: options.version.clone(),
        inputs,
        records: totals.records,
        events: totals.events,
        screened_out: totals.screened_out,
        other_kind: totals.other_kind,
        no_fields: totals.no_fields,
        refused: totals.refused,
        repaired: totals.repaired,
        bytes,
        outside_window: state.outside_window,
        no_time: state.no_time,
        duplicates: state.found - events,
        overlaps,
        first_event: span.map(|span| format_time(span.0)),
        last_event: span.map(|span| format_time(span.1)),
        sampled: !options.validate,
        sightings: (by_rule.len() + by_tool.len()) as u64,
        excluded: excluded_total,
        scenarios,
        second_pass,
        detectors: detectors_of(detectors),
        coverage: coverage(options, rules, &samples),
    };
    Outcome { by_rule, by_tool, excluded, summary, problems, span }
}

/// The numbers of rows at which the portals and interfaces of Defender and
/// Sentinel end a result (FIELD-MAPPINGS: 10,000 and 30,000 rows of the
/// portals, 100,000 of the hunting interface, 500,000 of Log Analytics).
const ROW_LIMITS: [u64; 4] = [10_000, 30_000, 100_000, 500_000];

/// A word of warning if an export has as many rows as one that was cut.
fn probably_cut(records: u64) -> Option<String> {
    ROW_LIMITS.contains(&records).then(|| format!("{records} rows exactly"))
}

fn problems_of(mut read: Vec<Problem>, scanned: Vec<Problem>) -> Vec<Problem> {
    read.extend(scanned);
    read.sort_by_key(|problem| (problem.offset, problem.line));
    read.truncate(PROBLEMS_CAP);
    read
}

/// Those that ran and those that were left out, by name.
fn detectors_of(detectors: &Detectors) -> Vec<DetectorSummary> {
    let ran = detectors.iter().map(detector_summary);
    let refused = detectors.refused().iter().map(|refused| DetectorSummary {
        name: refused.name(),
        version: refused.manifest.as_ref().map_or_else(String::new, |one| one.version.clone()),
        state: "refused",
        error: Some(refused.error.why.clone()),
        path: Some(refused.path.display().to_string()),
    });
    let mut all: Vec<DetectorSummary> = ran.chain(refused).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn detector_summary(detector: &crate::host::Detector) -> DetectorSummary {
    let fault = detector.fault();
    DetectorSummary {
        name: detector.name().to_owned(),
        version: detector.manifest().version.clone(),
        state: if fault.is_some() { "failed" } else { "ok" },
        error: fault.map(|fault| format!("{}: {}", fault.call, fault.message)),
        path: None,
    }
}
