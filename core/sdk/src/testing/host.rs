//! The host: makes a detector, routes events to it, collects what it says.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
};

use abi_stable::{prefix_type::WithMetadata, staticref};
use remora_rules::{Index, InterestSpec};

use super::{Event, event::Columns};
use crate::{
    Class, Detector, Field, Hit, How, Kind, Op, Role, Shim,
    abi::{
        self, AbiError, DetectorHandle, DetectorModule, HostServices, HostServicesRef, RErr, ROk,
        RResult, RSlice, RStr, Status,
    },
    shim::receive::{Receive, with_sink},
};

/// A detector made for a test. May be shared by threads, as in a real host.
pub struct Host {
    module: DetectorModule,
    detector: DetectorHandle,
    rules: Vec<StatedRule>,
    interests: Vec<InterestSpec>,
    index: Index,
}

impl Host {
    /// Makes the detector `D` as if it were linked into the host.
    pub fn of<D: Detector>(config: &str) -> Result<Host, Failure> {
        Host::new(Shim::<D>::MODULE, config)
    }

    /// Makes a detector from its module, and asks for its rules and interests.
    ///
    /// Interests that a real host would refuse fail with
    /// [`Status::FAILED`].
    pub fn new(module: DetectorModule, config: &str) -> Result<Host, Failure> {
        let detector = match (module.new)(Services::table(), config.into()) {
            ROk(detector) => detector,
            RErr(error) => return Err(Failure::new(error)),
        };
        Host::ask(module, detector)
    }

    fn ask(module: DetectorModule, detector: DetectorHandle) -> Result<Host, Failure> {
        // From here on the detector is dropped with the host, whatever fails.
        let index = Index::new(&[]).expect("no interest is refused");
        let mut host = Host { module, detector, rules: vec![], interests: vec![], index };
        host.rules = host.state(module.rules)?.rules;
        host.interests = host.state(module.interests)?.interests;
        host.index = Index::new(&host.interests).map_err(|error| Failure {
            status: Status::FAILED,
            message: error.to_string(),
            discarded: vec![],
        })?;
        Ok(host)
    }

    /// The manifest that the module returns.
    pub fn manifest(&self) -> &'static str {
        (self.module.manifest)().as_str()
    }

    /// The rules, in the order in which the detector pushed them.
    pub fn rules(&self) -> &[StatedRule] {
        &self.rules
    }

    /// The interests, in the order in which the detector pushed them.
    pub fn interests(&self) -> &[InterestSpec] {
        &self.interests
    }

    /// Asks for rules and interests once more.
    pub(super) fn ask_again(&self) -> Result<(Vec<StatedRule>, Vec<InterestSpec>), Failure> {
        Ok((self.state(self.module.rules)?.rules, self.state(self.module.interests)?.interests))
    }

    /// Shows the detector `events` as one batch, with a hit for every interest
    /// that an event meets, and returns its findings in the order in which it
    /// pushed them. Where no event meets any interest the detector is not
    /// called.
    pub fn inspect(&self, events: &[Event]) -> Result<Vec<Found>, Failure> {
        let hits = self.route(events);
        if hits.is_empty() {
            return Ok(vec![]);
        }
        self.inspect_with(events, &hits)
    }

    /// As [`inspect`](Self::inspect), with hits that the caller states.
    pub fn inspect_with(&self, events: &[Event], hits: &[Hit]) -> Result<Vec<Found>, Failure> {
        let mut said = Said { rules_known: &self.rules, ..Said::default() };
        self.call(events, hits, &mut said)?;
        Ok(said.findings)
    }

    fn call(&self, events: &[Event], hits: &[Hit], said: &mut Said<'_>) -> Result<(), Failure> {
        let result = with_sink(said, |sink| {
            Columns::new(events)
                .with_batch(|batch| (self.module.inspect)(self.detector, batch, hits.into(), sink))
        });
        match result {
            ROk(()) => Ok(()),
            RErr(error) => {
                let discarded = std::mem::take(&mut said.findings);
                Err(Failure { discarded, ..Failure::new(error) })
            }
        }
    }

    /// Shows the detector `events` in two passes, as a sweep does: what it
    /// finds and learns first, then what the detector finds that
    /// [`adopt`](crate::Detector::adopt)s what was learned. Without a fact
    /// there is no second pass.
    pub fn sweep(&self, events: &[Event]) -> Result<Vec<Found>, Failure> {
        let hits = self.route(events);
        let mut said = Said { rules_known: &self.rules, ..Said::default() };
        if !hits.is_empty() {
            self.call(events, &hits, &mut said)?;
        }
        let Said { mut findings, facts, .. } = said;
        if facts.is_empty() {
            return Ok(findings);
        }
        let facts: Vec<abi::Fact<'_>> = facts
            .iter()
            .map(|(field, literal, set)| abi::Fact {
                field: *field,
                literal: literal.as_str().into(),
                set: set.as_str().into(),
            })
            .collect();
        let second = match (self.module.adopt)(self.detector, RSlice::from_slice(&facts)) {
            ROk(detector) => Host::ask(self.module, detector)?,
            RErr(error) => return Err(Failure::new(error)),
        };
        findings.extend(second.inspect(events)?);
        Ok(findings)
    }

    /// The hits that a host would pass with these events.
    fn route(&self, events: &[Event]) -> Vec<Hit> {
        let mut hits = vec![];
        for (row, event) in (0..).zip(events) {
            let mut met = self.index.whole_kind(event.kind()).to_vec();
            for &field in self.index.fields(event.kind()) {
                self.index.matches(event.kind(), field, event.text_of(field), &mut met);
            }
            met.sort_unstable();
            met.dedup();
            hits.extend(met.into_iter().map(|interest| Hit { row, interest }));
        }
        hits
    }

    fn state(
        &self,
        function: extern "C" fn(DetectorHandle, &abi::Sink) -> RResult<(), AbiError>,
    ) -> Result<Said<'static>, Failure> {
        let mut said = Said::default();
        match with_sink(&mut said, |sink| function(self.detector, sink)) {
            ROk(()) => Ok(said),
            RErr(error) => Err(Failure::new(error)),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        (self.module.drop)(self.detector);
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("rules", &self.rules)
            .field("interests", &self.interests)
            .finish_non_exhaustive()
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub status: Status,
    /// In words.
    pub message: String,
    /// What the detector had found in this call before it failed. A real host
    /// discards it.
    pub discarded: Vec<Found>,
}

