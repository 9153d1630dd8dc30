//! What differs between two catalogs, for people and as JSON.

use std::{collections::BTreeMap, io::Write};

use anyhow::Result;
use remora_engine::sweep::{
    ByRule, Confidence, ConfidenceCounts, RuleSighting, SightingList, Stage,
};
use remora_keeper::diff::{Change, Entry, ToolDiff, Value};
use serde::{Serialize, Serializer};

use crate::report::text::plain;

/// The schema of the machine output.
const SCHEMA: &str = "remora.catalog-diff/1";

/// A sighting that only one of the catalogs has, or that both have otherwise.
#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    #[serde(serialize_with = "by_name")]
    change: Change,
    id: String,
    tool: String,
    rule: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    tenant: String,
    /// The rule's keys.
    keys: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Seen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Seen>,
}

/// What is compared of a sighting.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Seen {
    count: u64,
    distinct: u64,
    confidence: Confidence,
    confidence_counts: ConfidenceCounts,
    stage: Stage,
}

fn by_name<S: Serializer>(change: &Change, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(change.name())
}

/// What two catalogs find in the same inputs.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    /// Sightings by rule with the old catalog.
    old: usize,
    /// And with the new one.
    new: usize,
    /// Those that are not the same, by tool, rule and keys.
    pub(crate) differences: Vec<Difference>,
}

impl Found {
    /// Compares sightings by what they are about.
    pub(crate) fn compare(old: &SightingList<ByRule>, new: &SightingList<ByRule>) -> Found {
        let mut by_id: BTreeMap<_, (Option<RuleSighting<'_>>, Option<RuleSighting<'_>>)> =
            BTreeMap::new();
        for one in old.iter() {
            let both = by_id.entry(key(&one)).or_default();
            both.0 = Some(one);
        }
        for one in new.iter() {
            let both = by_id.entry(key(&one)).or_default();
            both.1 = Some(one);
        }
        let differences =
            by_id.into_values().filter_map(|(old, new)| difference(old.as_ref(), new.as_ref()));
        Found { old: old.len(), new: new.len(), differences: differences.collect() }
    }
}

/// What a sighting is about.
type About<'s> = (&'s str, &'s str, &'s str, Vec<(&'s str, &'s str)>);

fn key<'s>(one: &RuleSighting<'s>) -> About<'s> {
    (one.tool, one.rule, one.tenant, one.keys.clone())
}

fn difference(
    old: Option<&RuleSighting<'_>>,
    new: Option<&RuleSighting<'_>>,
) -> Option<Difference> {
    let one = new.or(old)?;
    let (old, new) = (old.map(seen), new.map(seen));
    let change = match (&old, &new) {
        (None, _) => Change::Added,
        (_, None) => Change::Removed,
        (old, new) if old == new => return None,
        _ => Change::Changed,
    };
    Some(Difference {
        change,
        id: one.common.id.clone(),
        tool: one.tool.to_owned(),
        rule: one.rule.to_owned(),
        tenant: one.tenant.to_owned(),
        keys: one
            .keys
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        old,
        new,
    })
}

fn seen(sighting: &RuleSighting<'_>) -> Seen {
    let common = &sighting.common;
    Seen {
        count: common.count,
        distinct: common.distinct,
        confidence: common.confidence,
        confidence_counts: common.confidence_counts,
        stage: common.stage,
    }
}

/// For people: `+` came, `-` went, `~` changed.
fn sign(change: Change) -> char {
    match change {
        Change::Added => '+',
        Change::Removed => '-',
        Change::Changed => '~',
    }
}

/// Writes the differences for people.
pub(crate) fn text(tools: &[ToolDiff], found: Option<&Found>, out: &mut impl Write) -> Result<()> {
    for tool in tools {
        writeln!(out, "{} {} ({})", sign(tool.change), tool.tool, plain(&tool.name))?;
        for value in &tool.facts {
            both(value, 4, out)?;
        }
        let kinds =
            [("rule", &tool.rules), ("indicator", &tool.indicators), ("instance", &tool.instances)];
        for (kind, entries) in kinds {
            for entry in entries {
                self::entry(kind, entry, out)?;
            }
        }
        let (added, removed) = tool.examples;
        if (added, removed) != (0, 0) {
            writeln!(out, "  ~ examples: {added} added, {removed} removed")?;
        }
    }
    if tools.is_empty() {
        writeln!(out, "the catalogs say the same")?;
    }
    let Some(found) = found else { return Ok(()) };
    let Found { old, new, differences } = found;
    writeln!(
        out,
        "\nsightings by rule: {old} with the old catalog, {new} with the new one; {} differ",
        differences.len()
    )?;
    for one in differences {
        let mut keys: Vec<String> =
            one.keys.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
        if !one.tenant.is_empty() {
            keys.insert(0, format!("tenant {}", plain(&one.tenant)));
        }
        writeln!(out, "{} {} {}: {}", sign(one.change), one.tool, one.rule, keys.join(", "))?;
        match (&one.old, &one.new) {
            (Some(old), Some(new)) => writeln!(out, "    {} -> {}", rows(old), rows(new))?,
            (Some(one), None) | (None, Some(one)) => writeln!(out, "    {}", rows(one))?,
            (None, None) => {}
        }
    }
    Ok(())
}

