//! UTF-16 with a byte order mark, as PowerShell writes it, to UTF-8.
//!
//! Everything behind the reader is UTF-8, so offsets in such an input are
//! those of its text in UTF-8. Half of a surrogate pair becomes the three bytes
//! that UTF-8 would give it, which are invalid: so the record that it stands in
//! is repaired and counted like any other with a bad byte.

/// The order of bytes in a code unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    /// The order that the byte order mark at the beginning of a text says.
    pub(crate) fn of(head: &[u8]) -> Option<Order> {
        match head {
            // Of UTF-32, two more bytes belong to the mark.
            [0xFF, 0xFE, 0, 0, ..] => None,
            [0xFF, 0xFE, ..] => Some(Order::Little),
            [0xFE, 0xFF, ..] => Some(Order::Big),
            _ => None,
        }
    }

    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Order::Little => u16::from_le_bytes(pair),
            Order::Big => u16::from_be_bytes(pair),
        }
    }
}

/// Decodes piece by piece.
#[derive(Debug)]
pub(crate) struct Decoder {
    order: Order,
    /// The first byte of a code unit whose second has not come yet.
    byte: Option<u8>,
    /// The first half of a pair.
    high: Option<u16>,
}

impl Decoder {
    pub(crate) fn new(order: Order) -> Decoder {
        Decoder { order, byte: None, high: None }
    }

    /// Appends what `bytes` say to `out`.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        if let (Some(first), [second, after @ ..]) = (self.byte, bytes) {
            self.byte = None;
            rest = after;
            self.push_unit(self.order.unit([first, *second]), out);
        }
        let pairs = rest.chunks_exact(2);
        if let [last] = *pairs.remainder() {
            self.byte = Some(last);
        }
        for pair in pairs {
            self.push_unit(self.order.unit([pair[0], pair[1]]), out);
        }
    }

    /// Appends what is left at the end; says whether the text ends in the middle of a character.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        let high = self.high.take();
        if let Some(high) = high {
            push_half(high, out);
        }
        self.byte.take().is_some() || high.is_some()
    }

    fn push_unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        if unit < 0x80 && self.high.is_none() {
            out.push(unit as u8);
            return;
        }
        if let Some(high) = self.high.take() {
            if let Some(Ok(c)) = char::decode_utf16([high, unit]).next() {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return;
            }
            push_half(high, out);
        }
        match unit {
            0xD800..=0xDBFF => self.high = Some(unit),
            0xDC00..=0xDFFF => push_half(unit, out),
            _ => {
                let c = char::from_u32(unit.into()).expect("no surrogate");
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

/// Half of a pair, as UTF-8 would write it.
fn push_half(half: u16, out: &mut Vec<u8>) {
    let low = |shift: u16| 0x80 | ((half >> shift) & 0x3F) as u8;
    out.extend([0xED, low(6), low(0)]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mend::push_repaired;

    fn decode(bytes: &[u8], order: Order, pieces: usize) -> (Vec<u8>, bool) {
        let (mut decoder, mut out) = (Decoder::new(order), Vec::new());
        bytes.chunks(pieces).for_each(|piece| decoder.push(piece, &mut out));
        let cut = decoder.finish(&mut out);
        (out, cut)
    }

    proptest! {
        #[test]
        fn text_comes_out_as_it_went_in_and_halves_are_repaired(
            units in proptest::collection::vec(
                prop_oneof![3 => 0_u16..0x80, 2 => 0xD7FE_u16..0xE002, 1 => any::<u16>()], 0..40,
            ),
            pieces in 1_usize..9,
        ) {
            for order in [Order::Little, Order::Big] {
                let bytes: Vec<u8> = units
                    .iter()
                    .flat_map(|unit| match order {
                        Order::Little => unit.to_le_bytes(),
                        Order::Big => unit.to_be_bytes(),
                    })
                    .collect();
                let (out, cut) = decode(&bytes, order, pieces);
                let mut text = String::new();
                let whole = push_repaired(&out, &mut text);
                prop_assert_eq!(&text, &String::from_utf16_lossy(&units));
                prop_assert_eq!(whole, String::from_utf16(&units).is_ok());
                prop_assert_eq!(cut, units.last().is_some_and(|unit| unit & 0xFC00 == 0xD800));
                if !bytes.is_empty() {
                    prop_assert!(decode(&bytes[..bytes.len() - 1], order, pieces).1);
                }
            }
        }
    }
}
