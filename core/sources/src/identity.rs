//! The identity of a record that has no id of its own.
//!
//! Over all columns, known or not, because two records that differ in a column
//! that nobody reads are two records; over their values and not over the bytes
//! of the record, because overlapping exports order columns differently and one
//! may be CSV where the other is JSON.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::{
    csv::{Header, fields},
    mend::{mend, push_repaired},
    ndjson::{self, Members},
    record::Column,
};

/// The hash of a JSON object.
pub(crate) fn of_object(raw: &[u8]) -> [u8; 16] {
    let mut all = All::default();
    let read = match std::str::from_utf8(raw) {
        Ok(text) => ndjson::members(text, &mut all).is_ok(),
        Err(_) => false,
    };
    if !read {
        all = All::default();
        if ndjson::members(&mend(raw), &mut all).is_err() {
            return hash_bytes(raw);
        }
    }
    hash(&all.values)
}

/// The hash of a row of CSV.
pub(crate) fn of_row(header: &Header, raw: &[u8]) -> [u8; 16] {
    let mut text = String::new();
    push_repaired(raw, &mut text);
    let mut values = BTreeMap::new();
    for (at, field) in fields(text.as_bytes(), header.delimiter).enumerate() {
        let name = match header.names.get(at) {
            // The number of the row in some tool's memory is no part of the record.
            Some(name) if name.is_empty() => continue,
            Some(name) => name.clone(),
            None => at.to_string(),
        };
        let mut value = String::new();
        field.push_text(&text, &mut value);
        values.insert(name, value);
    }
    hash(&values)
}

/// The hash of a record of these columns and values.
pub(crate) fn of_values(values: impl IntoIterator<Item = (String, String)>) -> [u8; 16] {
    hash(&values.into_iter().collect())
}

fn hash(values: &BTreeMap<String, String>) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in values.iter().filter(|(_, value)| !value.is_empty()).flat_map(|(n, v)| [n, v]) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    cut(hasher)
}

fn hash_bytes(raw: &[u8]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(raw);
    cut(hasher)
}

fn cut(hasher: Sha256) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize()[..16]);
    short
}

/// All members of an object, the last of a name counting.
#[derive(Default)]
struct All {
    name: String,
    /// Whether these are the members of a row in an envelope.
    inside: bool,
    /// Whether the values are those of such a row, beside which nothing counts: the time of
    /// sending differs from one delivery to the next.
    row: bool,
    values: BTreeMap<String, String>,
}

impl Members for All {
    fn wants(&mut self, name: &[u8]) -> Option<Column> {
        self.name.clear();
        push_repaired(name, &mut self.name);
        Some(0)
    }

    fn take(&mut self, _: Column, value: &str) {
        if self.row {
            return;
        }
        let mut text = String::new();
        // A row is the same record in an envelope and without.
        if self.name.as_bytes() == ndjson::ROW && !self.inside {
            ndjson::unescape(value, &mut text);
            let row = if value.starts_with('{') { value } else { &text };
            let mut all = All { inside: true, ..All::default() };
            if row.starts_with('{') && ndjson::members(row, &mut all).is_ok() {
                (self.values, self.row) = (all.values, true);
                return;
            }
            text.clear();
        }
        match value.as_bytes()[0] {
            b'"' => {
                ndjson::unescape(value, &mut text);
            }
            b'n' => {}
            b'{' | b'[' => push_compact(value, &mut text),
            _ => text.push_str(value),
        }
        self.values.insert(std::mem::take(&mut self.name), text);
    }
}

/// Appends JSON without the blanks between its parts.
fn push_compact(json: &str, out: &mut String) {
    let (mut quoted, mut escaped) = (false, false);
    out.extend(json.chars().filter(|&c| {
        let keep = quoted || !c.is_ascii_whitespace();
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        keep
    }));
}
