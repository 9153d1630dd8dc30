//! One run: reader, workers, merge, report.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, mpsc},
    thread,
};

use remora_abi::{Hit, field};
use remora_sources::{Block, Counts, Events, Scan};
use sha2::{Digest, Sha256};

use super::{
    DetectorSummary, Grouping, InputSummary, Options, Outcome, Problem, RuleSighting,
    SUMMARY_SCHEMA, Summary, SweepError, ToolSighting,
    batch::{BATCH_ROWS, BatchViews},
    coverage::coverage,
    group::{Basis, Carried, Groups, Judged, Place, RuleKey, ToolKey},
    judge::{self, Circumstances},
    read::{Job, PROBLEMS_CAP, Read, read_all},
    route::Router,
    rules::Rules,
    sample::{Sample, SampledRow, device_hash, extend},
    sighting::{Names, format_time},
    window::Standing,
};
use crate::host::{Detectors, OwnedWitness};

/// The stack of a worker: detectors run on it.
const WORKER_STACK: usize = 8 * 1024 * 1024;
/// Times before this cannot be an event's: 2000-01-01T00:00:00Z.
const YEAR_2000: i64 = 946_684_800_000_000_000;
const DAY: i64 = 86_400_000_000_000;

/// Sweeps the inputs of `options` with `detectors`.
pub fn run(detectors: &Detectors, options: &Options) -> Result<Outcome, SweepError> {
    let rules = Rules::new(detectors, &options.tools, &options.rules)?;
    let router = Router::new(detectors).map_err(|error| SweepError::new(error.to_string()))?;
    let shared = Shared { detectors, options, rules: &rules, router: &router };
    let (reads, state) = if options.threads <= 1 { alone(&shared) } else { with_workers(&shared) };
    Ok(report(&shared, reads, state))
}

/// The latest time in the inputs that a clock could show by `options.now`,
/// nanoseconds since the epoch: a pass that decodes everything and finds
/// nothing. One wrong clock must not move the window of a whole sweep.
pub fn last_event(options: &Options) -> Result<Option<i64>, SweepError> {
    let nobody = Detectors::default();
    let everything = Options {
        validate: true,
        window: super::Window::default(),
        tools: Vec::new(),
        rules: Vec::new(),
        ..options.clone()
    };
    let rules = Rules::new(&nobody, &[], &[])?;
    let router = Router::new(&nobody).map_err(|error| SweepError::new(error.to_string()))?;
    let shared =
        Shared { detectors: &nobody, options: &everything, rules: &rules, router: &router };
    let (_, state) = if options.threads <= 1 { alone(&shared) } else { with_workers(&shared) };
    Ok(state.latest)
}

/// What every worker reads.
struct Shared<'a> {
    detectors: &'a Detectors,
    options: &'a Options,
    rules: &'a Rules,
    router: &'a Router,
}

/// What a worker learns of an input.
#[derive(Default)]
struct InputState {
    counts: Counts,
    span: Option<(i64, i64)>,
    devices: HashSet<u64>,
    sample: Vec<SampledRow>,
    problems: Vec<Problem>,
}

/// What a worker gathers.
#[derive(Default)]
struct State {
    groups: Groups,
    inputs: BTreeMap<u32, InputState>,
    outside_window: u64,
    no_time: u64,
    /// The latest time that a clock could show.
    latest: Option<i64>,
    /// Rows with a finding, and their identities.
    found: u64,
    identities: HashSet<[u8; 16]>,
}

impl State {
    fn merge(&mut self, other: State) {
        self.groups.merge(other.groups);
        for (at, more) in other.inputs {
            let input = self.inputs.entry(at).or_default();
            add(&mut input.counts, &more.counts);
            for time in more.span.into_iter().flat_map(|(first, last)| [first, last]) {
                extend(&mut input.span, Some(time));
            }
            input.devices.extend(more.devices);
            input.sample.extend(more.sample);
            input.problems.extend(more.problems);
        }
        self.outside_window += other.outside_window;
        self.no_time += other.no_time;
        self.latest = self.latest.max(other.latest);
        self.found += other.found;
        self.identities.extend(other.identities);
    }
}

