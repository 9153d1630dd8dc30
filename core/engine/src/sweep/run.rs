//! One run: reader, workers, merge.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, mpsc},
    thread,
};

use remora_abi::{Hit, field};
use remora_sources::{Block, Counts, Events, Scan};
use sha2::{Digest, Sha256};

use super::{
    Grouping, Options, Origin, Outcome, Problem, SecondPass, SweepError,
    batch::{BATCH_ROWS, BatchViews},
    device::{device, tenant},
    exclude::{Exclusions, Hidden},
    findings::{Heard, Pooled, circumstances, inspect, pool},
    group::{Carried, Groups, Judged, Place, RuleKey, ToolKey},
    judge,
    overlap::{Identities, Identity},
    read::{Job, PROBLEMS_CAP, Read, read_all},
    report::report,
    route::Router,
    row::Row,
    rules::Rules,
    sample::{Devices, NoSample, SampledRow, device_hash, extend},
    second::{Facts, Second},
    suffix,
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
    let rules = Rules::of(detectors, options)?;
    let router = Router::new(detectors).map_err(|error| SweepError::new(error.to_string()))?;
    let exclusions = Exclusions::new(&options.exclusions);
    let shared = Shared {
        detectors,
        options,
        rules: &rules,
        router: &router,
        exclusions: &exclusions,
        second: None,
    };
    let (mut reads, mut state) = pass(&shared);
    let facts = std::mem::take(&mut state.facts);
    let second_pass = again(&shared, &facts, &mut reads, &mut state)?;
    Ok(report(&shared, reads, state, second_pass))
}

/// Reads all inputs once.
fn pass(shared: &Shared<'_>) -> (Vec<Read>, State) {
    if shared.options.threads <= 1 { alone(shared) } else { with_workers(shared) }
}

/// Everything that the detectors learn from the inputs.
pub(super) fn learn(
    detectors: &Detectors,
    options: &Options,
    rules: &Rules,
    router: &Router,
) -> Facts {
    let exclusions = &Exclusions::default();
    pass(&Shared { detectors, options, rules, router, exclusions, second: None }).1.facts
}

/// Reads the inputs once more, if something was learned that is asked for.
fn again(
    shared: &Shared<'_>,
    facts: &Facts,
    reads: &mut [Read],
    state: &mut State,
) -> Result<Option<SecondPass>, SweepError> {
    let Shared { options, detectors, rules, .. } = *shared;
    if facts.is_empty() {
        return Ok(None);
    }
    let told = |left_out| Ok(Some(SecondPass { facts: facts.len() as u64, left_out }));
    if options.inputs.iter().any(|input| input.origin == Origin::Stdin) {
        return told(Some(STDIN_ONCE));
    }
    let Some(second) = Second::new(detectors, rules, facts)? else { return Ok(None) };
    tracing::info!(facts = facts.len(), "second pass over the inputs, for what was learned");
    state.groups.forget(&second.tools, rules);
    state.hidden.forget(&second.tools, rules, &options.exclusions);
    let (reads_again, found) = pass(&Shared { second: Some(&second), ..*shared });
    state.groups.merge(found.groups);
    state.hidden.merge(found.hidden);
    state.found += found.found;
    state.identities.merge(found.identities);
    for (detector, adopted) in detectors.iter().zip(&second.adopted) {
        adopted.iter().for_each(|adopted| detector.inherit_fault(adopted));
    }
    for (read, again) in reads.iter_mut().zip(reads_again) {
        if let (None, Some(error)) = (&read.error, again.error) {
            read.error = Some(format!("when it was read again for what was learned: {error}"));
            read.problems.extend(again.problems);
        }
    }
    told(None)
}

/// Why there is no second pass over standard input.
const STDIN_ONCE: &str = "standard input cannot be read twice; --spool DIR keeps it";

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
    let shared = Shared {
        detectors: &nobody,
        options: &everything,
        rules: &rules,
        router: &router,
        exclusions: &Exclusions::default(),
        second: None,
    };
    Ok(pass(&shared).1.latest)
}

/// What every worker reads.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) detectors: &'a Detectors,
    pub(super) options: &'a Options,
    pub(super) rules: &'a Rules,
    pub(super) router: &'a Router,
    pub(super) exclusions: &'a Exclusions,
    /// In the second pass.
    pub(super) second: Option<&'a Second>,
}

/// What a worker learns of an input.
#[derive(Default)]
pub(super) struct InputState {
    pub(super) counts: Counts,
    pub(super) span: Option<(i64, i64)>,
    pub(super) devices: Devices,
    pub(super) sample: Vec<SampledRow>,
    pub(super) problems: Vec<Problem>,
}

/// What a worker gathers.
#[derive(Default)]
pub(super) struct State {
    pub(super) groups: Groups,
    pub(super) hidden: Hidden,
    pub(super) inputs: BTreeMap<u32, InputState>,
    pub(super) outside_window: u64,
    pub(super) no_time: u64,
    /// The latest time that a clock could show.
    pub(super) latest: Option<i64>,
    /// Rows with a finding, and their identities.
    pub(super) found: u64,
    pub(super) identities: Identities,
    pub(super) facts: Facts,
}

