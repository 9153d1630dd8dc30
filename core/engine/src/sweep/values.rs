//! Sets of what a group's events carried: capped, exact in number, and the
//! same whatever the order in which values came or parts were merged.

use std::{
    collections::{BTreeSet, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

/// At most this many values of a set are kept: the smallest.
pub const VALUES_CAP: usize = 20;
/// At most this many report ids are kept: KQL's limit of `make_set`
/// (make-set-aggregation-function).
pub const REPORTS_CAP: usize = 1_048_576;

/// The smallest values, and how many different ones there were.
#[derive(Clone, Debug, Default)]
pub struct ValueSet<T: Ord> {
    /// Ascending. A vector: most sets hold one value, and there are ten sets to
    /// each of perhaps a million groups.
    smallest: Vec<T>,
    /// Hashes of every value, from when there were more than the cap.
    all: Option<HashSet<u64>>,
}

impl<T: Ord + Hash + Clone> ValueSet<T> {
    /// Adds a value.
    pub fn insert<Q>(&mut self, value: &Q)
    where
        Q: Ord + Hash + ToOwned<Owned = T> + ?Sized,
        T: std::borrow::Borrow<Q>,
    {
        let place = self.smallest.binary_search_by(|known| known.borrow().cmp(value));
        let Err(place) = place else { return };
        if let Some(all) = &mut self.all {
            all.insert(hash(value));
        }
        if self.smallest.is_empty() {
            self.smallest.reserve_exact(1);
        }
        self.smallest.insert(place, value.to_owned());
        self.cut();
    }

    fn cut(&mut self) {
        if self.smallest.len() <= VALUES_CAP {
            return;
        }
        if self.all.is_none() {
            self.all = Some(self.smallest.iter().map(hash).collect());
        }
        self.smallest.truncate(VALUES_CAP);
    }

    /// Adds every value of `other`.
    pub fn merge(&mut self, other: ValueSet<T>) {
        if let (None, Some(_)) = (&self.all, &other.all) {
            self.all = Some(self.smallest.iter().map(hash).collect());
        }
        if let Some(all) = &mut self.all {
            match other.all {
                Some(others) => all.extend(others),
                None => all.extend(other.smallest.iter().map(hash)),
            }
        }
        self.smallest.extend(other.smallest);
        self.smallest.sort_unstable();
        self.smallest.dedup();
        self.cut();
    }

    /// The smallest values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.smallest.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.smallest.is_empty()
    }

    /// How many different values there were.
    pub fn total(&self) -> usize {
        self.all.as_ref().map_or(self.smallest.len(), HashSet::len)
    }
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    // Without keys: the count must not differ from run to run.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

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
            Ok(number) if number.to_string() == text => ReportId::Number(number),
            _ => ReportId::Text(text.into()),
        }
    }
}

impl std::fmt::Display for ReportId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReportId::Number(number) => number.fmt(f),
            ReportId::Text(text) => text.fmt(f),
        }
    }
}

/// The set of report ids of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct ReportSet(BTreeSet<ReportId>);

impl ReportSet {
    /// Adds one; empty ones are dropped, as `make_set` drops nulls.
    pub(super) fn insert(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.insert(ReportId::read(text));
            self.cut();
        }
    }

    /// Adds every one of `other`.
    pub(super) fn merge(&mut self, other: ReportSet) {
        self.0.extend(other.0);
        self.cut();
    }

    fn cut(&mut self) {
        while self.0.len() > REPORTS_CAP {
            self.0.pop_last();
        }
    }

    /// As text, ascending.
    pub(super) fn to_texts(&self) -> Vec<String> {
        self.0.iter().map(ReportId::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn report_ids_sort_numbers_first_by_value_and_stay_exact() {
        let mut set = ReportSet::default();
        for text in
            ["10", "9", "", "x", "007", "-3", "18446744073709551615", "9223372036854775808", "9"]
        {
            set.insert(text);
        }
        let want = ["-3", "9", "10", "9223372036854775808", "18446744073709551615", "007", "x"];
        assert_eq!(set.to_texts(), want);
    }

    proptest! {
        #[test]
        fn a_set_is_the_same_whatever_the_order_and_the_parts(
            values in prop::collection::vec(0u16..60, 0..80), cut in 0usize..80,
        ) {
            let texts: Vec<String> = values.iter().map(u16::to_string).collect();
            let cut = cut.min(texts.len());
            let fill = |texts: &[String]| {
                let mut set = ValueSet::<String>::default();
                texts.iter().for_each(|text| set.insert(text.as_str()));
                set
            };
            let mut parts = fill(&texts[cut..]);
            parts.merge(fill(&texts[..cut]));
            let whole: BTreeSet<&String> = texts.iter().collect();
            prop_assert_eq!(parts.total(), whole.len());
            prop_assert!(parts.iter().eq(whole.into_iter().take(VALUES_CAP)));
        }
    }
}
