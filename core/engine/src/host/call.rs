//! Calling a detector: owned copies of what it says, faults as values.
//!
//! What a detector says in a call is collected on the calling thread, not
//! behind the context pointer that it hands back: nothing that comes from a
//! plugin is ever followed as a pointer. Values are not trusted either: rows
//! and rules are checked, texts are read as bytes and repaired, and a call
//! that says too much is cut off and reported.

use std::{
    cell::RefCell,
    ffi::c_void,
    path::PathBuf,
    ptr,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use abi_stable::prefix_type::PrefixTypeTrait as _;
use remora_abi::{
    AbiError, Batch, Class, DetectorHandle, DetectorModuleRef, Fact, Field, Finding, Hit,
    HostServices, HostServicesRef, How, Interest, Kind, NO_ROW, Op, RErr, ROk, RResult, RSlice,
    RStr, Role, RuleInfo, Sink, SinkTable, SinkTableRef,
};
use remora_rules::InterestSpec;

use super::{LoadError, LoadStep, Manifest};

/// More findings than this per row of a batch, on the average, are a fault.
const MAX_FINDINGS_PER_ROW: usize = 256;
/// More witnesses than this in one finding are a fault.
const MAX_WITNESSES: usize = 64;
/// A text of a finding longer than this is cut.
const MAX_TEXT: usize = 64 * 1024;
/// More facts than this per row of a batch, on the average, are a fault.
const MAX_FACTS_PER_ROW: usize = 16;
/// A longer literal of a fact is a fault: cut, it would be another one.
const MAX_FACT: usize = 4096;

/// Where a detector comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Part of the program.
    LinkedIn,
    /// Loaded from this file, whose SHA-256 is `sha256`.
    File {
        /// As it was given.
        path: PathBuf,
        /// Lower-case hex.
        sha256: String,
    },
}

/// A rule as a detector states it, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRule {
    /// Unique id.
    pub id: String,
    /// The tool it finds.
    pub tool: String,
    /// The tool's name, for people.
    pub tool_name: String,
    /// For people.
    pub title: String,
    /// ATT&CK ids.
    pub techniques: Vec<String>,
    /// The kinds it looks at.
    pub kinds: Vec<Kind>,
    /// The keys of its groups, beside the tenant.
    pub keys: Vec<Field>,
    /// The fields it reads.
    pub fields: Vec<Field>,
    /// In the rule language; empty where code decides.
    pub where_text: String,
}

/// An interest as a detector states it, owned.
pub type OwnedInterest = InterestSpec;

/// A witness, owned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnedWitness {
    /// The field that was looked at.
    pub field: Field,
    /// The predicate that held.
    pub op: Op,
    /// What it was compared to.
    pub literal: String,
    /// The value seen.
    pub seen: String,
    /// How strongly the indicator speaks for the tool.
    pub class: Class,
    /// Which part it plays.
    pub role: Role,
    /// How a name met it.
    pub how: How,
}

/// A finding, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingBuf {
    /// Row of the batch.
    pub row: u32,
    /// Index of the detector's rule.
    pub rule: u32,
    /// Which installation of the tool.
    pub instance: String,
    /// Why.
    pub witnesses: Vec<OwnedWitness>,
}

/// What a detector learned, owned: ordered by set, field and literal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnedFact {
    /// Which of the detector's sets it belongs to.
    pub set: String,
    /// The field in which it is to be looked for.
    pub field: Field,
    /// The literal.
    pub literal: String,
}

/// What a detector says of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    /// What it found.
    pub findings: Vec<FindingBuf>,
    /// What it learned, for the second pass.
    pub facts: Vec<OwnedFact>,
}

/// Why a detector was switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which call failed.
    pub call: &'static str,
    /// In words.
    pub message: String,
}

/// A detector that runs.
#[derive(Debug)]
pub struct Detector {
    manifest: Manifest,
    origin: Origin,
    module: ModuleDebug,
    handle: DetectorHandle,
    rules: Vec<OwnedRule>,
    interests: Vec<OwnedInterest>,
    off: AtomicBool,
    fault: OnceLock<Fault>,
}

/// The module's reference has no `Debug`.
#[derive(Clone, Copy)]
struct ModuleDebug(DetectorModuleRef);

impl std::fmt::Debug for ModuleDebug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DetectorModule")
    }
}

