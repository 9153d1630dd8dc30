//! One run: workers, merge.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use remora_abi::{Hit, field};
use remora_sources::{Block, Counts, Events, Scan};

use super::{
    Grouping, Options, Origin, Outcome, Problem, SecondPass, SweepError,
    batch::{BATCH_ROWS, BatchViews},
    device::{device, tenant},
    exclude::{Exclusions, Hidden},
    findings::{Heard, Pooled, circumstances, inspect, pool},
    group::{Judged, Place},
    groups::{Groups, ToolKey},
    judge,
    overlap::Identities,
    pull::Pull,
    read::{Inputs, Job, PROBLEMS_CAP, Read},
    report::report,
    route::Router,
    row::Row,
    rules::Rules,
    sample::{Devices, NoSample, SampledRow, device_hash, extend},
    second::{Facts, Second},
    suffix,
    taken::{carried, identify, is_plausible, key},
    threads::on_threads,
    window::Standing,
};
use crate::host::{Detectors, OwnedWitness};

/// Sweeps the inputs of `options` with `detectors`.
pub fn run(detectors: &Detectors, options: &Options) -> Result<Outcome, SweepError> {
    let rules = Arc::new(Rules::of(detectors, options)?);
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
    Ok(report(&shared, &rules, reads, state, second_pass))
}

/// Reads all inputs once.
fn pass(shared: &Shared<'_>) -> (Vec<Read>, State) {
    let inputs = Pull::new(Inputs::new(shared.options));
    let mut states = on_threads(shared.options.threads, || Worker::new(shared).work(&inputs));
    let mut state = states.remove(0);
    states.into_iter().for_each(|more| state.merge(more));
    (inputs.into_reads(), state)
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
    let events = state.identities.merge(found.identities);
    state.groups.merge(found.groups, &events);
    state.hidden.merge(found.hidden, &events);
    state.found += found.found;
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
        let events = self.identities.merge(other.identities);
        self.groups.merge(other.groups, &events);
        self.hidden.merge(other.hidden, &events);
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
        self.facts.extend(other.facts);
    }
}

struct Worker<'a> {
    shared: &'a Shared<'a>,
    state: State,
    scan: Scan,
    hits: Vec<Vec<Hit>>,
    /// The key of a group; scratch space.
    key: Vec<u32>,
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared<'a>) -> Worker<'a> {
        Worker {
            shared,
            state: State::default(),
            scan: Scan::default(),
            hits: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Scans block after block of `inputs`, to their end.
    fn work(mut self, inputs: &Pull<'_>) -> State {
        let mut done = None;
        while let Some(job) = inputs.next(done.take()) {
            done = Some(self.scan(job));
        }
        self.state
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
        let Shared { rules, second, options, exclusions, .. } = *self.shared;
        let tool_of = |finding: &Pooled| &rules.get(finding.rule).stated.tool;
        for of_row in findings.chunk_by_mut(|one, other| one.row == other.row) {
            let row = of_row[0].row;
            of_row.sort_by(|one, other| {
                tool_of(one).cmp(tool_of(other)).then(one.rule.cmp(&other.rule))
            });
            let mut event = None;
            for of_tool in of_row.chunk_by(|one, other| tool_of(one) == tool_of(other)) {
                let anew = second.is_none_or(|one| one.tools.contains(tool_of(&of_tool[0])));
                let reported = of_tool.iter().any(|finding| rules.get(finding.rule).reported);
                if !(anew && reported) {
                    continue;
                }
                let event = *event.get_or_insert_with(|| {
                    self.state.identities.insert(identify(job, events, row), job.input)
                });
                let excluded_by = exclusions.of(tool_of(&of_tool[0]), events, row);
                self.group(job, events, of_tool, event, &excluded_by);
            }
            if event.is_some() {
                let new = u64::from(!known.contains(&row));
                self.state.found += new;
                options.progress.add_found(new);
            }
        }
        self.state.groups.tidy();
        self.state.hidden.groups.tidy();
    }

    /// Takes the findings of one tool about one row into the groups: the shown
    /// ones, or where they are excluded those beside.
    fn group(
        &mut self,
        job: &Job,
        events: &Events,
        findings: &[Pooled],
        number: u32,
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
                let key = tool_key(options, rules, events, findings);
                self.state.hidden.keys.insert(key);
            }
            if !options.show_excluded {
                return;
            }
            &mut self.state.hidden.groups
        };
        let mut witnesses: Vec<&OwnedWitness> = Vec::new();
        for finding in findings {
            pool(&mut witnesses, &finding.witnesses);
        }
        let event = circumstances(events, row, &options.browsers);
        let carried = carried(events, row);
        let time = events.time(row);
        let judged = Judged {
            time,
            plausible: time.is_none_or(|time| is_plausible(time, options.now)),
            place: Place { input: job.input, line: events.line(row), record: events.record(row) },
            carried: &carried,
            event_id: groups.pool.intern(events.text(row, field::EVENT_ID)),
            event: number,
            device: device_hash(events, row),
            confidence: judge::confidence(&event, &witnesses),
            stage: judge::stage(&event, &witnesses),
            witnesses: &witnesses,
            grounds: &judge::grounds(&event, &witnesses),
            excluded_by,
        };
        let Groups { pool, by_rule, by_tool } = groups;
        match options.grouping {
            Grouping::Rule => {
                for finding in reported() {
                    let parts = &mut self.key;
                    parts.clear();
                    parts.push(finding.rule);
                    parts.push(pool.intern(tenant(events, row, options)));
                    let keys = &rules.get(finding.rule).stated.keys;
                    parts.extend(keys.iter().map(|field| key(events, row, *field, pool)));
                    let own: Vec<&OwnedWitness> = finding.witnesses.iter().collect();
                    let judged = Judged { witnesses: &own, ..judged };
                    by_rule.entry(parts).add(&judged, &finding.detectors, pool);
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
                let key = key.map(|text| pool.intern(&text));
                let name = events.text(row, field::DEVICE_NAME);
                let group = by_tool.entry(&key.parts());
                group.add(&judged, &detectors, &fired, name, pattern, pool);
            }
        }
    }
}

/// The key of the group by tool that takes in the findings of a tool about a row.
fn tool_key<'e>(
    options: &'e Options,
    rules: &'e Rules,
    events: &'e Events,
    findings: &'e [Pooled],
) -> ToolKey<Cow<'e, str>> {
    let row = findings[0].row;
    let reported = findings.iter().filter(|finding| rules.get(finding.rule).reported);
    let instance = reported.map(|finding| finding.instance.as_str()).find(|text| !text.is_empty());
    let (basis, device) = device(events, row);
    ToolKey {
        tenant: tenant(events, row, options).into(),
        basis,
        device,
        tool: rules.get(findings[0].rule).stated.tool.as_str().into(),
        instance: instance.unwrap_or_default().into(),
    }
}