fn add(all: &mut Counts, more: &Counts) {
    all.records += more.records;
    all.events += more.events;
    all.screened_out += more.screened_out;
    all.refused += more.refused;
    all.repaired += more.repaired;
    all.other_kind += more.other_kind;
    all.no_fields += more.no_fields;
}

fn alone(shared: &Shared<'_>) -> (Vec<Read>, State) {
    let mut worker = Worker::new(shared);
    let reads = read_all(shared.options, |job| Some(worker.scan(job)));
    (reads, worker.state)
}

fn with_workers(shared: &Shared<'_>) -> (Vec<Read>, State) {
    // Two blocks a worker under way keep both sides busy and memory bounded.
    let (jobs, queue) = mpsc::sync_channel::<Job>(shared.options.threads * 2);
    let queue = Mutex::new(queue);
    let (done, used) = mpsc::channel::<Block>();
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for at in 0..shared.options.threads {
            let (queue, done) = (&queue, done.clone());
            let work = move || {
                let mut worker = Worker::new(shared);
                loop {
                    let job = queue.lock().expect("no worker panics while it takes a job").recv();
                    let Ok(job) = job else { break };
                    // The reader may be past its last block.
                    let _ = done.send(worker.scan(job));
                }
                worker.state
            };
            let thread =
                thread::Builder::new().name(format!("worker-{at}")).stack_size(WORKER_STACK);
            match thread.spawn_scoped(scope, work) {
                Ok(worker) => workers.push(worker),
                Err(error) => {
                    tracing::warn!("{at} of {} threads: {error}", shared.options.threads);
                    break;
                }
            }
        }
        if workers.is_empty() {
            return alone(shared);
        }
        let reads = read_all(shared.options, |job| {
            jobs.send(job).expect("workers live until the reader ends");
            used.try_recv().ok()
        });
        drop(jobs);
        let mut state = State::default();
        for worker in workers {
            match worker.join() {
                Ok(part) => state.merge(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        (reads, state)
    })
}

struct Worker<'a> {
    shared: &'a Shared<'a>,
    state: State,
    scan: Scan,
    hits: Vec<Vec<Hit>>,
}

/// A finding of one or several detectors about one row.
struct Pooled {
    row: usize,
    rule: u32,
    detectors: Vec<u32>,
    instance: String,
    witnesses: Vec<OwnedWitness>,
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared<'a>) -> Worker<'a> {
        Worker { shared, state: State::default(), scan: Scan::default(), hits: Vec::new() }
    }

    /// Scans a block and gives it back.
    fn scan(&mut self, job: Job) -> Block {
        let mut scan = std::mem::take(&mut self.scan);
        let mut sampler = job.quota.sampler(job.block.number);
        let validate = self.shared.options.validate;
        job.stream.scan(&job.block, self.shared.router, &mut sampler, validate, &mut scan);
        job.quota.finish(job.block.number, &sampler);
        self.take_stock(&job, &scan);
        for first in (0..scan.events.len()).step_by(BATCH_ROWS) {
            let end = (first + BATCH_ROWS).min(scan.events.len());
            self.batch(&job, &scan.events, first, end);
        }
        self.scan = scan;
        job.block
    }

    /// Counts, sample and problems of a block.
    fn take_stock(&mut self, job: &Job, scan: &Scan) {
        let validate = self.shared.options.validate;
        let input = self.state.inputs.entry(job.input).or_default();
        add(&mut input.counts, &scan.counts);
        for refusal in &scan.refusals {
            input.problems.push(Problem {
                source: self.shared.options.inputs[job.input as usize].name.clone(),
                line: refusal.line,
                offset: refusal.offset,
                message: refusal.message.clone(),
                whole_input: false,
            });
        }
        // Enough for the smallest places to survive, whatever the order of blocks.
        if input.problems.len() > 4 * PROBLEMS_CAP {
            input.problems.sort_unstable_by_key(|problem| problem.offset);
            input.problems.truncate(PROBLEMS_CAP);
        }
        let events = &scan.events;
        for row in 0..events.len() {
            if events.sampled(row) {
                let clauses = self.shared.rules.clauses();
                input.sample.push(SampledRow::new(events, row, clauses));
            }
            if events.wanted(row) || validate {
                let time = events.time(row);
                if time.is_some_and(|time| is_plausible(time, self.shared.options.now)) {
                    self.state.latest = self.state.latest.max(time);
                }
                extend(&mut input.span, events.time(row));
                input.devices.insert(device_hash(events, row));
            }
        }
    }

