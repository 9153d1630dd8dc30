//! What a detector says during a call, as owned copies.
//!
//! It is collected on the calling thread, not behind the context pointer that
//! the detector hands back: nothing that comes from a plugin is ever followed
//! as a pointer. Values are not trusted either: rows and rules are checked,
//! texts are read as bytes and repaired, and a call that says too much is cut
//! off and reported.

use std::{cell::RefCell, ffi::c_void, ptr, sync::OnceLock};

use abi_stable::prefix_type::PrefixTypeTrait as _;
use remora_abi::{
    AbiError, Fact, Finding, HostServices, HostServicesRef, Interest, NO_ROW, RResult, RStr,
    RuleInfo, Sink, SinkTable, SinkTableRef,
};
use remora_rules::InterestSpec;

use super::call::{FindingBuf, OwnedFact, OwnedInterest, OwnedRule, OwnedWitness};

/// More findings than this per row of a batch, on the average, are a fault.
const MAX_FINDINGS_PER_ROW: usize = 256;
/// More witnesses than this in one finding are a fault.
const MAX_WITNESSES: usize = 64;
/// More rules than this of one detector are a fault.
const MAX_RULES: usize = 1 << 16;
/// More interests than this of one detector are a fault.
const MAX_INTERESTS: usize = 1 << 20;
/// A text longer than this that must be whole, a rule or a literal, is a fault.
const MAX_WHOLE: usize = 1 << 20;
/// A text of a finding longer than this is cut.
const MAX_TEXT: usize = 64 * 1024;
/// A message longer than this is cut.
const MAX_MESSAGE: usize = 1024;

/// More facts than this per row of a batch, on the average, are a fault.
const MAX_FACTS_PER_ROW: usize = 16;
/// A longer literal of a fact is a fault: cut, it would be another one.
const MAX_FACT: usize = 4096;

/// What a detector says during one call.
#[derive(Default)]
pub(super) struct Collector {
    pub(super) rules: Vec<OwnedRule>,
    pub(super) interests: Vec<OwnedInterest>,
    pub(super) findings: Vec<FindingBuf>,
    pub(super) facts: Vec<OwnedFact>,
    /// Rows of the batch.
    rows: u32,
    /// The rows that were routed to the detector, ascending.
    routed: Vec<u32>,
    rule_count: u32,
    limit: usize,
    /// Why nothing of it counts.
    pub(super) fault: Option<String>,
}

impl Collector {
    /// For a call about a batch of `rows`, of which `routed` may be named, by
    /// a detector that stated `rules`.
    pub(super) fn of_batch(rows: u32, routed: Vec<u32>, rules: usize) -> Collector {
        Collector {
            rows,
            routed,
            rule_count: u32::try_from(rules).unwrap_or(u32::MAX),
            limit: MAX_FINDINGS_PER_ROW.saturating_mul(rows as usize),
            ..Collector::default()
        }
    }
}

thread_local! {
    static COLLECTOR: RefCell<Option<Collector>> = const { RefCell::new(None) };
}

/// Makes a call and gives its answer and what was said: nothing of it counts
/// if there is a fault.
pub(super) fn collect<T>(
    collector: Collector,
    call: impl FnOnce(&Sink) -> RResult<T, AbiError>,
) -> (RResult<T, AbiError>, Collector) {
    COLLECTOR.set(Some(collector));
    let answer = call(&Sink { ctx: ptr::null_mut(), table: table() });
    let said = COLLECTOR.take().unwrap_or_default();
    (answer, said)
}

/// Runs `put` on the collector of the call in progress on this thread. What a
/// detector pushes at any other time or from a thread of its own breaks the
/// contract, and is logged.
fn with_collector(put: impl FnOnce(&mut Collector)) {
    COLLECTOR.with(|collector| {
        match collector.try_borrow_mut().ok().as_mut().and_then(|slot| slot.as_mut()) {
            Some(collector) => put(collector),
            None => tracing::error!("a detector spoke outside a call, or from another thread"),
        }
    });
}

fn table() -> SinkTableRef {
    static TABLE: OnceLock<SinkTableRef> = OnceLock::new();
    *TABLE.get_or_init(|| {
        SinkTable {
            rule: push_rule,
            interest: push_interest,
            finding: push_finding,
            learn: push_fact,
        }
        .leak_into_prefix()
    })
}

/// What the host offers to detectors.
pub(super) fn services() -> HostServicesRef {
    static SERVICES: OnceLock<HostServicesRef> = OnceLock::new();
    *SERVICES.get_or_init(|| HostServices { log }.leak_into_prefix())
}

/// A plugin's text, read as bytes because nothing proves that it is UTF-8.
fn lossy(text: RStr<'_>, limit: usize) -> String {
    let bytes = text.as_rslice().as_slice();
    let cut = bytes.len().min(limit);
    let bytes = &bytes[..cut];
    // Nearly all are whole, and proved so at once.
    std::str::from_utf8(bytes)
        .map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), str::to_owned)
}

/// A message of a detector for people: one line, and no longer than that.
pub(super) fn message(text: RStr<'_>) -> String {
    let text = lossy(text, MAX_MESSAGE);
    let words = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    words.trim().to_owned()
}

