//! Sightings as they leave the engine: the machine output's
//! contract (`docs/output.md`), as types.

use std::{collections::BTreeMap, sync::Arc};

use remora_abi::How;
use serde::{Serialize, Serializer, ser::SerializeMap};
use sha2::{Digest, Sha256};

use super::{
    group::{Basis, Facts, RuleGroup, Shown, ToolGroup},
    groups::{ToolKey, rule_key},
    judge::{Confidence, Stage},
    pool::{Packed, Pool},
    rules::{Rules, key_name},
    sample::Devices,
    values::ValueSet,
    verdict::Verdict,
};
use crate::host::OwnedWitness;

/// Schema of a sighting by rule.
pub const RULE_SCHEMA: &str = "remora.sighting/1";
/// Schema of a sighting by tool.
pub const TOOL_SCHEMA: &str = "remora.tool-sighting/1";

/// An instant in RFC 3339, UTC, without trailing zeros in the fraction.
pub fn format_time(nanoseconds: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(nanoseconds))
        .map_or_else(|_| nanoseconds.to_string(), |time| time.to_string())
}

/// The first 16 hex digits of SHA-256 over the parts, each behind its length
/// in eight bytes, least significant first.
pub fn short_id<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Why a sighting is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WitnessOut {
    /// Canonical name of the field.
    pub field: &'static str,
    /// The predicate.
    pub op: &'static str,
    /// What it was compared to.
    pub value: String,
    /// The value seen.
    pub seen: String,
    /// How a name met it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub how: &'static str,
    /// How strongly the indicator speaks for the tool.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub class: &'static str,
    /// Which part the indicator plays.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub role: &'static str,
}

impl WitnessOut {
    fn new(witness: &Packed, pool: &Pool) -> WitnessOut {
        let Packed { field, op, literal, seen, class, role, how } = *witness;
        let text = |text| pool.text(text).to_owned();
        let (literal, seen) = (text(literal), text(seen));
        (&OwnedWitness { field, op, literal, seen, class, role, how }).into()
    }
}

impl From<&OwnedWitness> for WitnessOut {
    fn from(witness: &OwnedWitness) -> Self {
        WitnessOut {
            field: witness.field.name(),
            op: witness.op.name(),
            value: witness.literal.clone(),
            seen: witness.seen.clone(),
            how: if witness.how == How::NONE { "" } else { witness.how.name() },
            class: witness.class.name(),
            role: witness.role.name(),
        }
    }
}

/// A record that can be looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceOut {
    /// `first`, `strongest` or `last`. A record that is two of them is listed
    /// once, as the one named first here; no `strongest` means the first.
    pub why: &'static str,
    /// The input.
    pub source: String,
    /// Line of the input, from 1.
    pub line: u64,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The source's own id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub event_id: String,
}

/// A set of values, capped; beside it `<name>_total` where it was cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values<T> {
    /// The smallest.
    pub values: Vec<T>,
    /// How many there were.
    pub total: usize,
}

impl Values<String> {
    fn of(set: ValueSet, pool: &Pool) -> Self {
        Values { values: set.texts(pool), total: set.total(pool) }
    }
}

impl Values<i64> {
    fn of_numbers(set: ValueSet, pool: &Pool) -> Self {
        Values { values: set.numbers(pool), total: set.total(pool) }
    }
}

impl<T: Serialize> Values<T> {
    fn put<M: SerializeMap>(
        &self,
        name: &'static str,
        total: &'static str,
        map: &mut M,
    ) -> Result<(), M::Error> {
        if self.values.is_empty() {
            return Ok(());
        }
        map.serialize_entry(name, &self.values)?;
        if self.total > self.values.len() {
            map.serialize_entry(total, &self.total)?;
        }
        Ok(())
    }
}

