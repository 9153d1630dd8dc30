//! Why each rule fired for an event or did not.
//!
//! Every record goes the way that it goes in a sweep: the same reading, the
//! same screen, router, detectors and judge; only nothing is dropped on the
//! way, and what each step said is kept. The answer of a rule of the rule
//! language is computed beside the detector's, and where the two are at odds
//! the explanation says so.

use std::{collections::BTreeMap, ops::RangeInclusive};

use memchr::memchr_iter;
use remora_abi::{Field, Hit};
use remora_rules::{Required, Tracer, Truth, required::required};
use remora_sources::{Counts, Events, Scan};

use super::{
    Options, Origin, Problem, SweepError,
    batch::{BATCH_ROWS, BatchViews},
    exclude,
    explained::{
        ExclusionExplained, Explanation, InterestMet, JudgedExplained, RuleExplained, Screen,
        TraceOut, Weighed,
    },
    findings::{Heard, Pooled, circumstances, inspect, pool},
    judge::{self, Circumstances, Confidence, Weight},
    read::{Inputs, Job},
    route::Router,
    row::Row,
    rules::{Rule, Rules},
    run::learn,
    sample::NoSample,
    second::{Facts, Second, sets_of},
    sighting::{WitnessOut, format_time},
    suffix,
};
use crate::host::{Detector, Detectors, OwnedInterest, OwnedWitness};

/// What to explain.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Of these inputs (by place) only the records that begin on these lines.
    pub lines: BTreeMap<u32, Vec<RangeInclusive<u64>>>,
    /// Explain the rules that did not fire, all of the event's kind, instead
    /// of those that fired or nearly did.
    pub why_not: bool,
}

impl Selection {
    fn includes(&self, input: u32, line: u64) -> bool {
        self.lines.get(&input).is_none_or(|lines| lines.iter().any(|range| range.contains(&line)))
    }

    /// Whether a record that is asked for may begin on these lines.
    fn may_include(&self, input: u32, lines: RangeInclusive<u64>) -> bool {
        self.lines.get(&input).is_none_or(|ranges| {
            ranges.iter().any(|range| range.start() <= lines.end() && lines.start() <= range.end())
        })
    }
}

/// What was read while explaining.
#[derive(Debug, Default)]
pub struct ExplainSummary {
    /// Events explained.
    pub events: u64,
    /// What became of all records of the blocks that were looked at.
    pub counts: Counts,
    /// What was wrong in the inputs.
    pub problems: Vec<Problem>,
    /// Detectors that failed: name and fault.
    pub failed: Vec<(String, String)>,
    /// Inputs that were recognised.
    pub inputs: u64,
}

/// Explains the events of `options`' inputs that `selection` names, in order,
/// each to `each`, which says whether to go on. `options.tools` and
/// `options.rules` say which rules; none says all.
///
/// # Errors
///
/// A tool or rule that does not exist.
pub fn explain(
    detectors: &Detectors,
    options: &Options,
    selection: &Selection,
    each: &mut dyn FnMut(Explanation) -> bool,
) -> Result<ExplainSummary, SweepError> {
    let rules = Rules::of(detectors, options)?;
    let router = Router::new(detectors).map_err(|error| SweepError::new(error.to_string()))?;
    let asked_for = !options.tools.is_empty() || !options.rules.is_empty();
    // What is learned is learned from all inputs, whatever is to be explained.
    let learning = rules.iter().any(|rule| rule.asks_learned || rule.stated.where_text.is_empty());
    let once = options.inputs.iter().any(|input| input.origin == Origin::Stdin);
    let facts =
        if learning && !once { learn(detectors, options, &rules, &router) } else { Facts::new() };
    let second = Second::new(detectors, &rules, &facts)?;
    let known = rules.iter().map(|rule| Known::new(rule, detectors, &facts)).collect();
    let mut explainer = Explainer {
        detectors,
        options,
        selection,
        rules: &rules,
        router: &router,
        second: second.as_ref(),
        known,
        asked_for,
        once,
        scan: Scan::default(),
        summary: ExplainSummary::default(),
        goes_on: true,
    };
    let (mut inputs, mut done) = (Inputs::new(options), None);
    while let Some(job) = inputs.next(done.take()) {
        explainer.block(&job, each);
        done = Some(job.block);
    }
    let reads = inputs.into_reads();
    let mut summary = explainer.summary;
    for (at, read) in (0..).zip(reads) {
        summary.inputs += u64::from(!read.format.is_empty());
        summary.problems.extend(
            read.problems
                .into_iter()
                .filter(|problem| problem.line == 0 || selection.includes(at, problem.line)),
        );
    }
    for detector in detectors.iter() {
        if let Some(fault) = detector.fault() {
            let fault = format!("{}: {}", fault.call, fault.message);
            summary.failed.push((detector.name().to_owned(), fault));
        }
    }
    Ok(summary)
}

