//! What a detector looks at: a batch, its rows and its columns.
//!
//! The batch that crosses the boundary is columns in no order. This view
//! notes once per batch where each field's column lies, so that reading a
//! field of a row costs an index and not a search; that matters to detectors
//! that look at many fields of few rows, as rules do.

use crate::{
    Field, Hit, Kind,
    abi::{self, RStr, batch::is_valid, field::FIELDS},
};

/// One slot per known field id; ids are dense and begin with 1.
const SLOTS: usize = FIELDS.len() + 1;
/// No column of this field.
const ABSENT: u16 = u16::MAX;

/// Some events, by column.
#[derive(Debug)]
pub struct Batch<'a> {
    raw: &'a abi::Batch<'a>,
    /// Which text column holds the field of this id.
    texts: [u16; SLOTS],
}

impl<'a> Batch<'a> {
    pub(crate) fn new(raw: &'a abi::Batch<'a>) -> Batch<'a> {
        let mut texts = [ABSENT; SLOTS];
        for (at, column) in raw.texts.iter().enumerate() {
            // A newer host may fill fields that this build has no name for:
            // nobody can ask for them.
            if let Some(slot) = texts.get_mut(usize::from(column.field.0)) {
                *slot = u16::try_from(at).unwrap_or(ABSENT);
            }
        }
        Batch { raw, texts }
    }

    /// Number of rows.
    #[allow(clippy::len_without_is_empty)] // A batch is never empty.
    pub fn len(&self) -> u32 {
        self.raw.len
    }

    /// One event.
    ///
    /// # Panics
    ///
    /// Panics if `row` is not less than [`len`](Self::len); the rows of hits
    /// always are.
    pub fn row(&self, row: u32) -> Row<'_> {
        assert!(row < self.raw.len, "row {row} of a batch of {}", self.raw.len);
        Row { batch: self, row }
    }

    /// The rows that `hits` names, each once and with its hits, in order.
    pub fn rows<'b>(&'b self, hits: &'b [Hit]) -> impl Iterator<Item = (Row<'b>, &'b [Hit])> {
        hits.chunk_by(|one, next| one.row == next.row)
            .filter_map(|hits| Some((self.row(hits.first()?.row), hits)))
    }

    /// The values of a text field, for detectors that run down a column.
    pub fn texts_of(&self, field: Field) -> Texts<'a> {
        let column = self
            .texts
            .get(usize::from(field.0))
            .and_then(|&at| self.raw.texts.as_slice().get(usize::from(at)));
        Texts(column.map_or(&[], |column| column.values.as_slice()))
    }

    /// The values of a number field.
    pub fn numbers_of(&self, field: Field) -> Numbers<'a> {
        let column = self.raw.numbers.as_slice().iter().find(|column| column.field == field);
        match column {
            Some(column) => {
                Numbers { values: column.values.as_slice(), validity: column.validity.as_slice() }
            }
            None => Numbers { values: &[], validity: &[] },
        }
    }
}

/// One event of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    batch: &'a Batch<'a>,
    row: u32,
}

impl<'a> Row<'a> {
    /// Which row of the batch; what [`Finding::row`](crate::Finding::row)
    /// wants.
    pub fn index(&self) -> u32 {
        self.row
    }

    /// The event's kind.
    pub fn kind(&self) -> Kind {
        self.batch.raw.kinds.get(self.row as usize).copied().unwrap_or(abi::kind::ANY)
    }

    /// When it happened, in nanoseconds since 1970-01-01T00:00:00Z; none if
    /// the source did not say.
    pub fn time(&self) -> Option<i64> {
        let times = &self.batch.raw.times;
        Numbers { values: times.values.as_slice(), validity: times.validity.as_slice() }
            .get(self.row)
    }

    /// The text of a field; `""` where the event lacks it.
    pub fn text(&self, field: Field) -> &'a str {
        self.batch.texts_of(field).get(self.row)
    }

    /// The number of a field, if the event has it.
    pub fn number(&self, field: Field) -> Option<i64> {
        self.batch.numbers_of(field).get(self.row)
    }
}

/// The values of one text field, by row.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a>(&'a [RStr<'a>]);

impl<'a> Texts<'a> {
    /// The value of a row; `""` where the event lacks the field.
    pub fn get(&self, row: u32) -> &'a str {
        self.0.get(row as usize).map_or("", |value| value.as_str())
    }
}

/// The values of one number field, by row.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'a> {
    values: &'a [i64],
    validity: &'a [u8],
}

impl Numbers<'_> {
    /// The value of a row, if the event has it.
    pub fn get(&self, row: u32) -> Option<i64> {
        let value = self.values.get(row as usize).copied()?;
        is_valid(self.validity, row as usize).then_some(value)
    }
}
