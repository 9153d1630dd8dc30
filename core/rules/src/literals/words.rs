//! Values eight bytes at a time: which bytes are part of a term, what they
//! fold to, and a hash over a term.
//!
//! Every value of every record comes through here, so a byte costs a fraction
//! of a step. All of it is for ASCII; what holds other letters is taken letter
//! by letter ([`scan`](super::scan)) and hashes to the same.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many of a term's first bytes go into its hash. More would tell apart
/// what the comparison that follows tells apart anyhow.
pub(super) const HASHED: usize = 32;

/// The same byte eight times.
const fn every(byte: u8) -> u64 {
    ONES * byte as u64
}

/// The eight bytes at `at`, the first lowest; zeros past the end.
#[inline(always)]
pub(super) fn load(bytes: &[u8], at: usize) -> u64 {
    if let Some(word) = bytes.get(at..at + 8).and_then(|word| word.first_chunk()) {
        return u64::from_le_bytes(*word);
    }
    match bytes.last_chunk() {
        Some(last) if at < bytes.len() => u64::from_le_bytes(*last) >> (8 * (at + 8 - bytes.len())),
        _ => short(bytes.get(at..).unwrap_or_default()),
    }
}

/// Fewer than eight bytes, without a loop over them.
#[inline(always)]
fn short(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let high = u64::from(u32::from_le_bytes(*last)) << (8 * (bytes.len() - 4));
        return u64::from(u32::from_le_bytes(*first)) | high;
    }
    let Some(&last) = bytes.last() else { return 0 };
    let (middle, end) = (bytes.len() / 2, bytes.len() - 1);
    u64::from(bytes[0]) | u64::from(bytes[middle]) << (8 * middle) | u64::from(last) << (8 * end)
}

/// Whether every byte is ASCII.
#[inline(always)]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    let words = bytes.chunks_exact(8);
    let rest = words.remainder();
    let last = if rest.is_empty() { 0 } else { load(bytes, bytes.len() - rest.len()) };
    let all = words.fold(last, |all, word| all | load(word, 0));
    all & HIGH == 0
}

/// Eight bytes with ASCII capitals made small; bytes outside ASCII stay.
#[inline(always)]
fn fold(word: u64) -> u64 {
    let low = word & !HIGH;
    let from_a = low + every(0x80 - b'A');
    let past_z = low + every(0x7f - b'Z');
    word | ((from_a & !past_z & !word & HIGH) >> 2)
}

/// Of eight ASCII bytes: what they fold to, and a bit for each that is a letter
/// or digit, the first lowest.
#[inline(always)]
pub(super) fn fold_and_tell(word: u64) -> (u64, u64) {
    let small = word | every(0x20);
    let letter = (small + every(0x80 - b'a')) & !(small + every(0x7f - b'z')) & HIGH;
    let digit = (word + every(0x80 - b'0')) & !(word + every(0x7f - b'9')) & HIGH;
    // The eight high bits, gathered in the highest byte.
    let bits = ((letter | digit) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    (word | letter >> 2, bits)
}

/// Two numbers made one that depends on every bit of both.
#[inline(always)]
pub(super) fn mix(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product as u64) ^ ((product >> 64) as u64)
}

const LENGTH: u64 = 0x9e37_79b9_7f4a_7c15;
const FIRST: u64 = 0xa076_1d64_78bd_642f;
const NEXT: u64 = 0xe703_7ed1_a0b4_28db;

/// What keeps the first so many of sixteen bytes.
static KEPT: [[u64; 2]; 17] = {
    let mut kept = [[0; 2]; 17];
    let mut len = 1;
    while len <= 16 {
        kept[len][0] = u64::MAX >> (64 - 8 * if len < 8 { len } else { 8 });
        if len > 8 {
            kept[len][1] = u64::MAX >> (64 - 8 * (len - 8));
        }
        len += 1;
    }
    kept
};