fn rows(seen: &Seen) -> String {
    let counts: Vec<String> = seen
        .confidence_counts
        .iter()
        .rev()
        .map(|(confidence, count)| format!("{count} {confidence}"))
        .collect();
    let rows = if seen.count == 1 { "1 row".to_owned() } else { format!("{} rows", seen.count) };
    format!("{rows} ({}), {}", counts.join(", "), seen.stage)
}

fn entry(kind: &str, entry: &Entry, out: &mut impl Write) -> Result<()> {
    write!(out, "  {} {kind} {}", sign(entry.change), plain(&entry.name))?;
    if entry.change == Change::Changed {
        writeln!(out)?;
        return entry.values.iter().try_for_each(|value| both(value, 6, out));
    }
    if kind == "rule" {
        writeln!(out)?;
    }
    let mut rest: Vec<&str> = Vec::new();
    for Value { key, old, new } in &entry.values {
        let said = if new.is_empty() { old } else { new };
        match (kind, *key) {
            ("rule", _) => writeln!(out, "      {key}: {}", plain(said))?,
            // The value is in its name.
            (_, "class" | "role") => rest.push(said),
            _ => {}
        }
    }
    if kind != "rule" {
        let rest = rest.join(" ");
        writeln!(out, "{}{rest}", if rest.is_empty() { "" } else { " " })?;
    }
    Ok(())
}

/// A value before and after, one below the other if they are long.
fn both(value: &Value, indent: usize, out: &mut impl Write) -> Result<()> {
    const SHORT: usize = 60;
    let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { plain(text) };
    let (key, old, new) = (value.key, shown(&value.old), shown(&value.new));
    if old.len() + new.len() <= SHORT {
        writeln!(out, "{:indent$}{key}: {old} -> {new}", "")?;
    } else {
        writeln!(out, "{:indent$}{key}:", "")?;
        writeln!(out, "{:indent$}  old {old}", "")?;
        writeln!(out, "{:indent$}  new {new}", "")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct ToolOut<'t> {
    tool: &'t str,
    name: &'t str,
    change: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facts: Vec<ValueOut<'t>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<EntryOut<'t>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    indicators: Vec<EntryOut<'t>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instances: Vec<EntryOut<'t>>,
    examples_added: usize,
    examples_removed: usize,
}

#[derive(Serialize)]
struct EntryOut<'t> {
    change: &'static str,
    name: &'t str,
    values: Vec<ValueOut<'t>>,
}

#[derive(Serialize)]
struct ValueOut<'t> {
    key: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    old: &'t str,
    #[serde(skip_serializing_if = "str::is_empty")]
    new: &'t str,
}

/// Writes the differences as one object.
pub(crate) fn json(tools: &[ToolDiff], found: Option<&Found>, out: &mut impl Write) -> Result<()> {
    #[derive(Serialize)]
    struct Object<'t> {
        schema: &'static str,
        tools: Vec<ToolOut<'t>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sightings: Option<&'t Found>,
    }
    let tools = tools.iter().map(|tool| ToolOut {
        tool: &tool.tool,
        name: &tool.name,
        change: tool.change.name(),
        facts: values(&tool.facts),
        rules: entries(&tool.rules),
        indicators: entries(&tool.indicators),
        instances: entries(&tool.instances),
        examples_added: tool.examples.0,
        examples_removed: tool.examples.1,
    });
    let object = Object { schema: SCHEMA, tools: tools.collect(), sightings: found };
    serde_json::to_writer(&mut *out, &object)?;
    writeln!(out)?;
    Ok(())
}

fn values(values: &[Value]) -> Vec<ValueOut<'_>> {
    values
        .iter()
        .map(|value| ValueOut { key: value.key, old: &value.old, new: &value.new })
        .collect()
}

fn entries(entries: &[Entry]) -> Vec<EntryOut<'_>> {
    let entry = |entry| {
        let Entry { change, name, values: all }: &Entry = entry;
        EntryOut { change: change.name(), name, values: values(all) }
    };
    entries.iter().map(entry).collect()
}