impl Failure {
    fn new(error: AbiError) -> Failure {
        Failure { status: error.status, message: error.message.into(), discarded: vec![] }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// A rule as the detector stated it; [`Rule`](crate::Rule) says what each part
/// is.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedRule {
    pub id: String,
    pub tool: String,
    pub tool_name: String,
    pub title: String,
    pub techniques: Vec<String>,
    pub kinds: Vec<Kind>,
    pub keys: Vec<Field>,
    pub fields: Vec<Field>,
    pub where_text: String,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which event, by position.
    pub row: u32,
    /// The rule's id; `"?"` if its number was none of the detector's.
    pub rule: String,
    /// Which installation of the tool.
    pub instance: String,
    /// Why.
    pub witnesses: Vec<FoundWitness>,
    /// What the detector added.
    pub extra: Vec<(Field, String)>,
}

/// A witness; [`Witness`](crate::Witness) says what each part is.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundWitness {
    pub field: Field,
    pub op: Op,
    pub literal: String,
    pub seen: String,
    pub class: Class,
    pub role: Role,
    pub how: How,
}

/// On one line, for comparison in tests:
/// `remote.url has_any "a.example" <- "www.a.example" exclusive portal subdomain`;
/// class, role and how only where they are known.
impl fmt::Display for FoundWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, op) = (self.field.name(), self.op.name());
        write!(f, "{field} {op} {:?} <- {:?}", self.literal, self.seen)?;
        for word in [self.class.name(), self.role.name(), self.how.name()] {
            if !word.is_empty() {
                write!(f, " {word}")?;
            }
        }
        Ok(())
    }
}

/// What a detector said in one call.
#[derive(Default)]
struct Said<'a> {
    rules_known: &'a [StatedRule],
    rules: Vec<StatedRule>,
    interests: Vec<InterestSpec>,
    findings: Vec<Found>,
    /// Field, literal and set.
    facts: BTreeSet<(Field, String, String)>,
}

impl Receive for Said<'_> {
    fn rule(&mut self, rule: &abi::RuleInfo<'_>) {
        self.rules.push(StatedRule {
            id: rule.id.into(),
            tool: rule.tool.into(),
            tool_name: rule.tool_name.into(),
            title: rule.title.into(),
            techniques: rule.techniques.iter().map(|&id| id.into()).collect(),
            kinds: rule.kinds.to_vec(),
            keys: rule.keys.to_vec(),
            fields: rule.fields.to_vec(),
            where_text: rule.where_text.into(),
        });
    }

    fn interest(&mut self, interest: &abi::Interest<'_>) {
        self.interests.push(InterestSpec {
            kind: interest.kind,
            field: interest.field,
            op: interest.op,
            literal: interest.literal.into(),
        });
    }

    fn finding(&mut self, finding: &abi::Finding<'_>) {
        let rule = self.rules_known.get(finding.rule as usize);
        self.findings.push(Found {
            row: finding.row,
            rule: rule.map_or_else(|| "?".into(), |rule| rule.id.clone()),
            instance: finding.instance.into(),
            witnesses: finding
                .witnesses
                .iter()
                .map(|witness| FoundWitness {
                    field: witness.field,
                    op: witness.op,
                    literal: witness.literal.into(),
                    seen: witness.seen.into(),
                    class: witness.class,
                    role: witness.role,
                    how: witness.how,
                })
                .collect(),
            extra: finding.extra.iter().map(|text| (text.field, text.text.into())).collect(),
        });
    }

    fn learn(&mut self, fact: &abi::Fact<'_>) {
        self.facts.insert((fact.field, fact.literal.into(), fact.set.into()));
    }
}

/// A line that a detector logged through the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// 1 error, 2 warning, 3 info, 4 debug, 5 trace.
    pub level: u32,
    /// Who logged.
    pub target: String,
    /// What.
    pub message: String,
}

static LOG: Mutex<Vec<Logged>> = Mutex::new(Vec::new());

/// What has been logged through the test host in this process so far. Only
/// [`Shim::LOADED`](crate::Shim::LOADED) logs through the host.
pub fn logged() -> Vec<Logged> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

struct Services;

impl Services {
    staticref! {
        const TABLE: WithMetadata<HostServices> =
            WithMetadata::new(HostServices { log: Self::log })
    }

    fn table() -> HostServicesRef {
        HostServicesRef(Self::TABLE.as_prefix())
    }

    extern "C" fn log(level: u32, target: RStr<'_>, message: RStr<'_>) {
        let line = Logged { level, target: target.into(), message: message.into() };
        LOG.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
