//! Sightings as they leave the engine: the machine output's
//! contract (`docs/output.md`), as types.

use std::{borrow::Cow, sync::Arc};

use remora_abi::How;
use serde::{Serialize, Serializer, ser::SerializeMap};
use sha2::{Digest, Sha256};

use super::{
    group::{Basis, Facts, RuleGroup, Shown, ToolGroup},
    groups::{ToolKey, rule_key},
    judge::{Confidence, Stage},
    listed::{ConfidenceCounts, List, Values},
    pool::{Packed, Pool},
    rules::{Rule, Rules},
    sample::Devices,
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
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half & 15)]);
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    hash.finalize().iter().take(8).flat_map(digits).collect()
}

/// Why a sighting is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WitnessOut<'p> {
    /// Canonical name of the field.
    pub field: &'static str,
    /// The predicate.
    pub op: &'static str,
    /// What it was compared to.
    pub value: Cow<'p, str>,
    /// The value seen.
    pub seen: Cow<'p, str>,
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

impl<'p> WitnessOut<'p> {
    fn new(witness: &Packed, pool: &'p Pool) -> WitnessOut<'p> {
        let Packed { field, op, literal, seen, class, role, how } = *witness;
        WitnessOut {
            field: field.name(),
            op: op.name(),
            value: pool.text(literal).into(),
            seen: pool.text(seen).into(),
            how: if how == How::NONE { "" } else { how.name() },
            class: class.name(),
            role: role.name(),
        }
    }
}

impl From<&OwnedWitness> for WitnessOut<'static> {
    fn from(witness: &OwnedWitness) -> Self {
        WitnessOut {
            field: witness.field.name(),
            op: witness.op.name(),
            value: witness.literal.clone().into(),
            seen: witness.seen.clone().into(),
            how: if witness.how == How::NONE { "" } else { witness.how.name() },
            class: witness.class.name(),
            role: witness.role.name(),
        }
    }
}

/// A record that can be looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceOut<'p> {
    /// `first`, `strongest` or `last`. A record that is two of them is listed
    /// once, as the one named first here; no `strongest` means the first.
    pub why: &'static str,
    /// The input.
    pub source: &'p str,
    /// Line of the input, from 1.
    pub line: u64,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The source's own id.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub event_id: &'p str,
}

/// What sightings by rule and by tool have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Common<'p> {
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
    pub confidence_counts: ConfidenceCounts,
    /// The furthest stage.
    pub stage: Stage,
    /// What was said of its findings.
    pub verdict: Verdict,
    /// The exclusions that take its findings out of the report, with their
    /// parameters.
    pub excluded_by: Vec<&'p str>,
    /// Observations.
    pub seen_as: Values<&'p str>,
    /// The detectors that found it.
    pub detectors: Vec<&'p str>,
    /// Accounts.
    pub accounts: Values<&'p str>,
    /// Full paths of processes.
    pub images: Values<&'p str>,
    /// Why, by the strongest record.
    pub witnesses: Vec<WitnessOut<'p>>,
    /// At most three records.
    pub evidence: Vec<EvidenceOut<'p>>,
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

impl<'p> Common<'p> {
    fn new(facts: &Facts, id: String, names: &'p Names, pool: &'p Pool) -> Common<'p> {
        let found_by = pool.places(facts.detectors);
        let mut detectors: Vec<&str> =
            found_by.iter().map(|at| names.detectors[*at as usize].as_str()).collect();
        detectors.sort_unstable();
        let excluded_by = pool.places(facts.excluded_by);
        let witnesses = pool.witnesses(facts.witnesses).iter();
        Common {
            id,
            first_seen: facts.span().map(|span| span.0),
            last_seen: facts.span().map(|span| span.1),
            count: facts.count(),
            distinct: facts.distinct.len(pool),
            confidence: facts.confidence(),
            confidence_counts: ConfidenceCounts(facts.confidence_counts),
            stage: facts.stage.unwrap_or(Stage::Present),
            verdict: if excluded_by.is_empty() { Verdict::Unreviewed } else { Verdict::Excluded },
            excluded_by: excluded_by
                .iter()
                .map(|at| names.exclusions[*at as usize].as_str())
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
        let first = self.first_seen.map(format_time);
        if let Some(time) = &first {
            map.serialize_entry("first_seen", time)?;
        }
        match self.last_seen {
            None => {}
            Some(_) if self.last_seen == self.first_seen => {
                map.serialize_entry("last_seen", &first)?;
            }
            Some(time) => map.serialize_entry("last_seen", &format_time(time))?,
        }
        Ok(())
    }
}

fn evidence<'p>(facts: &Facts, names: &'p Names, pool: &'p Pool) -> Vec<EvidenceOut<'p>> {
    let all = [("first", facts.first()), ("strongest", facts.strongest()), ("last", facts.last())];
    let place = |shown: &Shown| (shown.input, shown.record);
    let mut rows = Vec::new();
    for (at, (why, shown)) in all.into_iter().enumerate() {
        let Some(shown) = shown else { continue };
        let listed = all[..at].iter().filter_map(|(_, known)| *known);
        if listed.into_iter().any(|known| place(known) == place(shown)) {
            continue;
        }
        rows.push(EvidenceOut {
            why,
            source: &names.sources[shown.input as usize],
            line: shown.line,
            time: shown.time.map(format_time),
            event_id: pool.text(shown.event_id),
        });
    }
    rows
}

