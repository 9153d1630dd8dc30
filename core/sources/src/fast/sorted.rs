//! The verdict on rows whose kind their header decides, and of which only
//! single columns are asked: most logs of a network sensor.
//!
//! **What is claimed.** [`Sorted::verdict`] gives what [`Screen`](super::Screen)
//! gives over [`Row`](super::tsv::Row), or none. **Why.** Kind, questions and
//! the places of columns are the same for every row of a header, and are
//! settled once. A value is the bytes between two separators. Of one that is
//! nothing but lower-case letters, digits, `-`, `_` and inner dots, every shape
//! that reads a single column gives the value itself, or nothing where it is no
//! name; asking for it anyway may let a row through that nobody wants, never
//! drop one. A value that was asked for before has the answer that it had.

use remora_abi::Kind;

use super::{
    Verdict,
    questions::{Questions, Single},
    unwanted::Unwanted,
};
use crate::{
    Wanted,
    csv::Where,
    plan::Plan,
    tsv::{Cell, Header},
};

/// The screen of the rows of one header.
pub(crate) struct Sorted<'p, 'h> {
    header: &'h Header,
    /// None: of a table that is not swept.
    kind: Option<Kind>,
    /// What is asked, from left to right.
    asked: Vec<(usize, Single<'p>)>,
}

impl<'p, 'h> Sorted<'p, 'h> {
    /// The screen of the rows of `header`; none where rows must be looked at more closely.
    pub(crate) fn new(plan: &'p Plan, header: &'h Header, wanted: &impl Wanted) -> Option<Self> {
        let named = plan.named_kind(header.path(), header.path())?;
        let table = named.and_then(|kind| plan.tables().iter().find(|table| table.kind == kind));
        let Some(table) = table else {
            return Some(Sorted { header, kind: None, asked: Vec::new() });
        };
        let questions = Questions::new(table, wanted);
        if questions.open || !questions.several.is_empty() {
            return None;
        }
        let mut asked = Vec::new();
        for single in questions.single {
            match header.place(single.column) {
                Where::Once(at) => asked.push((at, single)),
                Where::Nowhere if single.elsewhere.is_none() => {}
                _ => return None,
            }
        }
        asked.sort_by_key(|(at, _)| *at);
        Some(Sorted { header, kind: Some(table.kind), asked })
    }

    /// The verdict on the row in `line`; none where it must be looked at more closely.
    #[inline]
    pub(crate) fn verdict(
        &self,
        line: &[u8],
        wanted: &impl Wanted,
        unwanted: &mut Unwanted,
        out: &mut String,
    ) -> Option<Verdict> {
        let Some(kind) = self.kind else { return Some(Verdict::OtherKind) };
        let separator = self.header.separator();
        let (mut at, mut start) = (0, 0);
        for (place, single) in &self.asked {
            start = skip(line, start, *place - at, separator)?;
            at = *place;
            let raw = &line[start..end(line, start, separator)];
            if raw.is_empty() || !unwanted.holds(kind, single.column, raw) {
                let cell = self.header.cell(at, raw);
                if !single.is_unwanted(kind, cell, wanted, unwanted, out)? {
                    return Some(Verdict::Read);
                }
            }
        }
        Some(Verdict::Drop(kind))
    }
}

impl Single<'_> {
    /// Whether nobody wants a value that is not known yet; none where it takes a closer look.
    fn is_unwanted(
        &self,
        kind: Kind,
        cell: Cell<'_>,
        wanted: &impl Wanted,
        unwanted: &mut Unwanted,
        out: &mut String,
    ) -> Option<bool> {
        let value = match cell {
            Cell::Empty => return self.elsewhere.is_none().then_some(true),
            Cell::Plain(value) => value,
            Cell::Escaped(_) | Cell::Several(_) => return None,
        };
        let is_wanted = self.is_wanted(kind, value, wanted, out)?;
        if !is_wanted {
            unwanted.put(kind, self.column, value);
        }
        Some(!is_wanted)
    }
}

/// Where the value begins that stands `count` separators behind `start`; none where the row ends
/// before it.
#[inline]
fn skip(line: &[u8], start: usize, count: usize, separator: u8) -> Option<usize> {
    let (mut at, mut left) = (start, count);
    if left == 0 {
        return Some(start);
    }
    while let Some(chunk) = line[at..].first_chunk::<64>()
        && separators(chunk, separator) < left
    {
        left -= separators(chunk, separator);
        at += 64;
    }
    while let Some(chunk) = line[at..].first_chunk::<16>()
        && separators(chunk, separator) < left
    {
        left -= separators(chunk, separator);
        at += 16;
    }
    while let Some(word) = line[at..].first_chunk() {
        let mut found = matches(*word, separator);
        while found != 0 {
            if left == 1 {
                return Some(at + first(found) + 1);
            }
            left -= 1;
            found &= found - 1;
        }
        at += 8;
    }
    for (behind, _) in line[at..].iter().enumerate().filter(|(_, byte)| **byte == separator) {
        if left == 1 {
            return Some(at + behind + 1);
        }
        left -= 1;
    }
    None
}

/// Where the value ends that begins at `start`.
#[inline]
fn end(line: &[u8], start: usize, separator: u8) -> usize {
    let mut at = start;
    while let Some(word) = line[at..].first_chunk() {
        let found = matches(*word, separator);
        if found != 0 {
            return at + first(found);
        }
        at += 8;
    }
    line[at..].iter().position(|&byte| byte == separator).map_or(line.len(), |behind| at + behind)
}

/// How many separators there are; compiles to a handful of vector instructions.
#[inline]
fn separators<const N: usize>(chunk: &[u8; N], separator: u8) -> usize {
    usize::from(chunk.iter().map(|&byte| u8::from(byte == separator)).sum::<u8>())
}

/// The highest bit of each byte that is `separator`.
#[inline]
fn matches(word: [u8; 8], separator: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let other = u64::from_le_bytes(word) ^ u64::from_le_bytes([separator; 8]);
    // A byte that is not 0 has its highest bit, or carries into it.
    !(((other & LOW) + LOW) | other | LOW)
}

/// Which byte the first of [`matches`] is.
#[inline]
fn first(found: u64) -> usize {
    found.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn values_are_where_splitting_finds_them(
            line in proptest::collection::vec(
                proptest::sample::select(&[9_u8, 9, 8, 10, 0x89, b'a', b'b', 0][..]), 0..200,
            ),
            from in 0_usize..8,
            count in 0_usize..30,
        ) {
            let values: Vec<&[u8]> = line.split(|&byte| byte == 9).collect();
            let begin = |at: usize| values[..at].iter().map(|value| value.len() + 1).sum::<usize>();
            prop_assume!(from < values.len());
            let found = skip(&line, begin(from), count, 9);
            let expected = values.get(from + count);
            prop_assert_eq!(found, expected.map(|_| begin(from + count)));
            if let (Some(start), Some(value)) = (found, expected) {
                prop_assert_eq!(&line[start..end(&line, start, 9)], *value);
            }
        }
    }
}
