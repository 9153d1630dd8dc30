//! Literals that are the whole value: one look-up, by a hash of all of it.

use std::ops::ControlFlow;

use crate::term::Value;

use super::{table::Table, words};

/// Whole values, by what they are.
#[derive(Debug)]
pub(crate) struct Whole {
    table: Table,
    /// In the order of the table.
    entries: Box<[Entry]>,
    /// The texts, one after another in the order of the entries.
    texts: Box<[u8]>,
    /// A bit for each length that a text has; the last for it and all longer.
    lengths: u64,
    /// Whether any text has a letter outside ASCII. No other equals a value
    /// that has one.
    foreign: bool,
}

#[derive(Debug)]
struct Entry {
    text: u32,
    len: u32,
    literal: u32,
    case_sensitive: bool,
}

#[inline(always)]
fn length_bit(len: usize) -> u64 {
    1 << len.min(63)
}

impl Whole {
    /// Literals with whether case counts in them; the others are folded.
    pub(crate) fn new(literals: &[(&str, bool)]) -> Whole {
        let hashes: Vec<u64> = literals
            .iter()
            .map(|&(text, case_sensitive)| {
                if case_sensitive && !text.is_ascii() {
                    words::hash_whole(crate::fold::fold_text(text).as_bytes())
                } else {
                    words::hash_whole(text.as_bytes())
                }
            })
            .collect();
        let (table, order) = Table::new(&hashes);
        let mut texts = Vec::with_capacity(literals.iter().map(|(text, _)| text.len()).sum());
        let small = |number: usize| u32::try_from(number).expect("literals of less than 4 GiB");
        let entries = order.iter().map(|&literal| {
            let (text, case_sensitive) = literals[literal as usize];
            let entry =
                Entry { text: small(texts.len()), len: small(text.len()), literal, case_sensitive };
            texts.extend_from_slice(text.as_bytes());
            entry
        });
        Whole {
            table,
            entries: entries.collect(),
            texts: texts.into(),
            lengths: literals.iter().fold(0, |bits, (text, _)| bits | length_bit(text.len())),
            foreign: literals.iter().any(|(text, _)| !text.is_ascii()),
        }
    }

    /// Calls `each` with the literals that the value is.
    #[inline(always)]
    pub(crate) fn each(
        &self,
        value: &Value<'_>,
        mut each: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let bytes = value.bytes();
        if value.is_ascii() {
            if self.lengths & length_bit(bytes.len()) != 0 {
                let hash = words::hash_whole(bytes);
                if self.table.may_have(hash) {
                    return self.judge(hash, bytes, bytes, &mut each);
                }
            }
        } else if self.foreign {
            let folded = value.folded().as_bytes();
            return self.judge(words::hash_whole(folded), folded, bytes, &mut each);
        }
        ControlFlow::Continue(())
    }

    #[inline(never)]
    fn judge(
        &self,
        hash: u64,
        folded: &[u8],
        raw: &[u8],
        each: &mut impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for entry in self.table.candidates(hash).map(|at| &self.entries[at]) {
            let from = entry.text as usize;
            let text = &self.texts[from..from + entry.len as usize];
            let same =
                if entry.case_sensitive { raw == text } else { folded.eq_ignore_ascii_case(text) };
            if same {
                each(entry.literal as usize)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.table.memory() + size_of_val(&*self.entries) + self.texts.len()
    }
}
