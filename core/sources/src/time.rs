//! Times of Defender and Sentinel as nanoseconds since the epoch, UTC.
//!
//! The shapes that Kusto writes and reads: an ISO 8601 date, with or without a
//! time of day, with or without a zone; no zone is UTC. Everything else, an
//! epoch number or a portal's local `11/24/2026 3:04:05 PM` among it, is
//! unreadable on purpose: a guessed day and month would put evidence on the
//! wrong day.

use jiff::{civil::DateTime, tz::Offset};

/// Nanoseconds since the epoch, UTC; none where the text is no such time or lies outside of
/// what an `i64` of nanoseconds can say (years 1677 to 2262).
///
/// Accepted: `2026-01-15`, `2026-01-15 08:30`, `2026-01-15T08:30:00`, a fraction of any length
/// (digits beyond the ninth are cut), and after a time of day `Z`, `±hh:mm` or nothing.
pub fn parse(text: &str) -> Option<i64> {
    let mut rest = Rest(text.trim_ascii().as_bytes());
    let year = rest.number(4)?;
    rest.byte(b"-")?;
    let month = rest.number(2)?;
    rest.byte(b"-")?;
    let day = rest.number(2)?;
    let (mut hour, mut minute, mut second, mut fraction, mut offset) = (0, 0, 0, 0, 0);
    if !rest.0.is_empty() {
        rest.byte(b"T ")?;
        hour = rest.number(2)?;
        rest.byte(b":")?;
        minute = rest.number(2)?;
        if rest.byte(b":").is_some() {
            second = rest.number(2)?;
            if rest.byte(b".").is_some() {
                fraction = rest.fraction()?;
            }
        }
        offset = rest.offset()?;
    }
    if !rest.0.is_empty() {
        return None;
    }
    let small = |value: i32| i8::try_from(value).ok();
    let local = DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        fraction,
    )
    .ok()?;
    let instant = Offset::from_seconds(offset).ok()?.to_timestamp(local).ok()?;
    i64::try_from(instant.as_nanosecond()).ok()
}

/// What of the text is left to read.
pub(crate) struct Rest<'t>(&'t [u8]);