/// A rule made ready to be explained.
struct Known {
    /// None where code decides.
    tracer: Option<Tracer>,
    /// By kind of the rule: the interests of which one is met if it holds.
    required: Vec<OwnedInterest>,
    detectors: Vec<String>,
}

impl Known {
    fn new(rule: &Rule, detectors: &Detectors, facts: &Facts) -> Known {
        let learned = sets_of(facts, &rule.detectors);
        let names: Vec<&str> = detectors.iter().map(|one| one.name()).collect();
        let stated = &rule.stated;
        let expr = (!stated.where_text.is_empty())
            .then(|| remora_rules::compile(&stated.where_text, &stated.kinds).ok())
            .flatten();
        let required =
            match expr.as_ref().map(|expr| required(&expr.adopt(&learned), &stated.kinds)) {
                Some(Required::Interests(interests)) => interests,
                Some(Required::Everything { .. }) | None => Vec::new(),
            };
        Known {
            tracer: expr.as_ref().map(|expr| Tracer::new(expr, &learned)),
            required,
            detectors: rule.detectors.iter().map(|at| names[*at as usize].to_owned()).collect(),
        }
    }
}

struct Explainer<'a> {
    detectors: &'a Detectors,
    options: &'a Options,
    selection: &'a Selection,
    rules: &'a Rules,
    router: &'a Router,
    second: Option<&'a Second>,
    known: Vec<Known>,
    /// Rules were named, so that they are explained whatever they answer.
    asked_for: bool,
    /// An input can be read only once, so that nothing is learned.
    once: bool,
    scan: Scan,
    summary: ExplainSummary,
    goes_on: bool,
}

