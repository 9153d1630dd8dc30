//! One record as raw columns: which bytes stand in each column that the
//! mapping knows.
//!
//! A value is borrowed from the block where it stands there verbatim, and
//! copied into a buffer of the record's own where it had to be unescaped or
//! mended. The buffers are reused from record to record, so that a record that
//! the screen drops costs no allocation; a map of owned strings would cost one
//! for each column.

/// Of how many members of a record it is remembered which columns they are.
const REMEMBERED: usize = 256;

/// Index of a column in the mapping's list of columns.
pub(crate) type Column = u16;

/// Where a value stands.
#[derive(Clone, Copy, Debug)]
enum Slot<'b> {
    Absent,
    /// In the block.
    There(&'b str),
    /// In the record's own memory.
    Own {
        start: u32,
        end: u32,
    },
}

/// The columns of one record. Absent, null and empty are one value: `""`.
#[derive(Debug)]
pub(crate) struct Record<'b> {
    text: &'b str,
    own: String,
    slots: Vec<Slot<'b>>,
    /// The slots that were set, so that a new record need not clear all of them.
    set: Vec<Column>,
    damaged: bool,
    /// What the members of the records before were, by place; none that are no column. A log's
    /// writer writes the same members again and again.
    order: Vec<Option<Column>>,
    /// How many members of this record were met.
    met: usize,
}

impl<'b> Record<'b> {
    /// A record of a mapping with `columns` columns.
    pub(crate) fn new(columns: usize) -> Self {
        Record {
            text: "",
            own: String::new(),
            slots: vec![Slot::Absent; columns],
            set: Vec::new(),
            damaged: false,
            order: Vec::new(),
            met: 0,
        }
    }

    /// Begins a new record whose values are borrowed from `text`.
    pub(crate) fn begin(&mut self, text: &'b str) {
        self.text = text;
        self.own.clear();
        for column in self.set.drain(..) {
            self.slots[usize::from(column)] = Slot::Absent;
        }
        self.damaged = false;
        self.met = 0;
    }

    /// Which column the next member is: `which`, asked with the one that stood there before.
    #[inline]
    pub(crate) fn next_column(
        &mut self,
        which: impl FnOnce(Option<Column>) -> Option<Column>,
    ) -> Option<Column> {
        let at = self.met;
        self.met += 1;
        match self.order.get_mut(at) {
            Some(known) => {
                let column = which(*known);
                // One that is left out moves none of those that follow it.
                *known = column.or(*known);
                column
            }
            None => {
                let column = which(None);
                if at < REMEMBERED {
                    self.order.push(column);
                }
                column
            }
        }
    }

    /// Sets a column to a value that may be a part of the text given to [`Self::begin`]; any other
    /// value is copied.
    pub(crate) fn set(&mut self, column: Column, value: &str) {
        let text = self.text.as_bytes().as_ptr() as usize;
        let at = (value.as_ptr() as usize).wrapping_sub(text);
        let text = self.text;
        if at <= text.len() && value.len() <= text.len() - at {
            self.borrow(column, &text[at..at + value.len()]);
        } else {
            self.write(column, |own| own.push_str(value));
        }
    }

    /// Sets a column to a value that outlives the record.
    pub(crate) fn borrow(&mut self, column: Column, value: &'b str) {
        self.put(column, Slot::There(value));
    }

    /// Sets a column to what `write` appends to the record's own buffer.
    pub(crate) fn write(&mut self, column: Column, write: impl FnOnce(&mut String)) {
        let index = |at: usize| u32::try_from(at).expect("a record is smaller than 4 GiB");
        let start = index(self.own.len());
        write(&mut self.own);
        let end = index(self.own.len());
        self.put(column, Slot::Own { start, end });
    }

    fn put(&mut self, column: Column, slot: Slot<'b>) {
        self.slots[usize::from(column)] = slot;
        self.set.push(column);
    }

    /// The value of a column.
    #[inline]
    pub(crate) fn value(&self, column: Column) -> &str {
        match self.slots[usize::from(column)] {
            Slot::Absent => "",
            Slot::There(value) => value,
            Slot::Own { start, end } => &self.own[start as usize..end as usize],
        }
    }

    /// Whether a column holds anything.
    #[inline]
    pub(crate) fn filled(&self, column: Column) -> bool {
        !self.value(column).is_empty()
    }

    /// The first of the columns that is filled, or `""`.
    #[inline]
    pub(crate) fn first(&self, columns: &[Column]) -> &str {
        let mut values = columns.iter().map(|&column| self.value(column));
        values.find(|value| !value.is_empty()).unwrap_or_default()
    }

    /// Notes that a value of the record, or its writing, was damaged and has been mended.
    pub(crate) fn note_damage(&mut self) {
        self.damaged = true;
    }

    /// Whether damage was noted.
    pub(crate) fn damaged(&self) -> bool {
        self.damaged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_borrowed_from_the_text_and_copied_from_elsewhere() {
        let text = String::from("abc def");
        let mut record = Record::new(3);
        record.begin(&text);
        record.set(0, &text[4..]);
        record.set(1, "elsewhere");
        record.write(2, |own| own.push_str("written"));
        assert_eq!(
            (record.value(0), record.value(1), record.value(2)),
            ("def", "elsewhere", "written")
        );
        assert_eq!(record.own, "elsewherewritten");
        record.set(0, "");
        assert!(!record.filled(0));
        assert_eq!(record.first(&[0, 2, 1]), "written");
        record.begin("");
        assert_eq!(record.first(&[0, 1, 2]), "");
    }
}