impl<'t> Rest<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Rest(text.as_bytes())
    }

    /// A number of one or two digits.
    pub(crate) fn short(&mut self) -> Option<i32> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if (1..=2).contains(&digits) { self.number(digits) } else { None }
    }

    /// One blank or more; browsers write narrow ones, too.
    pub(crate) fn blank(&mut self) -> Option<()> {
        let before = self.0.len();
        let blanks: [&[u8]; 3] = [b" ", "\u{202f}".as_bytes(), "\u{a0}".as_bytes()];
        while let Some(rest) = blanks.iter().find_map(|blank| self.0.strip_prefix(*blank)) {
            self.0 = rest;
        }
        (self.0.len() < before).then_some(())
    }

    /// Nothing, or AM or PM behind a blank, and then the end: whether it is the afternoon.
    pub(crate) fn half(&mut self) -> Option<Option<bool>> {
        if self.0.is_empty() {
            return Some(None);
        }
        self.blank()?;
        let word = self.0.to_ascii_lowercase();
        match &word[..] {
            b"am" | b"a.m." => Some(Some(false)),
            b"pm" | b"p.m." => Some(Some(true)),
            _ => None,
        }
    }

    /// One of the bytes in `which`.
    pub(crate) fn byte(&mut self, which: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        which.contains(&first).then(|| {
            self.0 = rest;
            first
        })
    }

    /// A number of exactly `digits` digits.
    pub(crate) fn number(&mut self, digits: usize) -> Option<i32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let value = number.iter().try_fold(0, |value, byte| {
            byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0'))
        })?;
        self.0 = rest;
        Some(value)
    }

    /// Digits after the point, as nanoseconds.
    pub(crate) fn fraction(&mut self) -> Option<i32> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        (length > 0).then(|| padded.fold(0, |value, digit| value * 10 + i32::from(digit - b'0')))
    }

    /// `Z`, `±hh:mm` or nothing, as seconds east of UTC.
    pub(crate) fn offset(&mut self) -> Option<i32> {
        if self.0.is_empty() || self.byte(b"Z").is_some() {
            return Some(0);
        }
        let sign = if self.byte(b"+-")? == b'+' { 1 } else { -1 };
        let hours = self.number(2)?;
        self.byte(b":")?;
        let minutes = self.number(2)?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text, and the instant in a shape of jiff's own reading; none: unreadable.
    const CASES: &[(&str, Option<&str>)] = &[
        ("2026-01-15", Some("2026-01-15T00:00:00Z")),
        ("2026-01-15 08:30", Some("2026-01-15T08:30:00Z")),
        ("2026-01-15T08:30", Some("2026-01-15T08:30:00Z")),
        ("2026-01-15T08:30Z", Some("2026-01-15T08:30:00Z")),
        ("2026-01-15T08:30:01", Some("2026-01-15T08:30:01Z")),
        ("2026-01-15 08:30:01Z", Some("2026-01-15T08:30:01Z")),
        // Ticks of 100 ns are what Kusto has; nine digits are what we keep.
        ("2026-01-10T14:28:12.0423680Z", Some("2026-01-10T14:28:12.042368Z")),
        ("2026-01-10T14:28:12.5", Some("2026-01-10T14:28:12.5Z")),
        ("2026-01-10T14:28:12.123456789Z", Some("2026-01-10T14:28:12.123456789Z")),
        ("2026-01-10T14:28:12.1234567899Z", Some("2026-01-10T14:28:12.123456789Z")),
        // pandas writes the offset.
        ("2021-06-23 03:08:14.159814200+00:00", Some("2021-06-23T03:08:14.1598142Z")),
        ("2026-01-01T01:30:00+02:00", Some("2025-12-31T23:30:00Z")),
        ("2025-12-31T23:30:00-05:30", Some("2026-01-01T05:00:00Z")),
        (" 2026-01-15T08:30:01Z ", Some("2026-01-15T08:30:01Z")),
        ("2024-02-29", Some("2024-02-29T00:00:00Z")),
        ("1969-12-31T23:59:59.999999999Z", Some("1969-12-31T23:59:59.999999999Z")),
        ("1677-09-21T00:12:43.145224193Z", Some("1677-09-21T00:12:43.145224193Z")),
        ("2262-04-11T23:47:16.854775807Z", Some("2262-04-11T23:47:16.854775807Z")),
        // Beyond the ends of an i64 of nanoseconds; Kusto's own minimum and maximum among them.
        ("1677-09-21T00:12:43.145224191Z", None),
        ("2262-04-11T23:47:16.854775808Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59.9999999Z", None),
        // No calendar has them.
        ("2026-02-29", None),
        ("2026-13-01", None),
        ("2026-00-10", None),
        ("2026-01-15T24:00:00Z", None),
        ("2026-01-15T08:60:00Z", None),
        // Ambiguous, or a number of unknown unit.
        ("11/24/2026 3:04:05 PM", None),
        ("10/25/2023, 9:43:21.994 AM", None),
        ("1768465800", None),
        ("1768465800000", None),
        ("20260115", None),
        // Cut off, or with something behind it.
        ("2026-01", None),
        ("2026-01-15T", None),
        ("2026-01-15T08", None),
        ("2026-01-15T08:30:", None),
        ("2026-01-15T08:30:01.", None),
        ("2026-01-15T08:30:01.Z", None),
        ("2026-01-15T08:30:01Zx", None),
        ("2026-01-15Z", None),
        ("2026-01-15T08:30:01+2", None),
        ("2026-01-15T08:30:01+24:00", None),
        ("2026-1-5", None),
        ("+026-01-15", None),
        ("２０２６-01-15", None),
        ("never", None),
        ("", None),
    ];

    #[test]
    fn times_are_read_or_refused() {
        for &(text, expected) in CASES {
            let expected = expected.map(|text| {
                let instant: jiff::Timestamp = text.parse().unwrap();
                i64::try_from(instant.as_nanosecond()).unwrap()
            });
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
