//! Decoded events, by column, in an arena of their own.
//!
//! Columns, because that is what crosses the plugin ABI: a batch is a view of
//! these. One arena for all text, because events that survive the screen are
//! few and their input block should be free for reuse at once. A column exists
//! from the first event that fills it; rows before and after read as empty.

use std::ops::Range;

use remora_abi::{Field, Kind, field::FIELDS};

/// Decoded events of one block. Values are copied out of the block into one
/// arena, so that no input block is pinned.
#[derive(Debug, Default)]
pub struct Events {
    rows: Vec<Row>,
    kinds: Vec<Kind>,
    times: Vec<i64>,
    time_validity: Vec<u8>,
    arena: String,
    /// By field id. A column shorter than the rows is empty from there on.
    texts: Vec<Vec<(u32, u32)>>,
    /// By field id.
    numbers: Vec<Numbers>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    record: u64,
    line: u64,
    start: usize,
    end: usize,
    sampled: bool,
    wanted: bool,
}

/// A column of numbers; without values while no event fills it.
#[derive(Clone, Debug, Default)]
struct Numbers {
    values: Vec<i64>,
    validity: Vec<u8>,
}

/// What is known of an event beside its fields.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) time: Option<i64>,
    pub(crate) record: u64,
    pub(crate) line: u64,
    pub(crate) span: Range<usize>,
    pub(crate) sampled: bool,
    pub(crate) wanted: bool,
}

impl Events {
    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.kinds.clear();
        self.times.clear();
        self.time_validity.clear();
        self.arena.clear();
        self.texts.iter_mut().for_each(Vec::clear);
        for column in &mut self.numbers {
            column.values.clear();
            column.validity.clear();
        }
    }
    /// Number of events.
    pub fn len(&self) -> usize {
        self.rows.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The kind of each event.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }
    /// When event `row` happened: nanoseconds since the epoch, UTC.
    pub fn time(&self, row: usize) -> Option<i64> {
        bit(&self.time_validity, row).then(|| self.times[row])
    }
    /// Times of all rows; what stands where [`Self::time`] is none has no meaning.
    pub fn times(&self) -> &[i64] {
        &self.times
    }
    /// A bit per row, least significant first; 1 where a time is there.
    pub fn time_validity(&self) -> &[u8] {
        &self.time_validity
    }
    /// The text of a field; `""` where the event lacks it.
    pub fn text(&self, row: usize, field: Field) -> &str {
        self.texts
            .get(usize::from(field.0))
            .and_then(|column| column.get(row))
            .map_or("", |&(start, end)| &self.arena[start as usize..end as usize])
    }
    /// The number of a field, if the event has it.
    pub fn number(&self, row: usize, field: Field) -> Option<i64> {
        let column = self.numbers.get(usize::from(field.0))?;
        (row < column.values.len() && bit(&column.validity, row)).then(|| column.values[row])
    }
    /// The text fields that at least one event fills.
    pub fn text_fields(&self) -> impl Iterator<Item = Field> + '_ {
        ids(&self.texts).filter(|(_, column)| !column.is_empty()).map(|(field, _)| field)
    }
    /// The number fields that at least one event fills, with values and validity bits
    /// (as [`Self::time_validity`]), one per row.
    pub fn number_columns(&self) -> impl Iterator<Item = (Field, &[i64], &[u8])> + '_ {
        ids(&self.numbers)
            .filter(|(_, column)| !column.values.is_empty())
            .map(|(field, column)| (field, &column.values[..], &column.validity[..]))
    }
    /// Index of the record in its input, from 0.
    pub fn record(&self, row: usize) -> u64 {
        self.rows[row].record
    }
    /// Line on which the record begins, from 1.
    pub fn line(&self, row: usize) -> u64 {
        self.rows[row].line
    }
    /// Where the record's bytes lie in the block's data.
    pub fn span(&self, row: usize) -> Range<usize> {
        self.rows[row].start..self.rows[row].end
    }
    /// Whether the record belongs to the sample fixed by position.
    pub fn sampled(&self, row: usize) -> bool {
        self.rows[row].sampled
    }
    /// Whether the screen wanted the record (always, where everything is validated: no;
    /// then it says whether the screen *would* have let it through).
    pub fn wanted(&self, row: usize) -> bool {
        self.rows[row].wanted
    }

    /// Adds an event that stands in no input, without a time: for trying
    /// detectors. Its record is its row.
    pub fn add<'t>(
        &mut self,
        kind: Kind,
        texts: impl IntoIterator<Item = (Field, &'t str)>,
        numbers: impl IntoIterator<Item = (Field, i64)>,
    ) {
        let record = self.rows.len() as u64;
        self.push(Head {
            kind,
            time: None,
            record,
            line: record + 1,
            span: 0..0,
            sampled: false,
            wanted: true,
        });
        for (field, text) in texts {
            self.set_text(field, text);
        }
        for (field, number) in numbers {
            self.set_number(field, number);
        }
    }

    /// Begins a new event; the setters below fill it.
    pub(crate) fn push(&mut self, head: Head) {
        let Head { kind, time, record, line, span, sampled, wanted } = head;
        let row = self.rows.len();
        self.rows.push(Row { record, line, start: span.start, end: span.end, sampled, wanted });
        self.kinds.push(kind);
        self.times.push(time.unwrap_or_default());
        push_bit(&mut self.time_validity, row, time.is_some());
        for column in self.numbers.iter_mut().filter(|column| !column.values.is_empty()) {
            column.push(row, None);
        }
    }

    /// Gives the last event a text, unless it is empty.
    #[inline]
    pub(crate) fn set_text(&mut self, field: Field, text: &str) {
        if text.is_empty() {
            return;
        }
        let row = self.rows.len() - 1;
        let index = |at: usize| u32::try_from(at).expect("the events of a block take under 4 GiB");
        let start = index(self.arena.len());
        self.arena.push_str(text);
        let end = index(self.arena.len());
        let column = place(&mut self.texts, field);
        if column.len() != row {
            column.resize(row, (0, 0));
        }
        column.push((start, end));
    }

    /// Gives the last event a number.
    pub(crate) fn set_number(&mut self, field: Field, number: i64) {
        let row = self.rows.len() - 1;
        let column = place(&mut self.numbers, field);
        if column.values.is_empty() {
            for earlier in 0..=row {
                column.push(earlier, None);
            }
        }
        column.values[row] = number;
        column.validity[row / 8] |= 1 << (row % 8);
    }
}

