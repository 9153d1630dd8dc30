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

use super::{Columns, Found, hits::Hits};
use crate::{mend::escape_length, ndjson, plan::Plan, record::Column};

/// A line of JSON.
pub(crate) struct Line<'b, 'm> {
    plan: &'m Plan,
    data: &'b [u8],
    range: Range<usize>,
    hits: &'m mut Hits,
    /// Behind the brace that opens the record.
    open: usize,
    /// What stands before this position is known to be outside of objects in the record, but for
    /// the objects in `inner`.
    known: usize,
    inner: Vec<Range<usize>>,
}

impl<'b, 'm> Line<'b, 'm> {
    /// The line in `range` of `data`; none where only the reader in full can tell. `rest` are the
    /// records of the block from this one on, so that many can be searched at once.
    pub(crate) fn new(
        plan: &'m Plan,
        data: &'b [u8],
        range: Range<usize>,
        rest: impl Iterator<Item = usize>,
        hits: &'m mut Hits,
    ) -> Option<Line<'b, 'm>> {
        if hits.end() < range.end {
            let limit = Hits::limit(range.start);
            let end = rest.take_while(|&end| end <= limit).last().unwrap_or(range.end);
            hits.search(data, range.start..end.max(range.end));
        }
        let first = blanks(data, range.start, range.end);
        let escaped = hits.line(data, &range);
        // What ends within a record is told, though nothing would come of it.
        let last = data[range.clone()].iter().rev().find(|&&byte| byte > b' ');
        if escaped || first == range.end || data[first] != b'{' || last != Some(&b'}') {
            return None;
        }
        let (open, inner) = (first + 1, Vec::new());
        Some(Line { plan, data, range, hits, open, known: open, inner })
    }
}

impl<'b> Columns<'b> for Line<'b, '_> {
    #[inline]
    fn find(&mut self, column: Column) -> Found<'b> {
        if self.hits.lacks(column) {
            return Found::Empty;
        }
        let Line { plan, data, range, hits, known, inner, open } = self;
        let (data, open) = (*data, *open);
        let mut found = Found::Empty;
        hits.each(plan, data, range, column, |at, after| {
            let next = blanks(data, after, range.end);
            match data[next..range.end].first() {
                Some(b':') => {}
                Some(b',' | b'}' | b']') => return true,
                _ => {
                    found = Found::Doubt;
                    return false;
                }
            }
            let place = place(data, open, range.end, at, known, inner);
            if data[at - 1] == b'\\' || place == Place::Unclear {
                found = Found::Doubt;
                return false;
            }
            if place == Place::Member {
                found = value(data, blanks(data, next + 1, range.end), range.end);
            }
            found != Found::Doubt
        });
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

/// Where a name stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Member,
    Inner,
    Unclear,
}

/// Where the name at `at` stands, looking at each brace before it once.
fn place(
    data: &[u8],
    open: usize,
    end: usize,
    at: usize,
    known: &mut usize,
    inner: &mut Vec<Range<usize>>,
) -> Place {
    while *known < at {
        let Some(found) = memchr(b'{', &data[*known..at]) else {
            *known = at;
            break;
        };
        let brace = *known + found;
        let next = blanks(data, brace + 1, end);
        if next >= end || data[next] != b'"' {
            *known = brace + 1;
        } else if opens_value(data, open, brace) {
            let Some(close) = close(data, brace, end) else { return Place::Unclear };
            inner.push(brace..close);
            *known = close;
        } else {
            return Place::Unclear;
        }
    }
    if inner.iter().any(|object| object.contains(&at)) { Place::Inner } else { Place::Member }
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
