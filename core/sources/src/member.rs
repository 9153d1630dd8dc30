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
/// `list[].name` stands for the members `name` of the objects in `list`.
pub(crate) fn append(object: &str, name: &str, out: &mut String) -> bool {
    let (name, inner) = name.split_once("[].").map_or((name, None), |(n, i)| (n, Some(i)));
    let mut find = Find { name, text: String::new() };
    if members(object, &mut find).is_err() && members(&mend(object.as_bytes()), &mut find).is_err()
    {
        return false;
    }
    match list(&find.text) {
        Some(elements) => push_list(&elements, inner, out),
        None => out.push_str(&find.text),
    }
    true
}

/// Appends the elements of a JSON list to `out`, joined by `;`; what is no list as it stands.
pub(crate) fn push_elements(text: &str, out: &mut String) {
    match list(text) {
        Some(elements) => push_list(&elements, None, out),
        None => out.push_str(text),
    }
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

fn push_list(elements: &[&RawValue], inner: Option<&str>, out: &mut String) {
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            out.push(';');
        }
        let Some(name) = inner else {
            push(element.get(), out);
            continue;
        };
        // Defender writes each object of the list as a string of its own.
        let mut text = String::new();
        push(element.get(), &mut text);
        if !(text.starts_with('{') && append(&text, name, out)) {
            out.push_str(&text);
        }
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
            (
                r#"{"r":[{"Result":"192.0.2.1","T":1},"b.example",{"T":1}]}"#,
                "r[].Result",
                Some("192.0.2.1;b.example;"),
            ),
            (r#"{"r":["{\"Result\":\"192.0.2.1\"}","{no"]}"#, "r[].Result", Some("192.0.2.1;{no")),
            (r#"{"r":"[{\"Result\":\"192.0.2.1\"}]"}"#, "r[].Result", Some("192.0.2.1")),
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
