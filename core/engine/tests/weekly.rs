//! Weekly windows, from `cases/weekly.toml`.

use std::str::FromStr;

use remora_engine::{
    sources::{Zone, time},
    sweep::{Days, Hours, Weekly},
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    #[serde(default)]
    days: Vec<String>,
    #[serde(default)]
    hours: Vec<String>,
    zone: Option<String>,
    inside: Vec<String>,
    outside: Vec<String>,
}

fn all<T: FromStr<Err = String>>(texts: &[String]) -> Vec<T> {
    texts.iter().map(|text| text.parse().expect("a case is well written")).collect()
}

#[test]
fn instants_lie_in_a_window_or_not() {
    let file: File = toml::from_str(include_str!("cases/weekly.toml")).expect("well written");
    for case in file.case {
        let zone = case.zone.as_deref().map_or(Some(Zone::utc()), Zone::from_name);
        let zone = zone.expect("the zone is known");
        let window = Weekly::new(&all::<Days>(&case.days), &all::<Hours>(&case.hours), zone);
        for (instants, expected) in [(&case.inside, true), (&case.outside, false)] {
            for text in instants {
                let instant = time::parse(text).expect("an instant");
                assert_eq!(window.includes(Some(instant)), expected, "{}: {text}", case.why);
            }
        }
        assert!(!window.includes(None), "{}: no time", case.why);
    }
}

#[test]
fn what_are_no_days_or_hours_is_refused() {
    for text in ["", "mo", "mon-", "-fri", "mon-tue-wed", "mon fri", "8"] {
        assert!(text.parse::<Days>().unwrap_err().contains("mon, tue, wed"), "{text}");
    }
    for text in [
        "",
        "22:00",
        "22-04",
        "22:00-4:00",
        "24:00-25:00",
        "22:60-23:00",
        "+1:00-02:00",
        "22:00-04:00-05:00",
        "22:00–04:00",
        "00:00-24:01",
        "24:00-01:00",
        "22:0١-23:00",
    ] {
        assert!(text.parse::<Hours>().unwrap_err().contains("22:00-04:00"), "{text}");
    }
    assert!("10:00-10:00".parse::<Hours>().unwrap_err().contains("ends where it begins"));
}
