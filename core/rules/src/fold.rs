//! Case folding: which letters count as one when case is ignored.
//!
//! Two letters are one if they are each other's upper and lower case, one to
//! one. KQL promises no more, and this much has a property the searches rest
//! on: a folded text is the text letter by letter, with the same term borders,
//! and an ASCII letter folds to and from ASCII only. Full Unicode folding would
//! lose both (`ß` is two letters in capitals, the Kelvin sign a `k`).

use std::borrow::Cow;

/// The small letter of a pair, or `c` itself.
pub(crate) fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    match only(c.to_lowercase()) {
        Some(small) if small != c && only(small.to_uppercase()) == Some(c) => small,
        _ => c,
    }
}

fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

/// `text` with every letter folded; borrowed if nothing changes.
pub(crate) fn fold_text(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        return Cow::Borrowed(text);
    }
    match text.char_indices().find(|&(_, c)| fold(c) != c) {
        None => Cow::Borrowed(text),
        Some(_) if text.is_ascii() => Cow::Owned(text.to_ascii_lowercase()),
        Some((at, _)) => {
            let mut folded = String::with_capacity(text.len());
            folded.push_str(&text[..at]);
            folded.extend(text[at..].chars().map(fold));
            Cow::Owned(folded)
        }
    }
}

/// Whether two texts are equal, case ignored.
pub(crate) fn equal(left: &str, right: &str) -> bool {
    left == right || left.chars().map(fold).eq(right.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pairs_fold() {
        for (c, folded) in [
            ('A', 'a'),
            ('a', 'a'),
            ('Ä', 'ä'),
            ('Ø', 'ø'),
            ('Ж', 'ж'),
            ('Σ', 'σ'),
            ('İ', 'İ'),
            ('ı', 'ı'),
            ('ß', 'ß'),
            ('\u{212A}', '\u{212A}'),
            ('1', '1'),
        ] {
            assert_eq!(fold(c), folded, "{c}");
        }
    }

    #[test]
    fn ascii_folds_to_and_from_ascii_only() {
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            assert_eq!(c.is_ascii(), fold(c).is_ascii(), "{c:?}");
            assert_eq!(fold(fold(c)), fold(c), "{c:?}");
        }
    }

    #[test]
    fn texts_fold_letter_by_letter() {
        assert!(matches!(fold_text("already small é"), Cow::Borrowed(_)));
        assert_eq!(fold_text("SupRemo"), "supremo");
        assert_eq!(fold_text("xKRÄMER İ"), "xkrämer İ");
        assert!(equal("KRÄMER", "krämer"));
        assert!(!equal("krämer", "kramer"));
        assert!(!equal("krämer", "krämer "));
    }
}
