//! JSON, one object a line.
//!
//! serde_json walks the line once and gives each wanted member as the text it
//! is written in; only strings with escapes are unescaped, into memory of the
//! record. It runs without recursion below the outer object, so that deep
//! nesting costs no stack. A line that it refuses is tried again after
//! [mending](crate::mend); what still fails has no recoverable structure.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{
    mapping::Plan,
    mend::{mend, push_repaired},
    record::{Column, Record},
};

/// Reads the columns of `line` into `record`; or says, in one line, why that cannot be.
pub(crate) fn read<'b>(plan: &Plan, line: &'b [u8], record: &mut Record<'b>) -> Result<(), String> {
    let first = match std::str::from_utf8(line) {
        Ok(text) => {
            record.begin(text);
            match members(text, &mut Columns { plan, record }) {
                Ok(()) => return Ok(()),
                Err(error) => Some(error),
            }
        }
        Err(_) => None,
    };
    let mended = mend(line);
    if let (Some(error), true) = (&first, mended.as_bytes() == line) {
        return Err(reason(line, error));
    }
    record.begin("");
    record.note_damage();
    members(&mended, &mut Columns { plan, record })
        .map_err(|error| reason(line, first.as_ref().unwrap_or(&error)))
}

/// The names of the members of `line` in the order in which they stand, as far as it can be read.
pub(crate) fn names(line: &[u8]) -> Vec<String> {
    struct Names(Vec<String>);
    impl Members for Names {
        fn wants(&mut self, name: &[u8]) -> Option<Column> {
            let mut text = String::new();
            push_repaired(name, &mut text);
            self.0.push(text);
            None
        }
        fn take(&mut self, _: Column, _: &str) {}
    }
    let mut names = Names(Vec::new());
    // Names before a damage are as good as all.
    let _ = members(&mend(line), &mut names);
    names.0
}

/// What is done with the members of an object.
pub(crate) trait Members {
    /// Whether the value of the member `name` is wanted, and as which column.
    fn wants(&mut self, name: &[u8]) -> Option<Column>;
    /// Takes a value, as it is written.
    fn take(&mut self, column: Column, value: &str);
}

struct Columns<'a, 'b> {
    plan: &'a Plan,
    record: &'a mut Record<'b>,
}

impl Members for Columns<'_, '_> {
    fn wants(&mut self, name: &[u8]) -> Option<Column> {
        self.plan.column(name)
    }

    fn take(&mut self, column: Column, value: &str) {
        match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) if !inner.contains('\\') => self.record.set(column, inner),
            Some(_) => {
                let mut whole = true;
                self.record.write(column, |out| whole = unescape(value, out));
                if !whole {
                    self.record.note_damage();
                }
            }
            None if value == "null" => self.record.set(column, ""),
            None => self.record.set(column, value),
        }
    }
}

/// Appends what the JSON string `quoted` stands for to `out`; a lone surrogate becomes U+FFFD.
/// Says whether there was none.
pub(crate) fn unescape(quoted: &str, out: &mut String) -> bool {
    struct Bytes<'o>(&'o mut String);
    impl Visitor<'_> for Bytes<'_> {
        type Value = bool;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<bool, E> {
            Ok(push_repaired(bytes, self.0))
        }
    }
    serde_json::Deserializer::from_str(quoted).deserialize_bytes(Bytes(out)).unwrap_or(false)
}

/// Walks the members of the object in `text`.
pub(crate) fn members(text: &str, members: &mut impl Members) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Object(members))?;
    deserializer.end()
}

struct Object<'a, M>(&'a mut M);

impl<'de, M: Members> Visitor<'de> for Object<'_, M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(wanted) = map.next_key_seed(Name(&mut *self.0))? {
            match wanted {
                Some(column) => self.0.take(column, map.next_value::<&RawValue>()?.get()),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Name<'a, M>(&'a mut M);

impl<'de, M: Members> DeserializeSeed<'de> for Name<'_, M> {
    type Value = Option<Column>;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        // As bytes, for a name with a lone surrogate is a name like any other.
        name.deserialize_bytes(self)
    }
}

impl<M: Members> Visitor<'_> for Name<'_, M> {
    type Value = Option<Column>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.wants(name))
    }
}

/// Why a line is refused.
fn reason(line: &[u8], error: &serde_json::Error) -> String {
    let what = match line.trim_ascii_start().first() {
        Some(b'{') => {
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or("broken");
            return format!("no valid JSON: {text} at column {}", error.column());
        }
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b'0'..=b'9' | b'-') => "a number",
        Some(b't' | b'f' | b'n') => "a word",
        _ => "no JSON at all",
    };
    format!("no JSON object but {what}")
}
