//! The sightings of a run, made one by one.
//!
//! A sighting is thirty times as large as the group that it is made of, for it
//! spells out what the group refers to. So what leaves the engine are the
//! groups in the order of the output, and each sighting is made when a report
//! comes to it.

use std::{cmp::Ordering, collections::HashMap, fmt, sync::Arc};

use serde::{Serialize, Serializer};

use super::{
    RuleSighting, ToolSighting,
    group::{Group, RuleGroup, ToolGroup},
    groups::{Groups, Table, ToolKey, rule_key},
    keys::ShownKeys,
    pool::Pool,
    sighting::{Names, shown_device},
};

/// A form in which sightings leave the engine.
pub trait Form {
    /// A sighting that refers to what its list holds.
    type Sighting<'l>: Serialize;
}

/// One sighting for each group of one rule.
#[derive(Debug)]
pub struct ByRule;

impl Form for ByRule {
    type Sighting<'l> = RuleSighting<'l>;
}

/// One sighting for each tool on a device.
#[derive(Debug)]
pub struct ByTool;

impl Form for ByTool {
    type Sighting<'l> = ToolSighting<'l>;
}

/// Makes the sightings of a list.
trait Make<F: Form> {
    /// The one at a place.
    fn make(&self, at: usize) -> F::Sighting<'_>;
}

/// Sightings in the order of the output. Each is made anew whenever it is
/// asked for.
pub struct SightingList<F: Form> {
    len: usize,
    maker: Box<dyn Make<F> + Send + Sync>,
}

impl<F: Form> SightingList<F> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The one at a place.
    pub fn get(&self, at: usize) -> Option<F::Sighting<'_>> {
        (at < self.len).then(|| self.maker.make(at))
    }

    /// Every one, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = F::Sighting<'_>> + '_ {
        (0..self.len).map(|at| self.maker.make(at))
    }
}

impl<F: Form> fmt::Debug for SightingList<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SightingList").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<F: Form> Serialize for SightingList<F> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<F: Form> Default for SightingList<F> {
    fn default() -> Self {
        struct Nothing;

        impl<F: Form> Make<F> for Nothing {
            fn make(&self, _at: usize) -> F::Sighting<'_> {
                unreachable!("there is none")
            }
        }
        SightingList { len: 0, maker: Box::new(Nothing) }
    }
}

/// Sightings of one grouping.
#[derive(Debug, Default)]
pub struct Sightings {
    /// When grouping by rule.
    pub by_rule: SightingList<ByRule>,
    /// When grouping by tool.
    pub by_tool: SightingList<ByTool>,
}

/// Groups in the order of the output, and what their sightings are made of.
struct Ordered<G> {
    table: Table<G>,
    order: Vec<u32>,
    names: Arc<Names>,
    pool: Arc<Pool>,
}

impl Make<ByRule> for Ordered<RuleGroup> {
    fn make(&self, at: usize) -> RuleSighting<'_> {
        let Ordered { table, order, names, pool } = self;
        RuleSighting::new(table.key(order[at]), table.group(order[at]), names, pool)
    }
}

impl Make<ByTool> for Ordered<ToolGroup> {
    fn make(&self, at: usize) -> ToolSighting<'_> {
        let Ordered { table, order, names, pool } = self;
        ToolSighting::new(table.key(order[at]), table.group(order[at]), names, pool)
    }
}

/// The sightings that groups make, in order.
pub(super) fn sightings(mut groups: Groups, names: &Arc<Names>, keys: &ShownKeys) -> Sightings {
    keys.apply(&mut groups);
    let Groups { pool, by_rule, by_tool } = groups;
    let pool = Arc::new(pool);
    let rules = order_of_rules(&by_rule, names, &pool);
    let tools = order_of_tools(&by_tool, &pool);
    Sightings {
        by_rule: of(by_rule, rules, names, &pool),
        by_tool: of(by_tool, tools, names, &pool),
    }
}

fn of<F: Form, G>(
    table: Table<G>,
    order: Vec<u32>,
    names: &Arc<Names>,
    pool: &Arc<Pool>,
) -> SightingList<F>
where
    Ordered<G>: Make<F> + Send + Sync + 'static,
{
    let (names, pool) = (names.clone(), pool.clone());
    SightingList { len: order.len(), maker: Box::new(Ordered { table, order, names, pool }) }
}

/// What two groups are compared by first: three numbers that lie side by side,
/// where the texts that they stand for lie all over the pool.
type Head = (u32, u32, u128);

/// Sorts by heads, and where these are equal by `compare`, which must not
/// contradict them.
fn sorted(mut all: Vec<(Head, u32)>, compare: impl Fn(u32, u32) -> Ordering) -> Vec<u32> {
    all.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| compare(one.1, other.1)));
    all.into_iter().map(|(_, at)| at).collect()
}

/// A number that is smaller only where the text is, and larger likewise.
fn head(text: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = text.len().min(16);
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

/// The places of texts, of which there are few, in their order.
fn ranks(texts: impl Iterator<Item = u32>, pool: &Pool) -> HashMap<u32, u32> {
    let mut known: HashMap<u32, u32> = texts.map(|text| (text, 0)).collect();
    let mut order: Vec<u32> = known.keys().copied().collect();
    order.sort_unstable_by_key(|text| pool.text(*text));
    known.extend(order.into_iter().zip(0..));
    known
}

fn order_of_rules(table: &Table<RuleGroup>, names: &Names, pool: &Pool) -> Vec<u32> {
    let mut rules: Vec<u32> = (0..).zip(names.rules.iter()).map(|(at, _)| at).collect();
    rules.sort_unstable_by_key(|at| {
        let stated = &names.rules.get(*at).stated;
        (stated.tool.as_str(), stated.id.as_str())
    });
    let mut rank_of_rule = vec![0; rules.len()];
    (0..).zip(rules).for_each(|(rank, rule)| rank_of_rule[rule as usize] = rank);
    let tenants = ranks(table.places().map(|at| table.key(at)[rule_key::TENANT]), pool);
    let heads = table.places().map(|at| {
        let key = table.key(at);
        let first = key.get(rule_key::TENANT + 1).map_or("", |text| pool.text(*text));
        let rule = rank_of_rule[key[rule_key::RULE] as usize];
        ((rule, tenants[&key[rule_key::TENANT]], head(first)), at)
    });
    sorted(heads.collect(), |one, other| compare_rules(table, names, pool, one, other))
}

fn order_of_tools(table: &Table<ToolGroup>, pool: &Pool) -> Vec<u32> {
    let key = |at| ToolKey::of(table.key(at));
    let tools = ranks(table.places().map(|at| key(at).tool), pool);
    let tenants = ranks(table.places().map(|at| key(at).tenant), pool);
    let heads = table.places().map(|at| {
        let device = shown_device(key(at), table.group(at), pool);
        ((tools[&key(at).tool], tenants[&key(at).tenant], head(device)), at)
    });
    sorted(heads.collect(), |one, other| compare_tools(table, pool, one, other))
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
    fn texts<'p>(key: &'p [u32], pool: &'p Pool) -> impl Iterator<Item = &'p str> {
        key[rule_key::TENANT..].iter().map(|text| pool.text(*text))
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
