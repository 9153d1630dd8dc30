//! The columns of a JSON object in a line, found by their names.
//!
//! **What is claimed.** Let the reader in full ([`crate::ndjson`]) accept the
//! line, as it stands or after [mending](crate::mend). Then for every column
//! [`Line::find`] gives what that reader finds, or doubt.
//!
//! **Why.** Mending changes neither where strings begin and end nor which
//! brackets stand outside of strings: it doubles backslashes that escape
//! nothing (never one before a quote), writes control characters inside of
//! strings as escapes, makes blanks of them outside, and replaces bytes that
//! are not ASCII. So the raw bytes can be argued about as if they were JSON in
//! which every byte up to the blank is a blank.
//!
//! 1. *A member that is there is seen.* The reader compares names after
//!    unescaping. A name of a column is ASCII, so it stands in the line as it
//!    is, in quotes, or has a character written `\u00` and two digits. Lines
//!    in which such an escape stands for a character of any column's name
//!    are in doubt as a whole. All others are searched from end to end.
//! 2. *What is seen is a member's name.* The first quote of an occurrence is
//!    not escaped (a backslash before it is doubt), the second cannot be. If
//!    the first began inside of a string, it would end it, and the name would
//!    stand outside of strings, where no JSON has letters but `true`, `false`
//!    and `null`. So the occurrence is a whole string; with a colon behind it
//!    is a name, with a comma or a closing bracket it is a value, with
//!    anything else it is doubt.
//! 3. *It is a member of the record and not of an object inside.* Such an
//!    object has members (an empty one hides nothing), so it is written as a
//!    brace, blanks, a quote. Every such place before the occurrence is
//!    looked at. Inside of a string it would end the string, which cannot be
//!    told from here and is doubt, unless before the brace stand a letter or
//!    digit, a quote and a colon: an opening quote never follows a letter or
//!    digit, so the quote closes a name and the brace opens its value. That
//!    object is passed over to its end, strings as strings. Objects in lists
//!    are doubt.
//! 4. *It is the one that counts.* Of members of one name the last counts, and
//!    all are seen, in their order.
//! 5. *Its value is the reader's.* A string without backslash is what stands
//!    between its quotes; one with backslashes is unescaped by the reader's
//!    own function, if each of them begins an escape (else it is doubt, for
//!    mending has a say); `null` is empty; numbers and truth values count as
//!    they are written; other values are doubt. Bytes that are not UTF-8 are
//!    left to whoever asks.

use std::ops::Range;

use memchr::{memchr, memchr2, memchr3};

use super::{
    Columns, Found,
    hits::{ENVELOPE, Hits, Mark},
};
use crate::{mend::escape_length, ndjson, record::Column};

/// A line of JSON.
pub(crate) struct Line<'b, 'm> {
    data: &'b [u8],
    range: Range<usize>,
    hits: &'m mut Hits,
    names: &'m mut Names,
}

/// What is known of the names in a line.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Slots of the names that are there, as bits.
    there: u64,
    /// Where names end, by their slots, outside of the objects in `inner`.
    ends: Vec<(u8, usize)>,
    /// Objects in the record.
    inner: Vec<Range<usize>>,
    /// From here on it is unclear whether a name is a member of the record.
    unclear: usize,
}

impl<'b, 'm> Line<'b, 'm> {
    /// The line in `range` of `data`; none where only the reader in full can tell. `rest` are the
    /// records of the block from this one on, so that many can be searched at once. `names` is
    /// memory.
    pub(crate) fn new(
        data: &'b [u8],
        range: Range<usize>,
        rest: impl Iterator<Item = usize>,
        hits: &'m mut Hits,
        names: &'m mut Names,
    ) -> Option<Line<'b, 'm>> {
        if hits.end() < range.end {
            let limit = hits.limit(range.start);
            let end = rest.take_while(|&end| end <= limit).last().unwrap_or(range.end);
            hits.mark(data, range.start..end.max(range.end));
        }
        let first = blanks(data, range.start, range.end);
        // What ends within a record is told, though nothing would come of it.
        let last = data[range.clone()].iter().rev().find(|&&byte| byte > b' ');
        if first == range.end || data[first] != b'{' || last != Some(&b'}') {
            return None;
        }
        hits.line(first + 1);
        names.read(data, first + 1, range.end, hits)?;
        Some(Line { data, range, hits, names })
    }
}

impl Names {
    /// Reads the names that are marked in the record whose brace stands before `open`; none where
    /// only the reader in full can tell.
    #[inline]
    fn read(&mut self, data: &[u8], open: usize, end: usize, hits: &mut Hits) -> Option<()> {
        self.there = 0;
        self.ends.clear();
        self.inner.clear();
        self.unclear = end;
        // What stands before is known to be in an object of `inner`.
        let mut known = open;
        while let Some(mark) = hits.next(data, end) {
            match mark {
                Mark::Escape | Mark::Name(ENVELOPE, _) => return None,
                Mark::Name(slot, after) if after > known => {
                    self.there |= 1 << slot;
                    self.ends.push((slot, after));
                }
                Mark::Brace(brace) if brace >= known && self.unclear == end => {
                    match object(data, open, brace, end) {
                        Object::Empty => {}
                        Object::Value(close) => {
                            self.inner.push(brace..close);
                            known = close;
                        }
                        Object::Unclear => self.unclear = brace,
                    }
                }
                Mark::Name(..) | Mark::Brace(_) => {}
            }
        }
        Some(())
    }

