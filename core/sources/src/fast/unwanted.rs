//! Values that were asked for and that nobody wants.
//!
//! Logs repeat themselves: a few names make up most of the questions of a
//! network. A value that is known here need not be asked for again.

use remora_abi::Kind;

use super::equal;
use crate::{mapping::Mapping, record::Column};

/// How many values are remembered: what stays in the cache next to the core. Each has one place. Of
/// two that meet there, one that was asked for again stays once more, so that names that occur only
/// once, of which there are many, do not drive out those that come all the time.
const PLACES: usize = 2048;
/// The longest value that is remembered, in bytes.
const LONGEST: usize = 42;

/// What is remembered. It holds answers of one [`Wanted`](crate::Wanted).
#[derive(Debug, Default)]
pub(crate) struct Unwanted {
    mapping: Option<&'static Mapping>,
    values: Vec<Value>,
}

#[derive(Clone, Copy, Debug)]
struct Value {
    kind: Kind,
    column: Column,
    /// 0: none.
    length: u8,
    /// Whether it was asked for again.
    again: bool,
    bytes: [u8; LONGEST],
}

impl Unwanted {
    /// Forgets what another mapping's columns held.
    pub(crate) fn begin(&mut self, mapping: &'static Mapping) {
        if !self.mapping.is_some_and(|known| std::ptr::eq(known, mapping)) {
            let bytes = [0; LONGEST];
            let nothing = Value { kind: Kind(0), column: 0, length: 0, again: false, bytes };
            *self = Unwanted { mapping: Some(mapping), values: vec![nothing; PLACES] };
        }
    }

    /// Whether it is known that nobody wants `value`, not empty, in a column of a kind's records.
    #[inline]
    pub(super) fn holds(&mut self, kind: Kind, column: Column, value: &[u8]) -> bool {
        let known = &mut self.values[place(value)];
        let holds = usize::from(known.length) == value.len()
            && known.kind == kind
            && known.column == column
            && equal(&known.bytes[..value.len()], value);
        known.again |= holds;
        holds
    }

    /// Remembers that nobody does.
    pub(super) fn put(&mut self, kind: Kind, column: Column, value: &[u8]) {
        if value.len() <= LONGEST {
            let known = &mut self.values[place(value)];
            if std::mem::take(&mut known.again) {
                return;
            }
            known.bytes[..value.len()].copy_from_slice(value);
            // Not longer than LONGEST.
            known.length = value.len() as u8;
            (known.kind, known.column) = (kind, column);
        }
    }
}

/// A place for a value, by its length and its first and last bytes.
#[inline]
fn place(value: &[u8]) -> usize {
    let (first, last) = match (value.first_chunk::<8>(), value.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (value.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)), 0),
    };
    let mixed =
        (first ^ last.rotate_left(29) ^ value.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use remora_abi::kind;

    use super::*;
    use crate::{defender::DEFENDER, zeek::ZEEK};

    #[test]
    fn values_are_known_where_they_were_put_and_nowhere_else() {
        let mut unwanted = Unwanted::default();
        unwanted.begin(&ZEEK);
        let longest = "x".repeat(LONGEST);
        for value in ["a", "abcdefgh", "www.example.com", &longest] {
            let value = value.as_bytes();
            assert!(!unwanted.holds(kind::DNS, 7, value));
            // One that was asked for again may have the place.
            unwanted.put(kind::DNS, 7, value);
            unwanted.put(kind::DNS, 7, value);
            assert!(unwanted.holds(kind::DNS, 7, value));
            assert!(!unwanted.holds(kind::TLS, 7, value));
            assert!(!unwanted.holds(kind::DNS, 8, value));
            let mut other = value.to_vec();
            for at in 0..value.len() {
                other[at] ^= 1;
                assert!(!unwanted.holds(kind::DNS, 7, &other));
                other[at] ^= 1;
            }
            assert!(!unwanted.holds(kind::DNS, 7, &value[1..]));
        }
        let long = "x".repeat(LONGEST + 1);
        unwanted.put(kind::DNS, 7, long.as_bytes());
        assert!(!unwanted.holds(kind::DNS, 7, long.as_bytes()));
        unwanted.begin(&ZEEK);
        assert!(unwanted.holds(kind::DNS, 7, longest.as_bytes()));
        unwanted.begin(&DEFENDER);
        assert!(!unwanted.holds(kind::DNS, 7, longest.as_bytes()));
    }
}