impl Explainer<'_> {
    fn block(&mut self, job: &Job, each: &mut dyn FnMut(Explanation) -> bool) {
        let lines = memchr_iter(b'\n', &job.block.data).count() as u64;
        let last = job.block.line + lines;
        if !self.goes_on || !self.selection.may_include(job.input, job.block.line..=last) {
            return;
        }
        let mut scan = std::mem::take(&mut self.scan);
        job.stream.scan(&job.block, self.router, &mut NoSample, true, &mut scan);
        self.summary.counts += scan.counts;
        for refusal in &scan.refusals {
            if self.selection.includes(job.input, refusal.line) {
                let source = self.options.inputs[job.input as usize].name.clone();
                self.summary.problems.push(Problem::of_record(source, refusal));
            }
        }
        for first in (0..scan.events.len()).step_by(BATCH_ROWS) {
            let end = (first + BATCH_ROWS).min(scan.events.len());
            self.batch(job, &scan.events, first, end, each);
        }
        self.scan = scan;
    }

    fn batch(
        &mut self,
        job: &Job,
        events: &Events,
        first: usize,
        end: usize,
        each: &mut dyn FnMut(Explanation) -> bool,
    ) {
        let rows: Vec<usize> = (first..end)
            .filter(|row| self.selection.includes(job.input, events.line(*row)))
            .collect();
        if rows.is_empty() {
            return;
        }
        let mut hits: Vec<Vec<Hit>> = Vec::new();
        self.router.route(events, rows.iter().copied(), first, &mut hits);
        let views = BatchViews::new(events, first, end, |record| record);
        let mut heard = Heard::default();
        inspect(self.detectors.iter().map(Some), self.rules, &views, &hits, first, &mut heard);
        if let Some(second) = self.second {
            second.router.route(events, rows.iter().copied(), first, &mut hits);
            let adopted = second.adopted.iter().map(Option::as_ref);
            inspect(adopted, self.rules, &views, &hits, first, &mut heard);
        }
        let mut findings = heard.findings();
        suffix::mark(events, &mut findings, &self.options.search_suffixes);
        for row in rows {
            if !self.goes_on {
                return;
            }
            let of_row: Vec<&Pooled> =
                findings.iter().filter(|finding| finding.row == row).collect();
            self.summary.events += 1;
            self.goes_on = each(self.event(job, events, row, &of_row));
        }
    }

    fn event(&self, job: &Job, events: &Events, row: usize, findings: &[&Pooled]) -> Explanation {
        let kind = events.kinds()[row];
        let mut met: Vec<(&OwnedInterest, Vec<u32>)> = Vec::new();
        let detectors: Vec<&Detector> = self.detectors.iter().collect();
        self.router.who(events, row, &mut Vec::new(), |detector, place| {
            note(&mut met, Some(detectors[detector as usize]), detector, place);
        });
        if let Some(second) = self.second {
            second.router.who(events, row, &mut Vec::new(), |detector, place| {
                note(&mut met, second.adopted[detector as usize].as_ref(), detector, place);
            });
        }
        let names: Vec<&str> = self.detectors.iter().map(|one| one.name()).collect();
        let interests = met
            .iter()
            .map(|(interest, who)| InterestMet {
                field: if interest.field == remora_abi::field::NONE {
                    ""
                } else {
                    interest.field.name()
                },
                op: interest.op.name(),
                value: interest.literal.clone(),
                seen: if interest.field == remora_abi::field::NONE {
                    String::new()
                } else {
                    events.text(row, interest.field).to_owned()
                },
                detectors: who.iter().map(|at| names[*at as usize].to_owned()).collect(),
            })
            .collect();

        let mut explained: Vec<RuleExplained> = Vec::new();
        let (mut all_fired, mut other_rules, mut other_kind_rules) = (0, 0, 0);
        for ((rule, known), place) in self.rules.iter().zip(&self.known).zip(0_u32..) {
            let looks_at_kind = rule.stated.kinds.is_empty() || rule.stated.kinds.contains(&kind);
            let fired = findings.iter().any(|finding| finding.rule == place);
            all_fired += u64::from(fired);
            let routed =
                met.iter().any(|(_, who)| who.iter().any(|at| rule.detectors.contains(at)));
            // Code does not say which of its detector's interests are its own.
            let near = match known.tracer {
                Some(_) => known.required.iter().any(|one| met.iter().any(|(met, _)| *met == one)),
                None => routed,
            };
            let shown = rule.reported
                && match (self.asked_for, self.selection.why_not) {
                    (_, true) => !fired && (looks_at_kind || self.asked_for),
                    (true, false) => true,
                    (false, false) => fired || (looks_at_kind && near),
                };
            if !shown {
                *(if looks_at_kind { &mut other_rules } else { &mut other_kind_rules }) += 1;
                continue;
            }
            let trace = (known.tracer.as_ref().filter(|_| looks_at_kind))
                .map(|tracer| TraceOut(tracer.trace(&Row { events, row })));
            let holds = trace.as_ref().map(|trace| trace.0.truth == Truth::True);
            let off = rule.detectors.iter().all(|at| {
                self.detectors.iter().nth(*at as usize).is_some_and(|one| one.fault().is_some())
            });
            explained.push(RuleExplained {
                rule: rule.stated.id.clone(),
                tool: rule.stated.tool.clone(),
                title: rule.stated.title.clone(),
                detectors: known.detectors.clone(),
                fired,
                looks_at_kind,
                routed,
                decided_by: if known.tracer.is_some() { "where" } else { "code" },
                trace,
                not_learned: self.once && rule.asks_learned,
                disagrees: !off && holds.is_some_and(|holds| holds != fired),
            });
        }
        explained.sort_by(|one, other| {
            (!one.fired, &one.tool, &one.rule).cmp(&(!other.fired, &other.tool, &other.rule))
        });
        Explanation {
            source: self.options.inputs[job.input as usize].name.clone(),
            line: events.line(row),
            kind: kind.name(),
            time: events.time(row).map(format_time),
            event: fields(events, row),
            screen: Screen { passes: events.wanted(row) || !met.is_empty(), interests },
            rules: explained,
            fired: all_fired,
            other_rules,
            other_kind_rules,
            judged: self.judged(events, row, findings),
        }
    }

    /// The judge's word on every tool with a finding that is reported.
    fn judged(&self, events: &Events, row: usize, findings: &[&Pooled]) -> Vec<JudgedExplained> {
        let circumstances = circumstances(events, row, &self.options.browsers);
        let mut of_tools: BTreeMap<&str, Vec<&Pooled>> = BTreeMap::new();
        for finding in findings {
            of_tools
                .entry(self.rules.get(finding.rule).stated.tool.as_str())
                .or_default()
                .push(finding);
        }
        of_tools
            .into_iter()
            .filter(|(_, findings)| {
                findings.iter().any(|finding| self.rules.get(finding.rule).reported)
            })
            .map(|(tool, mut findings)| {
                findings.sort_by_key(|finding| finding.rule);
                let mut witnesses: Vec<OwnedWitness> = Vec::new();
                for finding in &findings {
                    pool(&mut witnesses, finding.witnesses.iter().cloned());
                }
                let instance = findings.iter().map(|one| &one.instance).find(|one| !one.is_empty());
                let exclusions = exclude::explain(&self.options.exclusions, tool, events, row);
                let instance = instance.cloned().unwrap_or_default();
                judged(tool, instance, &circumstances, &witnesses, exclusions)
            })
            .collect()
    }
}

