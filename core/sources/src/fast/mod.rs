//! The screen at the speed of reading: a record's verdict from the few columns
//! that decide it, without reading the rest.
//!
//! What decides a record is which table it is of and what stands in the
//! columns that feed the wanted fields. Those columns are looked up where they
//! stand in the raw bytes ([`Columns::find`]); everything else is passed over.
//! The answer is either certain or *doubt*, and a record in doubt is read in
//! full, like one that is wanted or sampled. So nothing is decoded from here:
//! this screen only ever drops records, and the reader in full has the last
//! word on every record that it does not drop.
//!
//! **Why it may not miss.** Let the reader in full accept a record, and let it
//! find value *v* in a column (`""` where the column is absent or null). Then
//! [`Columns::find`] gives *v* or doubt; each format argues this for itself
//! ([`json`], [`row`], [`marked`], [`tsv`]). The verdict ([`Screen::verdict`]) follows the reader's
//! own steps over the same functions: the kind from the same columns in the
//! same order, the fields by the same extraction. Hence a record is dropped
//! only if the reader in full would have found it of a table that is not swept,
//! or not wanted. A record that the reader in full refuses may be dropped: no
//! event comes of it either way. It is then counted as screened out, which is
//! why counts other than `records` may differ from those of a run that
//! validates. Whether one with escapes in its names is, depends on the records before.
//! A JSON record that is cut off is never dropped, for it tells of what is missing.

mod ends;
pub(crate) mod json;
mod layout;
pub(crate) mod marked;
mod names;
mod questions;
pub(crate) mod row;
mod screen;
pub(crate) mod sorted;
pub(crate) mod tsv;
mod unwanted;

pub(crate) use screen::{Screen, Verdict};

use crate::record::Column;

/// What is known of a column of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<'b> {
    /// It is absent, null or empty.
    Empty,
    /// Its value as it stands; perhaps not UTF-8.
    Plain(&'b [u8]),
    /// Its value as it is written, not empty, for [`Columns::unescape`].
    Escaped(&'b [u8]),
    /// Only the reader in full can tell.
    Doubt,
}

/// The columns of one record in the raw bytes.
pub(crate) trait Columns<'b> {
    /// The value of a column.
    fn find(&mut self, column: Column) -> Found<'b>;
    /// Appends what an [escaped](Found::Escaped) value stands for; false where only the reader in
    /// full can tell.
    fn unescape(&self, value: &'b [u8], out: &mut String) -> bool;
}

/// What is remembered from record to record and from block to block. It changes speed only.
///
/// It holds verdicts of one [`Wanted`](crate::Wanted), so it must not be used with another.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) lines: json::Lines,
    pub(crate) kinds: screen::Kinds,
    pub(crate) text: String,
    pub(crate) out: String,
    pub(crate) cells: Vec<row::Cell>,
    pub(crate) starts: Vec<usize>,
    pub(crate) unwanted: unwanted::Unwanted,
}

/// Whether two texts are the same, eight bytes at a time: a call costs more for texts so short.
#[inline]
fn equal(one: &[u8], two: &[u8]) -> bool {
    if one.len() != two.len() {
        return false;
    }
    match (one.last_chunk::<8>(), two.last_chunk::<8>()) {
        (Some(one_end), Some(two_end)) => {
            let chunks = one.chunks_exact(8).zip(two.chunks_exact(8));
            one_end == two_end && chunks.fold(true, |same, (one, two)| same & (one == two))
        }
        _ => one.iter().zip(two).all(|(one, two)| one == two),
    }
}

/// A place for a text, by its length and its last bytes.
#[inline]
fn hash(text: &[u8]) -> usize {
    let end = match text.last_chunk::<8>() {
        Some(end) => u64::from_le_bytes(*end),
        None => text.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
    };
    let first = text.first().copied().unwrap_or_default();
    let mixed =
        (end ^ text.len() as u64 ^ u64::from(first) << 32).wrapping_mul(0x517c_c1b7_2722_0a95);
    (mixed >> 48) as usize
}
