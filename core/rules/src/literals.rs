//! Many literals in one value.
//!
//! From a handful on, an automaton finds all occurrences of all literals in
//! one pass, and each is judged by the borders of its own literal: the same
//! answer as asking one by one, which the tests hold it to. Overlapping
//! occurrences are all reported, because a rejected one may cover one that
//! counts. Literals that ignore case and hold letters outside ASCII are asked
//! one by one; the automaton folds ASCII only.

use std::ops::ControlFlow;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::term::{Needle, Value};

/// Up to here asking one by one is as fast, and needs no automaton.
const FEW: usize = 4;

/// More literals than this make a DFA of megabytes.
const DFA_LIMIT: usize = 512;

/// A set of literals, each known by its position.
#[derive(Debug)]
pub(crate) struct Literals {
    needles: Vec<Needle>,
    automaton: Option<AhoCorasick>,
    /// Which literal each pattern of the automaton is.
    patterns: Vec<usize>,
    /// The literals that the automaton does not know.
    rest: Vec<usize>,
}

impl Literals {
    pub(crate) fn new(needles: Vec<Needle>) -> Literals {
        let (mut patterns, mut rest): (Vec<_>, Vec<_>) =
            (0..needles.len()).partition(|&at| needles[at].ascii_pattern().is_some());
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
                .build(patterns.iter().filter_map(|&at| needles[at].ascii_pattern()));
            automaton = Some(built.expect("the literals are fewer than 2^31 bytes"));
        } else {
            rest.append(&mut patterns);
        }
        Literals { needles, automaton, patterns, rest }
    }

    /// Whether any literal occurs.
    pub(crate) fn any(&self, value: &Value<'_>) -> bool {
        self.each(value, |_| ControlFlow::Break(())).is_break()
    }

    /// Calls `each` with the literals that occur, in no order, some more than
    /// once.
    pub(crate) fn each(
        &self,
        value: &Value<'_>,
        mut each: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if let Some(automaton) = &self.automaton {
            for hit in automaton.find_overlapping_iter(value.text()) {
                let at = self.patterns[hit.pattern().as_usize()];
                if self.needles[at].accepts_pattern(value.text(), hit.start(), hit.end()) {
                    each(at)?;
                }
            }
        }
        for &at in &self.rest {
            if self.needles[at].occurs(value) {
                each(at)?;
            }
        }
        ControlFlow::Continue(())
    }
}
