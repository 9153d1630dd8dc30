//! Views over decoded events, in the form that crosses the ABI.

use remora_abi::{Batch, Field, Kind, NumberColumn, RSlice, RStr, TextColumn, TimeColumn};
use remora_sources::Events;

/// Rows in one batch, at most. Larger batches leave the cache, smaller ones
/// pay the call more often. A multiple of eight, so that a window over a
/// validity bitmap begins at a whole byte.
pub const BATCH_ROWS: usize = 1024;

/// The columns of some rows of [`Events`], borrowed.
pub struct BatchViews<'e> {
    kinds: &'e [Kind],
    times: &'e [i64],
    time_validity: &'e [u8],
    seqs: Vec<u64>,
    fields: Vec<Field>,
    /// The values of the first field, row by row, then of the next: one piece
    /// of memory for some forty columns.
    texts: Vec<RStr<'e>>,
    numbers: Vec<NumberColumn<'e>>,
}

/// The bytes of a bitmap that hold the bits of `rows`.
fn bits(validity: &[u8], first: usize, end: usize) -> &[u8] {
    if validity.is_empty() { validity } else { &validity[first / 8..end.div_ceil(8)] }
}

impl<'e> BatchViews<'e> {
    /// Views of the rows from `first` (a multiple of eight) to before `end`.
    /// `seq` gives each record of the block its place in the run.
    pub fn new(events: &'e Events, first: usize, end: usize, seq: impl Fn(u64) -> u64) -> Self {
        debug_assert!(first.is_multiple_of(8));
        let fields: Vec<Field> = events.text_fields().collect();
        let mut texts = Vec::with_capacity(fields.len() * (end - first));
        for field in &fields {
            texts.extend((first..end).map(|row| RStr::from_str(events.text(row, *field))));
        }
        let numbers = events
            .number_columns()
            .map(|(field, values, validity)| NumberColumn {
                field,
                values: RSlice::from_slice(&values[first..end]),
                validity: RSlice::from_slice(bits(validity, first, end)),
            })
            .collect();
        BatchViews {
            kinds: &events.kinds()[first..end],
            times: &events.times()[first..end],
            time_validity: bits(events.time_validity(), first, end),
            seqs: (first..end).map(|row| seq(events.record(row))).collect(),
            fields,
            texts,
            numbers,
        }
    }

    /// Passes them to `call` as a [`Batch`].
    pub fn with<T>(&self, call: impl FnOnce(&Batch<'_>) -> T) -> T {
        let columns = self.fields.iter().zip(self.texts.chunks(self.kinds.len().max(1)));
        let texts: Vec<TextColumn<'_>> = columns
            .map(|(field, values)| TextColumn { field: *field, values: RSlice::from_slice(values) })
            .collect();
        call(&Batch {
            len: u32::try_from(self.kinds.len()).expect("a batch has at most 1,024 rows"),
            kinds: RSlice::from_slice(self.kinds),
            times: TimeColumn {
                values: RSlice::from_slice(self.times),
                validity: RSlice::from_slice(self.time_validity),
            },
            seqs: RSlice::from_slice(&self.seqs),
            texts: RSlice::from_slice(&texts),
            numbers: RSlice::from_slice(&self.numbers),
        })
    }
}
