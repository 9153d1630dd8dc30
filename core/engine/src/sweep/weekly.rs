//! A window that comes back every week: some hours of some days, in a zone.
//!
//! Days and hours are those of a clock on the wall there, also where the clocks
//! change: on the night on which an hour comes twice, both are `02:00-03:00`.
//! A window that runs past midnight belongs to the day on which it begins.

use std::str::FromStr;

use jiff::civil::Weekday;
use remora_sources::Zone;

/// Hours of days of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weekly {
    /// Days on which the window begins.
    days: Days,
    /// At least one.
    hours: Vec<Hours>,
    zone: Zone,
}

impl Weekly {
    /// The window of these days and hours; where there are none, of every day,
    /// of whole days.
    pub fn new(days: &[Days], hours: &[Hours], zone: Zone) -> Weekly {
        let all = days.iter().fold(0, |all, days| all | days.0);
        let hours = if hours.is_empty() { &[Hours::WHOLE_DAY] } else { hours };
        let days = if days.is_empty() { Days::EVERY } else { Days(all) };
        Weekly { days, hours: hours.to_vec(), zone }
    }

    /// Whether the instant (nanoseconds since the epoch) lies in the window. An
    /// event without a time never does.
    pub fn includes(&self, time: Option<i64>) -> bool {
        let Some(clock) = time.and_then(|time| self.zone.clock(time)) else { return false };
        let second = i64::from(clock.hour()) * 3600
            + i64::from(clock.minute()) * 60
            + i64::from(clock.second());
        let (today, yesterday) = (clock.weekday(), clock.weekday().previous());
        self.hours.iter().any(|hours| {
            let (begin, end) = (i64::from(hours.begin) * 60, i64::from(hours.end) * 60);
            if begin < end {
                begin <= second && second < end && self.days.include(today)
            } else {
                begin <= second && self.days.include(today)
                    || second < end && self.days.include(yesterday)
            }
        })
    }
}

/// Days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u8);

/// From Monday, as `jiff` counts them.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Days {
    /// All seven.
    const EVERY: Days = Days(0b111_1111);

    fn include(self, day: Weekday) -> bool {
        self.0 >> day.to_monday_zero_offset() & 1 == 1
    }
}

impl FromStr for Days {
    type Err = String;

    /// `sat`, or `mon-fri`: from the one to the other, both included, also
    /// across the end of the week.
    fn from_str(text: &str) -> Result<Days, String> {
        let day = |name: &str| {
            let name = name.trim().to_ascii_lowercase();
            let place = DAYS.iter().position(|day| *day == name);
            place.ok_or_else(|| {
                format!(
                    "{text:?} is no day: write {}, or two of them as in mon-fri",
                    DAYS.join(", ")
                )
            })
        };
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(text)?, day(text)?),
        };
        let count = (last + 7 - first) % 7;
        Ok(Days((0..=count).fold(0, |all, at| all | 1 << ((first + at) % 7))))
    }
}

/// Hours of a day, in minutes since midnight. They run past midnight where the
/// end is not later than the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    begin: u32,
    /// Not included.
    end: u32,
}

impl Hours {
    const WHOLE_DAY: Hours = Hours { begin: 0, end: 24 * 60 };
}

impl FromStr for Hours {
    type Err = String;

    /// `22:00-04:00`; the end, which may be `24:00`, is not included.
    fn from_str(text: &str) -> Result<Hours, String> {
        let wrong = || format!("{text:?} are no hours: write them as 22:00-04:00 or 09:30-17:00");
        let minute = |text: &str, most: u32| {
            let (hour, minute) = text.trim().split_once(':')?;
            let digits = |text: &str| {
                let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
                is_number.then(|| text.parse::<u32>().ok()).flatten()
            };
            let (hour, minute) = (digits(hour)?, digits(minute)?);
            let at = hour * 60 + minute;
            (minute < 60 && at <= most).then_some(at)
        };
        let (begin, end) = text.split_once('-').ok_or_else(wrong)?;
        let begin = minute(begin, 24 * 60 - 1).ok_or_else(wrong)?;
        let end = minute(end, 24 * 60).ok_or_else(wrong)?;
        if begin == end {
            return Err(format!("{text:?} ends where it begins: 00:00-24:00 is a whole day"));
        }
        Ok(Hours { begin, end })
    }
}