/// What sightings by rule and by tool have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// A short hash of the keys.
    pub id: String,
    /// Earliest time.
    pub first_seen: Option<i64>,
    /// Latest time.
    pub last_seen: Option<i64>,
    /// Rows.
    pub count: u64,
    /// Events by identity.
    pub distinct: u64,
    /// The strongest level.
    pub confidence: Confidence,
    /// Rows per level that occurred.
    pub confidence_counts: BTreeMap<Confidence, u64>,
    /// The furthest stage.
    pub stage: Stage,
    /// What was said of its findings.
    pub verdict: Verdict,
    /// The exclusions that take its findings out of the report, with their
    /// parameters.
    pub excluded_by: Vec<String>,
    /// Observations.
    pub seen_as: Values<String>,
    /// The detectors that found it.
    pub detectors: Vec<String>,
    /// Accounts.
    pub accounts: Values<String>,
    /// Full paths of processes.
    pub images: Values<String>,
    /// Why, by the strongest record.
    pub witnesses: Vec<WitnessOut>,
    /// At most three records.
    pub evidence: Vec<EvidenceOut>,
    /// A detector failed during the run, so that there may be more.
    pub incomplete: bool,
}

/// What turns places into names.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) sources: Vec<String>,
    pub(super) detectors: Vec<String>,
    pub(super) failed: Vec<bool>,
    pub(super) rules: Arc<Rules>,
    /// Exclusions as they were given.
    pub(super) exclusions: Vec<String>,
    pub(super) logs: Vec<Log>,
}

/// When the rows of an input are from.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) span: Option<(i64, i64)>,
    pub(super) devices: Devices,
}

/// This near to where a device's own rows begin or end, there is no telling
/// whether the tool was there before, or still is.
const EDGE: i64 = 3_600_000_000_000;

impl Names {
    /// When the rows of the record's device in the record's input are from;
    /// where it names no device, when all of the input's are.
    fn log_of(&self, shown: &Shown) -> Option<(i64, i64)> {
        let log = &self.logs[shown.input as usize];
        log.devices.span(shown.device).or(log.span)
    }
}

impl Common {
    fn new(facts: &Facts, id: String, names: &Names, pool: &Pool) -> Common {
        let confidence_counts = Confidence::ALL
            .into_iter()
            .zip(facts.confidence_counts)
            .filter(|(_, count)| *count > 0)
            .collect();
        let found_by = pool.places(facts.detectors);
        let mut detectors: Vec<String> =
            found_by.iter().map(|at| names.detectors[*at as usize].clone()).collect();
        detectors.sort();
        let excluded_by = pool.places(facts.excluded_by);
        let witnesses = pool.witnesses(facts.witnesses).iter();
        Common {
            id,
            first_seen: facts.span().map(|span| span.0),
            last_seen: facts.span().map(|span| span.1),
            count: facts.count(),
            distinct: facts.distinct.len(pool),
            confidence: facts.confidence(),
            confidence_counts,
            stage: facts.stage.unwrap_or(Stage::Present),
            verdict: if excluded_by.is_empty() { Verdict::Unreviewed } else { Verdict::Excluded },
            excluded_by: excluded_by
                .iter()
                .map(|at| names.exclusions[*at as usize].clone())
                .collect(),
            seen_as: Values::of(facts.seen_as, pool),
            detectors,
            accounts: Values::of(facts.accounts, pool),
            images: Values::of(facts.images, pool),
            witnesses: witnesses.map(|witness| WitnessOut::new(witness, pool)).collect(),
            evidence: evidence(facts, names, pool),
            incomplete: found_by.iter().any(|at| names.failed[*at as usize]),
        }
    }

    fn put_verdict<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("verdict", &self.verdict)?;
        if !self.excluded_by.is_empty() {
            map.serialize_entry("excluded_by", &self.excluded_by)?;
        }
        Ok(())
    }

    fn put_times<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if let Some(time) = self.first_seen {
            map.serialize_entry("first_seen", &format_time(time))?;
        }
        if let Some(time) = self.last_seen {
            map.serialize_entry("last_seen", &format_time(time))?;
        }
        Ok(())
    }
}

