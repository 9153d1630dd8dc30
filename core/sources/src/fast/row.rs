//! The columns of a row of CSV, found by counting fields up to the wanted one.
//!
//! **What is claimed.** [`Row::find`] gives what the reader in full
//! ([`crate::csv`]) finds, or doubt. **Why.** Fields are cut by that reader's
//! own functions, only not further than the wanted one; where a field ends
//! depends on nothing behind it. What the reader does to a whole row before it
//! cuts it, replacing bytes that are not UTF-8, touches no quote and no
//! delimiter, and a value with such bytes is left to whoever asks. Where a
//! header names a column twice, the last filled one counts; that is doubt.

use super::{Columns, Found};
use crate::{
    csv::{self, Header, Where},
    record::Column,
};

/// A field of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    start: usize,
    end: usize,
    escapes: bool,
}

/// A row of CSV.
pub(crate) struct Row<'b, 'm> {
    line: &'b [u8],
    header: &'m Header,
    cells: &'m mut Vec<Cell>,
    /// Where the next field begins, if there is one.
    next: Option<usize>,
}

impl<'b, 'm> Row<'b, 'm> {
    /// The row in `line`. `cells` is memory.
    pub(crate) fn new(line: &'b [u8], header: &'m Header, cells: &'m mut Vec<Cell>) -> Self {
        cells.clear();
        Row { line, header, cells, next: Some(0) }
    }
}

impl<'b> Columns<'b> for Row<'b, '_> {
    fn find(&mut self, column: Column) -> Found<'b> {
        let at = match self.header.place(column) {
            Where::Nowhere => return Found::Empty,
            Where::Once(at) => at,
            Where::Repeated => return Found::Doubt,
        };
        while let (Some(next), true) = (self.next, self.cells.len() <= at) {
            let (field, end) = csv::field(self.line, next, self.header.delimiter);
            let csv::Field { range, escapes, .. } = field;
            self.cells.push(Cell { start: range.start, end: range.end, escapes });
            self.next = (end < self.line.len()).then_some(end + 1);
        }
        match self.cells.get(at) {
            None => Found::Empty,
            Some(cell) if cell.start == cell.end => Found::Empty,
            Some(cell) if cell.escapes => Found::Escaped(&self.line[cell.start..cell.end]),
            Some(cell) => Found::Plain(&self.line[cell.start..cell.end]),
        }
    }

    fn unescape(&self, value: &'b [u8], out: &mut String) -> bool {
        unescape(value, out)
    }
}

/// Appends what an escaped value stands for; false where only the reader in full can tell.
pub(super) fn unescape(value: &[u8], out: &mut String) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    csv::push_unquoted(text, out);
    true
}
