//! The detector behind its real shim: indicators and an event in, findings out.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use remora_adhoc::{AdHoc, Indicator, MODULE, config};
use remora_sdk::{
    Field, Kind, field, kind,
    testing::{Event, Host, conform},
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
    indicators: Vec<String>,
    kinds: Vec<String>,
    event: BTreeMap<String, String>,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    finds: Vec<String>,
}

impl Case {
    fn config(&self) -> String {
        let read = |text: &String| Indicator::read(text).unwrap();
        config(&self.indicators.iter().map(read).collect::<Vec<_>>())
    }

    fn event(&self, kind: &str) -> Event {
        let kind = Kind::from_name(kind).expect("a kind");
        self.event.iter().fold(Event::new(kind), |event, (name, value)| {
            event.text(Field::from_name(name).expect("a field"), value)
        })
    }
}

#[test]
fn cases_come_out_as_they_say() {
    let file: File = toml::from_str(include_str!("cases.toml")).unwrap();
    assert!(file.case.len() > 15);
    for case in &file.case {
        let host = Host::new(MODULE, &case.config()).unwrap();
        for kind in &case.kinds {
            let event = case.event(kind);
            let found = host.inspect(std::slice::from_ref(&event)).unwrap();
            let witnesses: Vec<String> =
                found.iter().flat_map(|found| &found.witnesses).map(ToString::to_string).collect();
            assert_eq!(witnesses, case.finds, "{}: {kind}", case.why);
            assert!(found.iter().all(|found| found.rule == case.rule), "{}: {kind}", case.why);
            if !case.finds.is_empty() {
                conform::<AdHoc>(&case.config(), &[event]).unwrap();
            }
        }
    }
}

#[test]
fn rules_are_stated_as_far_as_indicators_show_in_their_events() {
    let rules = |text: &str| -> Vec<String> {
        let config = config(&[Indicator::read(text).unwrap()]);
        Host::new(MODULE, &config).unwrap().rules().iter().map(|rule| rule.id.clone()).collect()
    };
    assert_eq!(rules("domain:evil.example"), ["adhoc.network"]);
    assert_eq!(rules("service:EvilSvc"), ["adhoc.service"]);
    assert_eq!(rules("company:Evil Corp"), ["adhoc.network", "adhoc.process"]);
}

#[test]
fn a_wrong_configuration_is_refused() {
    for (config, said) in [
        ("indicators = [\"domain:com\"]", "single label"),
        ("indicators = \"domain:evil.example\"", "expected a sequence"),
        ("rules = []", "unknown field `rules`"),
    ] {
        let error = Host::new(MODULE, config).unwrap_err().to_string();
        assert!(error.contains(said), "{config}: {error}");
    }
}

#[test]
fn a_hundred_thousand_are_one_question() {
    let many: Vec<Indicator> = (0..100_000)
        .map(|number| Indicator::read(&format!("domain:d{number}.example")).unwrap())
        .collect();
    let host = Host::new(MODULE, &config(&many)).unwrap();
    let events: Vec<Event> = (99_995..100_005)
        .map(|number| {
            Event::new(kind::DNS).text(field::REMOTE_HOST, format!("a.d{number}.example"))
        })
        .collect();
    assert_eq!(host.inspect(&events).unwrap().len(), 5);
}
