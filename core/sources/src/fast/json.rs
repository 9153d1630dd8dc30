//! The columns of a JSON object, found by their names.
//!
//! The object stands on a line, or wherever [elements](crate::elements) find one.
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
//! 1. *A member that is there is seen.* Its name ends with a quote that is not
//!    escaped and has a colon behind it, or a blank. All of these are
//!    [marked](super::ends), from end to end of the line.
//! 2. *What is seen is a member's name.* A mark with something else behind it
//!    than blanks and a colon ends a value, or is in a string. One that has a
//!    colon ends a string, or begins one, or is escaped by an odd number of
//!    backslashes. It does not begin one unless a bracket, a comma, a colon or
//!    a blank stands before it, which is doubt. Whether it is escaped, and
//!    what the name is, is told by the quote or backslash before: a backslash,
//!    and a quote with a backslash before it, are doubt. So names that are
//!    written with escapes are doubt as well.
//! 3. *It is a member of the record and not of an object inside.* Members are
//!    taken in their order; the value of each that is an object or a list is
//!    passed over to its end, strings as strings, and the marks in it with it.
//!    The row of an envelope, if it is an object, is gone into: the reader takes
//!    its members for columns as those around it, so it does not matter which
//!    they are. A second one is doubt, and so is one that is no object.
//! 4. *It is the one that counts.* Of members of one name the last counts, and
//!    all are seen, in their order. In an envelope, where the reader passes over
//!    what is null in the row, two of one name are doubt.
//! 5. *Its value is the reader's.* A string without backslash is what stands
//!    between its quotes; one with backslashes is unescaped by the reader's
//!    own function, if each of them begins an escape (else it is doubt, for
//!    mending has a say); `null` is empty; numbers and truth values count as
//!    they are written; other values are doubt. Bytes that are not UTF-8 are
//!    left to whoever asks.
//!
//! Where all marks are those that a [layout](super::layout) expects, 1 to 4 are
//! proved by that; where records have objects and lists in them, all marks but
//! those in them.

use std::ops::Range;

use fearless_simd::Level;
use memchr::{memchr, memchr2, memchr3};

use super::{
    Columns, Found, ends,
    layout::{Layout, Member, fingerprint, is_comparable},
    names::Names,
};
use crate::{
    mapping::Mapping,
    mend::escape_length,
    ndjson::{self, ROW_COLUMN},
    plan::Plan,
    record::Column,
};

/// About how many bytes are marked at once: what stays in the cache next to the core.
const STRETCH: usize = 64 << 10;
/// The longest line that is looked at here, in bytes: for names as short as can be, what is kept of
/// them takes eight times the line. Longer ones are read in full.
const LONGEST: usize = 1 << 20;
/// How many places there are for layouts. A log has one layout for each of its tables, or many, where
/// members without a value are left out. Each has one place, and the last that came there is known.
const LAYOUTS: usize = 256;
/// What learning a layout costs, in records whose members are walked: where no layout comes again,
/// learning must not take longer than walking.
const LEARNING: usize = 64;
/// The most that is saved for it.
const CREDIT: usize = 32 * LEARNING;

/// What is known of the lines of a log.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    mapping: Option<&'static Mapping>,
    level: Option<Level>,
    /// Where names may end, up to `marked`: so many, and behind them one that is no place.
    marks: Vec<u32>,
    count: usize,
    marked: usize,
    /// Marks before this one belong to lines before.
    next: usize,
    layouts: Vec<Option<Layout>>,
    /// The place of the layout that fitted last.
    usual: usize,
    /// Records walked that pay for learning.
    credit: usize,
    names: Names,
    members: Vec<Member>,
    /// Whether there were objects or lists in records.
    nests: bool,
    /// Marks of a record that are in none of them.
    own: Vec<u32>,
}

/// A line of JSON.
pub(crate) struct Line<'b, 'm> {
    data: &'b [u8],
    end: usize,
    members: Members<'m>,
}

/// Where the members of a record are.
enum Members<'m> {
    /// At these marks, as the layout says.
    Fit(&'m Layout, &'m [u32]),
    /// Here.
    Walked(&'m [Member]),
}

