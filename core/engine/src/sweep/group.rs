//! Groups of findings while a sweep runs.
//!
//! Every part of a group merges with the same part of another group in any
//! order and gives the same result, so that workers need not know of each
//! other. Memory grows with groups and the different values in them, not with
//! the input: a group holds numbers only, of what lies in its worker's
//! [`Pool`].

use std::cmp::{Ordering, Reverse};

use super::{
    distinct::EventSet,
    hosts::Hosts,
    judge::{Confidence, Ground, Stage},
    pool::{Moving, Pool},
    reports::ReportSet,
    values::ValueSet,
};
use crate::host::OwnedWitness;

/// Where a record stands, ordered by input and line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Which input.
    pub input: u32,
    /// Which line of it, from 1.
    pub line: u64,
    /// Which record of it, from 0: a line may hold several.
    pub record: u64,
}

/// A record that is shown as evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// When.
    pub time: Option<i64>,
    /// Which line of the input, from 1.
    pub line: u64,
    /// Which record of it, from 0.
    pub record: u64,
    /// Its device in the input, as [`super::sample::device_hash`] has it.
    pub device: u64,
    /// Which input.
    pub input: u32,
    /// The source's own id of it, a text.
    pub event_id: u32,
}

impl Shown {
    /// The order of "earliest": times before none, then places.
    fn early(&self) -> impl Ord + use<> {
        (self.time.is_none(), self.time, self.input, self.line, self.record)
    }

    /// The order of "latest". Of several on a line the first, as in "earliest".
    fn late(&self) -> impl Ord + use<> {
        (self.time, self.input, self.line, Reverse(self.record))
    }

    fn moved(self, moving: &mut Moving<'_>) -> Shown {
        Shown { event_id: moving.text(self.event_id), ..self }
    }
}

/// The earliest record of a group and, where these are others, the strongest
/// and the latest: most groups have one record.
#[derive(Clone, Debug)]
struct Evidence {
    first: Shown,
    others: Option<Box<Others>>,
}

#[derive(Clone, Copy, Debug)]
struct Others {
    strongest: Shown,
    last: Shown,
}

impl Evidence {
    fn of(record: Shown) -> Evidence {
        Evidence { first: record, others: None }
    }

    fn strongest(&self) -> &Shown {
        self.others.as_ref().map_or(&self.first, |others| &others.strongest)
    }

    fn last(&self) -> &Shown {
        self.others.as_ref().map_or(&self.first, |others| &others.last)
    }

    /// Takes in the records of `other`. `surer` compares
    /// how sure its strongest is; of equal ones the earlier counts. Tells whether the strongest is another one now, and how many were replaced.
    fn add(&mut self, other: &Evidence, surer: Ordering) -> (bool, usize) {
        let all = Others { strongest: *self.strongest(), last: *self.last() };
        let mut new = all;
        let before = other.strongest().early() < all.strongest.early();
        let stronger = surer.is_gt() || surer.is_eq() && before;
        if stronger {
            new.strongest = *other.strongest();
        }
        if all.last.late() < other.last().late() {
            new.last = *other.last();
        }
        let first = self.first;
        if other.first.early() < first.early() {
            self.first = other.first;
        }
        if new.strongest == self.first && new.last == self.first {
            self.others = None;
        } else {
            match &mut self.others {
                Some(others) => **others = new,
                None => self.others = Some(Box::new(new)),
            }
        }
        let replaced = [first != self.first, new.strongest != all.strongest, new.last != all.last];
        (stronger, replaced.into_iter().filter(|replaced| *replaced).count())
    }

    fn moved(self, moving: &mut Moving<'_>) -> Evidence {
        let others = self.others.map(|mut others| {
            others.strongest = others.strongest.moved(moving);
            others.last = others.last.moved(moving);
            others
        });
        Evidence { first: self.first.moved(moving), others }
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
    /// `event.id`, a text of the pool.
    pub event_id: u32,
    /// Its number in [`super::overlap::Identities`].
    pub event: u32,
    /// Its device in the input, as [`super::sample::device_hash`] has it.
    pub device: u64,
    /// How sure.
    pub confidence: Confidence,
    /// What happened.
    pub stage: Stage,
    /// Why.
    pub witnesses: &'a [&'a OwnedWitness],
    /// On what grounds; look-alikes have none.
    pub grounds: &'a [Ground],
    /// The exclusions that take it out of the report, by place.
    pub excluded_by: &'a [u32],
}

/// Values of an event that groups collect; empty ones are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried<'a> {
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
    /// Names of hash functions and hashes.
    pub hashes: [(&'static str, &'a str); 6],
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
    evidence: Option<Evidence>,
    /// Why, by the strongest record: a list of the pool.
    pub witnesses: u32,
    /// The detectors that found it: a set of the pool.
    pub detectors: u32,
    /// The exclusions that take it out of the report, those of its events
    /// together: a set of the pool.
    pub excluded_by: u32,
    /// Rows per confidence, weakest first.
    pub confidence_counts: [u64; 3],
    /// Rows whose time no clock could show.
    pub time_suspect: u64,
    /// Events by identity.
    pub distinct: EventSet,
    /// The furthest stage.
    pub stage: Option<Stage>,
    /// `observation`s.
    pub seen_as: ValueSet,
    /// Accounts.
    pub accounts: ValueSet,
    /// Full paths of processes.
    pub images: ValueSet,
}

