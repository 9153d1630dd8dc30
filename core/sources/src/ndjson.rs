//! JSON objects, one a line or wherever [`elements`](crate::elements) finds them.
//!
//! A row may stand in an envelope, as the streaming export writes it: then the
//! members of its `properties` are columns beside the envelope's own.
//!
//! serde_json walks the line once and gives each wanted member as the text it
//! is written in; only strings with escapes are unescaped, into memory of the
//! record. It runs without recursion below the outer object, so that deep
//! nesting costs no stack. A line that it refuses is tried again after
//! [mending](crate::mend); what still fails has no recoverable structure.

use std::fmt;

use memchr::memchr;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{
    mend::{mend, push_repaired},
    plan::Plan,
    record::{Column, Record},
};

/// Reads the columns of `line` into `record`; or says, in one line, why that cannot be.
pub(crate) fn read<'b>(plan: &Plan, line: &'b [u8], record: &mut Record<'b>) -> Result<(), String> {
    let first = match std::str::from_utf8(line) {
        Ok(text) => {
            record.begin(text);
            match members(text, &mut Columns { plan, record, inside: false }) {
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
    members(&mended, &mut Columns { plan, record, inside: false })
        .map_err(|error| reason(line, first.as_ref().unwrap_or(&error)))
}

/// The names of an object, as far as it can be read.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Its own, in the order in which they stand.
    pub(crate) own: Vec<String>,
    /// Those of the row in it, if it is an envelope.
    pub(crate) row: Option<Vec<String>>,
    /// The envelope's category.
    pub(crate) category: String,
}

impl Members for Names {
    fn wants(&mut self, name: &[u8]) -> Option<Column> {
        let mut text = String::new();
        push_repaired(name, &mut text);
        self.own.push(text);
        match name {
            ROW => Some(ROW_COLUMN),
            b"category" => Some(0),
            _ => None,
        }
    }

    fn take(&mut self, column: Column, value: &str) {
        let mut text = String::new();
        unescape(value, &mut text);
        match value.as_bytes().first() {
            _ if column != ROW_COLUMN => self.category = text,
            Some(b'{') => self.row = Some(names(value.as_bytes()).own),
            Some(b'"') => self.row = Some(names(text.as_bytes()).own),
            _ => {}
        }
    }
}

/// The names in the object `line`, as far as it can be read.
pub(crate) fn names(line: &[u8]) -> Names {
    let mut names = Names::default();
    // Names before a damage are as good as all.
    let _ = members(&mend(line), &mut names);
    names
}

/// What is done with the members of an object.
pub(crate) trait Members {
    /// Whether the value of the member `name` is wanted, and as which column.
    fn wants(&mut self, name: &[u8]) -> Option<Column>;
    /// Takes a value, as it is written.
    fn take(&mut self, column: Column, value: &str);
}

/// The member of an envelope that holds the row.
pub(crate) const ROW: &[u8] = b"properties";
/// Stands for [`ROW`] among the columns.
pub(crate) const ROW_COLUMN: Column = Column::MAX;

struct Columns<'a, 'b> {
    plan: &'a Plan,
    record: &'a mut Record<'b>,
    /// Whether these are the members of a row in an envelope.
    inside: bool,
}

impl Columns<'_, '_> {
    /// Takes the row of an envelope, an object or a string that holds one.
    fn take_row(&mut self, row: &str) {
        let mut columns = Columns { plan: self.plan, record: self.record, inside: true };
        let read = match row.as_bytes().first() {
            Some(b'{') => members(row, &mut columns),
            Some(b'"') => {
                let mut text = String::new();
                unescape(row, &mut text);
                members(&text, &mut columns)
            }
            _ => Ok(()),
        };
        if read.is_err() {
            self.record.note_damage();
        }
    }
}

impl Members for Columns<'_, '_> {
    fn wants(&mut self, name: &[u8]) -> Option<Column> {
        let plan = self.plan;
        self.record
            .next_column(|last| match last {
                Some(column) if plan.name(column).as_bytes() == name => Some(column),
                _ => plan.column(name),
            })
            .or_else(|| (name == ROW && !self.inside).then_some(ROW_COLUMN))
    }

    fn take(&mut self, column: Column, value: &str) {
        if column == ROW_COLUMN {
            return self.take_row(value);
        }
        match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) if memchr(b'\\', inner.as_bytes()).is_none() => {
                self.record.set(column, inner);
            }
            Some(_) => {
                let mut whole = true;
                self.record.write(column, |out| whole = unescape(value, out));
                if !whole {
                    self.record.note_damage();
                }
            }
            // What the envelope says stays where the row says nothing.
            None if value == "null" && self.inside => {}
            None if value == "null" => self.record.set(column, ""),
            None => self.record.set(column, value),
        }
    }
}

