//! The columns of a row of a text of columns, found by counting separators up
//! to the wanted one.
//!
//! **What is claimed.** [`Row::find`] gives what the reader in full
//! ([`crate::tsv`]) finds, or doubt. **Why.** Nothing escapes a separator: each
//! one parts two values, and where a value begins depends on nothing behind it.
//! What a value is, absent, plain, escaped or several, the reader's own function
//! says. What is not claimed is that the row is whole: one that has values too
//! many or too few is dropped if the value at the wanted place is not wanted,
//! for no event comes of it either way.

use memchr::memchr;

use super::{Columns, Found};
use crate::{
    csv::Where,
    record::Column,
    tsv::{Cell, Header},
};

/// A row.
pub(crate) struct Row<'b, 'm> {
    line: &'b [u8],
    header: &'b Header,
    path: Option<Column>,
    /// Where the values found so far begin, and one more: where the next one would.
    starts: &'m mut Vec<usize>,
}

impl<'b, 'm> Row<'b, 'm> {
    /// The row in `line`. `starts` is memory.
    #[inline]
    pub(crate) fn new(line: &'b [u8], header: &'b Header, starts: &'m mut Vec<usize>) -> Self {
        starts.clear();
        starts.push(0);
        Row { line, header, path: header.path_column(), starts }
    }

    /// The value at `at`, as it is written; none where the row ends before it.
    #[inline]
    fn value(&mut self, at: usize) -> Option<&'b [u8]> {
        while self.starts.len() <= at + 1 {
            let start = *self.starts.last()?;
            let rest = self.line.get(start..)?;
            let length = memchr(self.header.separator(), rest).unwrap_or(rest.len());
            self.starts.push(start + length + 1);
        }
        Some(&self.line[self.starts[at]..self.starts[at + 1] - 1])
    }
}

impl<'b> Columns<'b> for Row<'b, '_> {
    #[inline]
    fn find(&mut self, column: Column) -> Found<'b> {
        if self.path == Some(column) {
            return match self.header.path() {
                "" => Found::Empty,
                path => Found::Plain(path.as_bytes()),
            };
        }
        let at = match self.header.place(column) {
            Where::Nowhere => return Found::Empty,
            Where::Once(at) => at,
            Where::Repeated => return Found::Doubt,
        };
        let Some(raw) = self.value(at) else { return Found::Empty };
        match self.header.cell(at, raw) {
            Cell::Empty => Found::Empty,
            Cell::Plain(raw) => Found::Plain(raw),
            Cell::Escaped(raw) => Found::Escaped(raw),
            Cell::Several(_) => Found::Doubt,
        }
    }

    fn unescape(&self, value: &'b [u8], out: &mut String) -> bool {
        let mut bytes = Vec::new();
        self.header.push(Cell::Escaped(value), &mut bytes);
        let Ok(text) = std::str::from_utf8(&bytes) else { return false };
        out.push_str(text);
        true
    }
}