/// Notes that an interest of a detector is met.
fn note<'d>(
    met: &mut Vec<(&'d OwnedInterest, Vec<u32>)>,
    detector: Option<&'d Detector>,
    at: u32,
    place: u32,
) {
    let Some(interest) = detector.and_then(|one| one.interests().get(place as usize)) else {
        return;
    };
    match met.iter_mut().find(|(known, _)| *known == interest) {
        Some((_, who)) => who.push(at),
        None => met.push((interest, vec![at])),
    }
}

fn judged(
    tool: &str,
    instance: String,
    event: &Circumstances<'_>,
    witnesses: &[OwnedWitness],
    exclusions: Vec<ExclusionExplained>,
) -> JudgedExplained {
    let confidence = judge::confidence(event, witnesses);
    let grounds = judge::grounds(event, witnesses);
    let (stage, stage_why) = judge::stage_and_why(event, witnesses);
    let weighed: Vec<Weighed> = witnesses
        .iter()
        .map(|witness| {
            let (weight, why) = judge::weigh(event, witness);
            Weighed { witness: WitnessOut::from(witness), weight, why }
        })
        .collect();
    let strong = weighed.iter().any(|one| one.weight == Weight::Strong);
    let confidence_why = match confidence {
        Confidence::Possible if grounds.is_empty() => {
            "no witness speaks of the tool itself".to_owned()
        }
        Confidence::Possible => "no witness is strong".to_owned(),
        Confidence::Likely => "one strong witness, and no second ground".to_owned(),
        Confidence::Confirmed => {
            debug_assert!(strong);
            format!("a strong witness, and {} independent grounds", grounds.len())
        }
    };
    JudgedExplained {
        tool: tool.to_owned(),
        confidence,
        confidence_why,
        stage,
        stage_why,
        instance,
        grounds: grounds.iter().map(|ground| ground.name()).collect(),
        witnesses: weighed,
        exclusions,
    }
}

/// Every field that the row fills.
fn fields(events: &Events, row: usize) -> Vec<(&'static str, String)> {
    let texts = events
        .text_fields()
        .map(|field| (field, events.text(row, field).to_owned()))
        .filter(|(_, text)| !text.is_empty());
    let numbers = events
        .number_columns()
        .filter_map(|(field, ..)| Some((field, events.number(row, field)?.to_string())));
    let mut all: Vec<(Field, String)> = texts.chain(numbers).collect();
    all.sort_unstable();
    all.into_iter().map(|(field, text)| (field.name(), text)).collect()
}