fn evidence(facts: &Facts, names: &Names, pool: &Pool) -> Vec<EvidenceOut> {
    let all = [("first", facts.first()), ("strongest", facts.strongest()), ("last", facts.last())];
    let place = |shown: &Shown| (shown.input, shown.line);
    let mut listed: Vec<&Shown> = Vec::new();
    let mut rows = Vec::new();
    for (why, shown) in all {
        let Some(shown) = shown else { continue };
        if listed.iter().any(|known| place(known) == place(shown)) {
            continue;
        }
        listed.push(shown);
        rows.push(EvidenceOut {
            why,
            source: names.sources[shown.input as usize].clone(),
            line: shown.line,
            time: shown.time.map(format_time),
            event_id: pool.text(shown.event_id).to_owned(),
        });
    }
    rows
}

/// One group of one rule: KQL's row, with what KQL does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSighting {
    /// The tool's id.
    pub tool: String,
    /// The rule's id.
    pub rule: String,
    /// The rule's name.
    pub title: String,
    /// ATT&CK ids.
    pub techniques: Vec<String>,
    /// Names of the kinds that the rule looks at.
    pub kinds: Vec<String>,
    /// Customer.
    pub tenant: String,
    /// The rule's keys with their values, in the rule's order.
    pub keys: Vec<(String, String)>,
    /// Report ids, ascending.
    pub reports: Vec<String>,
    /// File names of processes.
    pub processes: Values<String>,
    /// Command lines.
    pub cmdlines: Values<String>,
    /// Hashes.
    pub hashes: Values<String>,
    /// Images of parents.
    pub parents: Values<String>,
    /// Addresses of peers.
    pub remote_ips: Values<String>,
    /// Ports of peers.
    pub remote_ports: Values<i64>,
    /// Own addresses.
    pub local_ips: Values<String>,
    /// The rest.
    pub common: Common,
}

impl RuleSighting {
    pub(super) fn new(key: &[u32], group: &RuleGroup, names: &Names, pool: &Pool) -> RuleSighting {
        let rule = &names.rules.get(key[rule_key::RULE]).stated;
        let mut kinds: Vec<String> = rule.kinds.iter().map(|kind| kind.name().to_owned()).collect();
        kinds.sort();
        let parts = [RULE_SCHEMA, &rule.tool, &rule.id];
        let texts = || key[rule_key::TENANT..].iter().map(|text| pool.text(*text));
        let id = short_id(parts.into_iter().chain(texts()));
        let values = texts().skip(1).map(str::to_owned);
        RuleSighting {
            tool: rule.tool.clone(),
            rule: rule.id.clone(),
            title: rule.title.clone(),
            techniques: rule.techniques.clone(),
            kinds,
            tenant: pool.text(key[rule_key::TENANT]).to_owned(),
            keys: rule.keys.iter().map(|key| key_name(*key)).zip(values).collect(),
            reports: group.reports.to_texts(pool),
            processes: Values::of(group.processes, pool),
            cmdlines: Values::of(group.cmdlines, pool),
            hashes: Values::of(group.hashes, pool),
            parents: Values::of(group.parents, pool),
            remote_ips: Values::of(group.remote_ips, pool),
            remote_ports: Values::of_numbers(group.remote_ports, pool),
            local_ips: Values::of(group.local_ips, pool),
            common: Common::new(&group.facts, id, names, pool),
        }
    }
}

