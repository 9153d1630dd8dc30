//! Where in a file its values stand.
//!
//! What is judged is the tool as the catalog's crate reads it, typed and
//! checked; that has no places. They are taken from the text beside it, by the
//! same keys and in the same order.

use std::{collections::BTreeMap, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A value of a file: its bytes, and those of what it holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) span: Range<usize>,
    text: Option<String>,
    named: BTreeMap<String, Place>,
    items: Vec<Place>,
}

impl Place {
    /// The places of a file; nothing of one that is no TOML.
    pub(super) fn of(text: &str) -> Place {
        DeTable::parse(text).map(|file| table(file.span(), file.get_ref())).unwrap_or_default()
    }

    /// The value of a key; where there is none, what should hold it.
    pub(super) fn get(&self, key: &str) -> &Place {
        self.named.get(key).unwrap_or(self)
    }

    /// An element of a list.
    pub(super) fn item(&self, at: usize) -> &Place {
        self.items.get(at).unwrap_or(self)
    }

    /// The value of the element's own `key`; where it has none, the element.
    pub(super) fn of_item(&self, list: &str, at: usize, key: &str) -> Range<usize> {
        self.get(list).item(at).get(key).span.clone()
    }

    /// The value of each key.
    pub(super) fn named(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.named.iter().map(|(key, place)| (key.as_str(), place))
    }

    /// From the first byte to the last of what it holds: an element of an array
    /// of tables is, by itself, its head alone.
    pub(super) fn extent(&self) -> Range<usize> {
        let inner = self.named.values().chain(&self.items).map(Place::extent);
        inner.fold(self.span.clone(), |all, one| all.start.min(one.start)..all.end.max(one.end))
    }

    /// Every text in it, with its place.
    pub(super) fn texts<'p>(&'p self, found: &mut Vec<(&'p str, Range<usize>)>) {
        found.extend(self.text.as_deref().map(|text| (text, self.span.clone())));
        self.named.values().chain(&self.items).for_each(|place| place.texts(found));
    }
}

fn table(span: Range<usize>, table: &DeTable<'_>) -> Place {
    let named = table.iter().map(|(key, of)| (key.get_ref().to_string(), value(of)));
    Place { span, named: named.collect(), ..Place::default() }
}

fn value(value: &Spanned<DeValue<'_>>) -> Place {
    match value.get_ref() {
        DeValue::Table(inner) => table(value.span(), inner),
        DeValue::Array(inner) => Place {
            span: value.span(),
            items: inner.iter().map(self::value).collect(),
            ..Place::default()
        },
        DeValue::String(text) => {
            Place { span: value.span(), text: Some(text.to_string()), ..Place::default() }
        }
        _ => Place { span: value.span(), ..Place::default() },
    }
}

/// Where a literal of a rule stands within the rule's text; if it is written
/// with escapes, the rule's first line.
pub(super) fn literal(file: &str, rule: Range<usize>, literal: &str) -> Range<usize> {
    let text = file.get(rule.clone()).unwrap_or_default();
    let quoted = |mark: char| text.find(&format!("{mark}{literal}{mark}"));
    match quoted('"').or_else(|| quoted('\'')) {
        Some(at) => rule.start + at..rule.start + at + literal.len() + 2,
        None => first_line(file, rule),
    }
}

/// The first line of a span that says something.
pub(super) fn first_line(file: &str, span: Range<usize>) -> Range<usize> {
    let text = file.get(span.clone()).unwrap_or_default();
    let mut start = span.start;
    for line in text.split_inclusive('\n') {
        if line.chars().any(char::is_alphanumeric) {
            let line_start = start + (line.len() - line.trim_start().len());
            return line_start..line_start + line.trim().len();
        }
        start += line.len();
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"[tool]
id = "probe"

[[indicator]]
value = "a.example"

[[indicator]]
value = "b.example"
note = 'x'

[[rule]]
where = '''
remote.host has "b.example"
    or remote.host has "c\\d"'''
"#;

    #[test]
    fn values_are_found_by_key_and_number() {
        let at = |span: Range<usize>| &FILE[span];
        let place = Place::of(FILE);
        assert_eq!(at(place.get("tool").get("id").span.clone()), "\"probe\"");
        assert_eq!(at(place.of_item("indicator", 1, "value")), "\"b.example\"");
        // What is not there is where it should be.
        assert_eq!(at(place.of_item("indicator", 1, "class")), "[[indicator]]");
        let rule = place.of_item("rule", 0, "where");
        assert_eq!(at(literal(FILE, rule.clone(), "b.example")), "\"b.example\"");
        let first = "remote.host has \"b.example\"";
        assert_eq!(at(literal(FILE, rule.clone(), "c\\d")), first);
        assert_eq!(at(first_line(FILE, rule)), first);
        let mut texts = vec![];
        place.get("indicator").texts(&mut texts);
        let texts: Vec<&str> = texts.into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, ["a.example", "x", "b.example"].map(|t| t).to_vec().as_slice());
    }

    #[test]
    fn what_is_no_toml_has_no_places() {
        assert_eq!(Place::of("a = ").get("a").span, 0..0);
        assert_eq!(first_line("", 0..0), 0..0);
        assert_eq!(literal("", 5..9, "x"), 5..9);
    }
}
