//! One literal in one value: KQL's terms, searched for exactly.
//!
//! A literal is looked for as one string and every occurrence is judged by its
//! borders, which is what KQL's engine answers for literals with punctuation
//! in them. Cutting value and literal into terms and comparing these would be
//! simpler and wrong: `a.b` is not `a b`. So is `\b` of a regular expression,
//! for which an underscore is a letter.

use std::{borrow::Cow, cell::OnceCell, sync::LazyLock};

use memchr::memmem::Finder;
use regex::Regex;

use crate::fold::fold_text;

/// Whether `c` is part of a term: a letter or decimal digit of any script.
pub(crate) fn is_term_char(c: char) -> bool {
    // What is alphanumeric to `char` but neither (`½`, `Ⅷ`, vowel signs) is
    // rare enough to be asked of the slow table.
    static EXACT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[\p{L}\p{Nd}]").expect("the class of letters and decimal digits is valid")
    });
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric() && EXACT.is_match(c.encode_utf8(&mut [0; 4]))
}

/// Where in a value an occurrence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Bounded by term borders (`has`).
    Terms,
    /// Bounded before it (`hasprefix`).
    TermStart,
    /// Bounded behind it (`hassuffix`).
    TermEnd,
    /// Anywhere (`contains`).
    Anywhere,
    /// At the beginning of the value (`startswith`).
    Start,
    /// At the end of the value (`endswith`).
    End,
}

/// A value that is compared to many literals: folded at most once.
#[derive(Debug)]
pub(crate) struct Value<'v> {
    text: &'v str,
    folded: OnceCell<Cow<'v, str>>,
}

impl<'v> Value<'v> {
    pub(crate) fn new(text: &'v str) -> Self {
        Value { text, folded: OnceCell::new() }
    }

    pub(crate) fn text(&self) -> &'v str {
        self.text
    }

    pub(crate) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold_text(self.text))
    }
}

/// How the occurrences of a literal are found.
#[derive(Clone, Debug)]
enum Search {
    /// The bytes as they are.
    Exact(Finder<'static>),
    /// ASCII, case ignored: look for the byte at `at` in both cases, then
    /// compare. Chosen to be a rare one.
    Ascii { at: usize },
    /// The folded literal in the folded value.
    Folded(Finder<'static>),
}

/// A literal made ready to be looked for. Never empty.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    /// Folded, if case is ignored.
    text: Box<str>,
    place: Place,
    /// Whether a term character just before an occurrence rejects it: asked
    /// only at an edge where the literal itself has one.
    bound_before: bool,
    /// The same just behind it.
    bound_behind: bool,
    search: Search,
}

impl Needle {
    pub(crate) fn new(literal: &str, place: Place, case_sensitive: bool) -> Needle {
        debug_assert!(!literal.is_empty(), "an empty literal occurs everywhere");
        let text: Box<str> =
            if case_sensitive { literal.into() } else { fold_text(literal).into_owned().into() };
        let search = if case_sensitive {
            Search::Exact(Finder::new(text.as_bytes()).into_owned())
        } else if text.is_ascii() {
            Search::Ascii { at: rarest(text.as_bytes()) }
        } else {
            Search::Folded(Finder::new(text.as_bytes()).into_owned())
        };
        let (before, behind) = match place {
            Place::Terms => (true, true),
            Place::TermStart => (true, false),
            Place::TermEnd => (false, true),
            Place::Anywhere | Place::Start | Place::End => (false, false),
        };
        Needle {
            place,
            bound_before: before && text.chars().next().is_some_and(is_term_char),
            bound_behind: behind && text.chars().next_back().is_some_and(is_term_char),
            text,
            search,
        }
    }

    /// The bytes of the literal, if a search for them that ignores the case of
    /// ASCII letters reports every place where it may occur.
    pub(crate) fn ascii_pattern(&self) -> Option<&[u8]> {
        match self.search {
            Search::Exact(_) | Search::Ascii { .. } => Some(self.text.as_bytes()),
            Search::Folded(_) => None,
        }
    }

