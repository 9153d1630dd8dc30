//! Times on the command line.

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, civil, tz::TimeZone};
use remora_engine::sweep::Window;

/// Which end of a day a date stands for.
#[derive(Clone, Copy)]
enum Edge {
    First,
    Last,
}

/// The instant of the clock, in nanoseconds since the epoch.
pub(crate) fn clock() -> i64 {
    nanoseconds(Timestamp::now()).unwrap_or(i64::MAX)
}

fn nanoseconds(time: Timestamp) -> Result<i64> {
    i64::try_from(time.as_nanosecond()).context("a time between the years 1678 and 2262 is needed")
}

/// Reads an instant: RFC 3339 (without a zone: UTC), or a date.
fn instant(text: &str, edge: Edge) -> Option<Result<i64>> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(nanoseconds(time));
    }
    let utc = |time: civil::DateTime| {
        nanoseconds(TimeZone::UTC.to_timestamp(time).context("not a time")?)
    };
    // A date alone parses as a date and time too, so it goes first.
    if let (Ok(date), 10) = (text.parse::<civil::Date>(), text.len()) {
        let time = match edge {
            Edge::First => civil::Time::midnight(),
            Edge::Last => civil::time(23, 59, 59, 999_999_999),
        };
        return Some(utc(date.to_datetime(time)));
    }
    // Other spellings of a date would silently mean its midnight.
    text.contains(':').then(|| text.parse::<civil::DateTime>().ok().map(utc)).flatten()
}

/// Reads `--now`.
pub(crate) fn now(text: &str) -> Result<i64> {
    match instant(text, Edge::First) {
        Some(time) => time,
        None => {
            bail!("{text:?} is no time; give one like 2026-01-15T12:00:00Z, a date, or last-event")
        }
    }
}

/// An end of the window, and whether it was given as a span back from now.
fn edge(option: &str, text: &str, now: i64, edge: Edge) -> Result<(i64, bool)> {
    if let Some(time) = instant(text, edge) {
        return Ok((time.with_context(|| format!("{option} {text}"))?, false));
    }
    let Ok(span) = text.parse::<Span>() else {
        bail!(
            "{option}: {text:?} is neither a time like 2026-01-15T12:00:00Z, nor a date, nor a span like 5d or 12h"
        );
    };
    let back = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .with_context(|| format!("{option} {text}: use weeks, days, hours, minutes or seconds"))?;
    if back < SignedDuration::ZERO {
        bail!("{option}: {text:?} lies after now; a span counts back");
    }
    let time = i64::try_from(i128::from(now) - back.as_nanos())
        .with_context(|| format!("{option} {text}: too long"))?;
    Ok((time, true))
}

/// Reads `--since` and `--until`.
pub(crate) fn window(since: Option<&str>, until: Option<&str>, now: i64) -> Result<Window> {
    let since = since.map(|text| edge("--since", text, now, Edge::First)).transpose()?;
    let until = until.map(|text| edge("--until", text, now, Edge::Last)).transpose()?;
    // A span back from now ends now, as `between (ago(5d) .. now())` does.
    let ends_now = since.filter(|(_, is_span)| *is_span).map(|_| now);
    let (since, until) = (since.map(|edge| edge.0), until.map(|edge| edge.0).or(ends_now));
    if let (Some(since), Some(until)) = (since, until)
        && until < since
    {
        bail!("the window ends before it begins: --until is earlier than --since");
    }
    Ok(Window { since, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_768_478_400_000_000_000;

    #[test]
    fn times_dates_and_spans() {
        assert_eq!(now("2026-01-15T12:00:00Z").unwrap(), NOW);
        assert_eq!(now("2026-01-15T12:00:00").unwrap(), NOW);
        assert_eq!(now("2026-01-15 13:00+01:00").unwrap(), NOW);
        let day = window(Some("2026-01-15"), Some("2026-01-15"), NOW).unwrap();
        let noon = 12 * 3600 * 1_000_000_000;
        assert_eq!(day, Window { since: Some(NOW - noon), until: Some(NOW + noon - 1) });
        let five = window(Some("5d"), None, NOW).unwrap();
        assert_eq!(five, Window { since: Some(NOW - 5 * 2 * noon), until: Some(NOW) });
        assert_eq!(window(Some("2026-01-15"), None, NOW).unwrap().until, None);
        assert_eq!(window(Some("1w"), Some("12h"), NOW).unwrap().until, Some(NOW - noon));
    }

    #[test]
    fn what_is_no_time_is_refused_with_a_hint() {
        for (since, until, part) in [
            (Some("yesterday"), None, "neither a time"),
            (Some("1mo"), None, "use weeks"),
            (Some("20260114"), None, "neither a time"),
            (Some("-5d"), None, "counts back"),
            (Some("1d"), Some("2d"), "ends before it begins"),
        ] {
            let error = window(since, until, NOW).unwrap_err();
            assert!(format!("{error:#}").contains(part), "{error:#}");
        }
        assert!(now("5d").is_err());
    }
}