impl Facts {
    fn add(
        &mut self,
        event: &Judged<'_>,
        detectors: &[u32],
        only_plausible: bool,
        pool: &mut Pool,
    ) {
        let carried = event.carried;
        let record = Shown {
            time: event.time.filter(|_| event.plausible || !only_plausible),
            line: event.place.line,
            record: event.place.record,
            device: event.device,
            input: event.place.input,
            event_id: event.event_id,
        };
        let surer = event.confidence.cmp(&self.confidence());
        self.show(Evidence::of(record), surer, pool, |pool| pool.intern_witnesses(event.witnesses));
        self.time_suspect += u64::from(event.time.is_some() && !event.plausible);
        self.distinct.insert(event.event, pool);
        self.confidence_counts[event.confidence as usize] += 1;
        self.stage = self.stage.max(Some(event.stage));
        self.detectors = pool.add_places(self.detectors, detectors);
        self.excluded_by = pool.add_places(self.excluded_by, event.excluded_by);
        self.seen_as.insert(carried.observation, pool);
        self.accounts.insert(carried.account, pool);
        self.images.insert(carried.image, pool);
    }

    fn show(
        &mut self,
        more: Evidence,
        surer: Ordering,
        pool: &mut Pool,
        witnesses: impl FnOnce(&mut Pool) -> u32,
    ) {
        let Some(known) = &mut self.evidence else {
            self.evidence = Some(more);
            self.witnesses = witnesses(pool);
            return;
        };
        let (stronger, replaced) = known.add(&more, surer);
        pool.replace(replaced);
        if stronger {
            self.witnesses = witnesses(pool);
        }
    }

    fn merge(&mut self, other: Facts, pool: &mut Pool) {
        let surer = other.confidence().cmp(&self.confidence());
        if let Some(more) = other.evidence {
            self.show(more, surer, pool, |_| other.witnesses);
        }
        self.time_suspect += other.time_suspect;
        self.distinct.merge(other.distinct, pool);
        for (all, more) in self.confidence_counts.iter_mut().zip(other.confidence_counts) {
            *all += more;
        }
        self.stage = self.stage.max(other.stage);
        self.detectors = pool.merge_places(self.detectors, other.detectors);
        self.excluded_by = pool.merge_places(self.excluded_by, other.excluded_by);
        self.seen_as.merge(other.seen_as, pool);
        self.accounts.merge(other.accounts, pool);
        self.images.merge(other.images, pool);
    }

    fn moved(self, moving: &mut Moving<'_>) -> Facts {
        Facts {
            evidence: self.evidence.map(|evidence| evidence.moved(moving)),
            witnesses: moving.witnesses(self.witnesses),
            detectors: moving.places(self.detectors),
            excluded_by: moving.places(self.excluded_by),
            distinct: self.distinct.moved(moving),
            seen_as: self.seen_as.moved(moving),
            accounts: self.accounts.moved(moving),
            images: self.images.moved(moving),
            ..self
        }
    }

    /// Rows.
    pub(super) fn count(&self) -> u64 {
        self.confidence_counts.iter().sum()
    }

    /// The strongest level that any row reached.
    pub(super) fn confidence(&self) -> Confidence {
        let reached = Confidence::ALL.into_iter().zip(self.confidence_counts).rev();
        let mut reached = reached.filter(|(_, count)| *count > 0);
        reached.next().map_or(Confidence::Possible, |(level, _)| level)
    }

    /// The earliest record.
    pub(super) fn first(&self) -> Option<&Shown> {
        self.evidence.as_ref().map(|evidence| &evidence.first)
    }

    /// The strongest record.
    pub(super) fn strongest(&self) -> Option<&Shown> {
        self.evidence.as_ref().map(Evidence::strongest)
    }

    /// The latest record.
    pub(super) fn last(&self) -> Option<&Shown> {
        self.evidence.as_ref().map(Evidence::last)
    }

    /// Earliest and latest time.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        self.first().and_then(|one| one.time).zip(self.last().and_then(|one| one.time))
    }
}

/// A group of any grouping.
pub(super) trait Group: Default {
    /// Adds another group of the same pool.
    fn merge(&mut self, other: Self, pool: &mut Pool);

    /// The same group in another pool.
    fn moved(self, moving: &mut Moving<'_>) -> Self;

    /// What both groupings collect.
    fn facts(&self) -> &Facts;
}

/// A group of one rule: KQL's row.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleGroup {
    /// What both groupings collect.
    pub facts: Facts,
    /// Report ids.
    pub reports: ReportSet,
    /// Names of processes.
    pub processes: ValueSet,
    /// Command lines.
    pub cmdlines: ValueSet,
    /// Hashes.
    pub hashes: ValueSet,
    /// Images of parents.
    pub parents: ValueSet,
    /// Addresses of peers.
    pub remote_ips: ValueSet,
    /// Ports of peers.
    pub remote_ports: ValueSet,
    /// Own addresses.
    pub local_ips: ValueSet,
}

