//! The pass.

use fearless_simd::{Level, Simd, dispatch, prelude::*, u8x64};

use super::{Separators, WIDE, Written};

/// A row that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marked {
    /// Where the newline stands behind it.
    pub(crate) end: usize,
    /// Whether there may be newlines in it.
    pub(crate) broken: bool,
}

/// Marks what separates values in `data` from `start` on, where a row begins, and appends the rows
/// that end there; one begins where the one before it ends. False where it stops before a row that
/// needs a closer look.
pub(crate) fn mark(
    level: Level,
    data: &[u8],
    start: usize,
    written: Written,
    into: &mut Separators,
    rows: &mut Vec<Marked>,
) -> bool {
    into.reach(data.len());
    let first = start / WIDE;
    // Of a row that was found before.
    let kept = into.bits[first] & !(u64::MAX << (start % WIDE));
    let separator = written.separator;
    let all = if written.quoted {
        dispatch!(level, simd => mark_with::<_, true>(simd, data, start, separator, into, rows))
    } else {
        dispatch!(level, simd => mark_with::<_, false>(simd, data, start, separator, into, rows))
    };
    into.bits[first] |= kept;
    into.counts[first] = into.bits[first].count_ones() as u8;
    all
}

#[inline(always)]
fn mark_with<S: Simd, const QUOTED: bool>(
    simd: S,
    data: &[u8],
    start: usize,
    separator: u8,
    into: &mut Separators,
    rows: &mut Vec<Marked>,
) -> bool {
    let (whole, rest) = data.as_chunks::<WIDE>();
    let (first, bit) = (start / WIDE, start % WIDE);
    let mut reading =
        Reading { data, separator, seen: u64::MAX << bit, before: 1 << bit, ..Reading::default() };
    // No iterators: what of them is not inlined is compiled for any processor.
    let mut number = first;
    while number < whole.len() {
        let bytes = &whole[number];
        if !reading.word::<S, QUOTED>(simd, bytes, number, into, rows) {
            return false;
        }
        number += 1;
    }
    let mut last = [0; WIDE];
    last[..rest.len()].copy_from_slice(rest);
    reading.seen &= !(u64::MAX << rest.len());
    rest.is_empty() || reading.word::<S, QUOTED>(simd, &last, number, into, rows)
}

/// What is known of the bytes so far.
#[derive(Default)]
struct Reading<'d> {
    data: &'d [u8],
    separator: u8,
    /// Which bytes of the next word are looked at.
    seen: u64,
    /// All bits if the last byte is inside of quotes.
    inside: u64,
    /// 1 if a quote that opens may stand behind the last byte.
    before: u64,
    /// 1 if the last byte is a quote that closes.
    closed: u64,
    /// Whether there was a newline in the row so far.
    broken: bool,
}

impl Reading<'_> {
    /// Goes over a word's bytes; false where what follows needs a closer look.
    #[inline(always)]
    fn word<S: Simd, const QUOTED: bool>(
        &mut self,
        simd: S,
        bytes: &[u8; WIDE],
        number: usize,
        into: &mut Separators,
        rows: &mut Vec<Marked>,
    ) -> bool {
        let bytes = u8x64::from_slice(simd, bytes);
        let seen = std::mem::replace(&mut self.seen, u64::MAX);
        let separators = is(simd, bytes, self.separator) & seen;
        let newlines = is(simd, bytes, b'\n') & seen;
        let (mut within, mut wrong) = (0, 0);
        if QUOTED {
            let quotes = is(simd, bytes, b'"') & seen;
            let edges = separators | newlines | quotes;
            within = odd_before(quotes) ^ self.inside;
            let closing = quotes & !within;
            let opened_wrong = quotes & within & !(edges << 1 | self.before);
            let closed_wrong = (closing << 1 | self.closed) & !edges;
            wrong = (opened_wrong | closed_wrong) & seen;
            self.inside = 0_u64.wrapping_sub(within >> (WIDE - 1));
            self.before = edges >> (WIDE - 1);
            self.closed = closing >> (WIDE - 1);
        }
        let bits = (separators | newlines) & !within;
        into.bits[number] = bits;
        into.counts[number] = bits.count_ones() as u8;
        let at = number * WIDE;
        let mut ends = newlines & !within;
        if wrong != 0 {
            wrong = first_wrong(self.data, at, wrong);
            ends &= wrong.wrapping_sub(1);
        }
        let breaks = newlines & within != 0;
        self.broken |= breaks;
        while ends != 0 {
            let end = at + ends.trailing_zeros() as usize;
            rows.push(Marked { end, broken: self.broken });
            self.broken = breaks;
            ends &= ends - 1;
        }
        wrong == 0
    }
}

/// Which of the places that look wrong is the first that is: the other line end may follow a quote
/// that closes, too.
#[cold]
fn first_wrong(data: &[u8], at: usize, mut places: u64) -> u64 {
    while places != 0 && data[at + places.trailing_zeros() as usize..].starts_with(b"\r\n") {
        places &= places - 1;
    }
    places & places.wrapping_neg()
}

// A function and no closure: what is not inlined is compiled for any processor.
#[inline(always)]
fn is<S: Simd>(simd: S, bytes: u8x64<S>, byte: u8) -> u64 {
    bytes.simd_eq(u8x64::splat(simd, byte)).to_bitmask()
}

/// For each bit, whether an odd number of bits is set up to it, itself included.
#[inline(always)]
fn odd_before(bits: u64) -> u64 {
    let mut odd = bits;
    for shift in [1, 2, 4, 8, 16, 32] {
        odd ^= odd << shift;
    }
    odd
}
