//! By which of its terms a literal is found.
//!
//! A term of the literal that has a border on both sides wherever the literal
//! is met must be a term of the value, so it is enough to look at the terms of
//! the value. Of several, one is taken that few literals share and values
//! rarely have: `anydesk` of `anydesk.com`. Where all are shared by many, as in
//! a list of addresses, two to four terms in a row are taken as one.

use std::{collections::HashMap, ops::ControlFlow, sync::LazyLock};

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
    pub(super) end: u32,
    /// How many terms it has.
    pub(super) terms: u8,
}

/// The literals that have an anchor, with it, and those that have none.
pub(super) fn choose(literals: &[Literal<'_>]) -> (Vec<(u32, Anchor)>, Vec<u32>) {
    let count = u32::try_from(literals.len()).expect("fewer than 2^32 literals");
    let mut chosen: Vec<(u32, Anchor)> = Vec::with_capacity(literals.len());
    // Of those that have only crowded ones: the least crowded.
    let mut least: HashMap<u32, (u8, Anchor)> = HashMap::new();
    let mut left: Vec<u32> = (0..count).collect();
    for terms in 1..=LONGEST_RUN {
        let mut shares = Shares::new(&left, literals);
        for &at in &left {
            each_run(&literals[at as usize], terms, |anchor, _| shares.add(anchor.hash));
        }
        left.retain(|&at| {
            let (mut best, mut second): (Option<(_, Anchor)>, Option<(u8, Anchor)>) = (None, None);
            each_run(&literals[at as usize], terms, |anchor, length| {
                let shared = shares.of(anchor.hash);
                let rank = (!is_common(anchor.hash), length);
                if shared <= SHARED && best.is_none_or(|(found, _)| found < rank) {
                    best = Some((rank, anchor));
                }
                if second.is_none_or(|(found, _)| shared < found) {
                    second = Some((shared, anchor));
                }
            });
            match (best, second) {
                (Some((_, anchor)), _) => chosen.push((at, anchor)),
                (None, Some(second)) => {
                    let least = least.entry(at).or_insert(second);
                    if second.0 < least.0 {
                        *least = second;
                    }
                }
                (None, None) => {}
            }
            best.is_none()
        });
        // A second look-up for each term of each value is not worth a few
        // shared anchors.
        let few = left.len() <= literals.len() / 256;
        let crowded = |at| least.get(at).is_some_and(|&(shared, _)| shared > CROWDED);
        if few && !left.iter().any(crowded) {
            break;
        }
    }
    left.retain(|at| match least.get(at) {
        Some(&(shared, anchor)) if shared <= CROWDED => {
            chosen.push((*at, anchor));
            false
        }
        _ => true,
    });
    (chosen, left)
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
    let mut runs = Runs::new();
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
                let end = u32::try_from(end).expect("a literal of less than 4 GiB");
                each(Anchor { hash, end, terms: terms as u8 }, term.end - start);
            }
        }
        ControlFlow::Continue(())
    });
}

/// The hashes of the runs that end with the last term seen.
#[derive(Debug)]
pub(super) struct Runs {
    hashes: [u64; LONGEST_RUN],
    end: usize,
}

impl Runs {
    /// Before the first term.
    pub(super) fn new() -> Runs {
        // Not 0, with which every run would be the same.
        Runs { hashes: [1; LONGEST_RUN], end: 0 }
    }

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

/// How many literals have a run, roughly: hardly ever too high, and never too
/// low, but for what a byte can hold.
struct Shares {
    counts: Vec<u8>,
    shift: u32,
}

impl Shares {
    fn new(left: &[u32], literals: &[Literal<'_>]) -> Shares {
        // Most terms and their border take five bytes.
        let bytes: usize = left.iter().map(|&at| literals[at as usize].text.len()).sum();
        let slots = (bytes / 4).next_power_of_two().max(1024);
        Shares { counts: vec![0; slots], shift: 64 - slots.ilog2() }
    }

    /// Two places, so that a run is taken for a frequent one only if it shares
    /// both with frequent ones.
    fn places(&self, hash: u64) -> [usize; 2] {
        [hash, hash.rotate_left(32)].map(|hash| (hash >> self.shift) as usize)
    }

    fn add(&mut self, hash: u64) {
        for place in self.places(hash) {
            self.counts[place] = self.counts[place].saturating_add(1);
        }
    }

    fn of(&self, hash: u64) -> u8 {
        self.places(hash).map(|place| self.counts[place]).into_iter().min().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_letter(c: char) -> bool {
        c.is_ascii_alphanumeric()
    }

    /// The anchors of these literals, as text; none where there is none.
    fn anchors(place: Place, texts: &[String]) -> Vec<Option<String>> {
        let literals: Vec<Literal<'_>> =
            texts.iter().map(|text| Literal { text, place, case_sensitive: false }).collect();
        let mut anchors = vec![None; texts.len()];
        for (at, anchor) in choose(&literals).0 {
            let before = &texts[at as usize][..anchor.end as usize];
            let mut terms = usize::from(anchor.terms);
            let start = before.char_indices().rev().find(|&(_, c)| {
                terms -= usize::from(!is_letter(c));
                terms == 0
            });
            anchors[at as usize] = Some(before[start.map_or(0, |(at, _)| at + 1)..].to_owned());
        }
        anchors
    }

    fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
        texts.map(str::to_owned).into()
    }

    #[test]
    fn anchors_are_whole_terms_that_say_something() {
        let some = |text: &str| Some(text.to_owned());
        let names = texts(["anydesk.com", "www.x.de", "microsoft-corp.ab", ".-.", "one"]);
        let found = anchors(Place::Terms, &names);
        assert_eq!(found, [some("anydesk"), some("de"), some("corp"), None, some("one")]);
        let found = anchors(Place::Anywhere, &names);
        assert_eq!(found, [None, some("x"), some("corp"), None, None]);
        let found = anchors(Place::Start, &names);
        assert_eq!(found, [some("anydesk"), some("x"), some("corp"), None, None]);
        let found = anchors(Place::TermEnd, &names);
        assert_eq!(found, [some("com"), some("de"), some("corp"), None, None]);
    }

    #[test]
    fn frequent_terms_are_taken_together_or_left() {
        let addresses: Vec<String> =
            (0..1600).map(|at| format!("10.{}.{}.7", at % 40, at / 40)).collect();
        let found = anchors(Place::Terms, &addresses);
        assert!(found.iter().flatten().all(|run| run.matches('.').count() >= 1), "{found:?}");
        assert_eq!(found.iter().flatten().count(), addresses.len());

        let ends: Vec<String> = (0..200).map(|at| format!("x{at}.com")).collect();
        assert_eq!(anchors(Place::End, &ends).iter().flatten().count(), 0);
        assert_eq!(anchors(Place::End, &ends[..20]).iter().flatten().count(), 20);
    }
}
