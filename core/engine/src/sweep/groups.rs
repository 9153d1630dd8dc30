//! The groups of a worker, or of the run, by their keys.

use std::{collections::HashSet, mem};

use super::{
    group::{Basis, Group, RuleGroup, ToolGroup},
    intern::{Interner, Lists},
    pool::{Moving, Pool},
    rules::Rules,
};

/// Groups by key. A key is some numbers; equal keys are one group.
#[derive(Debug)]
pub(super) struct Table<G> {
    keys: Interner<Lists<u32>>,
    groups: Vec<G>,
}

impl<G> Default for Table<G> {
    fn default() -> Self {
        Table { keys: Interner::default(), groups: Vec::new() }
    }
}

impl<G: Group> Table<G> {
    /// The group of a key, which is not empty.
    pub(super) fn entry(&mut self, key: &[u32]) -> &mut G {
        let at = self.keys.intern(key) as usize - 1;
        if at == self.groups.len() {
            self.groups.push(G::default());
        }
        &mut self.groups[at]
    }

    /// The places of the groups with an event.
    pub(super) fn places(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        let filled = |(at, group): (u32, &G)| (group.facts().count() > 0).then_some(at);
        (0..).zip(&self.groups).filter_map(filled)
    }

    /// The key of the group at a place.
    pub(super) fn key(&self, at: u32) -> &[u32] {
        self.keys.get(at + 1)
    }

    /// The group at a place.
    pub(super) fn group(&self, at: u32) -> &G {
        &self.groups[at as usize]
    }

    /// Empties the group at a place.
    pub(super) fn take(&mut self, at: u32) -> G {
        mem::take(&mut self.groups[at as usize])
    }

    /// Empties the groups of whose key `drop` is true.
    fn empty_where(&mut self, drop: impl Fn(&[u32]) -> bool) {
        let at: Vec<u32> = self.places().filter(|at| drop(self.key(*at))).collect();
        for at in at {
            self.take(at);
        }
    }

    /// Adds the groups of another table. `texts` says which part of a key are
    /// texts.
    fn merge(&mut self, other: Table<G>, is_text: fn(usize) -> bool, moving: &mut Moving<'_>) {
        let mut key: Vec<u32> = Vec::new();
        for (at, group) in (0..).zip(other.groups) {
            if group.facts().count() == 0 {
                continue;
            }
            key.clear();
            for (part, number) in other.keys.get(at + 1).iter().enumerate() {
                key.push(if is_text(part) { moving.text(*number) } else { *number });
            }
            let group = group.moved(moving);
            let known = self.entry(&key);
            if known.facts().count() == 0 {
                *known = group;
            } else {
                known.merge(group, moving.to());
            }
        }
    }
}

/// The key of a rule's group: the rule's place, then texts: the tenant and the
/// rule's own keys, compared exactly.
pub(super) mod rule_key {
    /// Which part is the rule.
    pub(crate) const RULE: usize = 0;
    /// Which part is the tenant; the rule's keys follow.
    pub(crate) const TENANT: usize = 1;

    pub(super) fn is_text(part: usize) -> bool {
        part != RULE
    }
}

/// The key of a tool's group: texts, or their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ToolKey<T = u32> {
    /// Customer.
    pub tenant: T,
    /// How the device is known.
    pub basis: Basis,
    /// The device by that.
    pub device: T,
    /// The tool's id.
    pub tool: T,
    /// Which installation.
    pub instance: T,
}

impl<T> ToolKey<T> {
    /// The same key with its texts told otherwise.
    pub(super) fn map<U>(self, mut other: impl FnMut(T) -> U) -> ToolKey<U> {
        ToolKey {
            tenant: other(self.tenant),
            basis: self.basis,
            device: other(self.device),
            tool: other(self.tool),
            instance: other(self.instance),
        }
    }
}

impl ToolKey {
    /// As a key of a table.
    pub(super) fn parts(self) -> [u32; 5] {
        [self.basis as u32, self.tenant, self.device, self.tool, self.instance]
    }

    /// Of a table's key.
    pub(super) fn of(parts: &[u32]) -> ToolKey {
        let &[basis, tenant, device, tool, instance] = parts else {
            unreachable!("a tool's key has five parts")
        };
        ToolKey { tenant, basis: Basis::ALL[basis as usize], device, tool, instance }
    }

    fn is_text(part: usize) -> bool {
        part != 0
    }
}

/// The groups of a worker, or of the run.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// What the groups refer to.
    pub pool: Pool,
    /// By rule; empty when grouping by tool.
    pub by_rule: Table<RuleGroup>,
    /// By tool; empty when grouping by rule.
    pub by_tool: Table<ToolGroup>,
}

impl Groups {
    /// Adds the groups of another worker. `events` gives for the number of an
    /// event there the number here; empty if they are the same.
    pub(super) fn merge(&mut self, other: Groups, events: &[u32]) {
        let mut moving = Moving::new(other.pool, &mut self.pool, events);
        self.by_rule.merge(other.by_rule, rule_key::is_text, &mut moving);
        self.by_tool.merge(other.by_tool, ToolKey::is_text, &mut moving);
    }

    /// The keys of the groups by tool.
    pub(super) fn tool_keys(&self) -> impl Iterator<Item = ToolKey<&str>> + Clone {
        let key = |at| ToolKey::of(self.by_tool.key(at)).map(|text| self.pool.text(text));
        self.by_tool.places().map(key)
    }

    /// Forgets texts that nothing refers to, if they are many.
    pub(super) fn tidy(&mut self) {
        if self.pool.is_wasteful() {
            let all = mem::take(self);
            self.merge(all, &[]);
        }
    }

    /// Forgets the groups of `tools`.
    pub(super) fn forget(&mut self, tools: &HashSet<String>, rules: &Rules) {
        let Groups { pool, by_rule, by_tool } = self;
        by_rule.empty_where(|key| tools.contains(&rules.get(key[rule_key::RULE]).stated.tool));
        by_tool.empty_where(|key| tools.contains(pool.text(ToolKey::of(key).tool)));
        // What they referred to goes with the pool.
        let all = mem::take(self);
        self.merge(all, &[]);
    }
}