    /// What the name from `at` to `after` says; none where it is no name of a member.
    #[inline]
    fn member<'b>(&self, data: &'b [u8], at: usize, after: usize, end: usize) -> Option<Found<'b>> {
        let next = blanks(data, after, end);
        match data[next..end].first() {
            Some(b':') if data[at - 1] != b'\\' && at < self.unclear => {
                Some(value(data, blanks(data, next + 1, end), end))
            }
            Some(b',' | b'}' | b']') => None,
            _ => Some(Found::Doubt),
        }
    }
}

impl<'b> Columns<'b> for Line<'b, '_> {
    #[inline]
    fn find(&mut self, column: Column) -> Found<'b> {
        let Line { data, range, hits, names } = self;
        let (data, end) = (*data, range.end);
        let mut found = Found::Empty;
        let mut member = |at: usize, after: usize| {
            found = names.member(data, at, after, end).unwrap_or(found);
            found != Found::Doubt
        };
        match hits.slot(column) {
            (Some(slot), _) if names.there >> slot & 1 == 0 => {}
            (Some(slot), length) => {
                for &(of, after) in &names.ends {
                    if of == slot && !member(after - length, after) {
                        break;
                    }
                }
            }
            (None, _) => hits.each(data, range.clone(), column, |at, after| {
                names.inner.iter().any(|object| object.contains(&at)) || member(at, after)
            }),
        }
        found
    }

    fn unescape(&self, value: &'b [u8], out: &mut String) -> bool {
        let Ok(text) = std::str::from_utf8(value) else { return false };
        let mut rest = value;
        while let Some(at) = memchr(b'\\', rest) {
            let after = &rest[at + 1..];
            let length = escape_length(after);
            if length == 0 {
                return false;
            }
            rest = &after[length..];
        }
        ndjson::unescape(text, out);
        true
    }
}

/// What a brace opens.
enum Object {
    /// Nothing that has members.
    Empty,
    /// The value of a member, which ends here.
    Value(usize),
    /// Perhaps an object, perhaps nothing.
    Unclear,
}

/// What the brace at `brace` opens.
fn object(data: &[u8], open: usize, brace: usize, end: usize) -> Object {
    let next = blanks(data, brace + 1, end);
    if next >= end || data[next] != b'"' {
        return Object::Empty;
    }
    let close = if opens_value(data, open, brace) { close(data, brace, end) } else { None };
    close.map_or(Object::Unclear, Object::Value)
}

/// Whether a brace certainly opens the value of a member.
fn opens_value(data: &[u8], open: usize, brace: usize) -> bool {
    let before = |from: usize| data[open..from].iter().rposition(|&byte| byte > b' ');
    let Some(colon) = before(brace).map(|at| open + at).filter(|&at| data[at] == b':') else {
        return false;
    };
    let Some(quote) = before(colon).map(|at| open + at).filter(|&at| data[at] == b'"') else {
        return false;
    };
    quote > open && data[quote - 1].is_ascii_alphanumeric()
}

/// Where the object ends whose brace stands at `brace`.
fn close(data: &[u8], brace: usize, end: usize) -> Option<usize> {
    let (mut at, mut depth) = (brace, 0_usize);
    loop {
        let found = at + memchr3(b'"', b'{', b'}', &data[at..end])?;
        at = found + 1;
        match data[found] {
            b'"' => at = closing_quote(data, at, end)? + 1,
            b'{' => depth += 1,
            _ => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
    }
}

/// The quote that ends the string whose content begins at `from`.
fn closing_quote(data: &[u8], from: usize, end: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = at + memchr(b'"', &data[at..end])?;
        let escapes = data[from..quote].iter().rev().take_while(|&&byte| byte == b'\\').count();
        if escapes.is_multiple_of(2) {
            return Some(quote);
        }
        at = quote + 1;
    }
}

/// The value that begins at `at`.
fn value(data: &[u8], at: usize, end: usize) -> Found<'_> {
    match data[at..end].first() {
        Some(b'"') => {
            let from = at + 1;
            let Some(found) = memchr2(b'"', b'\\', &data[from..end]) else { return Found::Doubt };
            if data[from + found] == b'"' {
                return match found {
                    0 => Found::Empty,
                    _ => Found::Plain(&data[from..from + found]),
                };
            }
            match closing_quote(data, from, end) {
                Some(quote) => Found::Escaped(&data[at..=quote]),
                None => Found::Doubt,
            }
        }
        Some(_) => {
            let word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            let length = data[at..end].iter().take_while(word).count();
            let word = &data[at..at + length];
            let next = blanks(data, at + length, end);
            let ends = next < end && matches!(data[next], b',' | b'}');
            let number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
            match word {
                _ if !ends => Found::Doubt,
                b"null" => Found::Empty,
                b"true" | b"false" => Found::Plain(word),
                [b'0'..=b'9' | b'-', ..] if word.iter().all(number) => Found::Plain(word),
                _ => Found::Doubt,
            }
        }
        None => Found::Doubt,
    }
}

/// Behind the blanks at `at`: everything up to the blank is one, for control characters outside
/// of strings are mended to blanks.
#[inline]
fn blanks(data: &[u8], at: usize, end: usize) -> usize {
    if at < end && data[at] > b' ' {
        return at;
    }
    at + data[at..end].iter().take_while(|&&byte| byte <= b' ').count()
}
