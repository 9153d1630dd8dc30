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

use crate::{
    fold::{fold, fold_text},
    literals::is_ascii,
};

/// Whether `c` is part of a term: a letter or decimal digit of any script.
#[inline]
pub(crate) fn is_term_char(c: char) -> bool {
    // What is alphanumeric to `char` but neither (`½`, `Ⅷ`, vowel signs) is
    // rare enough to be asked of the slow table, and so are the letters of
    // blocks that have no such thing (Latin, Cyrillic, Han, Hangul).
    static EXACT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[\p{L}\p{Nd}]").expect("the class of letters and decimal digits is valid")
    });
    match c {
        '\0'..='\x7f' => c.is_ascii_alphanumeric(),
        'À'..='ɏ' | 'Ѐ'..='ҁ' | 'Ҋ'..='ԯ' | '一'..='鿿' | '가'..='힣' => {
            c.is_alphabetic()
        }
        // The partner is asked, for of a new pair of letters the table may know
        // only one.
        _ => c.is_alphanumeric() && EXACT.is_match(fold(c).encode_utf8(&mut [0; 4])),
    }
}

/// Whether a term character stands just before `at`. `value` is UTF-8.
#[inline]
fn term_before(value: &[u8], at: usize) -> bool {
    match value[..at].last() {
        None => false,
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        Some(_) => {
            let starts = (at.saturating_sub(4)..at).rev();
            let start = starts.into_iter().find(|&at| value[at] & 0xc0 != 0x80);
            start.and_then(|start| first_char(&value[start..at])).is_some_and(is_term_char)
        }
    }
}

/// Whether a term character stands at `at`. `value` is UTF-8.
#[inline]
fn term_behind(value: &[u8], at: usize) -> bool {
    match value.get(at) {
        None => false,
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        Some(_) => first_char(&value[at..]).is_some_and(is_term_char),
    }
}

fn first_char(bytes: &[u8]) -> Option<char> {
    let chunk = bytes[..bytes.len().min(4)].utf8_chunks().next()?;
    chunk.valid().chars().next()
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
    /// The whole value or all of it behind a dot; one last dot of the value
    /// does not count (`under`).
    Under,
}

impl Place {
    /// Whether a term character just before, just behind an occurrence of
    /// `literal` rejects it: asked only at an edge where the literal itself has
    /// one.
    pub(crate) fn edges(self, literal: &str) -> (bool, bool) {
        let (before, behind) = match self {
            Place::Terms => (true, true),
            Place::TermStart => (true, false),
            Place::TermEnd => (false, true),
            Place::Anywhere | Place::Start | Place::End | Place::Under => (false, false),
        };
        (
            before && literal.chars().next().is_some_and(is_term_char),
            behind && literal.chars().next_back().is_some_and(is_term_char),
        )
    }
}

/// Whether a literal with these [`edges`](Place::edges) counts where it occurs
/// in `value`, which is UTF-8.
#[inline]
pub(crate) fn is_placed(
    place: Place,
    (before, behind): (bool, bool),
    value: &[u8],
    start: usize,
    end: usize,
) -> bool {
    match place {
        Place::Start => start == 0,
        Place::End => end == value.len(),
        Place::Under => {
            (start == 0 || value[start - 1] == b'.') && matches!(value[end..], [] | [b'.'])
        }
        Place::Terms | Place::TermStart | Place::TermEnd | Place::Anywhere => {
            !(before && term_before(value, start) || behind && term_behind(value, end))
        }
    }
}

/// A value that is compared to many literals: folded at most once.
#[derive(Debug)]
pub(crate) struct Value<'v> {
    bytes: &'v [u8],
    /// Not yet known of bytes that are ASCII, and hardly ever asked.
    text: Option<&'v str>,
    is_ascii: bool,
    folded: OnceCell<Cow<'v, str>>,
}

impl<'v> Value<'v> {
    pub(crate) fn new(text: &'v str) -> Self {
        let bytes = text.as_bytes();
        Value { bytes, text: Some(text), is_ascii: is_ascii(bytes), folded: OnceCell::new() }
    }

    /// The value of these bytes, if they are ASCII.
    #[inline]
    pub(crate) fn of_ascii(bytes: &'v [u8]) -> Option<Self> {
        is_ascii(bytes).then(|| Value {
            bytes,
            text: None,
            is_ascii: true,
            folded: OnceCell::new(),
        })
    }

