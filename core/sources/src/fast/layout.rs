//! The names of a record's members in their order, expected of the records that follow.
//!
//! Whoever writes a log writes the same members again and again. To prove that a record has them
//! takes one comparison for each [end of a name](super::ends), and then it is known where every
//! column stands, and which are absent.
//!
//! **Why a record that fits has these members and no others.** Let the reader in full accept the
//! record, as in [`super::json`]. Every member's name ends with a quote that has a colon or a blank
//! behind it and is not escaped, so every name has a mark. Each of the record's marks fits one
//! name of the layout:
//!
//! 1. *It ends a name.* The byte before it is the last of a name in the layout, which is none of
//!    those that stand before a string (`{`, `[`, `,`, `:`, a blank); so it does not begin a string.
//!    It ends one that has a colon behind it. Hence the record's names are those at the marks.
//! 2. *It is the record's.* The value behind each of them begins neither with a brace nor with a
//!    bracket, so nothing is nested, for only values are. Or else all that does was passed over to
//!    its end, with the marks in it, but for the row of an envelope, of which the names count as
//!    the record's; that there is one, and an object, is compared.
//! 3. *No other is a column.* The 16 bytes before the mark are those of the layout's name, its
//!    first quote included if it is so short. A short name is then the one that it should be, or it
//!    has a quote in it, and no column has. A long one that begins otherwise may still be no
//!    column: where a column could end with what is left of these bytes when an escape (`\u` and
//!    four digits) took the first of them, the whole name is compared.
//! 4. *The column that is asked for is this one.* Its whole name is compared then.

use fearless_simd::{Level, Simd, dispatch, prelude::*, u8x32};

use super::{Found, json};
use crate::{ndjson::ROW_COLUMN, plan::Plan, record::Column};

/// How many bytes of a name are compared ...
const TAIL: usize = 16;
/// ... of how many around its mark. Those behind are its quote, a colon, and perhaps a blank.
const SEEN: usize = 32;
/// How many bytes an escape may take in a name's end: `u` and four digits.
const ESCAPE: usize = 5;
/// No member has the column.
const ABSENT: u8 = u8::MAX;

/// What no value begins with that is a string, a number or a word: 1.
static OTHER: [u8; 256] = other_than(b"\"-0123456789tfnNI");
/// What no value begins with at all: 1.
static NO_VALUE: [u8; 256] = other_than(b"\"-0123456789tfnNI{[");

const fn other_than(begin: &[u8]) -> [u8; 256] {
    let mut other = [1; 256];
    let mut at = 0;
    while at < begin.len() {
        other[begin[at] as usize] = 0;
        at += 1;
    }
    other
}

/// The members of a record.
#[derive(Debug)]
pub(super) struct Layout {
    /// What stands around each mark, and which of its bits count.
    around: Box<[([u8; SEEN], [u8; SEEN])]>,
    names: Box<[Name]>,
    /// Which names are compared as a whole.
    whole: Box<[u8]>,
    /// By column: which name, or [`ABSENT`].
    members: Box<[u8]>,
    /// Blanks between a colon and the value, 0 or 1.
    gap: usize,
    /// Whether values may be objects and lists.
    nests: bool,
    /// Which name is that of an envelope's row.
    row: Option<u8>,
}

#[derive(Debug)]
struct Name {
    /// With the quote before it.
    text: Box<[u8]>,
    /// How far before the next name's end the comma should stand that ends the value.
    back: usize,
}

/// A member that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// The first quote of the name ...
    pub(super) open: usize,
    /// ... and the last.
    pub(super) close: usize,
    /// Where the value begins.
    pub(super) value: usize,
    /// The column of this name.
    pub(super) column: Option<Column>,
}

