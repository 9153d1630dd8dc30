//! The columns of a row of CSV whose separators are marked.
//!
//! **What is claimed.** [`Row::find`] gives what [`row::Row`](super::row::Row)
//! gives. **Why.** What is marked in such a row separates fields in that
//! reading too ([`separators`](crate::separators)), so a field is what stands
//! between two marks. If it begins with a quote it ends with another one, and
//! quotes between them are written twice.

use std::ops::Range;

use memchr::memchr;

use super::{Columns, Found, row::unescape};
use crate::{
    csv::{Header, Where},
    record::Column,
    separators::{Separators, Values},
};

/// A row of CSV.
pub(crate) struct Row<'b, 'm> {
    data: &'b [u8],
    header: &'m Header,
    values: Values<'m>,
}

impl<'b, 'm> Row<'b, 'm> {
    /// The row at `row` of a block's `data`.
    #[inline]
    pub(crate) fn new(
        data: &'b [u8],
        row: Range<usize>,
        header: &'m Header,
        separators: &'m Separators,
    ) -> Self {
        Row { data, header, values: Values::new(separators, row) }
    }
}

impl<'b> Columns<'b> for Row<'b, '_> {
    #[inline]
    fn find(&mut self, column: Column) -> Found<'b> {
        let at = match self.header.place(column) {
            Where::Nowhere => return Found::Empty,
            Where::Once(at) => at,
            Where::Repeated => return Found::Doubt,
        };
        let Some(place) = self.values.find(at) else { return Found::Empty };
        match &self.data[place] {
            [] | [b'"', b'"'] => Found::Empty,
            [b'"', value @ .., b'"'] if memchr(b'"', value).is_some() => Found::Escaped(value),
            [b'"', value @ .., b'"'] => Found::Plain(value),
            [b'"', ..] => Found::Doubt,
            value => Found::Plain(value),
        }
    }

    fn unescape(&self, value: &'b [u8], out: &mut String) -> bool {
        unescape(value, out)
    }
}
