//! Slices kept once each and named by a number of four bytes.
//!
//! A device's id stands in every group of the device, a URL in the keys, the
//! witnesses and the evidence of several. Here each lies once, all in one
//! piece of memory; what refers to it is small, and equal means the same
//! number. Nothing is ever taken out: [`super::pool`] makes a new table when
//! too much of an old one is no longer referred to.

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

/// Numbers stay below this, so that a reference has a bit to spare.
pub(super) const MOST: u32 = (1 << 31) - 1;

/// One piece of memory that slices lie in, one behind the other. Number 0 is the empty one, which
/// is never put in.
pub(super) trait Store: Default {
    /// What lies in it.
    type Slice: ?Sized + Eq;

    /// Appends a slice and gives its number; [`MOST`] or more where there is none left.
    fn push(&mut self, slice: &Self::Slice) -> u32;
    /// The slice of a number.
    fn get(&self, number: u32) -> &Self::Slice;
    /// Whether a slice is the empty one.
    fn is_empty(slice: &Self::Slice) -> bool;
    /// Hashes a slice.
    fn hash(slice: &Self::Slice, hasher: &mut impl Hasher);
}

/// Lists, of which one is the first, the next the second: their numbers have no gaps.
#[derive(Debug)]
pub(super) struct Lists<T> {
    items: Vec<T>,
    /// Where each ends; it begins where the one before ends.
    ends: Vec<usize>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Lists { items: Vec::new(), ends: Vec::new() }
    }
}

impl<T: Copy + Eq + Hash> Store for Lists<T> {
    type Slice = [T];

    fn push(&mut self, list: &[T]) -> u32 {
        self.items.extend_from_slice(list);
        self.ends.push(self.items.len());
        u32::try_from(self.ends.len()).unwrap_or(MOST)
    }

    fn get(&self, number: u32) -> &[T] {
        let Some(at) = (number as usize).checked_sub(1) else { return &[] };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[start..self.ends[at]]
    }

    fn is_empty(list: &[T]) -> bool {
        list.is_empty()
    }

    fn hash(list: &[T], hasher: &mut impl Hasher) {
        Hash::hash_slice(list, hasher);
    }
}

/// Texts, each behind its length. The number says where, so that whoever asks for a text waits for
/// one place of memory and not for two.
#[derive(Debug, Default)]
pub(super) struct Texts(String);

/// Texts begin at multiples of so many bytes: of those 16 GiB have numbers.
const UNIT: usize = 8;

impl Store for Texts {
    type Slice = str;

    fn push(&mut self, text: &str) -> u32 {
        let number = u32::try_from(self.0.len() / UNIT + 1).unwrap_or(MOST);
        // Six bits a character, the lowest first; a seventh says that more follow.
        let mut length = text.len();
        while length >= 64 {
            self.0.push(char::from(64 | (length % 64) as u8));
            length /= 64;
        }
        self.0.push(char::from(length as u8));
        self.0.push_str(text);
        let blank = self.0.len().next_multiple_of(UNIT) - self.0.len();
        self.0.push_str(&"\0\0\0\0\0\0\0"[..blank]);
        number
    }

    #[inline]
    fn get(&self, number: u32) -> &str {
        let Some(before) = (number as usize).checked_sub(1) else { return "" };
        let (mut at, mut length, mut shift) = (before * UNIT, 0, 0);
        loop {
            let part = self.0.as_bytes()[at];
            at += 1;
            length |= usize::from(part % 64) << shift;
            shift += 6;
            if part < 64 {
                return &self.0[at..at + length];
            }
        }
    }

    fn is_empty(text: &str) -> bool {
        text.is_empty()
    }

    fn hash(text: &str, hasher: &mut impl Hasher) {
        hasher.write(text.as_bytes());
    }
}

/// Slices, each once. Number 0 is the empty one.
#[derive(Debug, Default)]
pub(super) struct Interner<S> {
    store: S,
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
        let Interner { store, table, .. } = self;
        let same = |known: &Known| known.hash == hash && store.get(known.number) == slice;
        match table.entry(spread(hash), same, |known| known.spread()) {
            Entry::Occupied(entry) => entry.get().number,
            Entry::Vacant(entry) => {
                let number = store.push(slice);
                assert!(number < MOST, "memory ends before the numbers do");
                entry.insert(Known { hash, number });
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
        self.store.get(number)
    }

    /// How many there are, beside the empty one.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }
}

impl Interner<Texts> {
    /// All numbers are below this.
    pub(super) fn limit(&self) -> usize {
        self.store.0.len() / UNIT + 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equal_slices_have_one_number_and_others_another(
            slices in prop::collection::vec(prop_oneof!["[ab]{0,3}", "[\u{e9}x]{60,70}"], 0..60),
        ) {
            let mut known = Interner::<Texts>::default();
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

    #[test]
    fn texts_of_any_length_come_out_as_they_went_in() {
        let texts = [1, 7, 8, 63, 64, 65, 4_095, 4_096, 300_000].map(|length| "x".repeat(length));
        let mut known = Interner::<Texts>::default();
        let numbers = texts.each_ref().map(|text| known.intern(text));
        for (text, number) in texts.iter().zip(numbers) {
            assert_eq!(known.get(number), text);
        }
    }

    proptest! {
        #[test]
        fn the_numbers_of_lists_have_no_gaps(
            lists in prop::collection::vec(prop::collection::vec(0_u32..3, 0..3), 0..40),
        ) {
            let mut known = Interner::<Lists<u32>>::default();
            let numbers: Vec<u32> = lists.iter().map(|list| known.intern(list)).collect();
            for (list, number) in lists.iter().zip(&numbers) {
                prop_assert_eq!(known.get(*number), &list[..]);
                prop_assert!(*number as usize <= known.len());
            }
        }
    }
}