/// One group of one rule: KQL's row, with what KQL does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSighting<'p> {
    /// The tool's id.
    pub tool: &'p str,
    /// The rule's id.
    pub rule: &'p str,
    /// The rule's name.
    pub title: &'p str,
    /// ATT&CK ids.
    pub techniques: &'p [String],
    /// Names of the kinds that the rule looks at, ascending.
    pub kinds: &'p [&'static str],
    /// Customer.
    pub tenant: &'p str,
    /// The rule's keys with their values, in the rule's order.
    pub keys: Vec<(&'p str, &'p str)>,
    /// Report ids, ascending.
    pub reports: List<Cow<'p, str>>,
    /// File names of processes.
    pub processes: Values<&'p str>,
    /// Command lines.
    pub cmdlines: Values<&'p str>,
    /// Hashes.
    pub hashes: Values<&'p str>,
    /// Images of parents.
    pub parents: Values<&'p str>,
    /// Addresses of peers.
    pub remote_ips: Values<&'p str>,
    /// Ports of peers.
    pub remote_ports: Values<i64>,
    /// Own addresses.
    pub local_ips: Values<&'p str>,
    /// The rest.
    pub common: Common<'p>,
}

impl<'p> RuleSighting<'p> {
    pub(super) fn new(
        key: &[u32],
        group: &RuleGroup,
        names: &'p Names,
        pool: &'p Pool,
    ) -> RuleSighting<'p> {
        let Rule { stated: rule, kind_names, key_names, .. } = names.rules.get(key[rule_key::RULE]);
        let parts = [RULE_SCHEMA, &rule.tool, &rule.id];
        let texts = || key[rule_key::TENANT..].iter().map(|text| pool.text(*text));
        let id = short_id(parts.into_iter().chain(texts()));
        RuleSighting {
            tool: &rule.tool,
            rule: &rule.id,
            title: &rule.title,
            techniques: &rule.techniques,
            kinds: kind_names,
            tenant: pool.text(key[rule_key::TENANT]),
            keys: key_names.iter().map(String::as_str).zip(texts().skip(1)).collect(),
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

impl Serialize for RuleSighting<'_> {
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
        match self.kinds {
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
pub struct ToolSighting<'p> {
    /// Customer.
    pub tenant: &'p str,
    /// The device's name to show: a host name if there is one.
    pub device: &'p str,
    /// How the device is known.
    pub device_basis: Basis,
    /// Other names of it.
    pub device_aliases: Vec<&'p str>,
    /// The tool's id.
    pub tool: &'p str,
    /// The tool's name.
    pub tool_name: &'p str,
    /// Which installation.
    pub instance: &'p str,
    /// Ids of the rules that fired.
    pub rules: Vec<&'p str>,
    /// ATT&CK ids.
    pub techniques: Vec<&'p str>,
    /// Names of peers, folded, at most five; the total is that of the names.
    pub hosts: Values<&'p str>,
    /// Grounds, in other events of the device, that the strongest record lacks.
    pub corroborated_by: Vec<&'static str>,
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
    pub common: Common<'p>,
}

impl<'p> ToolSighting<'p> {
    pub(super) fn new(
        key: &[u32],
        group: &ToolGroup,
        names: &'p Names,
        pool: &'p Pool,
    ) -> ToolSighting<'p> {
        let key = ToolKey::of(key);
        let [tenant, id, tool, instance] =
            [key.tenant, key.device, key.tool, key.instance].map(|text| pool.text(text));
        let parts = [TOOL_SCHEMA, tool, tenant, key.basis.name(), id, instance];
        let mut rules: Vec<&str> = Vec::new();
        let mut techniques: Vec<&str> = Vec::new();
        let mut tool_name = tool;
        for place in pool.places(group.rules) {
            let rule = &names.rules.get(*place).stated;
            rules.push(&rule.id);
            techniques.extend(rule.techniques.iter().map(String::as_str));
            if !rule.tool_name.is_empty() {
                tool_name = &rule.tool_name;
            }
        }
        rules.sort_unstable();
        techniques.sort_unstable();
        techniques.dedup();
        let known = group.device_names.texts(pool);
        let device = shown_device(key, group, pool);
        let own = (key.basis == Basis::Id && device != id).then_some(id);
        // Another case of the same name is no other name.
        let other = |name: &&str| *name != device && name.to_lowercase() != device.to_lowercase();
        let aliases = known.iter().copied().filter(other);
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
            tenant,
            device,
            device_basis: key.basis,
            device_aliases: own.into_iter().chain(aliases).collect(),
            tool,
            tool_name,
            instance,
            rules,
            techniques,
            hosts: group.hosts.listed(pool),
            corroborated_by: others.map(|ground| ground.name()).collect(),
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

impl Serialize for ToolSighting<'_> {
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
        /// Rows by what was said of them.
        struct Verdicts(Verdict, u64);

        impl Serialize for Verdicts {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([(self.0, self.1)])
            }
        }
        map.serialize_entry("verdicts", &Verdicts(self.common.verdict, self.common.count))?;
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
