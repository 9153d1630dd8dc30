//! Where the names of wanted columns occur in lines of JSON.
//!
//! The names that were asked for in many of the lines before are
//! [marked](super::marks) in a stretch of lines at once; a name that is asked
//! for seldom is searched in the one line. Either way all occurrences in a line
//! are found, wherever they stand.

use std::{cmp::Reverse, ops::Range};

use fearless_simd::Level;
use memchr::memmem::Finder;

use super::{
    equal,
    marks::{ENDINGS, Ending, mark},
};
use crate::{mapping::Mapping, ndjson, plan::Plan, record::Column};

/// About how many bytes are marked at once: what stays in the cache next to the core.
const STRETCH: usize = 64 << 10;
/// As long as nothing is known of what is asked for.
const FIRST: usize = 1 << 10;
/// A name is marked that was asked for in one line of so many: searching it in the line costs
/// about so much more.
const SELDOM: u32 = 8;
/// Up to how many names are marked: each has a bit.
const MARKED: usize = 64;
/// How many groups of endings there are: more than endings.
const GROUPS: usize = 64;
/// How much of a name is searched in a line: more needs a table.
const SEARCHED: usize = 16;
/// How an escaped character of a name must begin: names are ASCII.
const ESCAPE: &[u8] = b"\\u00";

/// Occurrences of names.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    mapping: Option<&'static Mapping>,
    level: Option<Level>,
    /// By column; behind them the name that makes a line an envelope.
    names: Vec<Name>,
    /// Bytes of which names are made.
    alphabet: Vec<bool>,
    /// The names that are marked, by the groups of their endings.
    marked: Vec<Marked>,
    /// Where each group begins in them, and behind the last its end.
    groups: Vec<u8>,
    endings: Vec<Ending>,
    stretch: Range<usize>,
    marks: Vec<u32>,
    next: usize,
    lines: u32,
}

/// A name.
#[derive(Debug, Default)]
struct Name {
    /// In quotes.
    text: Box<[u8]>,
    /// Its place among those that are marked in this stretch.
    slot: Option<u8>,
    /// How often it was asked for in this stretch.
    asked: u32,
    /// Finds its end.
    finder: Option<Finder<'static>>,
}

/// A name that is marked: which, and its last eight bytes in a word of which `mask` counts.
#[derive(Clone, Copy, Debug)]
struct Marked {
    name: usize,
    slot: u8,
    group: usize,
    tail: u64,
    mask: u64,
}

/// What stands at a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A brace that opens.
    Brace(usize),
    /// A character that may be one of a name, written as an escape.
    Escape,
    /// The name of this slot in quotes, which ends here.
    Name(u8, usize),
}

/// The slot of the name that makes a line an envelope.
pub(super) const ENVELOPE: u8 = 0;

impl Name {
    fn new(name: &[u8]) -> Name {
        Name { text: [b"\"", name, b"\""].concat().into(), ..Name::default() }
    }

    fn ending(&self) -> Option<Ending> {
        self.text.strip_suffix(b"\"")?.last_chunk().copied()
    }
}

/// The group of names with this ending.
#[inline]
fn group([first, second]: Ending) -> usize {
    usize::from(first.wrapping_mul(7) ^ second) % GROUPS
}

/// The last eight bytes as a word.
#[inline]
fn tail(bytes: &[u8]) -> u64 {
    match bytes.last_chunk() {
        Some(last) => u64::from_le_bytes(*last),
        None => {
            bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
                << (8 * (8 - bytes.len()))
        }
    }
}

impl Hits {
    /// Begins a block of an input of this plan.
    pub(crate) fn begin(&mut self, plan: &Plan) {
        self.stretch = 0..0;
        if self.mapping.is_some_and(|known| std::ptr::eq(known, plan.mapping())) {
            return;
        }
        let names = plan.names().iter().map(|name| name.as_bytes()).chain([ndjson::ROW]);
        self.mapping = Some(plan.mapping());
        self.level = Some(Level::new());
        self.alphabet = vec![false; 256];
        for byte in names.clone().flatten() {
            self.alphabet[usize::from(*byte)] = true;
        }
        self.names = names.map(Name::new).collect();
        self.lines = 0;
        self.marked.clear();
    }

    /// Where the stretch that is marked ends; lines beyond need another.
    pub(super) fn end(&self) -> usize {
        self.stretch.end
    }

    /// Where a stretch that begins at `start` should end, at the latest.
    pub(super) fn limit(&self, start: usize) -> usize {
        start + if self.marked.is_empty() { FIRST } else { STRETCH }
    }

