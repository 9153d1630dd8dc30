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

/// The terms of an ASCII value, from the left.
#[inline(always)]
pub(super) fn ascii(
    bytes: &[u8],
    mut each: impl FnMut(Term) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut term = |start, end| {
        each(Term { hash: words::hash_folded(bytes, start, end), start, end, raw_end: end })
    };
    // Whether the last byte so far is in a term, and where that begins.
    let (mut inside, mut start) = (0, 0);
    for base in (0..bytes.len()).step_by(64) {
        let mut bits = 0;
        for (place, at) in (base..bytes.len().min(base + 64)).step_by(8).enumerate() {
            bits |= words::term_bits(words::load(bytes, at)) << (8 * place);
        }
        let before = bits << 1 | inside;
        let (mut starts, mut ends) = (bits & !before, before & !bits);
        let mut open = inside == 1;
        while ends != 0 {
            if !open {
                start = base + starts.trailing_zeros() as usize;
                starts &= starts - 1;
            }
            open = false;
            term(start, base + ends.trailing_zeros() as usize)?;
            ends &= ends - 1;
        }
        if starts != 0 {
            start = base + starts.trailing_zeros() as usize;
        }
        inside = bits >> 63;
    }
    if inside == 1 { term(start, bytes.len()) } else { ControlFlow::Continue(()) }
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
        let hash = words::hash(end - start, |at| words::load(&*head, at));
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
        fn terms_of_ascii_are_those_of_letters(text in "([a-cX-Z0-3]{0,40}[ -/:-@_\\x00\\x7f]{0,3}){0,6}") {
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
                let hash = words::hash_folded(folded.as_bytes(), term.start, term.end);
                prop_assert_eq!(term.hash, hash);
            }
        }
    }
}