    fn batch(&mut self, job: &Job, events: &Events, first: usize, end: usize) {
        let mut rows = Vec::with_capacity(end - first);
        for row in first..end {
            let counted = events.wanted(row) || self.shared.options.validate;
            match self.shared.options.window.standing(events.time(row)) {
                Standing::Inside => rows.push(row),
                Standing::Outside => self.state.outside_window += u64::from(counted),
                Standing::NoTime => self.state.no_time += u64::from(counted),
            }
        }
        let mut hits = std::mem::take(&mut self.hits);
        self.shared.router.route(events, rows.into_iter(), first, &mut hits);
        if hits.iter().any(|hits| !hits.is_empty()) {
            let input = u64::from(job.input);
            // 2^40 records of an input, 2^24 inputs.
            let seq = |record: u64| input << 40 | record & ((1 << 40) - 1);
            let views = BatchViews::new(events, first, end, seq);
            let mut findings = self.inspect(&views, &hits, first);
            self.judge(job, events, &mut findings);
        }
        self.hits = hits;
    }

    /// Asks every detector that has hits, and pools what they say of one row,
    /// rule and instance.
    fn inspect(&self, views: &BatchViews<'_>, hits: &[Vec<Hit>], first: usize) -> Vec<Pooled> {
        let mut pooled: BTreeMap<(usize, u32, String), Pooled> = BTreeMap::new();
        views.with(|batch| {
            for ((at, detector), hits) in self.shared.detectors.iter().enumerate().zip(hits) {
                for finding in detector.inspect(batch, hits) {
                    let rule = self.shared.rules.place(at, finding.rule);
                    let row = first + finding.row as usize;
                    let at = u32::try_from(at).expect("detectors are few");
                    match pooled.entry((row, rule, finding.instance.clone())) {
                        std::collections::btree_map::Entry::Vacant(entry) => {
                            entry.insert(Pooled {
                                row,
                                rule,
                                detectors: vec![at],
                                instance: finding.instance,
                                witnesses: finding.witnesses,
                            });
                        }
                        std::collections::btree_map::Entry::Occupied(mut entry) => {
                            let known = entry.get_mut();
                            if !known.detectors.contains(&at) {
                                known.detectors.push(at);
                            }
                            pool(&mut known.witnesses, finding.witnesses);
                        }
                    }
                }
            }
        });
        pooled.into_values().collect()
    }

    /// Judges the findings about each row, and groups them.
    fn judge(&mut self, job: &Job, events: &Events, findings: &mut [Pooled]) {
        for of_row in findings.chunk_by_mut(|one, other| one.row == other.row) {
            let row = of_row[0].row;
            let tool_of = |finding: &Pooled| &self.shared.rules.get(finding.rule).stated.tool;
            of_row.sort_by(|one, other| {
                tool_of(one).cmp(tool_of(other)).then(one.rule.cmp(&other.rule))
            });
            let mut identity = None;
            for of_tool in of_row.chunk_by(|one, other| tool_of(one) == tool_of(other)) {
                if !of_tool.iter().any(|finding| self.shared.rules.get(finding.rule).reported) {
                    continue;
                }
                let identity = *identity.get_or_insert_with(|| identify(job, events, row));
                self.group(job, events, of_tool, identity);
            }
            if let Some(identity) = identity {
                self.state.found += 1;
                self.state.identities.insert(identity);
            }
        }
    }

