//! The verdict on rows whose kind their header decides, and of which only
//! single columns are asked: most logs of a network sensor.
//!
//! **What is claimed.** [`Sorted::verdict`] gives what [`Screen`](super::Screen)
//! gives over [`Row`](super::tsv::Row), or none. **Why.** Kind, questions and
//! the places of columns are the same for every row of a header, and are
//! settled once. A value is the bytes between two separators. Of one that is
//! nothing but lower-case letters, digits, `-`, `_` and inner dots, every shape
//! that reads a single column gives the value itself, or nothing where it is no
//! name; asking for it anyway may let a row through that nobody wants, never
//! drop one. A value that was asked for before has the answer that it had.

use remora_abi::Kind;

use super::{
    Verdict,
    questions::{Questions, Single},
    unwanted::Unwanted,
};
use crate::{
    Wanted,
    csv::Where,
    plan::Plan,
    separators::Values,
    tsv::{Cell, Header},
};

/// The screen of the rows of one header.
pub(crate) struct Sorted<'p, 'h> {
    header: &'h Header,
    /// None: of a table that is not swept.
    kind: Option<Kind>,
    /// What is asked, from left to right.
    asked: Vec<(usize, Single<'p>)>,
}

impl<'p, 'h> Sorted<'p, 'h> {
    /// The screen of the rows of `header`; none where rows must be looked at more closely.
    pub(crate) fn new(plan: &'p Plan, header: &'h Header, wanted: &impl Wanted) -> Option<Self> {
        let named = plan.named_kind(header.path(), header.path())?;
        let table = named.and_then(|kind| plan.tables().iter().find(|table| table.kind == kind));
        let Some(table) = table else {
            return Some(Sorted { header, kind: None, asked: Vec::new() });
        };
        let questions = Questions::new(table, wanted);
        if questions.open || !questions.several.is_empty() {
            return None;
        }
        let mut asked = Vec::new();
        for single in questions.single {
            match header.place(single.column) {
                Where::Once(at) => asked.push((at, single)),
                Where::Nowhere if single.elsewhere.is_none() => {}
                _ => return None,
            }
        }
        asked.sort_by_key(|(at, _)| *at);
        Some(Sorted { header, kind: Some(table.kind), asked })
    }

    /// The verdict on a row of `data` whose separators are marked; none where it must be looked at
    /// more closely.
    #[inline]
    pub(crate) fn verdict(
        &self,
        data: &[u8],
        mut values: Values<'_>,
        wanted: &impl Wanted,
        unwanted: &mut Unwanted,
        out: &mut String,
    ) -> Option<Verdict> {
        let Some(kind) = self.kind else { return Some(Verdict::OtherKind) };
        for (place, single) in &self.asked {
            let raw = &data[values.find(*place)?];
            if raw.is_empty() || !unwanted.holds(kind, single.column, raw) {
                let cell = self.header.cell(*place, raw);
                if !single.is_unwanted(kind, cell, wanted, unwanted, out)? {
                    return Some(Verdict::Read);
                }
            }
        }
        Some(Verdict::Drop(kind))
    }
}

impl Single<'_> {
    /// Whether nobody wants a value that is not known yet; none where it takes a closer look.
    fn is_unwanted(
        &self,
        kind: Kind,
        cell: Cell<'_>,
        wanted: &impl Wanted,
        unwanted: &mut Unwanted,
        out: &mut String,
    ) -> Option<bool> {
        let value = match cell {
            Cell::Empty => return self.elsewhere.is_none().then_some(true),
            Cell::Plain(value) => value,
            Cell::Escaped(_) | Cell::Several(_) => return None,
        };
        let is_wanted = self.is_wanted(kind, value, wanted, out)?;
        if !is_wanted {
            unwanted.put(kind, self.column, value);
        }
        Some(!is_wanted)
    }
}
