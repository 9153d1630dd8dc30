//! Slices kept once each and named by a number of four bytes.
//!
//! A device's id stands in every group of the device, a URL in the keys, the
//! witnesses and the evidence of several. Here each lies once, all in one
//! piece of memory; what refers to it is small, and equal means the same
//! number. Nothing is ever taken out: [`super::pool`] makes a new table when
//! too much of an old one is no longer referred to.

use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

/// Numbers stay below this, so that a reference has a bit to spare.
pub(super) const MOST: u32 = (1 << 31) - 1;

/// Slices, each once. Number 0 is the empty one.
#[derive(Debug)]
pub(super) struct Interner<T> {
    items: Vec<T>,
    /// Where each ends; it begins where the one before ends.
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner {
            items: Vec::new(),
            ends: Vec::new(),
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl<T: Copy + Eq + Hash> Interner<T> {
    /// The number of `slice`, which is new if nobody had it before.
    pub(super) fn intern(&mut self, slice: &[T]) -> u32 {
        if slice.is_empty() {
            return 0;
        }
        let Interner { items, ends, table, hasher } = self;
        let of = |number: &u32| slice_of(items, ends, *number);
        let hash = hasher.hash_one(slice);
        match table.entry(hash, |known| of(known) == slice, |known| hasher.hash_one(of(known))) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let number = u32::try_from(ends.len() + 1).unwrap_or(MOST);
                assert!(number < MOST, "memory ends before the numbers do");
                entry.insert(number);
                items.extend_from_slice(slice);
                ends.push(items.len());
                number
            }
        }
    }

    /// The number of `slice`, if somebody had it before.
    pub(super) fn find(&self, slice: &[T]) -> Option<u32> {
        if slice.is_empty() {
            return Some(0);
        }
        let hash = self.hasher.hash_one(slice);
        self.table.find(hash, |known| self.get(*known) == slice).copied()
    }

    /// The slice of a number.
    pub(super) fn get(&self, number: u32) -> &[T] {
        slice_of(&self.items, &self.ends, number)
    }

    /// How many there are, beside the empty one.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn slice_of<'a, T>(items: &'a [T], ends: &[usize], number: u32) -> &'a [T] {
    let Some(at) = (number as usize).checked_sub(1) else { return &[] };
    let start = at.checked_sub(1).map_or(0, |before| ends[before]);
    &items[start..ends[at]]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equal_slices_have_one_number_and_others_another(
            slices in prop::collection::vec("[ab]{0,3}", 0..60),
        ) {
            let mut known = Interner::default();
            let numbers: Vec<u32> =
                slices.iter().map(|slice| known.intern(slice.as_bytes())).collect();
            for (slice, number) in slices.iter().zip(&numbers) {
                prop_assert_eq!(known.get(*number), slice.as_bytes());
                prop_assert_eq!(known.intern(slice.as_bytes()), *number);
                prop_assert_eq!(known.find(slice.as_bytes()), Some(*number));
                prop_assert_eq!(slice.is_empty(), *number == 0);
            }
            let mut different: Vec<&String> = slices.iter().filter(|one| !one.is_empty()).collect();
            different.sort();
            different.dedup();
            prop_assert_eq!(known.len(), different.len());
            prop_assert_eq!(known.find(b"c"), None);
        }
    }
}