    /// Takes the findings of one tool about one row into the groups.
    fn group(&mut self, job: &Job, events: &Events, findings: &[Pooled], identity: [u8; 16]) {
        let Shared { options, rules, .. } = self.shared;
        let row = findings[0].row;
        let text = |field| events.text(row, field);
        let mut witnesses: Vec<OwnedWitness> = Vec::new();
        for finding in findings {
            pool(&mut witnesses, finding.witnesses.iter().cloned());
        }
        let event = Circumstances {
            kind: events.kinds()[row],
            action: text(field::EVENT_ACTION),
            outcome: text(field::OUTCOME),
            observation: text(field::OBSERVATION),
            browser: options.browsers.include(text(field::PROCESS_NAME), text(field::PARENT_NAME)),
        };
        let confidence = judge::confidence(&event, &witnesses);
        let grounds = judge::grounds(&event, &witnesses);
        let stage = judge::stage(&event, &witnesses);
        let carried = carried(events, row);
        let time = events.time(row);
        let judged = Judged {
            time,
            plausible: time.is_none_or(|time| is_plausible(time, options.now)),
            place: Place { input: job.input, line: events.line(row) },
            carried: &carried,
            identity,
            confidence,
            stage,
            witnesses: &witnesses,
            grounds: &grounds,
        };
        let reported = || findings.iter().filter(|finding| rules.get(finding.rule).reported);
        match options.grouping {
            Grouping::Rule => {
                for finding in reported() {
                    let keys = rules
                        .get(finding.rule)
                        .stated
                        .keys
                        .iter()
                        .map(|key| key_text(events, row, *key));
                    let tenant = std::iter::once(Box::from(text(field::TENANT)));
                    let key = RuleKey { rule: finding.rule, values: tenant.chain(keys).collect() };
                    let judged = Judged { witnesses: &finding.witnesses, ..judged };
                    self.state
                        .groups
                        .by_rule
                        .entry(key)
                        .or_default()
                        .add(&judged, &finding.detectors);
                }
            }
            Grouping::Tool => {
                let mut detectors: Vec<u32> =
                    reported().flat_map(|f| f.detectors.iter().copied()).collect();
                detectors.sort_unstable();
                detectors.dedup();
                let fired: Vec<u32> = reported().map(|finding| finding.rule).collect();
                let instance = reported()
                    .map(|finding| finding.instance.as_str())
                    .find(|text| !text.is_empty());
                let (basis, device) = device(events, row);
                let key = ToolKey {
                    tenant: text(field::TENANT).into(),
                    basis,
                    device: device.into(),
                    tool: rules.get(findings[0].rule).stated.tool.as_str().into(),
                    instance: instance.unwrap_or_default().into(),
                };
                let name = text(field::DEVICE_NAME);
                self.state
                    .groups
                    .by_tool
                    .entry(key)
                    .or_default()
                    .add(&judged, &detectors, &fired, name);
            }
        }
    }
}

/// Whether a clock could show this time by `now`.
fn is_plausible(time: i64, now: i64) -> bool {
    YEAR_2000 <= time && time <= now.saturating_add(DAY)
}

/// Adds the witnesses that are not there yet.
fn pool(known: &mut Vec<OwnedWitness>, more: impl IntoIterator<Item = OwnedWitness>) {
    for witness in more {
        // A supporting witness adds nothing beside a predicate on the same value.
        let same = known.iter().any(|one| {
            *one == witness
                || judge::is_supporting(&witness)
                    && (one.field, &one.literal, one.class)
                        == (witness.field, &witness.literal, witness.class)
        });
        if !same {
            known.push(witness);
        }
    }
}

fn key_text(events: &Events, row: usize, key: remora_abi::Field) -> Box<str> {
    if key.is_number() {
        events.number(row, key).map(|number| number.to_string()).unwrap_or_default().into()
    } else {
        events.text(row, key).into()
    }
}

/// The device of a row, for people: its id, else its name, else its address.
fn device(events: &Events, row: usize) -> (Basis, &str) {
    let choices = [
        (Basis::Id, field::DEVICE_ID),
        (Basis::Name, field::DEVICE_NAME),
        (Basis::Address, field::LOCAL_IP),
    ];
    let filled = choices.map(|(basis, field)| (basis, events.text(row, field)));
    filled.into_iter().find(|(_, text)| !text.is_empty()).unwrap_or((Basis::None, ""))
}

