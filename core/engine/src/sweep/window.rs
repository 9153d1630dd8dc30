//! The time window of a sweep.

/// Which events count, by time; both ends are included, as in KQL's `between`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Nanoseconds since the epoch, UTC; none for no beginning.
    pub since: Option<i64>,
    /// Nanoseconds since the epoch, UTC; none for no end.
    pub until: Option<i64>,
}

/// How an event stands to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Inside,
    /// It does not.
    Outside,
    /// It has no time, so that it never passes a window.
    NoTime,
}

impl Window {
    /// Whether there is neither beginning nor end.
    pub fn is_open(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// How an event of this time stands to the window.
    pub fn standing(&self, time: Option<i64>) -> Standing {
        match time {
            _ if self.is_open() => Standing::Inside,
            None => Standing::NoTime,
            Some(time) => {
                let inside = self.since.is_none_or(|since| since <= time)
                    && self.until.is_none_or(|until| time <= until);
                if inside { Standing::Inside } else { Standing::Outside }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_count_and_a_record_without_time_never_passes() {
        let window = Window { since: Some(10), until: Some(20) };
        for (time, standing) in [
            (Some(9), Standing::Outside),
            (Some(10), Standing::Inside),
            (Some(20), Standing::Inside),
            (Some(21), Standing::Outside),
            (None, Standing::NoTime),
        ] {
            assert_eq!(window.standing(time), standing, "{time:?}");
        }
        assert_eq!(Window::default().standing(None), Standing::Inside);
    }
}
