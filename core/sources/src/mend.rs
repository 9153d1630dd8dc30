//! Mending of text: one bad byte must not hide a record.
//!
//! What cannot be read becomes U+FFFD where the byte itself is lost (invalid
//! UTF-8, a lone surrogate). What can be read although it may not stand there
//! (a raw control character, a backslash that escapes nothing) is kept and
//! written as JSON wants it, so that the value is the one that the writer
//! meant and the one that a screen sees in the raw bytes.

use std::fmt::Write;

/// Appends `bytes` to `out`; each invalid sequence, and each lone surrogate in the three bytes
/// that UTF-8 would give it, becomes one U+FFFD. Says whether there was none.
pub(crate) fn push_repaired(mut bytes: &[u8], out: &mut String) -> bool {
    let mut whole = true;
    loop {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => {
                out.push_str(text);
                return whole;
            }
            Err(error) => error,
        };
        whole = false;
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        out.push_str(std::str::from_utf8(valid).expect("valid up to here"));
        out.push(char::REPLACEMENT_CHARACTER);
        let bad = match rest {
            [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => 3,
            _ => error.error_len().unwrap_or(rest.len()),
        };
        bytes = &rest[bad..];
    }
}

/// What some writers of JSON write for a number that is none.
const NO_NUMBERS: &[&str] = &["NaN", "Infinity", "-Infinity"];

/// A copy of a line of JSON in which damage is mended that leaves the structure alone.
///
/// Inside strings: raw control characters and backslashes that escape nothing are escaped.
/// Outside: control characters (NUL padding, say) become blanks, `NaN` and infinities become null.
pub(crate) fn mend(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    push_repaired(line, &mut text);
    let mut out = String::with_capacity(text.len());
    let mut quoted = false;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                quoted = !quoted;
                out.push(c);
            }
            '\\' if quoted => {
                let length = escape_length(rest.as_str().as_bytes());
                out.push_str(if length == 0 { "\\\\" } else { "\\" });
                for _ in 0..length {
                    out.extend(rest.next());
                }
            }
            '\0'..='\x1f' if quoted => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a string does not fail");
            }
            '\0'..='\x1f' => out.push(' '),
            'N' | 'I' | '-' if !quoted => match NO_NUMBERS.iter().find_map(|word| {
                (word.strip_prefix(c)).and_then(|word| rest.as_str().strip_prefix(word))
            }) {
                Some(after) => {
                    out.push_str("null");
                    rest = after.chars();
                }
                None => out.push(c),
            },
            _ => out.push(c),
        }
    }
    out
}

/// How many bytes after a backslash belong to its escape; 0 where it is none.
pub(crate) fn escape_length(after: &[u8]) -> usize {
    match after {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 1,
        [b'u', hex @ ..] if hex.len() >= 4 && hex[..4].iter().all(u8::is_ascii_hexdigit) => 5,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_invalid_sequence_becomes_one_replacement_character() {
        let cases: &[(&[u8], &str)] = &[
            (b"plain", "plain"),
            (b"a\xffb", "a\u{fffd}b"),
            (b"\xc3(", "\u{fffd}("),
            // A cut-off sequence of three bytes is one sequence.
            (b"x\xe2\x82", "x\u{fffd}"),
            // Lone surrogates as UTF-8 would write them: high, low, both in the wrong order.
            (b"\xed\xa0\xbd!", "\u{fffd}!"),
            (b"\xed\xb8\x80\xed\xa0\xbd", "\u{fffd}\u{fffd}"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
        ];
        for &(bytes, expected) in cases {
            let mut out = String::new();
            let whole = push_repaired(bytes, &mut out);
            assert_eq!(out, expected, "{bytes:?}");
            assert_eq!(whole, std::str::from_utf8(bytes).is_ok());
        }
    }

    #[test]
    fn only_damage_is_changed() {
        let cases: &[(&[u8], &str)] = &[
            (br#"{"a":"\"\\\/\b\f\n\r\t\u00e9"}"#, r#"{"a":"\"\\\/\b\f\n\r\t\u00e9"}"#),
            (b"{\"a\":\"x\ty\0\"}", r#"{"a":"x\u0009y\u0000"}"#),
            (b"{\"a\":1}\0\0\x1a", "{\"a\":1}   "),
            (
                br#"{"a":NaN,"b":[-Infinity,Infinity,-1],"N":"NaN"}"#,
                r#"{"a":null,"b":[null,null,-1],"N":"NaN"}"#,
            ),
            (br#"{"a":"C:\Users\x"}"#, r#"{"a":"C:\\Users\\x"}"#),
            (br#"{"a":"\u12"}"#, r#"{"a":"\\u12"}"#),
            (br#"{"a":"\"#, r#"{"a":"\\"#),
            (b"{\"a\":\"\xff\"}", "{\"a\":\"\u{fffd}\"}"),
        ];
        for &(line, expected) in cases {
            assert_eq!(mend(line), expected);
        }
    }
}