impl Layout {
    /// The layout of a record that has these members and no others; none where it can have none.
    pub(super) fn of(plan: &Plan, data: &[u8], members: &[Member]) -> Option<Layout> {
        let first = members.first()?;
        let gap = first.value.checked_sub(first.close + 2).filter(|&gap| gap <= 1)?;
        let mut columns = vec![ABSENT; plan.columns()];
        let (mut around, mut names, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        let (mut nests, mut row) = (false, None);
        let behind = &b"\": "[..2 + gap];
        for (at, member) in members.iter().enumerate() {
            let number = u8::try_from(at).ok().filter(|&at| at != ABSENT)?;
            let value = usize::from(*data.get(member.value)?);
            if NO_VALUE[value] != 0 || data[member.close..member.value] != *behind {
                return None;
            }
            nests |= OTHER[value] != 0;
            let text = &data[member.open..member.close];
            let (mut expected, mut mask) = ([0; SEEN], [0; SEEN]);
            let known = TAIL - text.len().min(TAIL)..TAIL + behind.len();
            expected[TAIL..known.end].copy_from_slice(behind);
            let tail = &text[text.len() - (TAIL - known.start)..];
            expected[known.start..TAIL].copy_from_slice(tail);
            mask[known].fill(u8::MAX);
            around.push((expected, mask));
            if may_be_another(plan, text) {
                whole.push(number);
            }
            if member.column == Some(ROW_COLUMN) {
                row = Some(number);
            } else if let Some(column) = member.column {
                let known = &mut columns[usize::from(column)];
                if *known != ABSENT {
                    return None;
                }
                *known = number;
            }
            let back = members.get(at + 1).map_or(0, |next| {
                let between = &data[member.value..next.open];
                let comma = between.iter().rposition(|&byte| byte > b' ').unwrap_or_default();
                next.close - (member.value + comma)
            });
            names.push(Name { text: text.into(), back });
        }
        Some(Layout {
            around: around.into(),
            names: names.into(),
            whole: whole.into(),
            members: columns.into(),
            gap,
            nests,
            row,
        })
    }

    /// Whether records may have objects and lists in them.
    pub(super) fn nests(&self) -> bool {
        self.nests
    }

    /// How many members there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether the record whose marks are `marks` has these members and no others. Where records
    /// [may have](Self::nests) objects and lists in them, marks in these are not among `marks`.
    #[inline]
    pub(super) fn fits(&self, level: Level, data: &[u8], marks: &[u32]) -> bool {
        let no_value = if self.nests { &NO_VALUE } else { &OTHER };
        marks.len() == self.around.len()
            && match self.gap {
                0 => dispatch!(level, simd => self.fits_with::<_, 0>(simd, data, marks, no_value)),
                _ => dispatch!(level, simd => self.fits_with::<_, 1>(simd, data, marks, no_value)),
            }
            && self.row.is_none_or(|row| {
                data.get(marks[usize::from(row)] as usize + 2 + self.gap) == Some(&b'{')
            })
            && self.whole.iter().all(|&member| {
                let name = &self.names[usize::from(member)];
                let close = marks[usize::from(member)] as usize;
                close
                    .checked_sub(name.text.len())
                    .is_some_and(|open| name.is_rest(&data[open..close]))
            })
    }

    #[inline(always)]
    fn fits_with<S: Simd, const GAP: usize>(
        &self,
        simd: S,
        data: &[u8],
        marks: &[u32],
        no_value: &[u8; 256],
    ) -> bool {
        let (mut odd, mut other) = (u8x32::splat(simd, 0), 0);
        for ((expected, mask), &mark) in self.around.iter().zip(marks) {
            let from = (mark as usize).wrapping_sub(TAIL);
            let Some(seen) = data.get(from..).and_then(|rest| rest.first_chunk::<SEEN>()) else {
                return false;
            };
            let load = |bytes: &[u8; SEEN]| u8x32::from_slice(simd, bytes);
            odd |= (load(seen) ^ load(expected)) & load(mask);
            other |= no_value[usize::from(seen[TAIL + 2 + GAP])];
        }
        other == 0 && odd.simd_eq(u8x32::splat(simd, 0)).all_true()
    }

    /// What a record that fits has in a column.
    #[inline]
    pub(super) fn find<'b>(
        &self,
        data: &'b [u8],
        marks: &[u32],
        column: Column,
        end: usize,
    ) -> Found<'b> {
        let member = self.members[usize::from(column)];
        if member == ABSENT {
            return Found::Empty;
        }
        let member = usize::from(member);
        let close = marks[member] as usize;
        let name = &self.names[member];
        let named = close.checked_sub(name.text.len() + 1).map(|before| &data[before..close]);
        if !named.is_some_and(|named| named[0] != b'\\' && name.is_rest(&named[1..])) {
            return Found::Doubt;
        }
        let at = close + 2 + self.gap;
        let comma = marks.get(member + 1).map(|&next| (next as usize).wrapping_sub(name.back));
        let quoted = comma.and_then(|comma| data.get(at..=comma));
        match quoted.and_then(|text| text.strip_prefix(b"\"")?.strip_suffix(b"\",")) {
            Some([]) => Found::Empty,
            Some(text) if !quotes_or_escapes(text) => Found::Plain(text),
            _ => json::value(data, at, end),
        }
    }
}

