//! The values of one row, from what is marked.

use std::ops::Range;

use super::{Separators, WIDE};

/// The values of a row that was given as marked.
///
/// It goes from left to right; a value before the one asked for last costs a new start.
#[derive(Clone, Debug)]
pub(crate) struct Values<'m> {
    separators: &'m Separators,
    row: Range<usize>,
    /// Which value begins at `start`.
    number: usize,
    start: usize,
    /// The separators behind it: of one word those that are left and how many, then the next words.
    word: usize,
    bits: u64,
    left: usize,
}

impl<'m> Values<'m> {
    /// The values of the row at `row`, which has no line end.
    #[inline]
    pub(crate) fn new(separators: &'m Separators, row: Range<usize>) -> Self {
        let mut values = Values { separators, row, number: 0, start: 0, word: 0, bits: 0, left: 0 };
        values.begin();
        values
    }

    #[inline]
    fn begin(&mut self) {
        self.number = 0;
        self.start = self.row.start;
        self.word = self.start / WIDE;
        let bits = self.separators.bits.get(self.word).copied().unwrap_or_default();
        self.bits = bits & u64::MAX << (self.start % WIDE);
        self.left = self.bits.count_ones() as usize;
    }

    /// Where the value of this number stands; none where the row ends before it.
    #[inline]
    pub(crate) fn find(&mut self, number: usize) -> Option<Range<usize>> {
        if number < self.number {
            self.begin();
        }
        let mut skipped = number - self.number;
        if skipped > 0 {
            while skipped > self.left {
                skipped -= self.left;
                self.word += 1;
                if self.word * WIDE > self.row.end {
                    self.begin();
                    return None;
                }
                self.bits = self.separators.bits[self.word];
                self.left = usize::from(self.separators.counts[self.word]);
            }
            self.left -= skipped;
            for _ in 1..skipped {
                self.bits &= self.bits - 1;
            }
            self.start = self.word * WIDE + self.bits.trailing_zeros() as usize + 1;
            self.bits &= self.bits - 1;
            self.number = number;
        }
        (self.start <= self.row.end).then(|| self.start..self.end())
    }

    /// Where the value ends that begins at `start`.
    #[inline]
    fn end(&self) -> usize {
        let (mut word, mut bits) = (self.word, self.bits);
        while bits == 0 {
            word += 1;
            if word * WIDE >= self.row.end {
                return self.row.end;
            }
            bits = self.separators.bits[word];
        }
        self.row.end.min(word * WIDE + bits.trailing_zeros() as usize)
    }
}
