//! Times as seconds since the epoch, as Zeek writes them: `1521911720.865716`.
//!
//! Read digit by digit: through a float, 19 digits would lose the last three.

use crate::time;

const SECOND: i64 = 1_000_000_000;

/// Nanoseconds since the epoch, UTC; none where the text is no such time or lies outside of what
/// an `i64` of nanoseconds can say (years 1677 to 2262).
///
/// Accepted: decimal digits with or without a sign, a fraction of any length (digits beyond the
/// ninth are cut), and what [`time::parse`] reads, for sites may have times so written.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim_ascii();
    seconds(text).or_else(|| time::parse(text))
}

fn seconds(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (digits, ""),
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let padded = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = padded.fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    let sign = if negative { -1 } else { 1 };
    // Signed from the beginning, for the least number has no positive one.
    let seconds = (sign * whole.parse::<i64>().ok()?).checked_mul(SECOND)?;
    seconds.checked_add(sign * nanoseconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seconds_are_read_exactly_or_not() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1521911720.865716", Some(1_521_911_720_865_716_000)),
            ("1517422336.04539", Some(1_517_422_336_045_390_000)),
            ("1521911720.123456789", Some(1_521_911_720_123_456_789)),
            ("1521911720.1234567899", Some(1_521_911_720_123_456_789)),
            (" 22.335172 ", Some(22_335_172_000)),
            ("-1.5", Some(-1_500_000_000)),
            ("-0.000000001", Some(-1)),
            ("9223372036.854775807", Some(i64::MAX)),
            ("9223372036.854775808", None),
            ("-9223372036.854775808", Some(i64::MIN)),
            ("-9223372036.854775809", None),
            ("99999999999999999999", None),
            ("2018-03-24T17:15:20.615923Z", Some(1_521_911_720_615_923_000)),
            ("1521911720.", None),
            (".5", None),
            ("1e9", None),
            ("+1", None),
            ("1521911720,5", None),
            ("1 5", None),
            ("1.5.5", None),
            ("--1", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_nanosecond_is_read_as_it_is_written(time in any::<i64>()) {
            let (sign, size) = (if time < 0 { "-" } else { "" }, i128::from(time).abs());
            let second = i128::from(SECOND);
            let text = format!("{sign}{}.{:09}", size / second, size % second);
            prop_assert_eq!(parse(&text), Some(time));
        }
    }
}
