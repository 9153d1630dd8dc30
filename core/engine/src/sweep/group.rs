//! Groups of findings while a sweep runs.
//!
//! Every part of a group merges with the same part of another group in any
//! order and gives the same result, so that workers need not know of each
//! other. Memory grows with groups and the different values in them, not with
//! the input.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    hosts::Hosts,
    judge::{Confidence, Ground, Stage},
    overlap::Identity,
    rules::Rules,
    sample::extend,
    values::{ReportSet, ValueSet},
};
use crate::host::OwnedWitness;

/// Where a record stands, ordered by input and line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Which input.
    pub input: u32,
    /// Which line of it, from 1.
    pub line: u64,
}

/// A record that is shown as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// When.
    pub time: Option<i64>,
    /// Where.
    pub place: Place,
    /// The source's own id of it.
    pub event_id: Box<str>,
    /// Its device in the input, as [`super::sample::device_hash`] has it.
    pub device: u64,
}

impl Shown {
    /// The order of "earliest": times before none, then places.
    fn early(&self) -> (bool, i64, Place) {
        (self.time.is_none(), self.time.unwrap_or(0), self.place)
    }

    /// The order of "latest".
    fn late(&self) -> (bool, i64, Place) {
        (self.time.is_some(), self.time.unwrap_or(0), self.place)
    }
}

/// The record that speaks most strongly, with what it says.
#[derive(Clone, Debug)]
pub(super) struct Strongest {
    /// How sure it is.
    pub confidence: Confidence,
    /// The record.
    pub shown: Shown,
    /// Why.
    pub witnesses: Vec<OwnedWitness>,
}

impl Strongest {
    fn is_before(&self, other: &Strongest) -> bool {
        let order = other.confidence.cmp(&self.confidence);
        order.then(self.shown.early().cmp(&other.shown.early())).is_lt()
    }
}

/// One event as a group takes it in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged<'a> {
    /// When.
    pub time: Option<i64>,
    /// Whether the time is one that a clock could show: not before 2000, not
    /// after the run.
    pub plausible: bool,
    /// Where.
    pub place: Place,
    /// What the event carries.
    pub carried: &'a Carried<'a>,
    /// Its identity.
    pub identity: Identity,
    /// Its device in the input, as [`super::sample::device_hash`] has it.
    pub device: u64,
    /// How sure.
    pub confidence: Confidence,
    /// What happened.
    pub stage: Stage,
    /// Why.
    pub witnesses: &'a [OwnedWitness],
    /// On what grounds; look-alikes have none.
    pub grounds: &'a [Ground],
    /// The exclusions that take it out of the report, by place.
    pub excluded_by: &'a [u32],
}

/// Values of an event that groups collect; empty ones are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried<'a> {
    /// `event.id`.
    pub event_id: &'a str,
    /// `observation`.
    pub observation: &'a str,
    /// Best name of the account.
    pub account: &'a str,
    /// File name of the process.
    pub process: &'a str,
    /// Full path of the process.
    pub image: &'a str,
    /// Command line.
    pub cmdline: &'a str,
    /// `sha1:…` and so on.
    pub hashes: Vec<String>,
    /// Image of the parent.
    pub parent: &'a str,
    /// Address of the peer.
    pub remote_ip: &'a str,
    /// Port of the peer.
    pub remote_port: Option<i64>,
    /// Own address.
    pub local_ip: &'a str,
    /// Name of the peer.
    pub remote_host: &'a str,
}

/// What both groupings collect.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Earliest and latest time.
    pub span: Option<(i64, i64)>,
    /// Rows.
    pub count: u64,
    /// Rows whose time no clock could show.
    pub time_suspect: u64,
    /// Events by identity.
    pub distinct: HashSet<Identity>,
    /// Rows per confidence, weakest first.
    pub confidence_counts: [u64; 3],
    /// The furthest stage.
    pub stage: Option<Stage>,
    /// The detectors that found it, by place.
    pub detectors: BTreeSet<u32>,
    /// The exclusions that take it out of the report, by place; those of its
    /// events together.
    pub excluded_by: BTreeSet<u32>,
    /// The strongest record.
    pub strongest: Option<Strongest>,
    /// The earliest record.
    pub first: Option<Shown>,
    /// The latest record.
    pub last: Option<Shown>,
    /// `observation`s.
    pub seen_as: ValueSet<String>,
    /// Accounts.
    pub accounts: ValueSet<String>,
    /// Full paths of processes.
    pub images: ValueSet<String>,
}

