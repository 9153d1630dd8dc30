//! Times of columns that say in which zone they are: `TimeGenerated [UTC]`,
//! `TimeGenerated [Local Time]`, as the portals export them.
//!
//! They are written as the analyst's browser writes times, by locale:
//! `10/25/2023, 9:43:21.994 AM`. Which of the first two numbers is the day is
//! known only if one of them is greater than 12 or both are the same; a file's
//! other rows do not decide it, for then what a row says would depend on where
//! the file was cut. A local time that a change of the clocks skips does not
//! exist, and one that it repeats is two instants; neither is guessed. What
//! cannot be read stays without a time and counts as repaired.

use std::fmt;

use jiff::{
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};

use crate::time::{self, Rest};

/// A zone that `--timezone` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of this name in the IANA database (`Europe/Berlin`), of an offset (`+02:00`) or
    /// `UTC`. The database is part of the program, so that the answer does not depend on the
    /// machine.
    pub fn from_name(name: &str) -> Option<Zone> {
        let fixed = Rest::new(name).offset().filter(|_| name.starts_with(['+', '-']));
        if let Some(seconds) = fixed
            && name.len() == "+02:00".len()
        {
            let offset = jiff::tz::Offset::from_seconds(seconds).ok()?;
            return Some(Zone(TimeZone::fixed(offset)));
        }
        TimeZone::get(name).ok().map(Zone)
    }

    /// What a clock on the wall shows there at an instant, in nanoseconds since the epoch.
    pub fn clock(&self, nanoseconds: i64) -> Option<DateTime> {
        let instant = jiff::Timestamp::from_nanosecond(nanoseconds.into()).ok()?;
        Some(self.0.to_datetime(instant))
    }

    /// UTC.
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.iana_name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:?}", self.0),
        }
    }
}

/// Appends the instant of `text`, a time in `zone` unless it names another, as RFC 3339 in UTC; or
/// a text that is no time, where it cannot be told.
pub(crate) fn push_utc(text: &str, zone: &Zone, out: &mut String) {
    use std::fmt::Write;
    match instant(text.trim_ascii(), zone) {
        Some(instant) => write!(out, "{instant}").expect("writing to a string does not fail"),
        None => out.extend([text, " [?]"]),
    }
}

fn instant(text: &str, zone: &Zone) -> Option<jiff::Timestamp> {
    // As ISO 8601 it may name its own zone.
    let named = text.ends_with('Z') || text.get(10..).is_some_and(|rest| rest.contains(['+', '-']));
    if named {
        return jiff::Timestamp::from_nanosecond(time::parse(text)?.into()).ok();
    }
    let local = match time::parse(text) {
        Some(nanoseconds) => {
            let instant = jiff::Timestamp::from_nanosecond(nanoseconds.into()).ok()?;
            TimeZone::UTC.to_datetime(instant)
        }
        None => portal(text)?,
    };
    match zone.0.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
        AmbiguousOffset::Gap { .. } | AmbiguousOffset::Fold { .. } => None,
    }
}