    /// Marks a stretch of whole lines.
    pub(super) fn mark(&mut self, data: &[u8], stretch: Range<usize>) {
        self.choose();
        self.marks.clear();
        self.next = 0;
        let level = *self.level.get_or_insert_with(Level::new);
        mark(level, data, stretch.clone(), &self.endings, &mut self.marks);
        self.stretch = stretch;
    }

    /// Chooses the names that are marked: those that were asked for most.
    fn choose(&mut self) {
        let envelope = self.names.len() - 1;
        let often = |&at: &usize| self.names[at].asked * SELDOM > self.lines;
        let mut often: Vec<usize> = (0..envelope).filter(often).collect();
        often.sort_by_key(|&at| Reverse(self.names[at].asked));
        self.marked.clear();
        self.endings.clear();
        self.lines = 0;
        for name in &mut self.names {
            (name.slot, name.asked) = (None, 0);
        }
        for at in [envelope].into_iter().chain(often) {
            let name = &mut self.names[at];
            let (Some(ending), Ok(slot)) = (name.ending(), u8::try_from(self.marked.len())) else {
                continue;
            };
            let known = self.endings.contains(&ending);
            if usize::from(slot) == MARKED || (!known && self.endings.len() == ENDINGS) {
                continue;
            }
            if !known {
                self.endings.push(ending);
            }
            let mask = u64::MAX << (8 * 8_usize.saturating_sub(name.text.len()));
            let (group, tail) = (group(ending), tail(&name.text));
            self.marked.push(Marked { name: at, slot, group, tail, mask });
            name.slot = Some(slot);
        }
        self.marked.sort_by_key(|marked| marked.group);
        let begin = |group| self.marked.partition_point(|marked| marked.group < group);
        let begins = (0..=GROUPS).map(|group| u8::try_from(begin(group)).expect("names are few"));
        self.groups.clear();
        self.groups.extend(begins);
    }

    /// Begins a line.
    #[inline]
    pub(super) fn line(&mut self, start: usize) {
        self.lines += 1;
        while self.marks.get(self.next).is_some_and(|&at| (at as usize) < start) {
            self.next += 1;
        }
    }

    /// The next mark before `end` that means something.
    #[inline]
    pub(super) fn next(&mut self, data: &[u8], end: usize) -> Option<Mark> {
        loop {
            let at = self.marks.get(self.next).map(|&at| at as usize).filter(|&at| at < end)?;
            self.next += 1;
            match data[at] {
                b'{' => return Some(Mark::Brace(at)),
                b'\\' if self.may_name(&data[at..end]) => return Some(Mark::Escape),
                b'\\' => {}
                _ => {
                    let group = group([data[at], data[at + 1]]);
                    if let Some(slot) = self.name(group, &data[..at + 3]) {
                        return Some(Mark::Name(slot, at + 3));
                    }
                }
            }
        }
    }

    /// The slot of the name of this group that `data` ends with.
    #[inline]
    fn name(&self, group: usize, data: &[u8]) -> Option<u8> {
        let last = tail(data);
        let range = usize::from(self.groups[group])..usize::from(self.groups[group + 1]);
        let is = |marked: &&Marked| {
            last & marked.mask == marked.tail && {
                let text = &self.names[marked.name].text;
                data.len() >= text.len() && equal(&data[data.len() - text.len()..], text)
            }
        };
        self.marked[range].iter().find(is).map(|marked| marked.slot)
    }

    /// Whether the escape that `data` begins with may stand for a character of a name.
    #[cold]
    fn may_name(&self, data: &[u8]) -> bool {
        let Some(digits) = data.strip_prefix(ESCAPE) else { return false };
        let digits = digits.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        code.is_none_or(|code| self.alphabet[usize::from(code)])
    }

    /// The slot of a column's name, if it is marked, and the length of the name in quotes.
    #[inline]
    pub(super) fn slot(&mut self, column: Column) -> (Option<u8>, usize) {
        let name = &mut self.names[usize::from(column)];
        name.asked += 1;
        (name.slot, name.text.len())
    }

    /// Calls `each` with every position in `line` where the name of `column` stands in quotes,
    /// and with the position behind it, until it says false.
    pub(super) fn each(
        &mut self,
        data: &[u8],
        line: Range<usize>,
        column: Column,
        mut each: impl FnMut(usize, usize) -> bool,
    ) {
        let Name { text, finder, .. } = &mut self.names[usize::from(column)];
        let end = &text[text.len().saturating_sub(SEARCHED)..];
        let finder = finder.get_or_insert_with(|| Finder::new(end).into_owned());
        for found in finder.find_iter(&data[line.clone()]) {
            let after = line.start + found + end.len();
            if data[line.start..after].ends_with(text) && !each(after - text.len(), after) {
                break;
            }
        }
    }
}