impl Numbers {
    fn push(&mut self, row: usize, number: Option<i64>) {
        self.values.push(number.unwrap_or_default());
        push_bit(&mut self.validity, row, number.is_some());
    }
}

fn place<C: Clone + Default>(columns: &mut Vec<C>, field: Field) -> &mut C {
    if columns.is_empty() {
        columns.resize(FIELDS.len() + 1, C::default());
    }
    &mut columns[usize::from(field.0)]
}

fn ids<C>(columns: &[C]) -> impl Iterator<Item = (Field, &C)> {
    (0..).map(Field).zip(columns)
}

fn bit(bits: &[u8], at: usize) -> bool {
    bits[at / 8] >> (at % 8) & 1 == 1
}

fn push_bit(bits: &mut Vec<u8>, at: usize, set: bool) {
    if at.is_multiple_of(8) {
        bits.push(0);
    }
    bits[at / 8] |= u8::from(set) << (at % 8);
}

#[cfg(test)]
mod tests {
    use remora_abi::{field, kind};

    use super::*;

    fn head(record: u64) -> Head {
        let time = (!record.is_multiple_of(3)).then_some(record as i64);
        let (sampled, wanted) = (record.is_multiple_of(2), record.is_multiple_of(5));
        let span = record as usize..record as usize + 1;
        Head { kind: kind::PROCESS, time, record, line: record + 1, span, sampled, wanted }
    }

    /// Rows of which a column is filled late, early or not at all, over the border of a byte.
    #[test]
    fn columns_appear_late_and_read_empty_elsewhere() {
        let mut events = Events::default();
        for _ in 0..2 {
            events.clear();
            assert!(events.is_empty() && events.text_fields().next().is_none());
            for record in 0..20 {
                events.push(head(record));
                if record == 9 {
                    events.set_text(field::USER, "nine");
                    events.set_number(field::PROCESS_PID, 9);
                }
                if record < 2 {
                    events.set_text(field::PROCESS_NAME, "early");
                }
                events.set_text(field::REMOTE_URL, "");
            }
            for row in 0..20 {
                let expected = head(row as u64);
                assert_eq!(events.time(row), expected.time);
                assert_eq!(events.text(row, field::USER), if row == 9 { "nine" } else { "" });
                assert_eq!(events.number(row, field::PROCESS_PID), (row == 9).then_some(9));
                assert_eq!(events.number(row, field::PARENT_PID), None);
                assert_eq!(
                    events.text(row, field::PROCESS_NAME),
                    if row < 2 { "early" } else { "" }
                );
                assert_eq!(
                    (events.record(row), events.line(row)),
                    (expected.record, expected.line)
                );
                assert_eq!(events.span(row), expected.span);
                assert_eq!(
                    (events.sampled(row), events.wanted(row)),
                    (expected.sampled, expected.wanted)
                );
            }
            assert_eq!(events.text(0, Field(9999)), "");
            assert_eq!(events.number(0, Field(9999)), None);
            assert_eq!(
                events.text_fields().collect::<Vec<_>>(),
                [field::USER, field::PROCESS_NAME]
            );
            let columns: Vec<_> = events.number_columns().collect();
            assert_eq!(columns.len(), 1);
            let (which, values, validity) = columns[0];
            assert_eq!((which, values.len(), validity), (field::PROCESS_PID, 20, &[0, 2, 0][..]));
            assert_eq!((events.times().len(), events.time_validity().len()), (20, 3));
            assert_eq!(events.kinds(), [kind::PROCESS; 20]);
        }
    }
}