fn carried(events: &Events, row: usize) -> Carried<'_> {
    let text = |field| events.text(row, field);
    let or = |first, second| if text(first).is_empty() { text(second) } else { text(first) };
    let hashes = [
        ("sha1", field::PROCESS_SHA1),
        ("sha256", field::PROCESS_SHA256),
        ("md5", field::PROCESS_MD5),
        ("sha1", field::FILE_SHA1),
        ("sha256", field::FILE_SHA256),
        ("md5", field::FILE_MD5),
    ];
    let hashes = hashes.into_iter().filter(|(_, field)| !text(*field).is_empty());
    Carried {
        event_id: text(field::EVENT_ID),
        observation: text(field::OBSERVATION),
        account: text(field::USER),
        process: text(field::PROCESS_NAME),
        image: text(field::PROCESS_IMAGE),
        cmdline: text(field::PROCESS_CMDLINE),
        hashes: hashes
            .map(|(name, field)| format!("{name}:{}", text(field).to_lowercase()))
            .collect(),
        parent: or(field::PARENT_IMAGE, field::PARENT_NAME),
        remote_ip: text(field::REMOTE_IP),
        remote_port: events.number(row, field::REMOTE_PORT),
        local_ip: text(field::LOCAL_IP),
        remote_host: text(field::REMOTE_HOST),
    }
}

/// The identity of an event: kind, device, time and the source's record id
/// where it has all of them, else a hash of the record. So an event that two
/// exports hold counts once.
fn identify(job: &Job, events: &Events, row: usize) -> [u8; 16] {
    let (basis, device) = device(events, row);
    let id = events.text(row, field::EVENT_ID);
    let time = events.time(row);
    let (Some(time), false, Basis::Id | Basis::Name) = (time, id.is_empty(), basis) else {
        return job.stream.record_hash(&job.block.data[events.span(row)]);
    };
    let mut hash = Sha256::new();
    hash.update(events.kinds()[row].0.to_le_bytes());
    hash.update(time.to_le_bytes());
    hash.update((device.len() as u64).to_le_bytes());
    hash.update(device.as_bytes());
    hash.update(id.as_bytes());
    let hash = hash.finalize();
    std::array::from_fn(|at| hash[at])
}

fn report(shared: &Shared<'_>, reads: Vec<Read>, mut state: State) -> Outcome {
    let Shared { detectors, options, rules, .. } = shared;
    let sources: Vec<String> = options.inputs.iter().map(|input| input.name.clone()).collect();
    let detector_names: Vec<String> = detectors.iter().map(|one| one.name().to_owned()).collect();
    let failed: Vec<bool> = detectors.iter().map(|one| one.fault().is_some()).collect();
    let names = Names { sources: &sources, detectors: &detector_names, failed: &failed, rules };
    let groups = std::mem::take(&mut state.groups);
    let mut by_rule: Vec<RuleSighting> = groups
        .by_rule
        .into_iter()
        .map(|(key, group)| RuleSighting::new(&key, &group, &names))
        .collect();
    by_rule.sort_by(RuleSighting::compare);
    let mut by_tool: Vec<ToolSighting> = groups
        .by_tool
        .into_iter()
        .map(|(key, group)| ToolSighting::new(&key, &group, &names))
        .collect();
    by_tool.sort_by(|one, other| one.order().cmp(&other.order()));

    let mut totals = Counts::default();
    let (mut span, mut bytes) = (None, 0);
    let (mut inputs, mut samples, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (at, read) in (0..).zip(reads) {
        let mut input = state.inputs.remove(&at).unwrap_or_default();
        input.counts.records += read.refused;
        input.counts.refused += read.refused;
        add(&mut totals, &input.counts);
        bytes += read.bytes;
        let sample = Sample::new(std::mem::take(&mut input.sample), rules.clauses().len());
        let own = [input.span, sample.span].into_iter().flatten();
        let mut input_span = None;
        for time in own.flat_map(|(first, last)| [first, last]) {
            extend(&mut input_span, Some(time));
            extend(&mut span, Some(time));
        }
        input.devices.extend(&sample.devices);
        input.devices.remove(&0);
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
        });
        samples.push(sample);
    }
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
        duplicates: state.found - state.identities.len() as u64,
        first_event: span.map(|span| format_time(span.0)),
        last_event: span.map(|span| format_time(span.1)),
        sampled: !options.validate,
        sightings: (by_rule.len() + by_tool.len()) as u64,
        excluded: 0,
        detectors: detectors_of(detectors),
        coverage: coverage(rules, &samples),
    };
    Outcome { by_rule, by_tool, summary, problems }
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
