//! Names of members that were met, and which columns they are.
//!
//! What is known changes speed only: a name is compared as a whole.

use memchr::memrchr2;

use super::equal;
use crate::{
    ndjson::{ROW, ROW_COLUMN},
    plan::Plan,
    record::Column,
};

/// How many names are remembered: several times as many as a log has. Each has one place.
const PLACES: usize = 512;
/// How many bytes of a name say where its place is.
const TAIL: usize = 8;

/// The names that were met.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<Option<Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    /// With the quote before it.
    text: Box<[u8]>,
    column: Option<Column>,
}

impl Names {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.known.resize(PLACES, None);
    }

    /// The name whose last quote stands at `close`: where its first quote stands, behind `from`, and
    /// its column, [`ROW_COLUMN`] if it is the one that makes a record an envelope. None where only
    /// the reader in full can tell: a name with an escape.
    #[inline]
    pub(super) fn find(
        &mut self,
        plan: &Plan,
        data: &[u8],
        from: usize,
        close: usize,
    ) -> Option<(usize, Option<Column>)> {
        let place = place(&data[..close]);
        if let Some(Some(known)) = self.known.get(place)
            && let Some(open) = close.checked_sub(known.text.len()).filter(|&open| open >= from)
            && data[open - 1] != b'\\'
            && equal(&data[open..close], &known.text)
        {
            return Some((open, known.column));
        }
        let open = from + memrchr2(b'"', b'\\', &data[from..close])?;
        let name = &data[open + 1..close];
        if data[open] == b'\\' || data[open - 1] == b'\\' {
            return None;
        }
        let column = if name == ROW { Some(ROW_COLUMN) } else { plan.column(name) };
        self.known[place] = Some(Known { text: data[open..close].into(), column });
        Some((open, column))
    }
}

/// A place for the name that `data` ends with: by its last bytes, but none before its first quote.
#[inline]
fn place(data: &[u8]) -> usize {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let Some(tail) = data.last_chunk::<TAIL>() else { return 0 };
    let tail = u64::from_le_bytes(*tail);
    let quotes = tail ^ (LOW * u64::from(b'"'));
    let quotes = quotes.wrapping_sub(LOW) & !quotes & (LOW << 7);
    // Of several quotes the last counts.
    let before = 64 - quotes.leading_zeros();
    let tail = tail.checked_shr(before).unwrap_or_default();
    (tail.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % PLACES
}
