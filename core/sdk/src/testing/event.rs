//! Events for tests, and the batch that is made of them.

use std::collections::BTreeMap;

use crate::{
    Field, Kind,
    abi::{self, NumberColumn, RSlice, RStr, TextColumn, TimeColumn},
};

/// One event, by field.
#[derive(Clone, Debug)]
pub struct Event {
    kind: Kind,
    time: Option<i64>,
    texts: BTreeMap<Field, String>,
    numbers: BTreeMap<Field, i64>,
}

impl Event {
    /// An event of `kind` without time and fields.
    pub fn new(kind: Kind) -> Event {
        Event { kind, time: None, texts: BTreeMap::new(), numbers: BTreeMap::new() }
    }

    /// Fills a text field; `""` is the same as leaving it out.
    ///
    /// # Panics
    ///
    /// Panics if `field` is a number field.
    pub fn text(mut self, field: Field, value: impl Into<String>) -> Event {
        assert!(!field.is_number(), "{} is a number", field.name());
        self.texts.insert(field, value.into());
        self
    }

    /// Fills a number field.
    ///
    /// # Panics
    ///
    /// Panics if `field` is a text field.
    pub fn number(mut self, field: Field, value: i64) -> Event {
        assert!(field.is_number(), "{} is a text", field.name());
        self.numbers.insert(field, value);
        self
    }

    /// Sets when it happened, as RFC 3339 has it: `2026-01-11T08:00:00Z`.
    ///
    /// # Panics
    ///
    /// Panics if that is not a time, or not one that fits into nanoseconds.
    pub fn at(self, time: &str) -> Event {
        let time: jiff::Timestamp =
            time.parse().unwrap_or_else(|e| panic!("{time:?} is not a time: {e}"));
        let ns = i64::try_from(time.as_nanosecond())
            .unwrap_or_else(|_| panic!("{time} does not fit into nanoseconds"));
        self.at_ns(ns)
    }

    /// Sets when it happened, in nanoseconds since 1970-01-01T00:00:00Z.
    pub fn at_ns(mut self, time: i64) -> Event {
        self.time = Some(time);
        self
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The text of a field; `""` where the event lacks it.
    pub(super) fn text_of(&self, field: Field) -> &str {
        self.texts.get(&field).map_or("", String::as_str)
    }
}

/// Events turned into columns, as a host's decoder fills them.
pub(super) struct Columns<'a> {
    kinds: Vec<Kind>,
    times: (Vec<i64>, Vec<u8>),
    seqs: Vec<u64>,
    texts: Vec<(Field, Vec<RStr<'a>>)>,
    numbers: Vec<(Field, Vec<i64>, Vec<u8>)>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(events: &'a [Event]) -> Columns<'a> {
        let mut text_fields: Vec<Field> =
            events.iter().flat_map(|e| e.texts.keys().copied()).collect();
        text_fields.sort_unstable();
        text_fields.dedup();
        let mut number_fields: Vec<Field> =
            events.iter().flat_map(|e| e.numbers.keys().copied()).collect();
        number_fields.sort_unstable();
        number_fields.dedup();
        Columns {
            kinds: events.iter().map(Event::kind).collect(),
            times: nullable(events.iter().map(|event| event.time)),
            seqs: (0..).take(events.len()).collect(),
            texts: text_fields
                .into_iter()
                .map(|field| (field, events.iter().map(|e| e.text_of(field).into()).collect()))
                .collect(),
            numbers: number_fields
                .into_iter()
                .map(|field| {
                    let (values, validity) =
                        nullable(events.iter().map(|e| e.numbers.get(&field).copied()));
                    (field, values, validity)
                })
                .collect(),
        }
    }

    /// Runs `call` with the batch.
    pub(super) fn with_batch<T>(&self, call: impl FnOnce(&abi::Batch<'_>) -> T) -> T {
        let texts: Vec<TextColumn<'_>> = self
            .texts
            .iter()
            .map(|(field, values)| TextColumn { field: *field, values: values.as_slice().into() })
            .collect();
        let numbers: Vec<NumberColumn<'_>> = self
            .numbers
            .iter()
            .map(|(field, values, validity)| NumberColumn {
                field: *field,
                values: values.as_slice().into(),
                validity: validity.as_slice().into(),
            })
            .collect();
        call(&abi::Batch {
            len: u32::try_from(self.kinds.len()).expect("a test has few events"),
            kinds: self.kinds.as_slice().into(),
            times: TimeColumn {
                values: self.times.0.as_slice().into(),
                validity: self.times.1.as_slice().into(),
            },
            seqs: self.seqs.as_slice().into(),
            texts: RSlice::from_slice(&texts),
            numbers: RSlice::from_slice(&numbers),
        })
    }
}

/// Values and their validity bitmap; a null leaves a value that would be
/// noticed if it were read.
fn nullable(values: impl Iterator<Item = Option<i64>>) -> (Vec<i64>, Vec<u8>) {
    let mut filled = Vec::new();
    let mut validity = Vec::new();
    for (row, value) in values.enumerate() {
        if row % 8 == 0 {
            validity.push(0);
        }
        if value.is_some() {
            validity[row / 8] |= 1 << (row % 8);
        }
        filled.push(value.unwrap_or(i64::MIN));
    }
    (filled, validity)
}
