//! One pass over many lines of JSON for everything in them that may matter.
//!
//! A pass for each name costs as much as this one for all of them, and so does
//! one for the braces and one for the escapes. What is found is a place worth a
//! look, no more: whoever looks compares the rest.

use std::ops::Range;

use fearless_simd::{Level, Simd, dispatch, mask8x64, prelude::*, u8x64};

/// The two characters before the closing quote of a name.
pub(super) type Ending = [u8; 2];

/// Up to how many endings there may be.
pub(super) const ENDINGS: usize = 8;

/// How many places are compared at once ...
const PLACES: usize = 64;
/// ... and how many bytes are looked at for it.
const SEEN: usize = PLACES + 2;

/// Appends to `marks`, ascending, every place in `range` where a brace that opens stands, or
/// `\u0`, or one of the `endings` (at least one, at most [`ENDINGS`]) before a quote.
pub(super) fn mark(
    level: Level,
    data: &[u8],
    range: Range<usize>,
    endings: &[Ending],
    marks: &mut Vec<u32>,
) {
    let data = &data[..range.end];
    match endings.len() {
        0..=4 => mark_all::<4>(level, data, range.start, endings, marks),
        5..=6 => mark_all::<6>(level, data, range.start, endings, marks),
        _ => mark_all::<ENDINGS>(level, data, range.start, endings, marks),
    }
}

fn mark_all<const N: usize>(
    level: Level,
    data: &[u8],
    start: usize,
    endings: &[Ending],
    marks: &mut Vec<u32>,
) {
    let endings: [Ending; N] =
        std::array::from_fn(|at| endings.get(at).copied().unwrap_or(endings[0]));
    dispatch!(level, simd => mark_with(simd, data, start, &endings, marks));
}

#[inline(always)]
fn mark_with<S: Simd, const N: usize>(
    simd: S,
    data: &[u8],
    start: usize,
    endings: &[Ending; N],
    marks: &mut Vec<u32>,
) {
    let mut at = start;
    while let Some(seen) = data.get(at..).and_then(|rest| rest.first_chunk()) {
        push(at, places(simd, seen, endings), marks);
        at += PLACES;
    }
    // Zeros behind the end make nothing of what ends there.
    let mut last = [0; PLACES + SEEN];
    let rest = data.get(at..).unwrap_or_default();
    last[..rest.len()].copy_from_slice(rest);
    for part in [0, PLACES] {
        if let Some(seen) = last[part..].first_chunk() {
            push(at + part, places(simd, seen, endings), marks);
        }
    }
}

#[inline(always)]
fn push(at: usize, mut places: u64, marks: &mut Vec<u32>) {
    while places != 0 {
        let place = at + places.trailing_zeros() as usize;
        marks.push(u32::try_from(place).expect("a block is smaller than 4 GiB"));
        places &= places - 1;
    }
}

/// The places that are marked, as bits.
#[inline(always)]
fn places<S: Simd, const N: usize>(simd: S, seen: &[u8; SEEN], endings: &[Ending; N]) -> u64 {
    let one = u8x64::from_slice(simd, &seen[..PLACES]);
    let two = u8x64::from_slice(simd, &seen[1..=PLACES]);
    let three = u8x64::from_slice(simd, &seen[2..]);
    let mut names = pair(simd, one, two, endings[0]);
    for &ending in &endings[1..] {
        names |= pair(simd, one, two, ending);
    }
    let names = names & is(simd, three, b'"');
    let escapes = pair(simd, one, two, *b"\\u") & is(simd, three, b'0');
    (names | escapes | is(simd, one, b'{')).to_bitmask()
}

// Functions and no closures: what is not inlined is compiled for any processor.

#[inline(always)]
fn is<S: Simd>(simd: S, bytes: u8x64<S>, byte: u8) -> mask8x64<S> {
    bytes.simd_eq(u8x64::splat(simd, byte))
}

#[inline(always)]
fn pair<S: Simd>(simd: S, one: u8x64<S>, two: u8x64<S>, [first, second]: Ending) -> mask8x64<S> {
    is(simd, one, first) & is(simd, two, second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, place by place.
    fn by_places(data: &[u8], range: Range<usize>, endings: &[Ending]) -> Vec<u32> {
        let is_marked = |at: &usize| match &data[*at..range.end] {
            [b'{', ..] | [b'\\', b'u', b'0', ..] => true,
            [first, second, b'"', ..] => endings.contains(&[*first, *second]),
            _ => false,
        };
        range.clone().filter(is_marked).map(|at| u32::try_from(at).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn every_place_is_marked_and_no_other(
            text in r#"[ab"{}\\u01]{0,300}"#,
            ends in (0.0..1.0_f64, 0.0..1.0_f64),
            endings in proptest::collection::vec([b'a'..=b'c', b'a'..=b'c'], 1..=ENDINGS),
        ) {
            let place = |part: f64| (text.len() as f64 * part) as usize;
            let (one, two) = (place(ends.0), place(ends.1));
            let range = one.min(two)..one.max(two);
            let mut levels = vec![Level::new(), Level::baseline()];
            levels.dedup_by_key(|level| format!("{level:?}"));
            for level in levels {
                let mut marks = Vec::new();
                mark(level, text.as_bytes(), range.clone(), &endings, &mut marks);
                prop_assert_eq!(&marks, &by_places(text.as_bytes(), range.clone(), &endings));
            }
        }
    }
}