impl Lines {
    /// Begins a block of an input of this plan.
    pub(crate) fn begin(&mut self, plan: &Plan) {
        self.marked = 0;
        if !self.mapping.is_some_and(|known| std::ptr::eq(known, plan.mapping())) {
            self.mapping = Some(plan.mapping());
            self.layouts.clear();
            self.layouts.resize_with(LAYOUTS, || None);
            self.names.clear();
            self.usual = 0;
            self.nests = false;
            self.credit = CREDIT;
        }
    }

    /// The line in `range` of `data`; none where only the reader in full can tell. `rest` are the
    /// ends of the records of the block from this one on, so that many can be marked at once.
    #[inline]
    pub(crate) fn line<'b>(
        &mut self,
        plan: &Plan,
        data: &'b [u8],
        range: Range<usize>,
        rest: impl Iterator<Item = usize>,
    ) -> Option<Line<'b, '_>> {
        if range.len() > LONGEST {
            return None;
        }
        if self.marked < range.end {
            let end = rest.take_while(|&end| end <= range.start + STRETCH).last();
            self.mark(data, range.start..end.unwrap_or_default().max(range.end));
        }
        let Range { start, end } = range;
        let first = blanks(data, start, end);
        // What ends within a record is told, though nothing would come of it.
        let last = data[start..end].iter().rev().find(|&&byte| byte > b' ');
        if first == end || data[first] != b'{' || last != Some(&b'}') {
            return None;
        }
        let open = first + 1;
        while (self.marks[self.next] as usize) < open {
            self.next += 1;
        }
        let marks = &self.marks[self.next..=self.count];
        let is_all = |count: usize| {
            marks.get(count).is_some_and(|&next| next as usize >= end)
                && count.checked_sub(1).is_none_or(|last| (marks[last] as usize) < end)
        };
        let level = *self.level.get_or_insert_with(Level::new);
        let usual = self.layouts[self.usual].as_ref();
        let nests = usual.is_some_and(Layout::nests);
        let count = usual.map(Layout::len).filter(|&count| !nests && is_all(count));
        let is_flat = count.is_some();
        let count = count
            .unwrap_or_else(|| marks.iter().take_while(|&&mark| (mark as usize) < end).count());
        let all = &marks[..count];
        self.next += count;
        let fits = |at: usize, marks: &[u32]| {
            let layout: Option<&Layout> = self.layouts[at].as_ref();
            layout.is_some_and(|layout| layout.fits(level, data, marks))
        };
        if is_flat && fits(self.usual, all) {
            let layout = self.layouts[self.usual].as_ref()?;
            return Some(Line { data, end, members: Members::Fit(layout, all) });
        }
        let mut marks = all;
        if self.nests {
            pass_over(data, end, all, &mut self.own)?;
            marks = &self.own;
            if nests && fits(self.usual, marks) {
                let layout = self.layouts[self.usual].as_ref()?;
                return Some(Line { data, end, members: Members::Fit(layout, marks) });
            }
        }
        let at = place(data, marks.iter().map(|&mark| mark as usize));
        if fits(at, marks) {
            self.usual = at;
            let layout = self.layouts[at].as_ref()?;
            return Some(Line { data, end, members: Members::Fit(layout, marks) });
        }
        self.nests |= walk(plan, data, open, end, all, &mut self.names, &mut self.members)?;
        self.credit = (self.credit + 1).min(CREDIT);
        if self.credit >= LEARNING && is_comparable(data, all) {
            self.credit -= LEARNING;
            if let Some(layout) = Layout::of(plan, data, &self.members) {
                self.usual = place(data, self.members.iter().map(|member| member.close));
                self.layouts[self.usual] = Some(layout);
            }
        }
        Some(Line { data, end, members: Members::Walked(&self.members) })
    }

    fn mark(&mut self, data: &[u8], stretch: Range<usize>) {
        self.marked = stretch.end;
        self.next = 0;
        let level = *self.level.get_or_insert_with(Level::new);
        self.count = ends::mark(level, data, stretch, &mut self.marks);
    }
}

/// The place of the layout of a record with these marks.
fn place(data: &[u8], marks: impl Iterator<Item = usize>) -> usize {
    (fingerprint(data, marks) >> 32) as usize % LAYOUTS
}