impl Facts {
    fn add(&mut self, event: &Judged<'_>, detectors: &[u32], only_plausible: bool) {
        let time = event.time.filter(|_| event.plausible || !only_plausible);
        extend(&mut self.span, time);
        self.count += 1;
        self.time_suspect += u64::from(event.time.is_some() && !event.plausible);
        self.distinct.insert(event.identity);
        self.confidence_counts[event.confidence as usize] += 1;
        self.stage = self.stage.max(Some(event.stage));
        self.detectors.extend(detectors);
        self.excluded_by.extend(event.excluded_by);
        let shown = || Shown {
            time,
            place: event.place,
            event_id: event.carried.event_id.into(),
            device: event.device,
        };
        let early = (time.is_none(), time.unwrap_or(0), event.place);
        if self.first.as_ref().is_none_or(|first| early < first.early()) {
            self.first = Some(shown());
        }
        let late = (time.is_some(), time.unwrap_or(0), event.place);
        if self.last.as_ref().is_none_or(|last| last.late() < late) {
            self.last = Some(shown());
        }
        let stronger = self.strongest.as_ref().is_none_or(|known| {
            let order = known.confidence.cmp(&event.confidence);
            order.then(early.cmp(&known.shown.early())).is_lt()
        });
        if stronger {
            self.strongest = Some(Strongest {
                confidence: event.confidence,
                shown: shown(),
                witnesses: event.witnesses.to_vec(),
            });
        }
        put(&mut self.seen_as, event.carried.observation);
        put(&mut self.accounts, event.carried.account);
        put(&mut self.images, event.carried.image);
    }

    fn merge(&mut self, other: Facts) {
        if let Some((first, last)) = other.span {
            extend(&mut self.span, Some(first));
            extend(&mut self.span, Some(last));
        }
        self.count += other.count;
        self.time_suspect += other.time_suspect;
        self.distinct.extend(other.distinct);
        for (all, more) in self.confidence_counts.iter_mut().zip(other.confidence_counts) {
            *all += more;
        }
        self.stage = self.stage.max(other.stage);
        self.detectors.extend(other.detectors);
        self.excluded_by.extend(other.excluded_by);
        if let Some(strongest) = other.strongest
            && self.strongest.as_ref().is_none_or(|known| strongest.is_before(known))
        {
            self.strongest = Some(strongest);
        }
        if let Some(first) = other.first
            && self.first.as_ref().is_none_or(|known| first.early() < known.early())
        {
            self.first = Some(first);
        }
        if let Some(last) = other.last
            && self.last.as_ref().is_none_or(|known| known.late() < last.late())
        {
            self.last = Some(last);
        }
        self.seen_as.merge(other.seen_as);
        self.accounts.merge(other.accounts);
        self.images.merge(other.images);
    }

    /// The strongest level that any row reached.
    pub(super) fn confidence(&self) -> Confidence {
        self.strongest.as_ref().map_or(Confidence::Possible, |strongest| strongest.confidence)
    }
}

fn put(set: &mut ValueSet<String>, value: &str) {
    if !value.is_empty() {
        set.insert(value);
    }
}

/// The keys of a rule's group: the rule, the tenant, then the rule's own keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RuleKey {
    /// Place of the rule.
    pub rule: u32,
    /// Tenant and keys, compared exactly.
    pub values: Box<[Box<str>]>,
}

/// A group of one rule: KQL's row.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleGroup {
    /// What both groupings collect.
    pub facts: Facts,
    /// Report ids.
    pub reports: ReportSet,
    /// Names of processes.
    pub processes: ValueSet<String>,
    /// Command lines.
    pub cmdlines: ValueSet<String>,
    /// Hashes.
    pub hashes: ValueSet<String>,
    /// Images of parents.
    pub parents: ValueSet<String>,
    /// Addresses of peers.
    pub remote_ips: ValueSet<String>,
    /// Ports of peers.
    pub remote_ports: ValueSet<i64>,
    /// Own addresses.
    pub local_ips: ValueSet<String>,
}