impl Detector {
    /// Starts a detector and asks for its rules and interests.
    pub fn start(
        manifest: Manifest,
        origin: Origin,
        module: DetectorModuleRef,
        config: &str,
    ) -> Result<Detector, LoadError> {
        let failed = |step, call: &str, error: &AbiError| {
            LoadError::new(
                step,
                format!(
                    "{} failed in `{call}`: {}",
                    manifest.name,
                    lossy(error.message.as_rstr(), MAX_TEXT)
                ),
                "correct its configuration, or leave it out with --detector",
            )
        };
        let handle = match (module.new())(services(), RStr::from_str(config)) {
            ROk(handle) => handle,
            RErr(error) => return Err(failed(LoadStep::Start, "new", &error)),
        };
        let mut detector = Detector {
            manifest,
            origin,
            module: ModuleDebug(module),
            handle,
            rules: Vec::new(),
            interests: Vec::new(),
            off: AtomicBool::new(false),
            fault: OnceLock::new(),
        };
        let name = detector.manifest.name.clone();
        let failed = |call: &str, why: &str| {
            LoadError::new(
                LoadStep::Rules,
                format!("{name} failed in `{call}`: {why}"),
                "report it to the author of the detector",
            )
        };
        let (answer, said) = collect(Collector::default(), |sink| (module.rules())(handle, sink));
        if let RErr(error) = answer {
            return Err(failed("rules", &lossy(error.message.as_rstr(), MAX_TEXT)));
        }
        detector.rules = said.rules;
        if let Some(fault) = detector.rules.iter().find_map(check_rule) {
            return Err(failed("rules", &fault));
        }
        detector.ask_interests().map_err(|why| failed("interests", &why))?;
        Ok(detector)
    }

    /// Asks what the detector wants to see.
    fn ask_interests(&mut self) -> Result<(), String> {
        let (answer, said) =
            collect(Collector::default(), |sink| (self.module.0.interests())(self.handle, sink));
        if let RErr(error) = answer {
            return Err(lossy(error.message.as_rstr(), MAX_TEXT));
        }
        self.interests = said.interests;
        self.interests.iter().find_map(check_interest).map_or(Ok(()), Err)
    }

    /// Makes the detector of the second pass from what this one has learned,
    /// which must be sorted. None, and this one is switched off, if it fails.
    pub fn adopt(&self, facts: &[OwnedFact]) -> Option<Detector> {
        if self.off.load(Ordering::Relaxed) {
            return None;
        }
        let Some(adopt) = self.module.0.adopt() else {
            self.switch_off("learn", "it learns facts, and has no `adopt`".into());
            return None;
        };
        let facts: Vec<Fact<'_>> = facts
            .iter()
            .map(|fact| Fact {
                field: fact.field,
                literal: RStr::from_str(&fact.literal),
                set: RStr::from_str(&fact.set),
            })
            .collect();
        let handle = match adopt(self.handle, RSlice::from_slice(&facts)) {
            ROk(handle) => handle,
            RErr(error) => {
                self.switch_off("adopt", lossy(error.message.as_rstr(), MAX_TEXT));
                return None;
            }
        };
        let mut detector = Detector {
            manifest: self.manifest.clone(),
            origin: self.origin.clone(),
            module: self.module,
            handle,
            rules: self.rules.clone(),
            interests: Vec::new(),
            off: AtomicBool::new(false),
            fault: OnceLock::new(),
        };
        match detector.ask_interests() {
            Ok(()) => Some(detector),
            Err(why) => {
                self.switch_off("interests", why);
                None
            }
        }
    }

    /// Takes over the fault of the detector of the second pass.
    pub fn inherit_fault(&self, second: &Detector) {
        if let Some(fault) = second.fault() {
            self.switch_off(fault.call, fault.message.clone());
        }
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// Where it comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its rules.
    pub fn rules(&self) -> &[OwnedRule] {
        &self.rules
    }

    /// What it wants to see.
    pub fn interests(&self) -> &[OwnedInterest] {
        &self.interests
    }

    /// Why it was switched off, if it was.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.get()
    }

