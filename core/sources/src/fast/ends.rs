//! One pass over many lines of JSON for every place where a member's name may end.
//!
//! That is a quote with a colon behind it, or with a blank, after which a colon may follow. Other
//! quotes need no look: they end values, or begin strings. Names end more seldom than anything else
//! in JSON that is worth a mark.

use std::ops::Range;

use fearless_simd::{Level, Simd, dispatch, mask8x64, prelude::*, u8x64};

/// How many places are compared at once ...
const PLACES: usize = 64;
/// ... and how many bytes are looked at for it: two before, and one behind.
const SEEN: usize = BEFORE + PLACES + 1;
const BEFORE: usize = 2;
/// How many places are written without a look at how many there are: more are rare in 64 bytes.
const USUAL: usize = 4;
/// By how much the memory for marks grows, in marks.
const GROWTH: usize = 4096;

/// Behind the last mark.
pub(super) const NO_PLACE: u32 = u32::MAX;

/// Writes to `marks` the places in `range`, ascending, of all quotes with a colon or a blank behind
/// them (any byte up to the blank, or the end of the range), but without those that certainly are
/// escaped: with exactly one backslash before. The first two bytes of the range are passed over.
/// Gives their number; behind them stands [`NO_PLACE`], and behind that nothing of meaning.
pub(super) fn mark(level: Level, data: &[u8], range: Range<usize>, marks: &mut Vec<u32>) -> usize {
    let data = &data[..range.end];
    let count = dispatch!(level, simd => mark_with(simd, data, range.start, marks));
    marks[count] = NO_PLACE;
    count
}

#[inline(always)]
fn mark_with<S: Simd>(simd: S, data: &[u8], start: usize, marks: &mut Vec<u32>) -> usize {
    let (mut at, mut count) = (start, 0);
    while let Some(seen) = data.get(at..).and_then(|rest| rest.first_chunk()) {
        push(at, places(simd, seen), marks, &mut count);
        at += PLACES;
    }
    // Zeros behind the end are blanks.
    let mut last = [0; PLACES + SEEN];
    let rest = data.get(at..).unwrap_or_default();
    last[..rest.len()].copy_from_slice(rest);
    for part in [0, PLACES] {
        if let Some(seen) = last[part..].first_chunk() {
            push(at + part, places(simd, seen), marks, &mut count);
        }
    }
    count
}

/// Writes the places behind the `count` that there are, and counts them.
#[inline(always)]
fn push(at: usize, mut places: u64, marks: &mut Vec<u32>, count: &mut usize) {
    // A block is smaller than 4 GiB.
    let at = (at + BEFORE) as u32;
    // One more than the places, for what stands behind.
    if marks.len() <= *count + PLACES {
        marks.resize(*count + GROWTH, 0);
    }
    let found = places.count_ones() as usize;
    let Some(free) = marks[*count..].first_chunk_mut::<PLACES>() else { return };
    // Some of them are none, and are written over: no branch that is guessed wrong.
    for slot in &mut free[..USUAL] {
        *slot = at.wrapping_add(places.trailing_zeros());
        places &= places.wrapping_sub(1);
    }
    if places != 0 {
        for slot in &mut free[USUAL..found] {
            *slot = at + places.trailing_zeros();
            places &= places - 1;
        }
    }
    *count += found;
}

/// The places that are marked, as bits; the first stands [`BEFORE`] what is seen.
#[inline(always)]
fn places<S: Simd>(simd: S, seen: &[u8; SEEN]) -> u64 {
    let load = |from: usize| u8x64::from_slice(simd, &seen[from..from + PLACES]);
    let behind = load(BEFORE + 1);
    let ends = is(simd, load(BEFORE), b'"')
        & (is(simd, behind, b':') | behind.simd_le(u8x64::splat(simd, b' ')));
    let escaped = is(simd, load(BEFORE - 1), b'\\') & !is(simd, load(0), b'\\');
    (ends & !escaped).to_bitmask()
}

// A function and no closure: what is not inlined is compiled for any processor.
#[inline(always)]
fn is<S: Simd>(simd: S, bytes: u8x64<S>, byte: u8) -> mask8x64<S> {
    bytes.simd_eq(u8x64::splat(simd, byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, place by place.
    fn by_places(data: &[u8], range: Range<usize>) -> Vec<u32> {
        let is_marked = |at: &usize| {
            let behind = if at + 1 < range.end { data[at + 1] } else { 0 };
            data[*at] == b'"'
                && (behind == b':' || behind <= b' ')
                && (data[at - 1] != b'\\' || data[at - 2] == b'\\')
        };
        let places = range.start + BEFORE..range.end.max(range.start + BEFORE);
        places.filter(is_marked).map(|at| u32::try_from(at).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn every_place_is_marked_and_no_other(
            text in "[a\"\"\":: \n,\\\\\\\\\u{e9}]{0,400}",
            ends in (0.0..1.0_f64, 0.0..1.0_f64),
        ) {
            let place = |part: f64| (text.len() as f64 * part) as usize;
            let (one, two) = (place(ends.0), place(ends.1));
            let range = one.min(two)..one.max(two);
            let mut levels = vec![Level::new(), Level::baseline()];
            levels.dedup_by_key(|level| format!("{level:?}"));
            for level in levels {
                // What is left from a stretch before does not show.
                let mut marks = vec![7; 3];
                let count = mark(level, text.as_bytes(), range.clone(), &mut marks);
                prop_assert_eq!(&marks[..count], &by_places(text.as_bytes(), range.clone())[..]);
                prop_assert_eq!(marks[count], NO_PLACE);
            }
        }
    }
}