impl Name {
    /// Whether `text`, of which the end is known to be the same, is this name.
    #[inline]
    fn is_rest(&self, text: &[u8]) -> bool {
        let rest = text.len().saturating_sub(TAIL);
        let (one, two) = (&self.text[..rest], &text[..rest]);
        // What is not a multiple of the chunk is compared with some of the end.
        let chunks = rest.div_ceil(TAIL);
        if chunks * TAIL > text.len() {
            return one == two;
        }
        let (one, two) = (&self.text[..chunks * TAIL], &text[..chunks * TAIL]);
        // As numbers: a call costs more for texts so short.
        let same = |(one, two): (&[u8; TAIL], &[u8; TAIL])| {
            u128::from_le_bytes(*one) == u128::from_le_bytes(*two)
        };
        one.as_chunks().0.iter().zip(two.as_chunks().0).all(same)
    }
}

/// Whether there is a quote or a backslash. A call costs more than this for a text so short.
#[inline]
fn quotes_or_escapes(text: &[u8]) -> bool {
    /// Compiles to a handful of vector instructions.
    #[inline]
    fn either<const N: usize>(bytes: &[u8; N]) -> bool {
        bytes.iter().fold(false, |either, &byte| either | (byte == b'"') | (byte == b'\\'))
    }
    fn all<const N: usize>(text: &[u8], last: &[u8; N]) -> bool {
        text.as_chunks().0.iter().fold(either(last), |found, chunk| found | either::<N>(chunk))
    }
    if let Some(last) = text.last_chunk::<16>() {
        all(text, last)
    } else if let Some(last) = text.last_chunk::<8>() {
        all(text, last)
    } else {
        let mut padded = [0; 8];
        padded[..text.len()].copy_from_slice(text);
        either(&padded)
    }
}

/// Whether a record with these marks stands where it can be compared to a layout: not at the edge of
/// its block. From one that does not nothing need be learned.
pub(super) fn is_comparable(data: &[u8], marks: &[u32]) -> bool {
    let (first, last) = (marks.first().copied(), marks.last().copied());
    first.zip(last).is_some_and(|(first, last)| {
        first as usize >= TAIL && last as usize + (SEEN - TAIL) <= data.len()
    })
}

/// The same for records of one layout, and most likely not for others.
#[inline]
pub(super) fn fingerprint(data: &[u8], marks: impl Iterator<Item = usize>) -> u64 {
    // Three bytes before a mark are of the name, or the quote and the comma before it.
    let end = |at: usize| match data.get(at.wrapping_sub(3)..).and_then(|end| end.first_chunk()) {
        Some(end) => u64::from(u32::from_le_bytes(*end)),
        None => 0,
    };
    marks.fold(0, |print: u64, at| {
        (print.rotate_left(5) ^ end(at)).wrapping_mul(0x517c_c1b7_2722_0a95)
    })
}

/// Whether a name that ends as `text` (with the quote before it) may be another column's than its
/// own. The one that makes a record an envelope is shorter than what is compared.
fn may_be_another(plan: &Plan, text: &[u8]) -> bool {
    let Some(tail) = text.last_chunk::<TAIL>().filter(|_| text.len() > TAIL) else { return false };
    let own = &text[1..];
    let hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    let is_escape = |taken: &usize| match *taken {
        ESCAPE => tail[0] == b'u' && hex(&tail[1..ESCAPE]),
        taken => hex(&tail[..taken]),
    };
    let mut names = plan.names().iter().map(|name| name.as_bytes()).filter(|name| *name != own);
    names.any(|name| (0..=ESCAPE).filter(is_escape).any(|taken| name.ends_with(&tail[taken..])))
}
