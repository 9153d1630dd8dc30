//! Text for a terminal: what comes from a log may hold anything, escape
//! sequences that rewrite the screen included.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The text with everything that would not show as itself made visible.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            plain.extend(c.escape_unicode());
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Characters that reorder or hide the text around them.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
            | '\u{061C}' | '\u{E0000}'..='\u{E007F}'
    )
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to `width` columns, the cut shown by an ellipsis.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut taken = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if taken + wide + 1 > width {
            break;
        }
        taken += wide;
        out.push(c);
    }
    out.push('…');
    out
}

/// The text cut or filled up with blanks to `width` columns.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let mut out = cut(text, width);
    out.extend(std::iter::repeat_n(' ', width - out.width().min(width)));
    out
}

/// Lines of at most `width` columns, broken between words; a word that is
/// longer than a line is cut across lines.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut rest = word;
        loop {
            let line = lines.last_mut().expect("there is always a line");
            let gap = usize::from(!line.is_empty());
            if line.width() + gap + rest.width() <= width {
                if gap > 0 {
                    line.push(' ');
                }
                line.push_str(rest);
                break;
            }
            if rest.width() <= width {
                lines.push(rest.to_owned());
                break;
            }
            if !line.is_empty() {
                lines.push(String::new());
                continue;
            }
            let mut taken = 0;
            let end = rest
                .char_indices()
                .find(|(_, c)| {
                    taken += c.width().unwrap_or(0);
                    taken > width
                })
                .map_or(rest.len(), |(at, _)| at.max(1));
            line.push_str(&rest[..end]);
            rest = &rest[end..];
            lines.push(String::new());
        }
    }
    lines
}

/// A whole number with thin groups: `26,774`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count of bytes for people.
pub(crate) fn bytes(count: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match units.iter().find(|(_, size)| count >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", count as f64 / *size as f64),
        None => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_rewrite_the_screen_is_shown() {
        assert_eq!(plain("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(plain("x\u{202e}y\nz"), "x\\u{202e}y\\u{a}z");
        assert_eq!(plain("Krämer 日本"), "Krämer 日本");
    }

    #[test]
    fn columns_line_up() {
        assert_eq!(pad("ab", 4), "ab  ");
        assert_eq!(pad("abcdef", 4), "abc…");
        assert_eq!(pad("日本語", 4), "日… ");
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(grouped(1_026_774), "1,026,774");
        assert_eq!(bytes(12_340_000), "12.3 MB");
    }
}
