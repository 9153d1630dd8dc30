//! Values and counts as sightings list them.

use std::ops::Deref;

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{judge::Confidence, pool::Pool, values::ValueSet};

/// Some values, of which there is mostly one: that needs no memory of its own.
#[derive(Clone, Debug)]
pub enum List<T> {
    /// One.
    One([T; 1]),
    /// Any number.
    Many(Vec<T>),
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List::Many(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            List::One(one) => one,
            List::Many(all) => all,
        }
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for List<T> {}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

/// A set of values, capped; beside it `<name>_total` where it was cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values<T> {
    /// The smallest.
    pub values: List<T>,
    /// How many there were.
    pub total: usize,
}

impl<'p> Values<&'p str> {
    pub(super) fn of(set: ValueSet, pool: &'p Pool) -> Self {
        Values { values: set.texts(pool), total: set.total(pool) }
    }
}

impl Values<i64> {
    pub(super) fn of_numbers(set: ValueSet, pool: &Pool) -> Self {
        Values { values: set.numbers(pool), total: set.total(pool) }
    }
}

impl<T: Serialize> Values<T> {
    /// Writes them as `name`, and `total` where they were cut.
    pub(super) fn put<M: SerializeMap>(
        &self,
        name: &'static str,
        total: &'static str,
        map: &mut M,
    ) -> Result<(), M::Error> {
        if self.values.is_empty() {
            return Ok(());
        }
        map.serialize_entry(name, &self.values)?;
        if self.total > self.values.len() {
            map.serialize_entry(total, &self.total)?;
        }
        Ok(())
    }
}

/// How many rows reached each level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfidenceCounts(pub(super) [u64; 3]);

impl ConfidenceCounts {
    /// The levels that occurred, weakest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Confidence, u64)> + use<> {
        Confidence::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

impl Serialize for ConfidenceCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