    /// Whether an occurrence of [`ascii_pattern`](Self::ascii_pattern) counts.
    pub(crate) fn accepts_pattern(&self, value: &str, start: usize, end: usize) -> bool {
        let exact = matches!(self.search, Search::Exact(_));
        (!exact || value.as_bytes()[start..end] == *self.text.as_bytes())
            && self.accepts(value, start, end)
    }

    /// Whether the literal occurs in `value` where it counts.
    pub(crate) fn occurs(&self, value: &Value<'_>) -> bool {
        match &self.search {
            Search::Exact(finder) => self.find(value.text(), |hay| finder.find(hay)),
            Search::Ascii { at } => {
                self.find(value.text(), |hay| find_ascii(hay, self.text.as_bytes(), *at))
            }
            // No letter outside ASCII folds into it: an ASCII value cannot hold
            // this literal.
            Search::Folded(_) if value.text().is_ascii() => false,
            Search::Folded(finder) => self.find(value.folded(), |hay| finder.find(hay)),
        }
    }

    fn find(&self, value: &str, next: impl Fn(&[u8]) -> Option<usize>) -> bool {
        let (bytes, len) = (value.as_bytes(), self.text.len());
        match self.place {
            Place::Start => bytes.get(..len).is_some_and(|head| next(head).is_some()),
            Place::End => {
                bytes.len().checked_sub(len).is_some_and(|from| next(&bytes[from..]).is_some())
            }
            _ => {
                let mut from = 0;
                // An occurrence may overlap a rejected one.
                while let Some(at) = next(&bytes[from..]) {
                    let start = from + at;
                    if self.accepts(value, start, start + len) {
                        return true;
                    }
                    from = start + 1;
                }
                false
            }
        }
    }

    fn accepts(&self, value: &str, start: usize, end: usize) -> bool {
        match self.place {
            Place::Start => start == 0,
            Place::End => end == value.len(),
            _ => {
                let before = self.bound_before
                    && value[..start].chars().next_back().is_some_and(is_term_char);
                let behind =
                    self.bound_behind && value[end..].chars().next().is_some_and(is_term_char);
                !before && !behind
            }
        }
    }
}

/// The position of the byte of `literal` that names, paths and company names
/// have least of.
fn rarest(literal: &[u8]) -> usize {
    const COMMON: &[u8] = b"eatoinrscml./pdhu-wg: \\b";
    let rank = |byte: &u8| COMMON.iter().position(|c| c == byte).unwrap_or(COMMON.len());
    (0..literal.len()).max_by_key(|&at| rank(&literal[at])).unwrap_or(0)
}

/// The first occurrence of `literal` (folded, ASCII), case ignored, by its
/// byte at `at`.
fn find_ascii(hay: &[u8], literal: &[u8], at: usize) -> Option<usize> {
    let last = hay.len().checked_sub(literal.len())?;
    let (small, big) = (literal[at], literal[at].to_ascii_uppercase());
    memchr::memchr2_iter(small, big, &hay[at..at + last + 1])
        .find(|&start| hay[start..start + literal.len()].eq_ignore_ascii_case(literal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_letters_and_decimal_digits_of_any_script() {
        for c in "aZ09éßıäЖ中あ٣६".chars() {
            assert!(is_term_char(c), "{c}");
        }
        for c in "_-./ @%\u{a0}。™®½Ⅷ①\u{308}".chars() {
            assert!(!is_term_char(c), "{c}");
        }
    }

    #[test]
    fn finds_what_a_plain_search_finds() {
        let hay = "aXbxabXABxab";
        for literal in
            ["a", "x", "ab", "xab", "abx", "bxabxabxab", "axbxabxabxab", "q", "abxabxabxabxabx"]
        {
            let expected = hay.to_ascii_lowercase().find(literal);
            for at in 0..literal.len() {
                assert_eq!(
                    find_ascii(hay.as_bytes(), literal.as_bytes(), at),
                    expected,
                    "{literal}"
                );
            }
        }
    }
}
