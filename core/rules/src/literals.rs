//! Many literals in one value.
//!
//! Each is looked for in the way that costs the value least, and every way
//! gives the same answer as asking one by one, which the tests hold them to:
//!
//! - by a term of its own, if it has one that is bounded by borders wherever
//!   the literal is met ([`anchored`]): the cost of a value does not grow with
//!   the literals;
//! - else, from a handful on, by an automaton that finds all occurrences of all
//!   literals in one pass. Overlapping ones are all reported, because a
//!   rejected one may cover one that counts;
//! - else one by one: a few, and those that ignore case and hold letters
//!   outside ASCII, for the automaton folds ASCII only.
//!
//! `docs/domain-matching.md` has the figures behind this order.

mod anchor;
mod anchored;
mod scan;
mod table;
mod whole;
mod words;

use std::{borrow::Cow, ops::ControlFlow};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::{
    fold::fold_text,
    term::{Needle, Place, Value},
};

use anchored::Anchored;
pub(crate) use whole::Whole;
pub(crate) use words::{hash_whole, is_ascii};

/// Up to here asking one by one is as fast, and needs no automaton.
const FEW: usize = 4;

/// More literals than this make a DFA of megabytes.
const DFA_LIMIT: usize = 512;

/// What is looked for, and where it counts. Folded, unless case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Literal<'l> {
    pub(crate) text: &'l str,
    pub(crate) place: Place,
    pub(crate) case_sensitive: bool,
}

/// The text in the form that a [`Literal`] wants.
pub(crate) fn prepared(text: &str, case_sensitive: bool) -> Cow<'_, str> {
    if case_sensitive { Cow::Borrowed(text) } else { fold_text(text) }
}

/// A set of literals, each known by its position.
#[derive(Debug)]
pub(crate) struct Literals {
    anchored: Option<Anchored>,
    automaton: Option<AhoCorasick>,
    /// The patterns of the automaton, and which literals they are.
    patterns: Vec<(u32, Needle)>,
    /// The literals that neither knows.
    rest: Vec<(u32, Needle)>,
}

impl Literals {
    /// The set of these literals, of which none is empty.
    pub(crate) fn new(literals: &[Literal<'_>]) -> Literals {
        // One alone is found as fast by itself, and most rules have just one.
        let (found, others) =
            if literals.len() == 1 { (vec![], vec![0]) } else { anchor::choose(literals) };
        let needles = others.into_iter().map(|at| {
            let Literal { text, place, case_sensitive } = literals[at as usize];
            (at, Needle::new(text, place, case_sensitive))
        });
        let (mut patterns, mut rest): (Vec<_>, Vec<_>) =
            needles.partition(|(_, needle)| needle.ascii_pattern().is_some());
        let mut automaton = None;
        if patterns.len() > FEW {
            // Values are short: a prefilter costs more than it saves, and a DFA
            // is fastest while it fits the cache.
            let kind = (patterns.len() <= DFA_LIMIT).then_some(AhoCorasickKind::DFA);
            let built = AhoCorasick::builder()
                .prefilter(false)
                .kind(kind)
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .build(patterns.iter().filter_map(|(_, needle)| needle.ascii_pattern()));
            automaton = Some(built.expect("the literals are fewer than 2^31 bytes"));
        } else {
            rest.append(&mut patterns);
        }
        let anchored = (!found.is_empty()).then(|| Anchored::new(literals, &found));
        Literals { anchored, automaton, patterns, rest }
    }

    /// Whether any literal occurs.
    #[inline]
    pub(crate) fn any(&self, value: &Value<'_>) -> bool {
        self.each(value, |_| ControlFlow::Break(())).is_break()
    }

    /// Calls `each` with the literals that occur, in no order, some more than
    /// once.
    #[inline]
    pub(crate) fn each(
        &self,
        value: &Value<'_>,
        mut each: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if let Some(anchored) = &self.anchored {
            anchored.each(value, &mut each)?;
        }
        if self.automaton.is_none() && self.rest.is_empty() {
            return ControlFlow::Continue(());
        }
        self.each_elsewhere(value, each)
    }

    #[inline(never)]
    fn each_elsewhere(
        &self,
        value: &Value<'_>,
        mut each: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if let Some(automaton) = &self.automaton {
            for hit in automaton.find_overlapping_iter(value.bytes()) {
                let (literal, needle) = &self.patterns[hit.pattern().as_usize()];
                if needle.accepts_pattern(value.bytes(), hit.start(), hit.end()) {
                    each(*literal as usize)?;
                }
            }
        }
        for (literal, needle) in &self.rest {
            if needle.occurs(value) {
                each(*literal as usize)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// About how many bytes it holds.
    pub(crate) fn memory(&self) -> usize {
        let needles = self.patterns.iter().chain(&self.rest);
        self.anchored.as_ref().map_or(0, Anchored::memory)
            + self.automaton.as_ref().map_or(0, AhoCorasick::memory_usage)
            + needles.map(|(_, needle)| size_of::<(u32, Needle)>() + needle.memory()).sum::<usize>()
    }
}
