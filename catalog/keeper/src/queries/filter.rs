//! What a table is asked for: the required interests of every rule for its
//! kind, and files that another rule learns.

use std::collections::{BTreeMap, BTreeSet};

use remora_rules::{
    Required, RuleSet, RuleSpec,
    abi::Kind,
    kql::{Ask, Place, asks},
    required::required,
};

use super::tables::{TABLES, Table};

/// What a table is asked for so that no rule misses a row.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Values of columns.
    pub asks: BTreeSet<Ask>,
    /// Sets that are queried first.
    pub learned: Vec<LearnedSet>,
    /// Rules that every row is needed for, and why.
    pub open: Vec<(String, String)>,
    /// The tools whose rules are asked for.
    pub tools: BTreeSet<String>,
}

/// The values that a rule learns from a table.
#[derive(Clone, Debug)]
pub struct LearnedSet {
    /// The column that is compared with the set.
    pub column: &'static str,
    /// The id of the rule that learns.
    pub rule: String,
    /// The table it learns from.
    pub table: &'static Table,
    /// What it learns.
    pub learns: &'static str,
    /// What that table is asked for.
    pub asks: Vec<Ask>,
}

impl Filter {
    /// What `table` is asked for so that every row is among the answers that a
    /// rule of `sets` finds.
    pub fn new(table: &'static Table, sets: &[RuleSet]) -> Filter {
        let mut filter = Filter::default();
        let mut learned: BTreeMap<(&str, String), LearnedSet> = BTreeMap::new();
        for set in sets {
            for rule in set.rules.iter().filter(|rule| rule.kinds.contains(&table.kind)) {
                filter.tools.insert(set.tool.clone());
                match of_rule(table, rule) {
                    Ok(asks) => filter.asks.extend(asks),
                    Err(why) => match learned_by(table, rule, set) {
                        Some(one) => drop(learned.insert((one.column, one.rule.clone()), one)),
                        None => filter.open.push((rule.id.clone(), why)),
                    },
                }
            }
        }
        filter.learned = learned.into_values().collect();
        filter
    }

    /// Whether no row is asked for.
    pub fn is_empty(&self) -> bool {
        self.asks.is_empty() && self.learned.is_empty() && self.open.is_empty()
    }
}

/// What a rule asks of a table, or why that cannot be told.
fn of_rule(table: &Table, rule: &RuleSpec) -> Result<Vec<Ask>, String> {
    match required(&rule.expr, &[table.kind]) {
        Required::Everything { why } => Err(why),
        Required::Interests(interests) => asks(&interests, |field| table.place(field))
            .map_err(|interest| format!("no column tells `{}`", interest.field.name())),
    }
}

/// The set that a rule cannot hold without, if it can be queried.
fn learned_by(table: &'static Table, rule: &RuleSpec, set: &RuleSet) -> Option<LearnedSet> {
    let learned = rule.expr.learned();
    let (field, id) = learned.first()?;
    let Place::Is(column) = table.place(*field) else { return None };
    let learns = set.rules.iter().find(|other| other.id == *id)?;
    let of = |kind: Kind| TABLES.iter().find(|table| table.kind == kind);
    // A rule that learns from a table that cannot be asked learns more than
    // the set would hold.
    let [kind] = learns.kinds.as_slice() else { return None };
    let from = of(*kind)?;
    let Place::Is(value) = from.place(learns.learns?) else { return None };
    Some(LearnedSet {
        column,
        rule: (*id).to_owned(),
        table: from,
        learns: value,
        asks: of_rule(from, learns).ok().filter(|asks| !asks.is_empty())?,
    })
}