/// Finds the members of the record whose brace stands before `open`, and those of the row in it if
/// it is an envelope, in their order; none where only the reader in full can tell. Says whether a
/// value is an object or a list.
fn walk(
    plan: &Plan,
    data: &[u8],
    open: usize,
    end: usize,
    marks: &[u32],
    names: &mut Names,
    members: &mut Vec<Member>,
) -> Option<bool> {
    members.clear();
    let (mut nests, mut in_row) = (false, false);
    // What stands before is understood.
    let mut known = open;
    for &mark in marks {
        let close = mark as usize;
        if close < known {
            continue;
        }
        // It may begin a string.
        if matches!(data[close - 1], b'{' | b'[' | b',' | b':' | ..=b' ') {
            return None;
        }
        let colon = blanks(data, close + 1, end);
        if colon == end || data[colon] != b':' {
            continue;
        }
        let value = blanks(data, colon + 1, end);
        let (open, column) = names.find(plan, data, known, close)?;
        members.push(Member { open, close, value, column });
        let first = *data[value..end].first()?;
        known = match first {
            b'{' if column == Some(ROW_COLUMN) => {
                in_row = true;
                value + 1
            }
            _ if column == Some(ROW_COLUMN) => return None,
            b'{' | b'[' => close_of(data, value, end)?,
            // From its quote on, as where a layout fits: of what is damaged as much is told.
            _ => value,
        };
        nests |= matches!(first, b'{' | b'[');
    }
    // What is null in the row does not count where the envelope has the column; and of two rows one
    // in the other says nothing, and one behind it is a row.
    if in_row {
        let mut met = Vec::new();
        for column in members.iter().filter_map(|member| member.column) {
            if met.contains(&column) {
                return None;
            }
            met.push(column);
        }
    }
    Some(nests)
}

/// Writes to `own` the marks that are in no object or list of a record, but those in the row of an
/// envelope with them, if all marks outside of these are ends of names; none where one does not end.
fn pass_over(data: &[u8], end: usize, marks: &[u32], own: &mut Vec<u32>) -> Option<()> {
    own.clear();
    let mut known = 0;
    for &mark in marks {
        let close = mark as usize;
        if close < known {
            continue;
        }
        own.push(mark);
        let value = blanks(data, blanks(data, close + 1, end) + 1, end);
        // No layout has two rows.
        match data[..end].get(value) {
            Some(b'{') if is_row(&data[..close]) => {}
            Some(b'{' | b'[') => known = close_of(data, value, end)?,
            _ => {}
        }
    }
    Some(())
}

/// Whether what `data` ends with, up to the last quote, is the name of an envelope's row.
fn is_row(data: &[u8]) -> bool {
    let before = data.strip_suffix(ndjson::ROW).and_then(|before| before.strip_suffix(b"\""));
    before.is_some_and(|before| !before.ends_with(b"\\"))
}

impl<'b> Columns<'b> for Line<'b, '_> {
    #[inline]
    fn find(&mut self, column: Column) -> Found<'b> {
        let Line { data, end, .. } = *self;
        match self.members {
            Members::Fit(layout, marks) => layout.find(data, marks, column, end),
            Members::Walked(members) => {
                let is = |member: &&Member| member.column == Some(column);
                let last = members.iter().rev().find(is);
                last.map_or(Found::Empty, |member| value(data, member.value, end))
            }
        }
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

/// Where the object or list that begins at `at` ends. Of the two kinds of brackets only its own
/// are counted: the others are in pairs within them.
fn close_of(data: &[u8], at: usize, end: usize) -> Option<usize> {
    let (opens, closes) = if data[at] == b'{' { (b'{', b'}') } else { (b'[', b']') };
    let (mut at, mut depth) = (at, 0_usize);
    loop {
        let found = at + memchr3(b'"', opens, closes, &data[at..end])?;
        at = found + 1;
        match data[found] {
            b'"' => at = closing_quote(data, at, end)? + 1,
            byte if byte == opens => depth += 1,
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
pub(super) fn value(data: &[u8], at: usize, end: usize) -> Found<'_> {
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