impl Serialize for RuleSighting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", RULE_SCHEMA)?;
        map.serialize_entry("id", &self.common.id)?;
        map.serialize_entry("tool", &self.tool)?;
        map.serialize_entry("rule", &self.rule)?;
        map.serialize_entry("title", &self.title)?;
        map.serialize_entry("detectors", &self.common.detectors)?;
        if !self.techniques.is_empty() {
            map.serialize_entry("techniques", &self.techniques)?;
        }
        match &self.kinds[..] {
            [kind] => map.serialize_entry("kind", kind)?,
            kinds => map.serialize_entry("kinds", kinds)?,
        }
        if !self.tenant.is_empty() {
            map.serialize_entry("tenant", &self.tenant)?;
        }
        for (name, value) in self.keys.iter().filter(|(_, value)| !value.is_empty()) {
            map.serialize_entry(name, value)?;
        }
        self.common.put_times(&mut map)?;
        map.serialize_entry("reports", &self.reports)?;
        map.serialize_entry("count", &self.common.count)?;
        map.serialize_entry("distinct", &self.common.distinct)?;
        map.serialize_entry("confidence", &self.common.confidence)?;
        map.serialize_entry("confidence_counts", &self.common.confidence_counts)?;
        map.serialize_entry("stage", &self.common.stage)?;
        self.common.seen_as.put("seen_as", "seen_as_total", &mut map)?;
        self.common.put_verdict(&mut map)?;
        map.serialize_entry("witnesses", &self.common.witnesses)?;
        self.common.accounts.put("accounts", "accounts_total", &mut map)?;
        self.processes.put("processes", "processes_total", &mut map)?;
        self.common.images.put("images", "images_total", &mut map)?;
        self.cmdlines.put("cmdlines", "cmdlines_total", &mut map)?;
        self.hashes.put("hashes", "hashes_total", &mut map)?;
        self.parents.put("parents", "parents_total", &mut map)?;
        self.remote_ips.put("remote_ips", "remote_ips_total", &mut map)?;
        self.remote_ports.put("remote_ports", "remote_ports_total", &mut map)?;
        self.local_ips.put("local_ips", "local_ips_total", &mut map)?;
        map.serialize_entry("evidence", &self.common.evidence)?;
        if self.common.incomplete {
            map.serialize_entry("incomplete", &true)?;
        }
        map.end()
    }
}

/// One tool on one device.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSighting {
    /// Customer.
    pub tenant: String,
    /// The device's name to show: a host name if there is one.
    pub device: String,
    /// How the device is known.
    pub device_basis: Basis,
    /// Other names of it.
    pub device_aliases: Vec<String>,
    /// The tool's id.
    pub tool: String,
    /// The tool's name.
    pub tool_name: String,
    /// Which installation.
    pub instance: String,
    /// Ids of the rules that fired.
    pub rules: Vec<String>,
    /// ATT&CK ids.
    pub techniques: Vec<String>,
    /// Names of peers, folded, at most five; the total is that of the names.
    pub hosts: Values<String>,
    /// Grounds, in other events of the device, that the strongest record lacks.
    pub corroborated_by: Vec<String>,
    /// It was first seen within an hour of where its device's rows in that
    /// input begin: it may be older.
    pub first_seen_at_edge: bool,
    /// It was last seen within an hour of where they end: it may still be there.
    pub last_seen_at_edge: bool,
    /// Days with an event.
    pub active_days: u64,
    /// Rows whose time no clock could show; they count, but not in first and last.
    pub time_suspect: u64,
    /// The rest.
    pub common: Common,
}

impl ToolSighting {
    pub(super) fn new(key: &[u32], group: &ToolGroup, names: &Names, pool: &Pool) -> ToolSighting {
        let key = ToolKey::of(key);
        let [tenant, id, tool, instance] =
            [key.tenant, key.device, key.tool, key.instance].map(|text| pool.text(text));
        let parts = [TOOL_SCHEMA, tool, tenant, key.basis.name(), id, instance];
        let mut rules: Vec<String> = Vec::new();
        let mut techniques: Vec<String> = Vec::new();
        let mut tool_name = tool.to_owned();
        for place in pool.places(group.rules) {
            let rule = &names.rules.get(*place).stated;
            rules.push(rule.id.clone());
            techniques.extend(rule.techniques.iter().cloned());
            if !rule.tool_name.is_empty() {
                tool_name.clone_from(&rule.tool_name);
            }
        }
        rules.sort();
        techniques.sort();
        techniques.dedup();
        let known = group.device_names.texts(pool);
        let device = shown_device(key, group, pool).to_owned();
        let own = (key.basis == Basis::Id && device != id).then(|| id.to_owned());
        // Another case of the same name is no other name.
        let other = |name: &String| name.to_lowercase() != device.to_lowercase();
        let aliases: Vec<String> = known.into_iter().filter(other).collect();
        let at_edge = |shown: Option<&Shown>, distance: fn(i64, (i64, i64)) -> i64| {
            let log = shown.and_then(|shown| names.log_of(shown));
            shown
                .and_then(|shown| shown.time)
                .zip(log)
                .is_some_and(|(time, log)| distance(time, log) <= EDGE)
        };
        let shown = pool.witnesses(group.facts.witnesses);
        let grounds: Vec<_> = shown.iter().map(|w| super::judge::Ground::of(w.field)).collect();
        let others = pool.grounds(group.grounds).iter().filter(|ground| !grounds.contains(ground));
        ToolSighting {
            tenant: tenant.to_owned(),
            device,
            device_basis: key.basis,
            device_aliases: own.into_iter().chain(aliases).collect(),
            tool: tool.to_owned(),
            tool_name,
            instance: instance.to_owned(),
            rules,
            techniques,
            hosts: group.hosts.listed(pool),
            corroborated_by: others.map(|ground| ground.name().to_owned()).collect(),
            first_seen_at_edge: at_edge(group.facts.first(), |time, log| time - log.0),
            last_seen_at_edge: at_edge(group.facts.last(), |time, log| log.1 - time),
            active_days: group.days.len() as u64,
            time_suspect: group.facts.time_suspect,
            common: Common::new(&group.facts, short_id(parts), names, pool),
        }
    }
}