impl RuleGroup {
    /// Takes in an event.
    pub(super) fn add(&mut self, event: &Judged<'_>, detectors: &[u32], pool: &mut Pool) {
        self.facts.add(event, detectors, false, pool);
        let carried = event.carried;
        self.reports.insert(event.event_id, pool);
        self.processes.insert(carried.process, pool);
        self.cmdlines.insert(carried.cmdline, pool);
        for (function, hash) in carried.hashes.into_iter().filter(|(_, hash)| !hash.is_empty()) {
            let mut text = pool.take_buffer();
            text.extend([function, ":"]);
            push_lower(hash, &mut text);
            self.hashes.insert(&text, pool);
            pool.give_buffer(text);
        }
        self.parents.insert(carried.parent, pool);
        self.remote_ips.insert(carried.remote_ip, pool);
        if let Some(port) = carried.remote_port {
            self.remote_ports.insert_number(port, pool);
        }
        self.local_ips.insert(carried.local_ip, pool);
    }
}

impl Group for RuleGroup {
    fn merge(&mut self, other: RuleGroup, pool: &mut Pool) {
        self.facts.merge(other.facts, pool);
        self.reports.merge(other.reports, pool);
        self.processes.merge(other.processes, pool);
        self.cmdlines.merge(other.cmdlines, pool);
        self.hashes.merge(other.hashes, pool);
        self.parents.merge(other.parents, pool);
        self.remote_ips.merge(other.remote_ips, pool);
        self.remote_ports.merge(other.remote_ports, pool);
        self.local_ips.merge(other.local_ips, pool);
    }

    fn moved(self, moving: &mut Moving<'_>) -> RuleGroup {
        RuleGroup {
            facts: self.facts.moved(moving),
            reports: self.reports.moved(moving),
            processes: self.processes.moved(moving),
            cmdlines: self.cmdlines.moved(moving),
            hashes: self.hashes.moved(moving),
            parents: self.parents.moved(moving),
            remote_ips: self.remote_ips.moved(moving),
            remote_ports: self.remote_ports.moved(moving),
            local_ips: self.local_ips.moved(moving),
        }
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// Appends `text` in small letters.
fn push_lower(text: &str, out: &mut String) {
    if !text.is_ascii() {
        return out.push_str(&text.to_lowercase());
    }
    let start = out.len();
    out.push_str(text);
    out[start..].make_ascii_lowercase();
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
    /// Every one, in their order.
    pub(super) const ALL: [Basis; 5] =
        [Basis::Id, Basis::Fqdn, Basis::Name, Basis::Address, Basis::None];

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

/// A group of one tool: what people look at.
#[derive(Clone, Debug, Default)]
pub(super) struct ToolGroup {
    /// What both groupings collect.
    pub facts: Facts,
    /// Rules: a set of the pool.
    pub rules: u32,
    /// Grounds of all witnesses: a set of the pool.
    pub grounds: u32,
    /// Names of peers.
    pub hosts: Hosts,
    /// Names of the device.
    pub device_names: ValueSet,
    /// Days with an event, since the epoch, UTC: ascending.
    pub days: Vec<i32>,
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
        pool: &mut Pool,
    ) {
        self.facts.add(event, detectors, true, pool);
        self.rules = pool.add_places(self.rules, rules);
        self.grounds = pool.add_grounds(self.grounds, event.grounds);
        self.hosts.insert(event.carried.remote_host, host_pattern, pool);
        self.device_names.insert(device_name, pool);
        if let Some(time) = event.time.filter(|_| event.plausible) {
            // Nanoseconds in 64 bits are 106,751 days from the epoch at most.
            let day = i32::try_from(time.div_euclid(DAY)).expect("days are few");
            if let Err(at) = self.days.binary_search(&day) {
                self.days.insert(at, day);
            }
        }
    }
}

impl Group for ToolGroup {
    fn merge(&mut self, other: ToolGroup, pool: &mut Pool) {
        self.facts.merge(other.facts, pool);
        self.rules = pool.merge_places(self.rules, other.rules);
        self.grounds = pool.merge_grounds(self.grounds, other.grounds);
        self.hosts.merge(other.hosts, pool);
        self.device_names.merge(other.device_names, pool);
        self.days.extend(other.days);
        self.days.sort_unstable();
        self.days.dedup();
    }

    fn moved(self, moving: &mut Moving<'_>) -> ToolGroup {
        ToolGroup {
            facts: self.facts.moved(moving),
            rules: moving.places(self.rules),
            grounds: moving.grounds(self.grounds),
            hosts: self.hosts.moved(moving),
            device_names: self.device_names.moved(moving),
            days: self.days,
        }
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }
}