/// A time as browsers write it: two numbers and the year, separated by `/`, `.` or `-`; a comma
/// or none; hours, minutes, perhaps seconds and a fraction; perhaps AM or PM.
fn portal(text: &str) -> Option<DateTime> {
    let mut rest = Rest::new(text);
    let one = rest.short()?;
    let separator = rest.byte(b"/.-")?;
    let two = rest.short()?;
    rest.byte(&[separator])?;
    let year = rest.number(4)?;
    let (month, day) = match (one, two) {
        _ if one == two => (one, two),
        (13.., 1..=12) => (two, one),
        (1..=12, 13..) => (one, two),
        // Either may be the day.
        _ => return None,
    };
    rest.byte(b",");
    rest.blank()?;
    let hour = rest.short()?;
    rest.byte(b":")?;
    let minute = rest.number(2)?;
    let (mut second, mut fraction) = (0, 0);
    if rest.byte(b":").is_some() {
        second = rest.number(2)?;
        if rest.byte(b".,").is_some() {
            fraction = rest.fraction()?;
        }
    }
    let hour = match rest.half()? {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    let small = |value: i32| i8::try_from(value).ok();
    DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        fraction,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: &[(&str, &str, Option<&str>)] = &[
        ("10/25/2023, 9:43:21.994 AM", "Europe/Berlin", Some("2023-10-25T07:43:21.994Z")),
        ("10/25/2023, 9:43:21.994 AM", "UTC", Some("2023-10-25T09:43:21.994Z")),
        ("10/25/2023, 9:43:21 PM", "+05:30", Some("2023-10-25T16:13:21Z")),
        ("25/10/2023, 21:43:21", "UTC", Some("2023-10-25T21:43:21Z")),
        ("25.10.2023, 21:43:21,5", "UTC", Some("2023-10-25T21:43:21.5Z")),
        ("10/25/2023 9:43 p.m.", "UTC", Some("2023-10-25T21:43:00Z")),
        // A narrow blank, as newer browsers put it before AM.
        ("1/13/2024, 12:00:00\u{202f}AM", "UTC", Some("2024-01-13T00:00:00Z")),
        ("1/13/2024, 12:00:00 PM", "UTC", Some("2024-01-13T12:00:00Z")),
        ("4/4/2026, 1:00:00 AM", "UTC", Some("2026-04-04T01:00:00Z")),
        ("2026-01-14 08:00:00.123", "America/New_York", Some("2026-01-14T13:00:00.123Z")),
        ("2026-01-14T08:00:00", "America/New_York", Some("2026-01-14T13:00:00Z")),
        // What names its zone is in that zone.
        ("2026-01-14T08:00:00Z", "America/New_York", Some("2026-01-14T08:00:00Z")),
        ("2026-01-14T08:00:00+01:00", "America/New_York", Some("2026-01-14T07:00:00Z")),
        // The day may be either.
        ("03/04/2026, 9:00:00 AM", "UTC", None),
        ("4/3/2026, 21:00", "UTC", None),
        // No calendar has it.
        ("13/13/2026, 9:00:00 AM", "UTC", None),
        ("0/25/2026, 9:00:00 AM", "UTC", None),
        ("10/25/2023, 13:00:00 PM", "UTC", None),
        ("10/25/2023, 0:00:00 AM", "UTC", None),
        ("10/25/23, 9:00:00 AM", "UTC", None),
        ("10/25/2023", "UTC", None),
        ("10/25/2023, 9:00:00 XM", "UTC", None),
        ("10/25/2023, 9:00:00 AM x", "UTC", None),
        ("", "UTC", None),
        // Clocks go forward and back: the hour that is skipped, the hour that is repeated.
        ("3/29/2026, 2:30:00 AM", "Europe/Berlin", None),
        ("10/25/2026, 2:30:00 AM", "Europe/Berlin", None),
        ("10/25/2026, 3:00:00 AM", "Europe/Berlin", Some("2026-10-25T02:00:00Z")),
        ("2026-10-25 02:30:00", "Europe/Berlin", None),
    ];

    #[test]
    fn times_of_a_zone_are_read_or_left_out() {
        for &(text, zone, expected) in CASES {
            let mut out = String::new();
            push_utc(text, &Zone::from_name(zone).unwrap(), &mut out);
            let expected = expected.and_then(time::parse);
            assert_eq!(time::parse(&out), expected, "{text} in {zone}: {out}");
        }
    }

    #[test]
    fn zones_are_found_by_name_or_offset() {
        for name in ["UTC", "Europe/Berlin", "+02:00", "-05:30", "Asia/Kolkata"] {
            assert!(Zone::from_name(name).is_some(), "{name}");
        }
        for name in ["", "Europe/Nowhere", "+2", "02:00", "+25:00", "+02:00x"] {
            assert!(Zone::from_name(name).is_none(), "{name}");
        }
    }
}