extern "C" fn log(level: u32, target: RStr<'_>, message: RStr<'_>) {
    let (detector, message) = (lossy(target, 256), lossy(message, MAX_TEXT));
    match level {
        1 => tracing::error!(detector, "{message}"),
        2 => tracing::warn!(detector, "{message}"),
        3 => tracing::info!(detector, "{message}"),
        4 => tracing::debug!(detector, "{message}"),
        _ => tracing::trace!(detector, "{message}"),
    }
}

extern "C" fn push_rule(_ctx: *mut c_void, rule: &RuleInfo<'_>) {
    with_collector(|collector| {
        if collector.fault.is_some() {
            return;
        }
        if collector.rules.len() >= MAX_RULES {
            collector.fault = Some(format!("more than {MAX_RULES} rules"));
            return;
        }
        collector.fault = too_long("a rule", rule.where_text);
        let owned = |text: RStr<'_>| lossy(text, MAX_TEXT);
        collector.rules.push(OwnedRule {
            id: owned(rule.id),
            tool: owned(rule.tool),
            tool_name: owned(rule.tool_name),
            title: owned(rule.title),
            techniques: rule.techniques.iter().map(|text| owned(*text)).collect(),
            kinds: rule.kinds.to_vec(),
            keys: rule.keys.to_vec(),
            fields: rule.fields.to_vec(),
            where_text: lossy(rule.where_text, MAX_WHOLE),
        });
    });
}

extern "C" fn push_interest(_ctx: *mut c_void, interest: &Interest<'_>) {
    with_collector(|collector| {
        if collector.fault.is_some() {
            return;
        }
        if collector.interests.len() >= MAX_INTERESTS {
            collector.fault = Some(format!("more than {MAX_INTERESTS} interests"));
            return;
        }
        collector.fault = too_long("the literal of an interest", interest.literal);
        collector.interests.push(InterestSpec {
            kind: interest.kind,
            field: interest.field,
            op: interest.op,
            literal: lossy(interest.literal, MAX_WHOLE),
        });
    });
}

/// Cut off, a rule or a literal would mean something else.
fn too_long(what: &str, text: RStr<'_>) -> Option<String> {
    let length = text.len();
    (length > MAX_WHOLE).then(|| format!("{what} has {length} bytes, more than {MAX_WHOLE}"))
}

extern "C" fn push_finding(_ctx: *mut c_void, finding: &Finding<'_>) {
    with_collector(|collector| {
        if collector.fault.is_some() {
            return;
        }
        collector.fault = refuse_finding(collector, finding);
        if collector.fault.is_some() {
            return;
        }
        let witnesses = finding.witnesses.iter().map(|witness| OwnedWitness {
            field: witness.field,
            op: witness.op,
            literal: lossy(witness.literal, MAX_TEXT),
            seen: lossy(witness.seen, MAX_TEXT),
            class: witness.class,
            role: witness.role,
            how: witness.how,
        });
        collector.findings.push(FindingBuf {
            row: finding.row,
            rule: finding.rule,
            instance: lossy(finding.instance, MAX_TEXT),
            witnesses: witnesses.collect(),
        });
    });
}

extern "C" fn push_fact(_ctx: *mut c_void, fact: &Fact<'_>) {
    with_collector(|collector| {
        if collector.fault.is_some() {
            return;
        }
        let (length, most) = (fact.literal.len(), MAX_FACTS_PER_ROW * collector.rows as usize);
        if length == 0 || length > MAX_FACT || fact.set.len() > MAX_FACT {
            collector.fault = Some(format!("a fact of {length} bytes; 1 to {MAX_FACT} are taken"));
        } else if fact.field.info().is_none() || fact.field.is_number() {
            collector.fault =
                Some(format!("a fact for field {}, which holds no text", fact.field.0));
        } else if collector.facts.len() >= most {
            collector.fault = Some(format!("more than {most} facts from {} rows", collector.rows));
        } else {
            collector.facts.push(OwnedFact {
                set: lossy(fact.set, MAX_FACT),
                field: fact.field,
                literal: lossy(fact.literal, MAX_FACT),
            });
        }
    });
}

fn refuse_finding(collector: &Collector, finding: &Finding<'_>) -> Option<String> {
    if finding.row >= collector.rows {
        return Some(match finding.row {
            NO_ROW => "a finding of `inspect` belongs to no row".into(),
            row => format!("a finding names row {row} of {}", collector.rows),
        });
    }
    // The batch holds rows of other detectors and outside the window too.
    if collector.routed.binary_search(&finding.row).is_err() {
        return Some(format!(
            "a finding names row {}, which met none of its interests",
            finding.row
        ));
    }
    if finding.rule >= collector.rule_count {
        return Some(format!("a finding names rule {} of {}", finding.rule, collector.rule_count));
    }
    if finding.witnesses.len() > MAX_WITNESSES {
        return Some(format!(
            "a finding has {} witnesses, more than {MAX_WITNESSES}",
            finding.witnesses.len()
        ));
    }
    (collector.findings.len() >= collector.limit)
        .then(|| format!("more than {} findings for {} rows", collector.limit, collector.rows))
}