    /// UTF-8.
    #[inline]
    pub(crate) fn bytes(&self) -> &'v [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn is_ascii(&self) -> bool {
        self.is_ascii
    }

    pub(crate) fn text(&self) -> &'v str {
        let decoded = || str::from_utf8(self.bytes).expect("ASCII is UTF-8");
        self.text.unwrap_or_else(decoded)
    }

    pub(crate) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold_text(self.text()))
    }
}

/// How the occurrences of a literal are found.
#[derive(Clone, Debug)]
enum Search {
    /// The bytes as they are.
    Exact(Box<Finder<'static>>),
    /// ASCII, case ignored: look for the byte at `at` in both cases, then
    /// compare. Chosen to be a rare one.
    Ascii { at: usize },
    /// The folded literal in the folded value.
    Folded(Box<Finder<'static>>),
}

/// A literal made ready to be looked for. Never empty.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    /// Folded, if case is ignored.
    text: Box<str>,
    place: Place,
    edges: (bool, bool),
    search: Search,
}

impl Needle {
    pub(crate) fn new(literal: &str, place: Place, case_sensitive: bool) -> Needle {
        debug_assert!(!literal.is_empty(), "an empty literal occurs everywhere");
        let text: Box<str> =
            if case_sensitive { literal.into() } else { fold_text(literal).into_owned().into() };
        let finder = || Box::new(Finder::new(text.as_bytes()).into_owned());
        let search = if case_sensitive {
            Search::Exact(finder())
        } else if text.is_ascii() {
            Search::Ascii { at: rarest(text.as_bytes()) }
        } else {
            Search::Folded(finder())
        };
        Needle { place, edges: place.edges(&text), text, search }
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
    pub(crate) fn accepts_pattern(&self, value: &[u8], start: usize, end: usize) -> bool {
        let exact = matches!(self.search, Search::Exact(_));
        (!exact || value[start..end] == *self.text.as_bytes())
            && is_placed(self.place, self.edges, value, start, end)
    }

    /// Whether the literal occurs in `value` where it counts.
    pub(crate) fn occurs(&self, value: &Value<'_>) -> bool {
        match &self.search {
            Search::Exact(finder) => self.find(value.bytes(), |hay| finder.find(hay)),
            Search::Ascii { at } => {
                self.find(value.bytes(), |hay| find_ascii(hay, self.text.as_bytes(), *at))
            }
            // No letter outside ASCII folds into it: an ASCII value cannot hold
            // this literal.
            Search::Folded(_) if value.is_ascii() => false,
            Search::Folded(finder) => self.find(value.folded().as_bytes(), |hay| finder.find(hay)),
        }
    }

    fn find(&self, value: &[u8], next: impl Fn(&[u8]) -> Option<usize>) -> bool {
        let len = self.text.len();
        match self.place {
            Place::Start => value.get(..len).is_some_and(|head| next(head).is_some()),
            Place::End => {
                value.len().checked_sub(len).is_some_and(|from| next(&value[from..]).is_some())
            }
            _ => {
                let mut from = 0;
                // An occurrence may overlap a rejected one.
                while let Some(at) = next(&value[from..]) {
                    let start = from + at;
                    if is_placed(self.place, self.edges, value, start, start + len) {
                        return true;
                    }
                    from = start + 1;
                }
                false
            }
        }
    }

    /// About how many bytes it has on the heap.
    pub(crate) fn memory(&self) -> usize {
        let finder = match &self.search {
            Search::Exact(finder) | Search::Folded(finder) => size_of_val(&**finder),
            Search::Ascii { .. } => 0,
        };
        self.text.len() + finder
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

    /// The blocks that are spared the slow table, and the property that folded
    /// texts have the same borders.
    #[test]
    fn every_char_is_what_the_table_says() {
        let exact = Regex::new(r"[\p{L}\p{Nd}]").unwrap();
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            // Letters that one of the two does not know yet count as none.
            let is_term = c.is_alphanumeric() && exact.is_match(fold(c).encode_utf8(&mut [0; 4]));
            assert_eq!(is_term_char(c), is_term, "{c:?}");
            assert_eq!(is_term_char(c), is_term_char(fold(c)), "{c:?}");
        }
    }

    #[test]
    fn borders_are_seen_in_bytes() {
        for (before, c, behind) in
            [("", 'é', ""), ("é", 'a', "®"), ("𐐀", 'x', "𐐨"), ("®", '-', "a")]
        {
            let value = format!("{before}{c}{behind}");
            let (start, end) = (before.len(), before.len() + c.len_utf8());
            let is_term = |text: &str| text.chars().next().is_some_and(is_term_char);
            assert_eq!(term_before(value.as_bytes(), start), is_term(before), "{value}");
            assert_eq!(term_behind(value.as_bytes(), end), is_term(behind), "{value}");
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
