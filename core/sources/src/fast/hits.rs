//! Where the names of wanted columns occur in a stretch of JSON lines.
//!
//! One vectorised pass over a stretch for each name that was asked for in many
//! of the lines before; a name that is asked for seldom is searched in the one
//! line. Either way all occurrences in a line are found, wherever they stand.

use std::ops::Range;

use memchr::{
    arch::all::packedpair::HeuristicFrequencyRank,
    memmem::{Finder, FinderBuilder},
};

use crate::{mapping::Mapping, plan::Plan, record::Column};

/// About how many bytes are searched for one name after the other: what stays in the cache next
/// to the core.
const STRETCH: usize = 128 << 10;
/// From how many bytes it is told which bytes are rare.
const LOOKED_AT: usize = 16 << 10;
/// How an escaped character of a name must begin: names are ASCII.
const ESCAPE: &[u8] = b"\\u00";
/// Ends every list of occurrences.
const NONE: u32 = u32::MAX;

/// Occurrences of names.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    mapping: Option<&'static Mapping>,
    ranks: Ranks,
    names: Vec<Name>,
    escapes: Option<Name>,
    /// Bytes of which names are made.
    alphabet: Vec<bool>,
    stretch: Range<usize>,
    lines: u32,
}

/// A name and where it occurs.
#[derive(Debug, Default)]
struct Name {
    /// The name in quotes.
    finder: Option<Finder<'static>>,
    length: usize,
    /// Occurrences in the stretch, if it was searched.
    at: Vec<u32>,
    next: usize,
    searched: bool,
    /// How often it was asked for in this stretch.
    asked: u32,
}

/// How frequent each byte is, by rank.
#[derive(Debug)]
struct Ranks([u8; 256]);

impl Default for Ranks {
    fn default() -> Self {
        Ranks([0; 256])
    }
}

impl HeuristicFrequencyRank for &Ranks {
    fn rank(&self, byte: u8) -> u8 {
        self.0[usize::from(byte)]
    }
}

impl Ranks {
    fn of(data: &[u8]) -> Ranks {
        let mut counts = [0_u32; 256];
        for &byte in &data[..data.len().min(LOOKED_AT)] {
            counts[usize::from(byte)] += 1;
        }
        Ranks(counts.map(|count| {
            let bits = u32::BITS - count.leading_zeros();
            let below = (count << (u32::BITS - bits).min(31)) >> 28 & 7;
            u8::try_from((bits * 8 + below).min(255)).unwrap_or(u8::MAX)
        }))
    }
}

impl Name {
    fn new(text: &[u8], ranks: &Ranks) -> Name {
        let finder = FinderBuilder::new().build_forward_with_ranker(ranks, text).into_owned();
        Name { finder: Some(finder), length: text.len(), ..Name::default() }
    }

    fn search(&mut self, data: &[u8], stretch: Range<usize>) {
        self.at.clear();
        self.next = 0;
        self.searched = true;
        let index = |at: usize| u32::try_from(at).expect("a block is smaller than 4 GiB");
        if let Some(finder) = &self.finder {
            let found = finder.find_iter(&data[stretch.clone()]);
            self.at.extend(found.map(|at| index(stretch.start + at)));
        }
        self.at.push(NONE);
    }

    /// The occurrences in a stretch that was searched, from `start` on.
    fn from(&mut self, start: usize) -> &[u32] {
        while (self.at[self.next] as usize) < start {
            self.next += 1;
        }
        &self.at[self.next..]
    }
}

impl Hits {
    /// Begins a block of an input of this plan.
    pub(crate) fn begin(&mut self, plan: &Plan, data: &[u8]) {
        let known = self.mapping.is_some_and(|known| std::ptr::eq(known, plan.mapping()));
        if !known {
            self.mapping = Some(plan.mapping());
            self.ranks = Ranks::of(data);
            self.names.clear();
            self.names.resize_with(plan.columns(), Name::default);
            self.escapes = Some(Name::new(ESCAPE, &self.ranks));
            self.alphabet = vec![false; 256];
            for byte in plan.names().iter().flat_map(|name| name.bytes()) {
                self.alphabet[usize::from(byte)] = true;
            }
        }
        self.stretch = 0..0;
    }

    /// Where the stretch that is searched ends; lines beyond need another.
    pub(super) fn end(&self) -> usize {
        self.stretch.end
    }

    /// Where a stretch that begins at `start` should end, at the latest.
    pub(super) fn limit(start: usize) -> usize {
        start + STRETCH
    }

    /// Searches a stretch of whole lines for the names that were asked for before.
    pub(super) fn search(&mut self, data: &[u8], stretch: Range<usize>) {
        for name in &mut self.names {
            if name.finder.is_some() {
                if name.asked * 4 > self.lines {
                    name.search(data, stretch.clone());
                } else {
                    name.searched = false;
                }
                name.asked = 0;
            }
        }
        if let Some(escapes) = &mut self.escapes {
            escapes.search(data, stretch.clone());
        }
        self.stretch = stretch;
        self.lines = 0;
    }

    /// Begins a line. Says whether a name in it may be written with an escape.
    pub(super) fn line(&mut self, data: &[u8], line: &Range<usize>) -> bool {
        self.lines += 1;
        let Some(escapes) = &mut self.escapes else { return true };
        let alphabet = &self.alphabet;
        escapes.from(line.start).iter().map(|&at| at as usize).take_while(|&at| at < line.end).any(
            |at| {
                let digits = data.get(at + ESCAPE.len()..at + ESCAPE.len() + 2);
                let code = digits.and_then(|digits| {
                    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
                });
                code.is_none_or(|code| alphabet[usize::from(code)])
            },
        )
    }

    /// Calls `each` with every position in `line` where the name of `column` stands in quotes,
    /// and with the position behind it, until it says false.
    pub(super) fn each(
        &mut self,
        plan: &Plan,
        data: &[u8],
        line: &Range<usize>,
        column: Column,
        mut each: impl FnMut(usize, usize) -> bool,
    ) {
        let name = &mut self.names[usize::from(column)];
        if name.finder.is_none() {
            let text = format!("\"{}\"", plan.names()[usize::from(column)]);
            *name = Name::new(text.as_bytes(), &self.ranks);
        }
        name.asked += 1;
        let length = name.length;
        if name.searched {
            for &at in name.from(line.start) {
                let at = at as usize;
                if at >= line.end || !each(at, at + length) {
                    break;
                }
            }
        } else if let Some(finder) = &name.finder {
            for at in finder.find_iter(&data[line.clone()]) {
                let at = line.start + at;
                if !each(at, at + length) {
                    break;
                }
            }
        }
    }
}
