//! Slices kept once each and named by a number of four bytes.
//!
//! A device's id stands in every group of the device, a URL in the keys, the
//! witnesses and the evidence of several. Here each lies once, all in one
//! piece of memory; what refers to it is small, and equal means the same
//! number. Nothing is ever taken out: [`super::pool`] makes a new table when
//! too much of an old one is no longer referred to.

use std::{
    hash::{BuildHasher, Hash, Hasher},
    ops::Range,
};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

/// Numbers stay below this, so that a reference has a bit to spare.
pub(super) const MOST: u32 = (1 << 31) - 1;

/// One piece of memory that slices lie in, one behind the other.
pub(super) trait Store: Default {
    /// What lies in it.
    type Slice: ?Sized + Eq;

    /// Appends a slice.
    fn push(&mut self, slice: &Self::Slice);
    /// How long it is.
    fn len(&self) -> usize;
    /// The slice at a range.
    fn at(&self, range: Range<usize>) -> &Self::Slice;
    /// Whether a slice is the empty one.
    fn is_empty(slice: &Self::Slice) -> bool;
    /// Hashes a slice.
    fn hash(slice: &Self::Slice, hasher: &mut impl Hasher);
}

impl<T: Copy + Eq + Hash> Store for Vec<T> {
    type Slice = [T];

    fn push(&mut self, slice: &[T]) {
        self.extend_from_slice(slice);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn at(&self, range: Range<usize>) -> &[T] {
        &self[range]
    }

    fn is_empty(slice: &[T]) -> bool {
        slice.is_empty()
    }

    fn hash(slice: &[T], hasher: &mut impl Hasher) {
        Hash::hash_slice(slice, hasher);
    }
}

impl Store for String {
    type Slice = str;

    fn push(&mut self, slice: &str) {
        self.push_str(slice);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn at(&self, range: Range<usize>) -> &str {
        &self[range]
    }

    fn is_empty(slice: &str) -> bool {
        slice.is_empty()
    }

    fn hash(slice: &str, hasher: &mut impl Hasher) {
        hasher.write(slice.as_bytes());
    }
}

/// Slices, each once. Number 0 is the empty one.
#[derive(Debug, Default)]
pub(super) struct Interner<S> {
    store: S,
    /// Where each ends; it begins where the one before ends.
    ends: Vec<usize>,
    table: HashTable<Known>,
    hasher: DefaultHashBuilder,
}

/// A slice in the table. The hash stands beside the number, so that neither
/// another slice nor a larger table makes anybody look at the slice itself,
/// which is seldom in the cache.
#[derive(Clone, Copy, Debug)]
struct Known {
    hash: u32,
    number: u32,
}

impl Known {
    fn spread(self) -> u64 {
        spread(self.hash)
    }
}

/// The table takes its place from the low bits of a hash, and its tag from the
/// highest seven.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

impl<S: Store> Interner<S> {
    fn hash(&self, slice: &S::Slice) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        S::hash(slice, &mut hasher);
        let hash = hasher.finish();
        (hash ^ hash >> 32) as u32
    }

    /// The number of `slice`, which is new if nobody had it before.
    pub(super) fn intern(&mut self, slice: &S::Slice) -> u32 {
        if S::is_empty(slice) {
            return 0;
        }
        let hash = self.hash(slice);
        let Interner { store, ends, table, .. } = self;
        let same =
            |known: &Known| known.hash == hash && slice_of(store, ends, known.number) == slice;
        match table.entry(spread(hash), same, |known| known.spread()) {
            Entry::Occupied(entry) => entry.get().number,
            Entry::Vacant(entry) => {
                let number = u32::try_from(ends.len() + 1).unwrap_or(MOST);
                assert!(number < MOST, "memory ends before the numbers do");
                entry.insert(Known { hash, number });
                store.push(slice);
                ends.push(store.len());
                number
            }
        }
    }

    /// The number of `slice`, if somebody had it before.
    pub(super) fn find(&self, slice: &S::Slice) -> Option<u32> {
        if S::is_empty(slice) {
            return Some(0);
        }
        let hash = self.hash(slice);
        let same = |known: &Known| known.hash == hash && self.get(known.number) == slice;
        self.table.find(spread(hash), same).map(|known| known.number)
    }

    /// The slice of a number.
    pub(super) fn get(&self, number: u32) -> &S::Slice {
        slice_of(&self.store, &self.ends, number)
    }

    /// How many there are, beside the empty one.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn slice_of<'a, S: Store>(store: &'a S, ends: &[usize], number: u32) -> &'a S::Slice {
    let Some(at) = (number as usize).checked_sub(1) else { return store.at(0..0) };
    let start = at.checked_sub(1).map_or(0, |before| ends[before]);
    store.at(start..ends[at])
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
            let mut known = Interner::<String>::default();
            let numbers: Vec<u32> =
                slices.iter().map(|slice| known.intern(slice)).collect();
            for (slice, number) in slices.iter().zip(&numbers) {
                prop_assert_eq!(known.get(*number), slice);
                prop_assert_eq!(known.intern(slice), *number);
                prop_assert_eq!(known.find(slice), Some(*number));
                prop_assert_eq!(slice.is_empty(), *number == 0);
            }
            let mut different: Vec<&String> = slices.iter().filter(|one| !one.is_empty()).collect();
            different.sort();
            different.dedup();
            prop_assert_eq!(known.len(), different.len());
            prop_assert_eq!(known.find("c"), None);
        }
    }
}
