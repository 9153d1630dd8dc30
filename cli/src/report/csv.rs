//! CSV: one row a sighting, for spreadsheets and scripts.
//!
//! Log values are in an intruder's hands, and a spreadsheet runs a cell that
//! begins like a formula; such cells get an apostrophe in front.

use std::io::Write;

use anyhow::Result;
use remora_engine::sweep::{Grouping, Outcome};
use serde_json::{Map, Value};

use super::Style;

const RULE_COLUMNS: &[&str] = &[
    "id",
    "tool",
    "rule",
    "title",
    "detectors",
    "techniques",
    "kind",
    "tenant",
    "device_id",
    "device_name",
    "remote_url",
    "remote_host",
    "account",
    "first_seen",
    "last_seen",
    "reports",
    "count",
    "distinct",
    "confidence",
    "stage",
    "seen_as",
    "verdict",
    "excluded_by",
    "witnesses",
    "accounts",
    "processes",
    "images",
    "cmdlines",
    "hashes",
    "parents",
    "remote_ips",
    "remote_ports",
    "local_ips",
    "evidence",
    "incomplete",
];

const TOOL_COLUMNS: &[&str] = &[
    "id",
    "tenant",
    "device",
    "device_basis",
    "device_aliases",
    "tool",
    "tool_name",
    "instance",
    "detectors",
    "rules",
    "techniques",
    "hosts",
    "hosts_total",
    "seen_as",
    "stage",
    "confidence",
    "corroborated_by",
    "verdict",
    "excluded_by",
    "first_seen",
    "last_seen",
    "first_seen_at_edge",
    "last_seen_at_edge",
    "active_days",
    "count",
    "distinct",
    "witnesses",
    "accounts",
    "images",
    "evidence",
    "incomplete",
];

/// Elements of a list in one cell, at most.
const LIST_CAP: usize = 20;

/// Writes the sightings.
pub(crate) fn write(outcome: &Outcome, style: &Style<'_>, out: &mut impl Write) -> Result<()> {
    let columns = match style.grouping {
        Grouping::Rule => RULE_COLUMNS,
        Grouping::Tool => TOOL_COLUMNS,
    };
    // Keys of detectors that the usual columns do not have come last.
    let extra: Vec<String> = extra_keys(outcome, columns);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(columns.iter().copied().chain(extra.iter().map(String::as_str)))?;
    let mut write = |row: Value| -> Result<()> {
        let row = row.as_object().expect("a sighting is an object");
        let names = columns.iter().copied().chain(extra.iter().map(String::as_str));
        Ok(writer.write_record(names.map(|name| harmless(&cell(row, name))))?)
    };
    match style.grouping {
        Grouping::Rule => {
            let mut all = outcome.by_rule.iter().chain(outcome.excluded.by_rule.iter());
            all.try_for_each(|one| write(serde_json::to_value(&one)?))?;
        }
        Grouping::Tool => {
            let mut all = outcome.by_tool.iter().chain(outcome.excluded.by_tool.iter());
            all.try_for_each(|one| write(serde_json::to_value(&one)?))?;
        }
    }
    writer.flush()?;
    Ok(())
}

fn extra_keys(outcome: &Outcome, columns: &[&str]) -> Vec<String> {
    let all = outcome.by_rule.iter().chain(outcome.excluded.by_rule.iter());
    let mut extra: Vec<String> = Vec::new();
    for (key, _) in all.flat_map(|sighting| sighting.keys) {
        if !columns.contains(&key) && !extra.iter().any(|known| known == key) {
            extra.push(key.to_owned());
        }
    }
    extra.sort();
    extra
}

fn cell(row: &Map<String, Value>, name: &str) -> String {
    match (name, row.get(name)) {
        // A rule of several kinds has `kinds` in its place.
        ("kind", None) => row.get("kinds").map_or_else(String::new, flat),
        (_, value) => value.map_or_else(String::new, flat),
    }
}

/// A value in one cell: lists joined by `;`, objects as their values.
fn flat(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            list.iter().take(LIST_CAP).map(|one| harmless(&flat(one))).collect::<Vec<_>>().join(";")
        }
        Value::Object(object) => {
            let part = |name: &str| object.get(name).map(flat).unwrap_or_default();
            match (object.get("source"), object.get("field")) {
                (Some(_), _) => format!("{} {}:{}", part("why"), part("source"), part("line")),
                (_, Some(_)) => format!("{} {} {}", part("field"), part("op"), part("value")),
                _ => object
                    .iter()
                    .map(|(name, value)| format!("{name}={}", flat(value)))
                    .collect::<Vec<_>>()
                    .join(" "),
            }
        }
        other => other.to_string(),
    }
}

/// Disarms a cell that a spreadsheet would run (OWASP, "CSV Injection").
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_lists_are_joined() {
        for bad in ["=1+1", "+1", "-1", "@x", "\t=1"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        assert_eq!(harmless("a=b"), "a=b");
        assert_eq!(flat(&serde_json::json!(["a", 1, true])), "a;1;true");
        let many: Vec<u32> = (0..30).collect();
        assert_eq!(flat(&serde_json::json!(many)).split(';').count(), LIST_CAP);
    }
}
