//! The columnar batch of normalized events that a detector is shown.
//!
//! Columns, not rows: a struct per row could never grow (every change of it is
//! refused by the layout check), while a new field is only a new id in front
//! of a column of the same type. Only the columns that a source really fills
//! are built.

use abi_stable::{
    StableAbi,
    std_types::{RSlice, RStr},
};

use crate::{Field, Kind};

/// Text values of one field, one per row. `""` where a row lacks it.
///
/// Owner: the host. Lives as long as the batch. Values are valid UTF-8.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    /// Which field.
    pub field: Field,
    /// `batch.len` values.
    pub values: RSlice<'a, RStr<'a>>,
}

/// Number values of one field, one per row.
///
/// Owner: the host. Lives as long as the batch.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct NumberColumn<'a> {
    /// Which field.
    pub field: Field,
    /// `batch.len` values; what stands where a value is null has no meaning.
    pub values: RSlice<'a, i64>,
    /// A bit per row, least significant bit of the first byte first (Arrow's
    /// form); 1 means that the value is there. Empty: every value is.
    pub validity: RSlice<'a, u8>,
}

/// The time of each row.
///
/// Owner: the host. Lives as long as the batch.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct TimeColumn<'a> {
    /// `batch.len` instants: nanoseconds since 1970-01-01T00:00:00Z.
    pub values: RSlice<'a, i64>,
    /// As in [`NumberColumn::validity`].
    pub validity: RSlice<'a, u8>,
}

/// Some events, by column. A field that a batch has no column for reads `""`
/// (or null) in every row.
///
/// Owner: the host. Borrowed for one call of
/// [`inspect`](crate::DetectorModule::inspect); nothing of it may be kept.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Number of rows.
    pub len: u32,
    /// `len` kinds.
    pub kinds: RSlice<'a, Kind>,
    /// When each event happened on the device or the wire.
    pub times: TimeColumn<'a>,
    /// `len` sequence numbers: which record of the run a row is. They rise in
    /// input order and are otherwise opaque.
    pub seqs: RSlice<'a, u64>,
    /// Text columns, in no order, each field at most once.
    pub texts: RSlice<'a, TextColumn<'a>>,
    /// Number columns, in no order, each field at most once.
    pub numbers: RSlice<'a, NumberColumn<'a>>,
}

/// Whether bit `row` of a validity bitmap is set; an empty bitmap is all ones.
pub fn is_valid(validity: &[u8], row: usize) -> bool {
    validity.is_empty() || validity.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}
