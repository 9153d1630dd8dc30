//! The terms of a value, in one pass and without memory of its own.

use std::ops::ControlFlow;

use crate::{fold::fold, term::is_term_char};

use super::words::{self, HASHED};

/// One term: a maximal run of term characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// Over its folded bytes.
    pub(super) hash: u64,
    /// Where it begins in the folded value.
    pub(super) start: usize,
    /// Where it ends in the folded value.
    pub(super) end: usize,
    /// Where it ends in the value as it is: folding can make a letter outside
    /// ASCII longer or shorter.
    pub(super) raw_end: usize,
}

/// As many bytes as a word has bits are looked at together.
const CHUNK: usize = 64;

/// The terms of an ASCII value, from the left.
#[inline(always)]
pub(super) fn ascii(
    bytes: &[u8],
    mut each: impl FnMut(Term) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut term = |hash, start, end| each(Term { hash, start, end, raw_end: end });
    let mut base = 0;
    while base < bytes.len() {
        let chunk = &bytes[base..bytes.len().min(base + CHUNK)];
        // Folded, with room behind it: a hash looks at sixteen bytes at least.
        let mut folded = [0; CHUNK + 16];
        let mut bits = 0;
        let mut words = chunk.chunks_exact(8);
        for (place, word) in words.by_ref().enumerate() {
            let (small, tell) = words::fold_and_tell(words::load(word, 0));
            folded[8 * place..8 * place + 8].copy_from_slice(&small.to_le_bytes());
            bits |= tell << (8 * place);
        }
        if !words.remainder().is_empty() {
            let at = chunk.len() & !7;
            let (small, tell) = words::fold_and_tell(words::load(chunk, at));
            folded[at..at + 8].copy_from_slice(&small.to_le_bytes());
            bits |= tell << at;
        }
        let mut next = base + CHUNK;
        if bits >> 63 == 1 && next < bytes.len() {
            // The last term may go on: it begins the next chunk, or is longer
            // than a chunk.
            let last = bits.leading_ones();
            if last as usize == CHUNK {
                let goes_on = bytes[next..].iter().position(|byte| !byte.is_ascii_alphanumeric());
                next = goes_on.map_or(bytes.len(), |more| next + more);
                term(words::hash(&folded, 0, next - base), base, next)?;
                base = next;
                continue;
            }
            next -= last as usize;
            bits &= u64::MAX >> last;
        }
        let before = bits << 1;
        let (mut starts, mut ends) = (bits & !before, before & !bits);
        while starts != 0 {
            // None behind the last byte is an end there, too.
            let (start, end) = (starts.trailing_zeros() as usize, ends.trailing_zeros() as usize);
            starts &= starts - 1;
            ends &= ends.wrapping_sub(1);
            term(words::hash(&folded, start, end - start), base + start, base + end)?;
        }
        base = next;
    }
    ControlFlow::Continue(())
}

/// The terms of a text, from the left.
pub(super) fn all(text: &str, each: impl FnMut(Term) -> ControlFlow<()>) -> ControlFlow<()> {
    if text.is_ascii() { ascii(text.as_bytes(), each) } else { letters(text, each) }
}

/// The terms of any value, from the left, letter by letter.
pub(super) fn letters(
    text: &str,
    mut each: impl FnMut(Term) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut head = [0; HASHED];
    let (mut start, mut end) = (0, 0);
    let mut close = |head: &mut [u8; HASHED], start: usize, end: usize, raw_end| {
        if start == end {
            return ControlFlow::Continue(());
        }
        let hash = words::hash(&*head, 0, end - start);
        *head = [0; HASHED];
        each(Term { hash, start, end, raw_end })
    };
    for (raw, c) in text.char_indices() {
        let c = fold(c);
        if !is_term_char(c) {
            close(&mut head, start, end, raw)?;
            end += c.len_utf8();
            start = end;
            continue;
        }
        let mut bytes = [0; 4];
        for &byte in c.encode_utf8(&mut bytes).as_bytes() {
            if let Some(place) = head.get_mut(end - start) {
                *place = byte;
            }
            end += 1;
        }
    }
    close(&mut head, start, end, text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::fold::fold_text;

    use super::*;

    fn collect(
        scan: impl FnOnce(&mut dyn FnMut(Term) -> ControlFlow<()>) -> ControlFlow<()>,
    ) -> Vec<Term> {
        let mut terms = Vec::new();
        let _ = scan(&mut |term| {
            terms.push(term);
            ControlFlow::Continue(())
        });
        terms
    }

    fn naive(text: &str) -> Vec<(usize, usize)> {
        let mut terms: Vec<(usize, usize)> = Vec::new();
        for (at, c) in text.char_indices().filter(|&(_, c)| is_term_char(c)) {
            match terms.last_mut() {
                Some((_, end)) if *end == at => *end += c.len_utf8(),
                _ => terms.push((at, at + c.len_utf8())),
            }
        }
        terms
    }

    proptest! {
        #[test]
        fn terms_of_ascii_are_those_of_letters(text in "(([a-cX-Z0-3]{0,40}|[a-cX-Z]{60,200})[ -/:-@_\\x00\\x7f]{0,3}){0,6}") {
            let found = collect(|each| ascii(text.as_bytes(), each));
            prop_assert_eq!(&found, &collect(|each| letters(&text, each)));
            let places: Vec<_> = found.iter().map(|term| (term.start, term.end)).collect();
            prop_assert_eq!(places, naive(&text));
        }

        /// Letters that grow and shrink when they are folded, too.
        #[test]
        fn terms_are_where_they_are(text in "([a-cX-Z0-9éÉЖжİßⱾȺ٣]{0,30}[ ._®½。\u{308}]{0,2}){0,5}") {
            let folded = fold_text(&text);
            let found = collect(|each| letters(&text, each));
            let places: Vec<_> = found.iter().map(|term| (term.start, term.end)).collect();
            prop_assert_eq!(places, naive(&folded));
            let ends: Vec<_> = found.iter().map(|term| term.raw_end).collect();
            prop_assert_eq!(ends, naive(&text).into_iter().map(|(_, end)| end).collect::<Vec<_>>());
            for term in found {
                let mut one = folded.as_bytes()[term.start..term.end].to_vec();
                one.resize(HASHED.max(one.len()), 0);
                prop_assert_eq!(term.hash, words::hash(&one, 0, term.end - term.start));
            }
        }
    }
}
