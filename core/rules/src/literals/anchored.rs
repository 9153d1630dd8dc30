//! The literals that are found by a term: one pass over the value's terms, a
//! look-up for each, and a comparison where the look-up finds something.

use std::ops::ControlFlow;

use crate::term::{Place, Value, is_placed};

use super::{
    Literal,
    anchor::{Anchor, LONGEST_RUN, Runs},
    scan,
    table::Table,
};

/// Literals with their anchors.
#[derive(Debug)]
pub(super) struct Anchored {
    table: Table,
    /// In the order of the table.
    entries: Box<[Entry]>,
    /// The literals' texts, one after another in the order of the entries.
    texts: Box<[u8]>,
    /// The lengths of the anchors, in terms. Almost always 1 alone.
    runs: Vec<usize>,
    /// A shorter value meets nothing; but letters outside ASCII may grow when
    /// they are folded.
    shortest: usize,
}

#[derive(Debug)]
struct Entry {
    /// Where the text begins among all.
    text: u32,
    len: u32,
    /// Where the anchor ends in the text.
    anchor_end: u32,
    /// Which literal it is.
    literal: u32,
    place: Place,
    case_sensitive: bool,
    /// Whether the first, the last letter is one of a term.
    edges: (bool, bool),
}

impl Anchored {
    /// Of `literals`, those that `found` names with their anchors.
    pub(super) fn new(literals: &[Literal<'_>], found: &[(u32, Anchor)]) -> Anchored {
        let hashes: Vec<u64> = found.iter().map(|(_, anchor)| anchor.hash).collect();
        let (table, order) = Table::new(&hashes);
        let mut texts = Vec::with_capacity(
            found.iter().map(|&(literal, _)| literals[literal as usize].text.len()).sum(),
        );
        let small = |number: usize| u32::try_from(number).expect("literals of less than 4 GiB");
        let entries = order.iter().map(|&at| {
            let (literal, anchor) = found[at as usize];
            let Literal { text, place, case_sensitive } = literals[literal as usize];
            let entry = Entry {
                text: small(texts.len()),
                len: small(text.len()),
                anchor_end: anchor.end,
                literal,
                place,
                case_sensitive,
                edges: place.edges(text),
            };
            texts.extend_from_slice(text.as_bytes());
            entry
        });
        let entries: Box<[Entry]> = entries.collect();
        let runs = (1..=LONGEST_RUN)
            .filter(|&terms| found.iter().any(|(_, one)| usize::from(one.terms) == terms));
        Anchored {
            table,
            shortest: entries.iter().map(|entry| entry.len as usize).min().unwrap_or(0),
            entries,
            texts: texts.into(),
            runs: runs.collect(),
        }
    }

    /// Calls `each` with the literals that occur, in no order, some more than
    /// once.
    #[inline(always)]
    pub(super) fn each(
        &self,
        value: &Value<'_>,
        mut each: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let bytes = value.bytes();
        if !value.is_ascii() {
            return self.each_of_any(value, &mut each);
        }
        if bytes.len() < self.shortest {
            return ControlFlow::Continue(());
        }
        if self.runs == [1] {
            return scan::ascii(bytes, |term| {
                if self.table.may_have(term.hash) {
                    self.judge(term.hash, (bytes, term.end), (bytes, term.end), &mut each)?;
                }
                ControlFlow::Continue(())
            });
        }
        self.each_of_runs(bytes, &mut each)
    }

    #[inline(never)]
    fn each_of_runs(
        &self,
        bytes: &[u8],
        each: &mut impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut runs = Runs::new();
        scan::ascii(bytes, |term| {
            runs.add(&term);
            for hash in self.runs.iter().map(|&terms| runs.of(terms)) {
                if self.table.may_have(hash) {
                    self.judge(hash, (bytes, term.end), (bytes, term.end), each)?;
                }
            }
            ControlFlow::Continue(())
        })
    }

    /// For values with letters outside ASCII, which are folded only if a term
    /// may be an anchor.
    #[inline(never)]
    fn each_of_any(
        &self,
        value: &Value<'_>,
        each: &mut impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut runs = Runs::new();
        scan::letters(value.text(), |term| {
            runs.add(&term);
            for hash in self.runs.iter().map(|&terms| runs.of(terms)) {
                if self.table.may_have(hash) {
                    let folded = (value.folded().as_bytes(), term.end);
                    self.judge(hash, folded, (value.bytes(), term.raw_end), each)?;
                }
            }
            ControlFlow::Continue(())
        })
    }

    /// Calls `each` with the literals whose anchor ends here, in the folded
    /// value and in the value as it is, if the rest of them is there, too.
    #[inline(never)]
    fn judge(
        &self,
        hash: u64,
        folded: (&[u8], usize),
        raw: (&[u8], usize),
        each: &mut impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for entry in self.table.candidates(hash).map(|at| &self.entries[at]) {
            let (value, end) = if entry.case_sensitive { raw } else { folded };
            let Some(start) = end.checked_sub(entry.anchor_end as usize) else { continue };
            let (from, len) = (entry.text as usize, entry.len as usize);
            let text = &self.texts[from..from + len];
            let same = value.get(start..start + len).is_some_and(|found| {
                if entry.case_sensitive { found == text } else { found.eq_ignore_ascii_case(text) }
            });
            if same && is_placed(entry.place, entry.edges, value, start, start + len) {
                each(entry.literal as usize)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Bytes on the heap.
    pub(super) fn memory(&self) -> usize {
        self.table.memory() + size_of_val(&*self.entries) + self.texts.len()
    }
}