/// Appends what the JSON string `quoted` stands for to `out`; a lone surrogate becomes U+FFFD.
/// Says whether there was none. `quoted` is valid JSON.
pub(crate) fn unescape(quoted: &str, out: &mut String) -> bool {
    let mut rest = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or("");
    let mut whole = true;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let mut length = 1;
        out.push(match escape.as_bytes().first() {
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let character = unescape_unicode(escape);
                length = if character.is_some_and(|c| c > '\u{ffff}') { 11 } else { 5 };
                whole &= character.is_some();
                character.unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            Some(&same) => char::from(same),
            None => return false,
        });
        rest = escape.get(length..).unwrap_or("");
    }
    out.push_str(rest);
    whole
}

/// The character of `u` and four digits, or of two such escapes that make a pair; none for a
/// surrogate without the other half.
fn unescape_unicode(escape: &str) -> Option<char> {
    let unit = |at: usize| u16::from_str_radix(escape.get(at..at + 4)?, 16).ok();
    let high = unit(1)?;
    let low = if escape.get(5..7) == Some("\\u") { unit(7) } else { None };
    char::decode_utf16(std::iter::once(high).chain(low)).next()?.ok()
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
            let place = match error.line() {
                0 | 1 => String::new(),
                line => format!(" of its line {line}"),
            };
            return format!("no valid JSON: {text} at column {}{place}", error.column());
        }
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b'0'..=b'9' | b'-') => "a number",
        Some(b't' | b'f' | b'n') => "a word",
        _ => "no JSON at all",
    };
    format!("no JSON object but {what}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_are_unescaped() {
        for (quoted, expected, whole) in [
            (r#""""#, "", true),
            (r#""plain""#, "plain", true),
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t", true),
            (r#""\u0041\u00e9\u20AC\u0000""#, "A\u{e9}\u{20ac}\0", true),
            (r#""\ud83d\ude00x""#, "\u{1f600}x", true),
            (r#""\uDBFF\uDFFF""#, "\u{10ffff}", true),
            (r#""\ud83d""#, "\u{fffd}", false),
            (r#""\ud83dx\ude00""#, "\u{fffd}x\u{fffd}", false),
            (r#""\ud83d\n""#, "\u{fffd}\n", false),
            (r#""\ud83d\u0041""#, "\u{fffd}A", false),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}", false),
            (r#""\uffff\ufffd""#, "\u{ffff}\u{fffd}", true),
            ("\"\u{1f600}\\n\"", "\u{1f600}\n", true),
        ] {
            let mut out = String::new();
            assert_eq!((unescape(quoted, &mut out), &out[..]), (whole, expected), "{quoted}");
        }
    }

    proptest! {
        /// As serde_json unescapes whatever it can.
        #[test]
        fn strings_are_unescaped_as_elsewhere(
            parts in proptest::collection::vec(
                prop_oneof![
                    "[a-z\u{e9}\u{1f600}]".boxed(),
                    "\\\\[bfnrt/\\\\\"]".boxed(),
                    "\\\\u[0-9a-fA-F]{4}".boxed(),
                    "\\\\ud[89ab][0-9a-f]{2}".boxed(),
                    "\\\\ud[c-f][0-9a-f]{2}".boxed(),
                ],
                0..12,
            ),
        ) {
            let quoted = format!("\"{}\"", parts.concat());
            let mut out = String::new();
            let whole = unescape(&quoted, &mut out);
            match serde_json::from_str::<String>(&quoted) {
                Ok(text) => prop_assert_eq!((out, whole), (text, true)),
                Err(_) => prop_assert!(!whole && out.contains('\u{fffd}'), "{}", quoted),
            }
        }
    }
}
