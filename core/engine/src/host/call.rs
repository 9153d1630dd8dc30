//! Calling a detector: owned copies of what it says, faults as values.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use remora_abi::{
    AbiError, Batch, Class, DetectorHandle, DetectorModuleRef, Fact, Field, Hit, How, Kind, Op,
    RErr, ROk, RResult, RSlice, RStr, Role, Sink,
};
use remora_rules::InterestSpec;

use super::{
    LoadError, LoadStep, Manifest,
    collect::{Collector, collect, message, services},
};

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
        let handle = match (module.new())(services(), RStr::from_str(config)) {
            ROk(handle) => handle,
            RErr(error) => {
                let why = message(error.message.as_rstr());
                return Err(LoadError::new(
                    LoadStep::Start,
                    format!("{} failed in `new`: {why}", manifest.name),
                    "correct its configuration, or leave it out with --detector",
                ));
            }
        };
        // From here on it is dropped whatever happens.
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
        detector.rules = detector.ask("rules", |sink| (module.rules())(handle, sink))?.rules;
        let mut ids = HashSet::new();
        let twice = detector.rules.iter().find(|rule| !ids.insert(rule.id.as_str()));
        let twice = twice.map(|rule| format!("it states rule {} twice", rule.id));
        if let Some(why) = detector.rules.iter().find_map(check_rule).or(twice) {
            return Err(detector.refuse("rules", &why));
        }
        detector.ask_interests()?;
        Ok(detector)
    }

    /// Asks what the detector wants to see.
    fn ask_interests(&mut self) -> Result<(), LoadError> {
        let (module, handle) = (self.module.0, self.handle);
        let said = self.ask("interests", |sink| (module.interests())(handle, sink))?;
        self.interests = said.interests;
        match self.interests.iter().find_map(check_interest) {
            Some(why) => Err(self.refuse("interests", &why)),
            None => Ok(()),
        }
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
                self.switch_off("adopt", message(error.message.as_rstr()));
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
            Err(error) => {
                self.switch_off("interests", error.why);
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

    /// Makes a call in which the detector speaks of itself.
    fn ask(
        &self,
        name: &str,
        call: impl FnOnce(&Sink) -> RResult<(), AbiError>,
    ) -> Result<Collector, LoadError> {
        let (answer, said) = collect(Collector::default(), call);
        match (answer, &said.fault) {
            (RErr(error), _) => Err(self.refuse(name, &message(error.message.as_rstr()))),
            (ROk(()), Some(fault)) => Err(self.refuse(name, fault)),
            (ROk(()), None) => Ok(said),
        }
    }

    fn refuse(&self, call: &str, why: &str) -> LoadError {
        LoadError::new(
            LoadStep::Rules,
            format!("{} failed in `{call}`: {why}", self.name()),
            "report it to the author of the detector",
        )
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
        let routed = hits.iter().map(|hit| hit.row).collect();
        let collector = Collector::of_batch(batch.len, routed, self.rules.len());
        let (answer, said) = collect(collector, |sink| {
            (self.module.0.inspect())(self.handle, batch, RSlice::from_slice(hits), sink)
        });
        let message = match answer {
            RErr(error) => message(error.message.as_rstr()),
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