/// The hash of the term of `len` bytes that stands at `start` of `folded`,
/// which goes on for [`HASHED`] bytes from there, or for sixteen if the term is
/// no longer. What follows the term in it does not count.
#[inline(always)]
pub(super) fn hash(folded: &[u8], start: usize, len: usize) -> u64 {
    let pair = |at: usize, len: usize| {
        let kept = KEPT[len.min(16)];
        let two = &folded[start + at..start + at + 16];
        [load(two, 0) & kept[0], load(two, 8) & kept[1]]
    };
    let [one, two] = pair(0, len);
    let mut hash = mix(one ^ FIRST, two ^ NEXT);
    if len > 16 {
        let [one, two] = pair(16, len - 16);
        hash = mix(hash ^ one, two ^ NEXT);
    }
    hash
}

/// The hash of a run of terms: of one more term, `gap` bytes behind the run.
#[inline(always)]
pub(super) fn hash_run(run: u64, gap: usize, term: u64) -> u64 {
    mix(run ^ (gap as u64 + 1).wrapping_mul(LENGTH), term ^ NEXT)
}

/// The hash of a whole text with ASCII folded, every byte of it.
#[inline(always)]
pub(crate) fn hash_whole(bytes: &[u8]) -> u64 {
    let mut hash = (bytes.len() as u64).wrapping_mul(LENGTH);
    let mut at = 0;
    while at < bytes.len() {
        hash = mix(hash ^ fold(load(bytes, at)), FIRST);
        at += 8;
    }
    mix(hash, NEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_bytes_and_zeros_past_the_end() {
        let bytes: Vec<u8> = (1..=40).collect();
        for len in 0..bytes.len() {
            let bytes = &bytes[..len];
            for at in 0..=len {
                let mut expected = [0; 8];
                let kept = (len - at).min(8);
                expected[..kept].copy_from_slice(&bytes[at..at + kept]);
                assert_eq!(load(bytes, at).to_le_bytes(), expected, "{at} of {len}");
            }
        }
    }

    /// Every byte, in every place of a word, beside bytes that would carry into
    /// it.
    #[test]
    fn bytes_are_told_apart_in_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                for beside in [0, b'0', b'z', 0x7f, 0xff] {
                    let mut word = [beside; 8];
                    word[place] = byte;
                    let folded = word.map(|byte| byte.to_ascii_lowercase());
                    assert_eq!(fold(u64::from_le_bytes(word)).to_le_bytes(), folded);
                    if word.is_ascii() {
                        let (small, bits) = fold_and_tell(u64::from_le_bytes(word));
                        assert_eq!(small.to_le_bytes(), folded);
                        let expected = (0..8).filter(|&at| word[at].is_ascii_alphanumeric());
                        assert_eq!(bits, expected.map(|at| 1 << at).sum::<u64>());
                    }
                    assert_eq!(is_ascii(&word), word.is_ascii());
                    assert_eq!(is_ascii(&word[place..]), word[place..].is_ascii());
                }
            }
        }
    }

    #[test]
    fn hashes_of_terms_do_not_see_what_follows() {
        let mut folded: Vec<u8> = (0..64).map(|at| b'a' + at % 26).collect();
        for len in 1..=40 {
            let hash = |folded: &[u8], len| super::hash(folded, 3, len);
            let before = hash(&folded, len);
            folded[3 + len] ^= 1;
            assert_eq!(before, hash(&folded, len), "{len}");
            for at in 0..len.min(HASHED) {
                folded[3 + at] ^= 1;
                assert_ne!(before, hash(&folded, len), "{at} of {len}");
                folded[3 + at] ^= 1;
            }
            if len <= HASHED && len > 1 {
                assert_ne!(before, hash(&folded, len - 1), "{len}");
            }
        }
    }

    #[test]
    fn hashes_of_whole_values_fold_ascii_and_see_every_byte() {
        let text = b"..Remote-Desktop-Of-A-Very-Long-Name.COM..";
        for end in 1..text.len() {
            let whole = hash_whole(&text[..end]);
            assert_eq!(whole, hash_whole(&text[..end].to_ascii_lowercase()));
            assert_ne!(whole, hash_whole(&text[..end - 1]));
            for at in 0..end {
                let mut other = text.to_vec();
                other[at] ^= 1;
                assert_ne!(whole, hash_whole(&other[..end]));
            }
        }
    }
}