impl State {
    fn merge(&mut self, other: State) {
        self.groups.merge(other.groups);
        self.hidden.merge(other.hidden);
        for (at, more) in other.inputs {
            let input = self.inputs.entry(at).or_default();
            input.counts += more.counts;
            for time in more.span.into_iter().flat_map(|(first, last)| [first, last]) {
                extend(&mut input.span, Some(time));
            }
            input.devices.merge(&more.devices);
            input.sample.extend(more.sample);
            input.problems.extend(more.problems);
        }
        self.outside_window += other.outside_window;
        self.no_time += other.no_time;
        self.latest = self.latest.max(other.latest);
        self.found += other.found;
        self.identities.merge(other.identities);
        self.facts.extend(other.facts);
    }
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

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared<'a>) -> Worker<'a> {
        Worker { shared, state: State::default(), scan: Scan::default(), hits: Vec::new() }
    }

    /// Scans a block and gives it back.
    fn scan(&mut self, job: Job) -> Block {
        let mut scan = std::mem::take(&mut self.scan);
        let mut sampler = job.quota.sampler(job.block.number);
        let validate = self.shared.options.validate;
        match self.shared.second {
            None => {
                job.stream.scan(&job.block, self.shared.router, &mut sampler, validate, &mut scan);
                job.quota.finish(job.block.number, &sampler);
                self.take_stock(&job, &scan);
            }
            // What was read is known from the first pass.
            Some(second) => {
                job.stream.scan(&job.block, second, &mut NoSample, validate, &mut scan);
            }
        }
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
        input.counts += scan.counts;
        for refusal in &scan.refusals {
            let source = self.shared.options.inputs[job.input as usize].name.clone();
            input.problems.push(Problem::of_record(source, refusal));
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
                let plausible = events
                    .time(row)
                    .is_some_and(|time| is_plausible(time, self.shared.options.now));
                input.sample.push(SampledRow::new(events, row, clauses, plausible));
            }
            if events.wanted(row) || validate {
                let time = events.time(row);
                if time.is_some_and(|time| is_plausible(time, self.shared.options.now)) {
                    self.state.latest = self.state.latest.max(time);
                }
                extend(&mut input.span, events.time(row));
                // A wrong clock does not move where a device's log begins or ends.
                let time =
                    events.time(row).filter(|time| is_plausible(*time, self.shared.options.now));
                input.devices.add(device_hash(events, row), time);
            }
        }
    }

    fn batch(&mut self, job: &Job, events: &Events, first: usize, end: usize) {
        let Shared { detectors, rules, router, second, options, .. } = *self.shared;
        let mut rows = Vec::with_capacity(end - first);
        for row in first..end {
            let counted = second.is_none() && (events.wanted(row) || options.validate);
            match options.window.standing(events.time(row)) {
                Standing::Inside => rows.push(row),
                Standing::Outside => self.state.outside_window += u64::from(counted),
                Standing::NoTime => self.state.no_time += u64::from(counted),
            }
        }
        let mut hits = std::mem::take(&mut self.hits);
        router.route(events, rows.iter().copied(), first, &mut hits);
        let mut hits_again: Vec<Vec<Hit>> = Vec::new();
        if let Some(second) = second {
            second.router.route(events, rows.iter().copied(), first, &mut hits_again);
        }
        if hits.iter().chain(&hits_again).any(|hits| !hits.is_empty()) {
            let input = u64::from(job.input);
            // 2^40 records of an input, 2^24 inputs.
            let seq = |record: u64| input << 40 | record & ((1 << 40) - 1);
            let views = BatchViews::new(events, first, end, seq);
            let mut heard = Heard::default();
            inspect(detectors.iter().map(Some), rules, &views, &hits, first, &mut heard);
            let facts = std::mem::take(&mut heard.facts);
            let mut known = HashSet::new();
            match second {
                None => self.state.facts.extend(facts),
                Some(second) => {
                    known = heard.rows(|rule| rules.get(rule).reported);
                    let adopted = second.adopted.iter().map(Option::as_ref);
                    inspect(adopted, rules, &views, &hits_again, first, &mut heard);
                }
            }
            let mut findings = heard.findings();
            suffix::mark(events, &mut findings, &options.search_suffixes);
            self.judge(job, events, &mut findings, &known);
        }
        self.hits = hits;
    }

    /// Judges the findings about each row, and groups them. The rows of `known`
    /// were counted in the first pass.
    fn judge(
        &mut self,
        job: &Job,
        events: &Events,
        findings: &mut [Pooled],
        known: &HashSet<usize>,
    ) {
        for of_row in findings.chunk_by_mut(|one, other| one.row == other.row) {
            let row = of_row[0].row;
            let tool_of = |finding: &Pooled| &self.shared.rules.get(finding.rule).stated.tool;
            of_row.sort_by(|one, other| {
                tool_of(one).cmp(tool_of(other)).then(one.rule.cmp(&other.rule))
            });
            let mut identity = None;
            for of_tool in of_row.chunk_by(|one, other| tool_of(one) == tool_of(other)) {
                let anew =
                    self.shared.second.is_none_or(|one| one.tools.contains(tool_of(&of_tool[0])));
                let reported =
                    of_tool.iter().any(|finding| self.shared.rules.get(finding.rule).reported);
                if !(anew && reported) {
                    continue;
                }
                let identity = *identity.get_or_insert_with(|| identify(job, events, row));
                let excluded_by = self.shared.exclusions.of(tool_of(&of_tool[0]), events, row);
                self.group(job, events, of_tool, identity, &excluded_by);
            }
            if let Some(identity) = identity {
                let new = u64::from(!known.contains(&row));
                self.state.found += new;
                self.shared.options.progress.add_found(new);
                self.state.identities.insert(identity, job.input);
            }
        }
    }

    /// Takes the findings of one tool about one row into the groups: the shown
    /// ones, or where they are excluded those beside.
    fn group(
        &mut self,
        job: &Job,
        events: &Events,
        findings: &[Pooled],
        identity: Identity,
        excluded_by: &[u32],
    ) {
        let Shared { options, rules, .. } = *self.shared;
        let row = findings[0].row;
        let reported = || findings.iter().filter(|finding| rules.get(finding.rule).reported);
        let groups = if excluded_by.is_empty() {
            &mut self.state.groups
        } else {
            let counted = match options.grouping {
                Grouping::Rule => reported().count() as u64,
                Grouping::Tool => 1,
            };
            self.state.hidden.count(options, excluded_by, counted, Row { events, row });
            if options.grouping == Grouping::Tool {
                self.state.hidden.keys.insert(tool_key(options, rules, events, findings));
            }
            if !options.show_excluded {
                return;
            }
            &mut self.state.hidden.groups
        };
        let text = |field| events.text(row, field);
        let mut witnesses: Vec<OwnedWitness> = Vec::new();
        for finding in findings {
            pool(&mut witnesses, finding.witnesses.iter().cloned());
        }
        let event = circumstances(events, row, &options.browsers);
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
            device: device_hash(events, row),
            confidence,
            stage,
            witnesses: &witnesses,
            grounds: &grounds,
            excluded_by,
        };
        match options.grouping {
            Grouping::Rule => {
                for finding in reported() {
                    let keys = rules
                        .get(finding.rule)
                        .stated
                        .keys
                        .iter()
                        .map(|key| key_text(events, row, *key));
                    let tenant = std::iter::once(Box::from(tenant(events, row, options)));
                    let key = RuleKey { rule: finding.rule, values: tenant.chain(keys).collect() };
                    let judged = Judged { witnesses: &finding.witnesses, ..judged };
                    groups.by_rule.entry(key).or_default().add(&judged, &finding.detectors);
                }
            }
            Grouping::Tool => {
                let mut detectors: Vec<u32> =
                    reported().flat_map(|f| f.detectors.iter().copied()).collect();
                detectors.sort_unstable();
                detectors.dedup();
                let fired: Vec<u32> = reported().map(|finding| finding.rule).collect();
                let key = tool_key(options, rules, events, findings);
                let pattern = options.folding.pattern(&key.tool, carried.remote_host);
                let name = text(field::DEVICE_NAME);
                let group = groups.by_tool.entry(key).or_default();
                group.add(&judged, &detectors, &fired, name, pattern);
            }
        }
    }
}