impl RuleGroup {
    /// Takes in an event.
    pub(super) fn add(&mut self, event: &Judged<'_>, detectors: &[u32]) {
        self.facts.add(event, detectors, false);
        let carried = event.carried;
        self.reports.insert(carried.event_id);
        put(&mut self.processes, carried.process);
        put(&mut self.cmdlines, carried.cmdline);
        carried.hashes.iter().for_each(|hash| put(&mut self.hashes, hash));
        put(&mut self.parents, carried.parent);
        put(&mut self.remote_ips, carried.remote_ip);
        if let Some(port) = carried.remote_port {
            self.remote_ports.insert(&port);
        }
        put(&mut self.local_ips, carried.local_ip);
    }

    fn merge(&mut self, other: RuleGroup) {
        self.facts.merge(other.facts);
        self.reports.merge(other.reports);
        self.processes.merge(other.processes);
        self.cmdlines.merge(other.cmdlines);
        self.hashes.merge(other.hashes);
        self.parents.merge(other.parents);
        self.remote_ips.merge(other.remote_ips);
        self.remote_ports.merge(other.remote_ports);
        self.local_ips.merge(other.local_ips);
    }
}

/// How a device is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// By the source's id.
    Id,
    /// By full name.
    Fqdn,
    /// By short name.
    Name,
    /// By address only.
    Address,
    /// Not at all.
    None,
}

impl Basis {
    /// The word in output.
    pub fn name(self) -> &'static str {
        match self {
            Basis::Id => "id",
            Basis::Fqdn => "fqdn",
            Basis::Name => "name",
            Basis::Address => "address",
            Basis::None => "none",
        }
    }
}

/// The keys of a tool's group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ToolKey {
    /// Customer.
    pub tenant: Box<str>,
    /// How the device is known.
    pub basis: Basis,
    /// The device by that.
    pub device: Box<str>,
    /// The tool's id.
    pub tool: Box<str>,
    /// Which installation.
    pub instance: Box<str>,
}

/// A group of one tool: what people look at.
#[derive(Clone, Debug, Default)]
pub(super) struct ToolGroup {
    /// What both groupings collect.
    pub facts: Facts,
    /// Rules, by place.
    pub rules: BTreeSet<u32>,
    /// Names of peers.
    pub hosts: Hosts,
    /// Names of the device.
    pub device_names: ValueSet<String>,
    /// Grounds of all witnesses.
    pub grounds: BTreeSet<Ground>,
    /// Days with an event, since the epoch, UTC.
    pub days: BTreeSet<i64>,
}

const DAY: i64 = 86_400_000_000_000;

impl ToolGroup {
    /// Takes in an event. `host_pattern`: by what its host is folded.
    pub(super) fn add(
        &mut self,
        event: &Judged<'_>,
        detectors: &[u32],
        rules: &[u32],
        device_name: &str,
        host_pattern: Option<&str>,
    ) {
        self.facts.add(event, detectors, true);
        self.rules.extend(rules);
        self.hosts.insert(event.carried.remote_host, host_pattern);
        put(&mut self.device_names, device_name);
        self.grounds.extend(event.grounds);
        if let Some(time) = event.time.filter(|_| event.plausible) {
            self.days.insert(time.div_euclid(DAY));
        }
    }

    pub(super) fn merge(&mut self, other: ToolGroup) {
        self.facts.merge(other.facts);
        self.rules.extend(other.rules);
        self.hosts.merge(other.hosts);
        self.device_names.merge(other.device_names);
        self.grounds.extend(other.grounds);
        self.days.extend(other.days);
    }
}

/// The groups of a worker, or of the run.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// By rule; empty when grouping by tool.
    pub by_rule: HashMap<RuleKey, RuleGroup>,
    /// By tool; empty when grouping by rule.
    pub by_tool: HashMap<ToolKey, ToolGroup>,
}

impl Groups {
    /// Forgets the groups of `tools`.
    pub(super) fn forget(&mut self, tools: &HashSet<String>, rules: &Rules) {
        self.by_rule.retain(|key, _| !tools.contains(&rules.get(key.rule).stated.tool));
        self.by_tool.retain(|key, _| !tools.contains(&*key.tool));
    }

    /// Adds the groups of another worker.
    pub(super) fn merge(&mut self, other: Groups) {
        for (key, group) in other.by_rule {
            self.by_rule.entry(key).or_default().merge(group);
        }
        for (key, group) in other.by_tool {
            self.by_tool.entry(key).or_default().merge(group);
        }
    }
}
