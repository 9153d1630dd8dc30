//! By which of its terms a literal is found.
//!
//! A term of the literal that has a border on both sides wherever the literal
//! is met must be a term of the value, so it is enough to look at the terms of
//! the value. Of several, one is taken that few literals share and values
//! rarely have: `anydesk` of `anydesk.com`. Where all are shared by many, as in
//! a list of addresses, two to four terms in a row are taken as one.

use std::{ops::ControlFlow, sync::LazyLock};

use crate::term::Place;

use super::{
    Literal,
    scan::{self, Term},
    words,
};

/// The most terms that are taken as one.
pub(super) const LONGEST_RUN: usize = 4;

/// As many literals may share an anchor before a longer run is looked for.
const SHARED: u8 = 24;

/// If even the best is shared by more, the literal is left to the automaton.
const CROWDED: u8 = 64;

/// Terms that hosts, URLs and version resources are full of.
const COMMON: &[&str] = &[
    "app",
    "cloud",
    "com",
    "corporation",
    "desktop",
    "exe",
    "http",
    "https",
    "microsoft",
    "net",
    "online",
    "remote",
    "service",
    "services",
    "software",
    "system",
    "systems",
    "update",
    "windows",
    "www",
];

/// A run of terms of a literal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    /// Its hash.
    pub(super) hash: u64,
    /// Where it ends in the literal.
    pub(super) end: usize,
    /// How many terms it has.
    pub(super) terms: usize,
}

/// An anchor for each literal that has one.
pub(super) fn choose(literals: &[Literal<'_>]) -> Vec<Option<Anchor>> {
    let mut chosen: Vec<Option<Anchor>> = vec![None; literals.len()];
    let mut least: Vec<(u8, Option<Anchor>)> = vec![(u8::MAX, None); literals.len()];
    let mut left: Vec<usize> = (0..literals.len()).collect();
    for terms in 1..=LONGEST_RUN {
        let mut shares = Shares::new(&left, literals);
        for &at in &left {
            each_run(&literals[at], terms, |anchor, _| shares.add(anchor.hash));
        }
        left.retain(|&at| {
            let mut best = None;
            each_run(&literals[at], terms, |anchor, length| {
                let shared = shares.of(anchor.hash);
                if shared < least[at].0 {
                    least[at] = (shared, Some(anchor));
                }
                let rank = (!is_common(anchor.hash), length);
                if shared <= SHARED && best.is_none_or(|(found, _)| found < rank) {
                    best = Some((rank, anchor));
                }
            });
            chosen[at] = best.map(|(_, anchor)| anchor);
            best.is_none()
        });
        if left.is_empty() {
            break;
        }
    }
    for at in left {
        let (shared, anchor) = least[at];
        chosen[at] = anchor.filter(|_| shared <= CROWDED);
    }
    chosen
}

fn is_common(hash: u64) -> bool {
    static HASHES: LazyLock<Vec<u64>> = LazyLock::new(|| {
        let mut hashes = Vec::new();
        let _ = scan::all(&COMMON.join(" "), |term| {
            hashes.push(term.hash);
            ControlFlow::Continue(())
        });
        hashes
    });
    HASHES.contains(&hash)
}

/// Calls `each` with every run of so many terms that are bounded wherever the
/// literal is met, and with the run's length in bytes.
fn each_run(literal: &Literal<'_>, terms: usize, mut each: impl FnMut(Anchor, usize)) {
    let text = literal.text;
    // An edge of the literal is a border of the value where the place says so.
    let (before, behind) = match literal.place {
        Place::Terms | Place::Under => (true, true),
        Place::TermStart | Place::Start => (true, false),
        Place::TermEnd | Place::End => (false, true),
        Place::Anywhere => (false, false),
    };
    let mut runs = Runs::default();
    let mut starts = [0; LONGEST_RUN];
    let mut count = 0;
    let _ = scan::all(text, |term| {
        if (term.start > 0 || before) && (term.raw_end < text.len() || behind) {
            runs.add(&term);
            let hash = runs.of(terms);
            starts[count % LONGEST_RUN] = term.start;
            count += 1;
            if count >= terms {
                let start = starts[(count - terms) % LONGEST_RUN];
                let end = if literal.case_sensitive { term.raw_end } else { term.end };
                each(Anchor { hash, end, terms }, term.end - start);
            }
        }
        ControlFlow::Continue(())
    });
}

/// The hashes of the runs that end with the last term seen.
#[derive(Debug, Default)]
pub(super) struct Runs {
    hashes: [u64; LONGEST_RUN],
    end: usize,
}

impl Runs {
    /// Adds the next term.
    #[inline]
    pub(super) fn add(&mut self, term: &Term) {
        let gap = term.start - self.end;
        for longer in (1..LONGEST_RUN).rev() {
            self.hashes[longer] = words::hash_run(self.hashes[longer - 1], gap, term.hash);
        }
        self.hashes[0] = term.hash;
        self.end = term.end;
    }

    /// The hash of the run of so many terms that the last one ends. Meaningless
    /// before so many were added.
    #[inline]
    pub(super) fn of(&self, terms: usize) -> u64 {
        self.hashes[terms - 1]
    }
}

/// How many literals have a run, roughly: never too low, but for what a byte
/// can hold.
struct Shares {
    counts: Vec<u8>,
    shift: u32,
}

impl Shares {
    fn new(left: &[usize], literals: &[Literal<'_>]) -> Shares {
        // Most terms and their border take five bytes. Few literals get more
        // room, for each that shares a place by chance counts.
        let bytes: usize = left.iter().map(|&at| literals[at].text.len()).sum();
        let slots = (16 * bytes).min(bytes.max(1 << 20)).next_power_of_two().max(64);
        Shares { counts: vec![0; slots], shift: 64 - slots.ilog2() }
    }

    fn add(&mut self, hash: u64) {
        let count = &mut self.counts[(hash >> self.shift) as usize];
        *count = count.saturating_add(1);
    }

    fn of(&self, hash: u64) -> u8 {
        self.counts[(hash >> self.shift) as usize]
    }
}
