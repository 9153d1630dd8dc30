//! A member of a JSON object that stands in a column: Defender's
//! `AdditionalFields`, which is an object in some exports and a string that
//! holds one in others (the column's text is the same in both).
//!
//! Parsed as a whole rather than searched for: a name that occurs inside a
//! value must not be taken for the member.

use serde_json::value::RawValue;

use crate::{
    mend::mend,
    ndjson::{Members, members, unescape},
    record::Column,
};

/// Appends what the member `name` of `object` holds to `out`: a string unescaped, a list as its
/// elements joined by `;` (also a list that is written inside a string), null as nothing, anything
/// else as it is written. False where `object` is no JSON object.
pub(crate) fn append(object: &str, name: &str, out: &mut String) -> bool {
    let mut find = Find { name, text: String::new() };
    if members(object, &mut find).is_err() && members(&mend(object.as_bytes()), &mut find).is_err()
    {
        return false;
    }
    match list(&find.text) {
        Some(elements) => push_list(&elements, out),
        None => out.push_str(&find.text),
    }
    true
}

struct Find<'n> {
    name: &'n str,
    text: String,
}

impl Members for Find<'_> {
    fn wants(&mut self, name: &[u8]) -> Option<Column> {
        (name == self.name.as_bytes()).then_some(0)
    }

    fn take(&mut self, _: Column, value: &str) {
        self.text.clear();
        push(value, &mut self.text);
    }
}

fn list(text: &str) -> Option<Vec<&RawValue>> {
    if text.starts_with('[') { serde_json::from_str(text).ok() } else { None }
}

fn push_list(elements: &[&RawValue], out: &mut String) {
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            out.push(';');
        }
        push(element.get(), out);
    }
}

fn push(value: &str, out: &mut String) {
    if value.starts_with('"') {
        unescape(value, out);
    } else if value != "null" {
        out.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_whatever_their_shape() {
        let cases: &[(&str, &str, Option<&str>)] = &[
            (r#"{"query":"a.example"}"#, "query", Some("a.example")),
            (r#"{ "query" : "a\u002eexample" }"#, "query", Some("a.example")),
            // A name inside a value, and inside a nested object, is not the member.
            (r#"{"x":"\"query\":\"no\"","y":{"query":"no"},"query":"yes"}"#, "query", Some("yes")),
            (r#"{"query":"first","query":"last"}"#, "query", Some("last")),
            (
                r#"{"answers":"[\"b.example\",\"192.0.2.1\"]"}"#,
                "answers",
                Some("b.example;192.0.2.1"),
            ),
            (r#"{"answers":["b.example",7,null]}"#, "answers", Some("b.example;7;")),
            (r#"{"answers":"[no list"}"#, "answers", Some("[no list")),
            (r#"{"n":12}"#, "n", Some("12")),
            (r#"{"n":null}"#, "n", Some("")),
            (r#"{"x":1}"#, "query", Some("")),
            (r#"{"path":"C:\Users","query":"a"}"#, "query", Some("a")),
            (r#"[1]"#, "query", None),
            ("plain", "query", None),
            (r#"{"query":"#, "query", None),
        ];
        for &(object, name, expected) in cases {
            let mut out = String::new();
            let found = append(object, name, &mut out);
            assert_eq!(found.then_some(out.as_str()), expected, "{object}");
        }
    }
}