    /// Shows it the rows of `batch` that met its interests. Nothing if it was
    /// switched off; a panic, an error, or a finding that cannot be true
    /// switches it off for the rest of the run and voids the call.
    pub fn inspect(&self, batch: &Batch<'_>, hits: &[Hit]) -> Inspected {
        if hits.is_empty() || self.off.load(Ordering::Relaxed) {
            return Inspected::default();
        }
        let limit = MAX_FINDINGS_PER_ROW.saturating_mul(batch.len as usize);
        let collector = Collector {
            rows: batch.len,
            routed: hits.iter().map(|hit| hit.row).collect(),
            rule_count: u32::try_from(self.rules.len()).unwrap_or(u32::MAX),
            limit,
            ..Collector::default()
        };
        let (answer, said) = collect(collector, |sink| {
            (self.module.0.inspect())(self.handle, batch, RSlice::from_slice(hits), sink)
        });
        let message = match answer {
            RErr(error) => lossy(error.message.as_rstr(), MAX_TEXT),
            ROk(()) => match said.fault {
                Some(fault) => fault,
                None => return Inspected { findings: said.findings, facts: said.facts },
            },
        };
        self.switch_off("inspect", message);
        Inspected::default()
    }

    pub(crate) fn switch_off(&self, call: &'static str, message: String) {
        self.off.store(true, Ordering::Relaxed);
        // The first fault is the one that is told; others follow from it.
        let _ = self.fault.set(Fault { call, message });
    }
}

impl Drop for Detector {
    fn drop(&mut self) {
        (self.module.0.drop())(self.handle);
    }
}

fn check_rule(rule: &OwnedRule) -> Option<String> {
    if rule.id.is_empty() || rule.tool.is_empty() {
        return Some("a rule lacks its id or its tool".into());
    }
    if rule.kinds.is_empty() {
        return Some(format!("rule {} names no kind", rule.id));
    }
    let kind = rule.kinds.iter().find(|kind| kind.info().is_none())?;
    Some(format!("rule {} names kind {}, which this host does not know", rule.id, kind.0))
}

/// An unknown operator or kind is refused, not ignored: ignoring it would miss
/// events. An unknown field is ignored: it reads `""`, which meets nothing.
fn check_interest(interest: &OwnedInterest) -> Option<String> {
    let known_kind = interest.kind == remora_abi::kind::ANY || interest.kind.info().is_some();
    if !known_kind {
        return Some(format!("kind {} in an interest is not known to this host", interest.kind.0));
    }
    if !interest.op.is_known() || interest.op > Op::UNDER {
        return Some(format!(
            "operator {} in an interest is not known to this host",
            interest.op.0
        ));
    }
    if interest.op != Op::KIND && interest.literal.is_empty() {
        return Some("an interest has no literal".into());
    }
    if interest.op != Op::KIND && interest.field.is_number() {
        return Some(format!("an interest in the number {}", interest.field.name()));
    }
    None
}

/// What a detector says during one call.
#[derive(Default)]
struct Collector {
    rules: Vec<OwnedRule>,
    interests: Vec<OwnedInterest>,
    findings: Vec<FindingBuf>,
    facts: Vec<OwnedFact>,
    rows: u32,
    /// The rows that were routed to the detector, ascending.
    routed: Vec<u32>,
    rule_count: u32,
    limit: usize,
    fault: Option<String>,
}

thread_local! {
    static COLLECTOR: RefCell<Option<Collector>> = const { RefCell::new(None) };
}

fn collect<T>(
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

fn services() -> HostServicesRef {
    static SERVICES: OnceLock<HostServicesRef> = OnceLock::new();
    *SERVICES.get_or_init(|| HostServices { log }.leak_into_prefix())
}

/// A plugin's text, read as bytes because nothing proves that it is UTF-8.
fn lossy(text: RStr<'_>, limit: usize) -> String {
    let bytes = text.as_rslice().as_slice();
    let cut = bytes.len().min(limit);
    String::from_utf8_lossy(&bytes[..cut]).into_owned()
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
    let owned = |text: RStr<'_>| lossy(text, MAX_TEXT);
    with_collector(|collector| {
        collector.rules.push(OwnedRule {
            id: owned(rule.id),
            tool: owned(rule.tool),
            tool_name: owned(rule.tool_name),
            title: owned(rule.title),
            techniques: rule.techniques.iter().map(|text| owned(*text)).collect(),
            kinds: rule.kinds.to_vec(),
            keys: rule.keys.to_vec(),
            fields: rule.fields.to_vec(),
            where_text: lossy(rule.where_text, usize::MAX),
        });
    });
}

extern "C" fn push_interest(_ctx: *mut c_void, interest: &Interest<'_>) {
    with_collector(|collector| {
        collector.interests.push(InterestSpec {
            kind: interest.kind,
            field: interest.field,
            op: interest.op,
            literal: lossy(interest.literal, usize::MAX),
        });
    });
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
