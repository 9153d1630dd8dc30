//! Which records may belong to a hash: almost always none, and that must cost
//! next to nothing, however many records there are.
//!
//! A bit filter of two or three bytes a record says no; beside it stand the
//! records in the order of their hashes, so that what a hash has is one run.

use std::ops::Range;

/// Bits of the filter for each record, before rounding up to a power of two.
const FILTER_BITS: usize = 16;

/// Where records stand, by hash. Hashes may be equal.
#[derive(Debug)]
pub(super) struct Table {
    /// Words of 64 bits, found by a hash's highest bits; its lowest say which
    /// two bits of the word.
    filter: Box<[u64]>,
    filter_shift: u32,
    /// Where each bucket begins, and behind the last its end.
    starts: Box<[u32]>,
    bucket_shift: u32,
    /// A part of each record's hash.
    tags: Box<[u32]>,
}

impl Table {
    /// The table of these hashes, and their positions in the order in which
    /// the table wants the records.
    pub(super) fn new(hashes: &[u64]) -> (Table, Vec<u32>) {
        let count = u32::try_from(hashes.len()).expect("fewer than 2^32 literals");
        let words = (hashes.len() * FILTER_BITS / 64).next_power_of_two().max(16);
        let buckets = hashes.len().next_power_of_two().max(2);
        let mut table = Table {
            filter: vec![0; words].into(),
            filter_shift: 64 - words.ilog2(),
            starts: vec![0; buckets + 1].into(),
            bucket_shift: 64 - buckets.ilog2(),
            tags: vec![0; hashes.len()].into(),
        };
        for &hash in hashes {
            let (word, bits) = table.filter_place(hash);
            table.filter[word] |= bits;
            table.starts[table.bucket(hash) + 1] += 1;
        }
        for bucket in 0..buckets {
            table.starts[bucket + 1] += table.starts[bucket];
        }
        let mut next: Vec<u32> = table.starts[..buckets].to_vec();
        let mut order = vec![0; hashes.len()];
        for (at, &hash) in (0..count).zip(hashes) {
            let place = &mut next[table.bucket(hash)];
            order[*place as usize] = at;
            table.tags[*place as usize] = hash as u32;
            *place += 1;
        }
        (table, order)
    }

    #[inline(always)]
    fn filter_place(&self, hash: u64) -> (usize, u64) {
        ((hash >> self.filter_shift) as usize, 1 << (hash & 63) | 1 << (hash >> 6 & 63))
    }

    #[inline(always)]
    fn bucket(&self, hash: u64) -> usize {
        (hash >> self.bucket_shift) as usize
    }

    /// False for nearly every hash that no record has; never for one that a
    /// record has.
    #[inline(always)]
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let (word, bits) = self.filter_place(hash);
        self.filter[word] & bits == bits
    }

    /// The records that may have this hash.
    #[inline]
    pub(super) fn candidates(&self, hash: u64) -> impl Iterator<Item = usize> {
        let bucket = self.bucket(hash);
        let run: Range<usize> = self.starts[bucket] as usize..self.starts[bucket + 1] as usize;
        run.filter(move |&at| self.tags[at] == hash as u32)
    }

    /// Bytes on the heap.
    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.filter) + size_of_val(&*self.starts) + size_of_val(&*self.tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_found_where_the_order_puts_it() {
        for count in [0, 1, 2, 3, 64, 1000] {
            // Every fifth is there twice.
            let hash = |at: u64| (at - u64::from(at % 5 == 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let hashes: Vec<u64> = (0..count).map(hash).collect();
            let (table, order) = Table::new(&hashes);
            for &hash in &hashes {
                assert!(table.may_have(hash));
                let found = table.candidates(hash).map(|at| hashes[order[at] as usize]);
                let expected = hashes.iter().filter(|&&one| one == hash).count();
                assert_eq!(found.filter(|&one| one == hash).count(), expected);
            }
            let others = (count..10 * count).map(hash).filter(|hash| !hashes.contains(hash));
            let (mut asked, mut wrong) = (0, 0);
            for other in others {
                asked += 1;
                wrong += usize::from(table.may_have(other));
            }
            assert!(wrong * 5 <= asked, "{wrong} of {asked} pass the filter");
        }
    }
}
