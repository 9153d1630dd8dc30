//! Which bytes of a block separate values: one pass over rows of columns, of
//! which the borders of rows and the places of values both come.
//!
//! A bit stands for each byte. The cutter of blocks has them made ([`mark`]) and
//! reads off where rows end; the scan of a block counts them up to the column
//! that it wants ([`Values`]), so that nobody looks at all the bytes again.
//!
//! **What is claimed.** Where quotes mean nothing, a row ends at a newline and
//! a value at a separator, and that is what is marked. Where they do (CSV), a
//! row is given only if each quote in it opens a field where that field begins,
//! or closes it right before a separator or a line end, or is one of two that
//! stand for one. Of such a row the readings of [`framing`](crate::framing) and
//! [`csv`](crate::csv) and that of whoever counts quotes are the same: a byte is
//! inside of a field's quotes if an odd number of quotes stands before it in the
//! row. A run of quotes that is odd there has such a byte behind it, and the
//! first one ends the field; one that is even has none and ends nothing. Of any
//! other row nothing is said: [`framing`](crate::framing) has to look at it.

use std::ops::Range;

mod mark;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use mark::{Marked, mark};
pub(crate) use values::Values;

/// How many bytes one word of bits is for.
const WIDE: usize = 64;

/// The bytes of a block that separate values, line ends among them.
///
/// What is said of a byte counts only within a row that was given as marked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Separators {
    bits: Vec<u64>,
    /// How many bits each word has: to count them needs an instruction that not all processors have.
    counts: Vec<u8>,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// What separates values.
    pub(crate) separator: u8,
    /// Whether a value may stand in quotes.
    pub(crate) quoted: bool,
}

impl Separators {
    /// Forgets all; its memory is kept.
    pub(crate) fn clear(&mut self) {
        self.bits.clear();
        self.counts.clear();
    }

    /// Where the values begin of the row at `row`, which has no line end.
    #[inline]
    pub(crate) fn starts(&self, row: Range<usize>) -> impl Iterator<Item = usize> {
        let mut word = row.start / WIDE;
        let mut bits = self.bits[word] & u64::MAX << (row.start % WIDE);
        let behind = std::iter::from_fn(move || {
            while bits == 0 && (word + 1) * WIDE < row.end {
                word += 1;
                bits = self.bits[word];
            }
            let at = word * WIDE + bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            (at < row.end).then_some(at + 1)
        });
        std::iter::once(row.start).chain(behind)
    }

    /// Makes room for so many bytes.
    fn reach(&mut self, bytes: usize) {
        let words = bytes.div_ceil(WIDE);
        if self.bits.len() < words {
            self.bits.resize(words, 0);
            self.counts.resize(words, 0);
        }
    }
}
