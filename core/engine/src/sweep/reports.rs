//! The set of report ids of a group.

use std::{borrow::Cow, collections::BTreeSet};

use roaring::RoaringTreemap;

use super::{
    listed::List,
    pool::{Held, Moving, Pool, Slot},
};

/// At most this many report ids are kept: KQL's limit of `make_set`
/// (make-set-aggregation-function).
pub const REPORTS_CAP: usize = 1_048_576;

/// A report id: integers exact to 64 bits before texts, by value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportId {
    /// A decimal integer in its shortest form.
    Number(i128),
    /// Anything else.
    Text(Box<str>),
}

impl ReportId {
    /// Reads a report id. `007` is a text: as a number it would print back
    /// otherwise.
    pub fn read(text: &str) -> ReportId {
        let number =
            text.parse::<i64>().map(i128::from).or_else(|_| text.parse::<u64>().map(i128::from));
        match number {
            Ok(number) if is_shortest(text) => ReportId::Number(number),
            _ => ReportId::Text(text.into()),
        }
    }
}

/// Whether a text that reads as an integer is what the integer prints as.
fn is_shortest(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    text == "0" || matches!(digits.as_bytes().first(), Some(b'1'..=b'9'))
}

impl std::fmt::Display for ReportId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReportId::Number(number) => number.fmt(f),
            ReportId::Text(text) => text.fmt(f),
        }
    }
}

/// The report ids of a group: in the group four bytes, for most have one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReportSet(Slot);

/// Several report ids. Numbers compressed: ids that are near each other take
/// two bytes or less.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// As two's complement, in which negative numbers keep their order.
    negative: RoaringTreemap,
    positive: RoaringTreemap,
    texts: BTreeSet<Box<str>>,
    count: usize,
}

impl ReportSet {
    /// Adds one, a text of the pool; empty ones are dropped, as `make_set` drops nulls.
    pub(super) fn insert(&mut self, text: u32, pool: &mut Pool) {
        if text == 0 {
            return;
        }
        match self.0.held() {
            Held::Nothing => self.0 = Slot::one(text),
            Held::One(known) if known == text => {}
            Held::One(known) => {
                let mut reports = Reports::default();
                reports.insert(ReportId::read(pool.text(known)));
                reports.insert(ReportId::read(pool.text(text)));
                self.0 = Slot::many(&mut pool.reports, reports);
                pool.replace(1);
            }
            Held::Many(at) => {
                let id = ReportId::read(pool.text(text));
                pool.reports[at].insert(id);
            }
        }
    }

    /// Adds every one of another set of the same pool.
    pub(super) fn merge(&mut self, other: ReportSet, pool: &mut Pool) {
        match (self.0.held(), other.0.held()) {
            (_, Held::Nothing) => {}
            (Held::Nothing, _) => *self = other,
            (Held::One(_), Held::Many(_)) => {
                let one = std::mem::replace(self, other);
                self.merge(one, pool);
            }
            (_, Held::One(other)) => self.insert(other, pool),
            (Held::Many(at), Held::Many(other)) => {
                let other = std::mem::take(&mut pool.reports[other]);
                pool.reports[at].merge(other);
            }
        }
    }

    /// The same set in another pool.
    pub(super) fn moved(self, moving: &mut Moving<'_>) -> ReportSet {
        ReportSet(moving.reports(self.0))
    }

    /// As text, ascending.
    pub(super) fn to_texts(self, pool: &Pool) -> List<Cow<'_, str>> {
        match self.0.held() {
            Held::Nothing => List::default(),
            Held::One(text) => List::One([pool.text(text).into()]),
            Held::Many(at) => List::Many(pool.reports[at].to_texts()),
        }
    }
}

impl Reports {
    fn insert(&mut self, id: ReportId) {
        let new = match id {
            // An `i64` or a `u64`: see `ReportId::read`.
            ReportId::Number(number) if number < 0 => self.negative.insert(number as u64),
            ReportId::Number(number) => self.positive.insert(number as u64),
            ReportId::Text(text) => self.texts.insert(text),
        };
        self.count += usize::from(new);
        self.cut();
    }

    fn merge(&mut self, other: Reports) {
        self.negative |= other.negative;
        self.positive |= other.positive;
        self.texts.extend(other.texts);
        let numbers = self.negative.len() + self.positive.len();
        self.count = usize::try_from(numbers).expect("they are in memory") + self.texts.len();
        self.cut();
    }

    /// Drops the largest.
    fn cut(&mut self) {
        while self.count > REPORTS_CAP {
            if self.texts.pop_last().is_none() {
                let numbers =
                    if self.positive.is_empty() { &mut self.negative } else { &mut self.positive };
                let largest = numbers.max();
                largest.map(|largest| numbers.remove(largest));
            }
            self.count -= 1;
        }
    }

    fn to_texts(&self) -> Vec<Cow<'_, str>> {
        let negative = self.negative.iter().map(|number| (number as i64).to_string().into());
        let positive = self.positive.iter().map(|number| number.to_string().into());
        let texts = self.texts.iter().map(|text| (&**text).into());
        negative.chain(positive).chain(texts).collect()
    }
}
