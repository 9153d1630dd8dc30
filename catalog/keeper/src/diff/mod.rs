//! What differs between two catalogs, by tool.
//!
//! What is compared is what a report depends on and what people read. Where an
//! entry comes from is not: a collection that is imported again moves every
//! commit and date, and changes nothing. Neither are comments and the order in
//! a file.

mod facts;

use std::collections::BTreeMap;

use remora_catalog::{IndicatorEntry, InstanceEntry, RuleEntry, Tool};

use facts::{list, words};

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Only the new catalog has it.
    Added,
    /// Only the old one has it.
    Removed,
    /// Both have it, and not the same.
    Changed,
}

impl Change {
    /// The word in output.
    pub fn name(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        }
    }
}

/// A value that is not the same in both, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The key in the tool's file.
    pub key: &'static str,
    /// In the old catalog.
    pub old: String,
    /// In the new one.
    pub new: String,
}

/// A rule, an indicator or an instance that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How.
    pub change: Change,
    /// What it is known by: a rule's id, type and value of an indicator, field
    /// and pattern of an instance.
    pub name: String,
    /// What it says, as far as it differs; all of it if it was added (`new`) or
    /// removed (`old`).
    pub values: Vec<Value>,
}

/// A tool that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolDiff {
    /// The tool's id.
    pub tool: String,
    /// Its name; the new one, if it has a new one.
    pub name: String,
    /// How it differs.
    pub change: Change,
    /// What `[tool]` says; only of a tool that changed.
    pub facts: Vec<Value>,
    /// Rules, in the order of their ids.
    pub rules: Vec<Entry>,
    /// Indicators, by type and value.
    pub indicators: Vec<Entry>,
    /// Instances, by field and pattern.
    pub instances: Vec<Entry>,
    /// How many examples were added and removed; one that changed is both.
    pub examples: (usize, usize),
}

/// What differs, in the order of the tools' ids. Each of the two has a tool
/// once.
pub fn diff(old: &[Tool], new: &[Tool]) -> Vec<ToolDiff> {
    let by_id = |tools: &'_ [Tool]| -> BTreeMap<String, Tool> {
        tools.iter().map(|tool| (tool.id.clone(), tool.clone())).collect()
    };
    let (old, new) = (by_id(old), by_id(new));
    let mut diffs: Vec<ToolDiff> = vec![];
    for (change, one, other) in pairs(&old, &new) {
        let (rules, indicators, instances) = (
            entries(of(one, rules), of(other, rules)),
            entries(of(one, indicators), of(other, indicators)),
            entries(of(one, instances), of(other, instances)),
        );
        let facts = match (one, other) {
            (Some(one), Some(other)) => changed(&facts::of_tool(one), &facts::of_tool(other)),
            _ => vec![],
        };
        let examples = examples(one, other);
        let same = facts.is_empty()
            && [&rules, &indicators, &instances].iter().all(|entries| entries.is_empty())
            && examples == (0, 0);
        let Some(tool) = other.or(one).filter(|_| change != Change::Changed || !same) else {
            continue;
        };
        diffs.push(ToolDiff {
            tool: tool.id.clone(),
            name: tool.name.clone(),
            change,
            facts,
            rules,
            indicators,
            instances,
            examples,
        });
    }
    diffs
}

/// Everything that either has, in order, with how it stands if it differs.
fn pairs<'a, T>(
    old: &'a BTreeMap<String, T>,
    new: &'a BTreeMap<String, T>,
) -> Vec<(Change, Option<&'a T>, Option<&'a T>)> {
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .map(|key| match (old.get(key), new.get(key)) {
            (None, new) => (Change::Added, None, new),
            (old, None) => (Change::Removed, old, None),
            (old, new) => (Change::Changed, old, new),
        })
        .collect()
}

/// Entries by what they are known by, and what they say in words.
type Said = BTreeMap<String, (String, Vec<(&'static str, String)>)>;

fn of(tool: Option<&Tool>, entries: fn(&Tool) -> Said) -> Said {
    tool.map(entries).unwrap_or_default()
}

fn rules(tool: &Tool) -> Said {
    let said = |entry: &RuleEntry| {
        let rule = &entry.rule;
        let kinds: Vec<&str> = rule.kinds.iter().map(|kind| kind.name()).collect();
        let keys: Vec<&str> = rule.keys.iter().map(|key| key.name()).collect();
        let values = vec![
            ("title", rule.title.clone()),
            ("kinds", kinds.join(", ")),
            // As it is understood, so that line breaks and spelling are no change.
            ("where", rule.expr.to_string()),
            ("keys", keys.join(", ")),
            ("techniques", list(&rule.techniques)),
            ("learns", rule.learns.map_or("", |field| field.name()).to_owned()),
            ("note", entry.note.clone()),
        ];
        (rule.id.clone(), (rule.id.clone(), values))
    };
    tool.rules.iter().map(said).collect()
}

fn indicators(tool: &Tool) -> Said {
    let said = |entry: &IndicatorEntry| {
        let indicator = &entry.indicator;
        let day = |day: &Option<String>| day.clone().unwrap_or_default();
        let values = vec![
            ("value", indicator.value.clone()),
            ("class", indicator.class.name().to_owned()),
            ("role", indicator.role.name().to_owned()),
            ("valid.from", day(&entry.valid.from)),
            ("valid.until", day(&entry.valid.until)),
            ("note", entry.note.clone()),
        ];
        let name = format!("{} {:?}", indicator.ty.name(), indicator.value);
        // Compared without case wherever it is looked for.
        (name.to_lowercase(), (name, values))
    };
    tool.indicators.iter().map(said).collect()
}

fn instances(tool: &Tool) -> Said {
    let said = |entry: &InstanceEntry| {
        let name = format!("{} {:?}", entry.field.name(), entry.pattern);
        (name.clone(), (name, vec![("note", entry.note.clone())]))
    };
    tool.instances.iter().map(said).collect()
}

fn entries(old: Said, new: Said) -> Vec<Entry> {
    let mut found = vec![];
    for (change, one, other) in pairs(&old, &new) {
        let none = vec![];
        let said =
            |of: Option<&(String, Vec<_>)>| of.map_or(none.clone(), |(_, said)| said.clone());
        let values = changed(&said(one), &said(other));
        let Some((name, _)) = other.or(one) else { continue };
        if change != Change::Changed || !values.is_empty() {
            found.push(Entry { change, name: name.clone(), values });
        }
    }
    found
}

/// The values that are not the same; one that is not there is empty.
fn changed(old: &[(&'static str, String)], new: &[(&'static str, String)]) -> Vec<Value> {
    let keys = if old.is_empty() { new } else { old };
    let get = |all: &[(&'static str, String)], key| {
        all.iter().find(|(own, _)| *own == key).map_or_else(String::new, |(_, said)| said.clone())
    };
    let values = keys.iter().map(|&(key, _)| Value { key, old: get(old, key), new: get(new, key) });
    values.filter(|value| value.old != value.new).collect()
}

fn examples(old: Option<&Tool>, new: Option<&Tool>) -> (usize, usize) {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for example in old.iter().flat_map(|tool| &tool.examples) {
        counts.entry(words(example)).or_default().0 += 1;
    }
    for example in new.iter().flat_map(|tool| &tool.examples) {
        counts.entry(words(example)).or_default().1 += 1;
    }
    counts.values().fold((0, 0), |(added, removed), (old, new)| {
        (added + new.saturating_sub(*old), removed + old.saturating_sub(*new))
    })
}