/// The device's name to show: a host name if there is one.
pub(super) fn shown_device<'p>(key: ToolKey, group: &ToolGroup, pool: &'p Pool) -> &'p str {
    match key.basis {
        Basis::None => "unattributed",
        Basis::Id => group.device_names.first(pool).unwrap_or_else(|| pool.text(key.device)),
        _ => pool.text(key.device),
    }
}

impl Serialize for ToolSighting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", TOOL_SCHEMA)?;
        map.serialize_entry("id", &self.common.id)?;
        if !self.tenant.is_empty() {
            map.serialize_entry("tenant", &self.tenant)?;
        }
        map.serialize_entry("device", &self.device)?;
        map.serialize_entry("device_basis", self.device_basis.name())?;
        if !self.device_aliases.is_empty() {
            map.serialize_entry("device_aliases", &self.device_aliases)?;
        }
        map.serialize_entry("tool", &self.tool)?;
        map.serialize_entry("tool_name", &self.tool_name)?;
        if !self.instance.is_empty() {
            map.serialize_entry("instance", &self.instance)?;
        }
        map.serialize_entry("detectors", &self.common.detectors)?;
        map.serialize_entry("rules", &self.rules)?;
        if !self.techniques.is_empty() {
            map.serialize_entry("techniques", &self.techniques)?;
        }
        self.hosts.put("hosts", "hosts_total", &mut map)?;
        self.common.seen_as.put("seen_as", "seen_as_total", &mut map)?;
        map.serialize_entry("stage", &self.common.stage)?;
        map.serialize_entry("confidence", &self.common.confidence)?;
        map.serialize_entry("confidence_counts", &self.common.confidence_counts)?;
        if !self.corroborated_by.is_empty() {
            map.serialize_entry("corroborated_by", &self.corroborated_by)?;
        }
        self.common.put_verdict(&mut map)?;
        let verdicts = BTreeMap::from([(self.common.verdict, self.common.count)]);
        map.serialize_entry("verdicts", &verdicts)?;
        self.common.put_times(&mut map)?;
        if self.common.first_seen.is_some() {
            map.serialize_entry("first_seen_at_edge", &self.first_seen_at_edge)?;
            map.serialize_entry("last_seen_at_edge", &self.last_seen_at_edge)?;
        }
        map.serialize_entry("active_days", &self.active_days)?;
        map.serialize_entry("count", &self.common.count)?;
        map.serialize_entry("distinct", &self.common.distinct)?;
        if self.time_suspect > 0 {
            map.serialize_entry("time_suspect", &self.time_suspect)?;
        }
        map.serialize_entry("witnesses", &self.common.witnesses)?;
        self.common.accounts.put("accounts", "accounts_total", &mut map)?;
        self.common.images.put("images", "images_total", &mut map)?;
        map.serialize_entry("evidence", &self.common.evidence)?;
        if self.common.incomplete {
            map.serialize_entry("incomplete", &true)?;
        }
        map.end()
    }
}