/// The key of the group by tool that takes in the findings of a tool about a row.
fn tool_key(options: &Options, rules: &Rules, events: &Events, findings: &[Pooled]) -> ToolKey {
    let row = findings[0].row;
    let reported = findings.iter().filter(|finding| rules.get(finding.rule).reported);
    let instance = reported.map(|finding| finding.instance.as_str()).find(|text| !text.is_empty());
    let (basis, device) = device(events, row);
    ToolKey {
        tenant: tenant(events, row, options).into(),
        basis,
        device: device.into(),
        tool: rules.get(findings[0].rule).stated.tool.as_str().into(),
        instance: instance.unwrap_or_default().into(),
    }
}

/// Whether a clock could show this time by `now`.
fn is_plausible(time: i64, now: i64) -> bool {
    YEAR_2000 <= time && time <= now.saturating_add(DAY)
}

fn key_text(events: &Events, row: usize, key: remora_abi::Field) -> Box<str> {
    if key.is_number() {
        events.number(row, key).map(|number| number.to_string()).unwrap_or_default().into()
    } else {
        events.text(row, key).into()
    }
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
/// where it has all of them (of a source whose ids need no device, without), else a hash of the
/// record. So an event that two
/// exports hold counts once.
fn identify(job: &Job, events: &Events, row: usize) -> Identity {
    let text = |field| events.text(row, field);
    let id = text(field::EVENT_ID);
    let device = match text(field::DEVICE_ID) {
        "" => text(field::DEVICE_NAME),
        id => id,
    };
    let time = events.time(row);
    let is_unique = !device.is_empty() || job.stream.has_unique_ids();
    let (Some(time), false, true) = (time, id.is_empty(), is_unique) else {
        return job.stream.record_hash(&job.block, events.span(row));
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
