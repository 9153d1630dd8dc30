//! Examples through a real detector: how they come out, as data, and that the
//! catalog's own do.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use remora_catalog_detector::{MANIFEST, MODULE};
use remora_engine::host::{Detectors, LinkedIn, Plugins};
use remora_keeper::{
    lint::{Entry, Files, embedded},
    trial::{Tested, test},
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    base: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    #[serde(default)]
    change: Vec<(String, String)>,
    failed: BTreeSet<String>,
}

/// Through the catalog's detector, as it is or with a configuration.
fn through(entries: &[Entry], config: Option<String>) -> Tested {
    let linked_in = LinkedIn { manifest: MANIFEST, module: MODULE };
    let configs = config.map(|config| ("catalog".to_owned(), config)).into_iter().collect();
    let plugins = Plugins { configs, ..Plugins::default() };
    let detectors = Detectors::start(&[linked_in], &plugins, &[]).unwrap();
    let mut tested = test(entries, &detectors).unwrap();
    assert_eq!(tested.len(), 1);
    tested.remove(0)
}

fn given(entries: &[Entry]) -> Tested {
    let files = Files { entries: entries.to_vec(), findings: vec![] };
    through(entries, Some(files.selection().to_toml()))
}

fn said(tested: &Tested) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    for failure in &tested.failures {
        for (what, rules) in [
            ("missed", &failure.missed),
            ("fired", &failure.fired),
            ("unlearned", &failure.unlearned),
        ] {
            said.extend(rules.iter().map(|rule| format!("{} {what} {rule}", failure.line)));
        }
    }
    said
}

#[test]
fn examples_come_out_as_the_cases_say() {
    let File { base, case } = toml::from_str(include_str!("trial.toml")).unwrap();
    for case in &case {
        let why = &case.why;
        let text = case.change.iter().fold(base.clone(), |text, (old, new)| {
            assert!(text.contains(old.as_str()), "{why}: nothing to replace: {old}");
            text.replacen(old.as_str(), new, 1)
        });
        let entry = Entry::read("probe.toml", &text).map_err(|e| e.render(false)).unwrap();
        let tested = given(&[entry]);
        assert_eq!(said(&tested), case.failed, "{why}");
        assert_eq!((tested.examples(), tested.passed()), (5, case.failed.is_empty()), "{why}");
    }
}

#[test]
fn the_catalogs_examples_come_out() {
    let entries = embedded();
    let embedded = through(&entries, None);
    assert!(embedded.passed(), "{:#?}", embedded.failures);
    // What a detector is given is what it has.
    let given = given(&entries);
    assert!(given.passed(), "{:#?}", given.failures);
    assert_eq!(given.shown, embedded.shown);
    let all: usize = entries.iter().map(|entry| entry.tool().examples.len()).sum();
    let silent = entries.iter().filter(|entry| entry.tool().rules.is_empty());
    let silent: usize = silent.map(|entry| entry.tool().examples.len()).sum();
    assert_eq!(embedded.examples(), all - silent);
}

#[test]
fn tools_that_a_detector_does_not_know_are_left_out() {
    let File { base, .. } = toml::from_str(include_str!("trial.toml")).unwrap();
    let entry = Entry::read("probe.toml", &base).unwrap();
    let tested = through(&[entry], None);
    assert_eq!((tested.shown.len(), tested.examples(), tested.passed()), (0, 0, true));
}
