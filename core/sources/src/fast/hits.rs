//! Where the names of wanted columns occur in a stretch of JSON lines.
//!
//! One vectorised pass over a stretch for each name that was asked for in many
//! of the lines before; a name that is asked for seldom is searched in the one
//! line. Either way all occurrences in a line are found, wherever they stand.

use std::ops::Range;

use memchr::{
    arch::all::packedpair::HeuristicFrequencyRank,
    memchr_iter,
    memmem::{Finder, FinderBuilder},
};

use crate::{mapping::Mapping, plan::Plan, record::Column};

/// About how many bytes are searched for one name after the other: what stays in the cache next
/// to the core.
const STRETCH: usize = 64 << 10;
/// In how many bytes pairs are counted.
const SAMPLE: usize = 8 << 10;
/// A byte is rare that occurs no more often than once in so many.
const RARE: usize = 4 << 10;
/// How many bytes of a name are tried for a pair.
const PLACES: usize = 10;
/// How an escaped character of a name must begin: names are ASCII.
const ESCAPE: &[u8] = b"\\u00";
/// Ends every list of occurrences.
const NONE: u32 = u32::MAX;

/// Occurrences of names.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    mapping: Option<&'static Mapping>,
    sample: Vec<u8>,
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
    /// A byte of it, and where it stands there, that hardly occurs in the input.
    rare: Option<(u8, usize)>,
    length: usize,
    /// Occurrences in the stretch, if it was searched.
    at: Vec<u32>,
    next: usize,
    searched: bool,
    /// How often it was asked for in this stretch.
    asked: u32,
}

/// The two bytes by which a name is searched, as ranks.
///
/// The search compares two bytes of the name at once, and looks closer where both fit. Bytes that
/// are rare may still stand together often (`Ty` in every name that ends in `Type`), so pairs are
/// counted in a piece of the input.
struct Rarest([u8; 2]);

impl HeuristicFrequencyRank for Rarest {
    fn rank(&self, byte: u8) -> u8 {
        match self.0.iter().position(|&rare| rare == byte) {
            Some(0) => 0,
            Some(_) => 1,
            None => u8::MAX,
        }
    }
}

impl Rarest {
    fn of(text: &[u8], sample: &[u8]) -> Rarest {
        // By where they stand first: so the ranks are understood.
        let mut places: Vec<usize> =
            (0..text.len()).filter(|&at| !text[..at].contains(&text[at])).collect();
        places.truncate(PLACES);
        let pairs = places.iter().flat_map(|&one| places.iter().map(move |&two| (one, two)));
        let count = |&(one, two): &(usize, usize)| {
            let (first, second) = (text[one], text[two]);
            let pairs =
                sample[one.min(sample.len())..].iter().zip(&sample[two.min(sample.len())..]);
            pairs.map(|(&a, &b)| u32::from((a == first) & (b == second))).sum::<u32>()
        };
        let best = pairs.filter(|(one, two)| one < two).min_by_key(count);
        let (one, two) = best.unwrap_or((0, 1));
        Rarest([text[one], text[two]])
    }
}

impl Name {
    fn new(text: &[u8], sample: &[u8]) -> Name {
        let rarest = Rarest::of(text, sample);
        let finder = FinderBuilder::new().build_forward_with_ranker(rarest, text).into_owned();
        let occurs = |byte: u8| memchr_iter(byte, sample).count();
        let rare = text.iter().position(|&byte| occurs(byte) <= sample.len() / RARE);
        let rare = rare.map(|at| (text[at], at));
        Name { finder: Some(finder), rare, length: text.len(), ..Name::default() }
    }

    fn search(&mut self, data: &[u8], stretch: Range<usize>) {
        self.at.clear();
        self.next = 0;
        self.searched = true;
        let index = |at: usize| u32::try_from(at).expect("a block is smaller than 4 GiB");
        match (&self.finder, self.rare) {
            (Some(finder), Some((byte, before))) => {
                let needle = finder.needle();
                let found = memchr_iter(byte, &data[stretch.clone()])
                    .filter_map(|at| (stretch.start + at).checked_sub(before))
                    .filter(|&at| at >= stretch.start && data[at..].starts_with(needle));
                self.at.extend(found.map(index));
            }
            (Some(finder), None) => {
                let found = finder.find_iter(&data[stretch.clone()]);
                self.at.extend(found.map(|at| index(stretch.start + at)));
            }
            (None, _) => {}
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
            self.sample = data[..data.len().min(SAMPLE)].to_vec();
            self.names.clear();
            self.names.resize_with(plan.columns(), Name::default);
            self.escapes = Some(Name::new(ESCAPE, &self.sample));
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

    /// Whether it is known that the name of `column` occurs nowhere in the stretch.
    #[inline]
    pub(super) fn lacks(&mut self, column: Column) -> bool {
        let name = &mut self.names[usize::from(column)];
        let lacks = name.searched && name.at.len() == 1;
        name.asked += u32::from(lacks);
        lacks
    }

    /// Begins a line. Says whether a name in it may be written with an escape.
    #[inline]
    pub(super) fn line(&mut self, data: &[u8], line: &Range<usize>) -> bool {
        self.lines += 1;
        let Some(escapes) = &mut self.escapes else { return true };
        if escapes.at.len() == 1 {
            return false;
        }
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
            *name = Name::new(text.as_bytes(), &self.sample);
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
