//! The sightings of a run, made one by one.
//!
//! A sighting is thirty times as large as the group that it is made of, for it
//! spells out what the group refers to. So what leaves the engine are the
//! groups in the order of the output, and each sighting is made when a report
//! comes to it.

use std::{cmp::Ordering, fmt, sync::Arc};

use serde::{Serialize, Serializer};

use super::{
    RuleSighting, ToolSighting,
    group::{Group, ToolGroup},
    groups::{Groups, Table, ToolKey, rule_key},
    keys::ShownKeys,
    pool::Pool,
    sighting::{Names, shown_device},
};

/// Sightings in the order of the output. Each is made anew whenever it is
/// asked for.
pub struct SightingList<S> {
    len: usize,
    make: Box<dyn Fn(usize) -> S + Send + Sync>,
}

impl<S> SightingList<S> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The one at a place.
    pub fn get(&self, at: usize) -> Option<S> {
        (at < self.len).then(|| (self.make)(at))
    }

    /// Every one, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = S> + '_ {
        (0..self.len).map(|at| (self.make)(at))
    }
}

impl<S> fmt::Debug for SightingList<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SightingList").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<S: Serialize> Serialize for SightingList<S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<S> Default for SightingList<S> {
    fn default() -> Self {
        SightingList { len: 0, make: Box::new(|_| unreachable!("there is none")) }
    }
}

/// Sightings of one grouping.
#[derive(Debug, Default)]
pub struct Sightings {
    /// When grouping by rule.
    pub by_rule: SightingList<RuleSighting>,
    /// When grouping by tool.
    pub by_tool: SightingList<ToolSighting>,
}

/// The sightings that groups make, in order.
pub(super) fn sightings(mut groups: Groups, names: &Arc<Names>, keys: &ShownKeys) -> Sightings {
    keys.apply(&mut groups);
    let Groups { pool, by_rule, by_tool } = groups;
    let pool = Arc::new(pool);
    let mut rules: Vec<u32> = by_rule.places().collect();
    rules.sort_unstable_by(|one, other| compare_rules(&by_rule, names, &pool, *one, *other));
    let mut tools: Vec<u32> = by_tool.places().collect();
    tools.sort_unstable_by(|one, other| compare_tools(&by_tool, &pool, *one, *other));
    Sightings {
        by_rule: of(by_rule, rules, names, &pool, RuleSighting::new),
        by_tool: of(by_tool, tools, names, &pool, ToolSighting::new),
    }
}

fn of<S, G: Group + Send + Sync + 'static>(
    table: Table<G>,
    order: Vec<u32>,
    names: &Arc<Names>,
    pool: &Arc<Pool>,
    new: fn(&[u32], &G, &Names, &Pool) -> S,
) -> SightingList<S>
where
    S: 'static,
{
    let (len, names, pool) = (order.len(), names.clone(), pool.clone());
    let make = move |at: usize| {
        let at: u32 = order[at];
        new(table.key(at), table.group(at), &names, &pool)
    };
    SightingList { len, make: Box::new(make) }
}

/// By tool, rule, tenant, then the rule's keys.
fn compare_rules<G: Group>(
    table: &Table<G>,
    names: &Names,
    pool: &Pool,
    one: u32,
    other: u32,
) -> Ordering {
    let (one, other) = (table.key(one), table.key(other));
    let rule = |key: &[u32]| {
        let stated = &names.rules.get(key[rule_key::RULE]).stated;
        (stated.tool.as_str(), stated.id.as_str())
    };
    fn texts<'p>(key: &'p [u32], pool: &'p Pool) -> impl Iterator<Item = &'p [u8]> {
        key[rule_key::TENANT..].iter().map(|text| pool.bytes(*text))
    }
    rule(one).cmp(&rule(other)).then_with(|| texts(one, pool).cmp(texts(other, pool)))
}

/// By tool, tenant, then device as shown.
fn compare_tools(table: &Table<ToolGroup>, pool: &Pool, one: u32, other: u32) -> Ordering {
    let order = |at: u32| {
        let (key, group) = (ToolKey::of(table.key(at)), table.group(at));
        let text = |text| pool.text(text);
        (
            [text(key.tool), text(key.tenant), shown_device(key, group, pool)],
            (key.basis, [text(key.device), text(key.instance)]),
        )
    };
    order(one).cmp(&order(other))
}
