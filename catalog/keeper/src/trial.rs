//! Every example of tools' files, shown to detectors by the real host.
//!
//! An example says which rules of its tool hold for an event, and all others do
//! not. That is asked of a detector through the plugin interface, router and
//! second pass included, and not of the rule's text: an interest that is
//! missing, or a plugin that was built from other files, shows here and nowhere
//! else. Of the rules that a detector states, those that the file does not have
//! are not looked at: what code decides has tests of its own.

use std::collections::{BTreeMap, BTreeSet};

use remora_catalog::{Example, Tool};
use remora_engine::{Detector, Detectors, SweepError, host::Origin, sources::Events, sweep::Trial};
use remora_rules::abi::Field;

use crate::lint::Entry;

/// How the examples came out through one detector.
#[derive(Debug)]
pub struct Tested {
    /// The detector's name.
    pub detector: String,
    /// Where it comes from.
    pub origin: Origin,
    /// How many examples it was shown, by tool. Tools of which it states no
    /// rule are left out.
    pub shown: BTreeMap<String, usize>,
    /// What did not come out.
    pub failures: Vec<Failure>,
    /// Why it was switched off, if it was.
    pub fault: Option<String>,
}

impl Tested {
    /// How many examples it was shown.
    pub fn examples(&self) -> usize {
        self.shown.values().sum()
    }

    /// Whether all came out as they say.
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && self.fault.is_none()
    }
}

/// An example that did not come out.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The tool's id.
    pub tool: String,
    /// The file.
    pub file: String,
    /// The line on which the example begins.
    pub line: usize,
    /// The example.
    pub example: Example,
    /// Rules that should have fired, and did not.
    pub missed: Vec<String>,
    /// Rules that fired, and should not have.
    pub fired: Vec<String>,
    /// Rules from which the example takes something for learned, and that no
    /// example fires.
    pub unlearned: Vec<String>,
}

/// Shows the examples of `entries` to `detectors`, one at a time; the results
/// are in the order of the detectors.
///
/// # Errors
///
/// Detectors that cannot run together.
pub fn test(entries: &[Entry], detectors: &Detectors) -> Result<Vec<Tested>, SweepError> {
    let trial = Trial::new(detectors)?;
    let mut all: Vec<Tested> = detectors
        .iter()
        .map(|detector| Tested {
            detector: detector.name().to_owned(),
            origin: detector.origin().clone(),
            shown: BTreeMap::new(),
            failures: vec![],
            fault: None,
        })
        .collect();
    for entry in entries {
        let tool = entry.tool();
        let states = |detector: &Detector| detector.rules().iter().any(|rule| rule.tool == tool.id);
        let knowing: Vec<usize> = (0..)
            .zip(detectors.iter())
            .filter(|(_, detector)| states(detector))
            .map(|(at, _)| at)
            .collect();
        if knowing.is_empty() {
            continue;
        }
        for (number, example) in tool.examples.iter().enumerate() {
            let (events, unlearned) = events(tool, example);
            let tried = trial.show(&events)?;
            for &at in &knowing {
                let tested = &mut all[at];
                let found: BTreeSet<&str> = tried
                    .iter()
                    .filter(|one| one.row == 0 && one.detectors.contains(&tested.detector))
                    .map(|one| one.rule.as_str())
                    .filter(|rule| tool.rules.iter().any(|entry| entry.rule.id == *rule))
                    .collect();
                *tested.shown.entry(tool.id.clone()).or_default() += 1;
                tested.failures.extend(compare(entry, number, &found, &unlearned));
            }
        }
    }
    for (tested, detector) in all.iter_mut().zip(detectors.iter()) {
        tested.fault = detector.fault().map(|fault| format!("{}: {}", fault.call, fault.message));
    }
    Ok(all)
}

/// What is wrong with how an example came out.
fn compare(
    entry: &Entry,
    number: usize,
    found: &BTreeSet<&str>,
    unlearned: &[String],
) -> Option<Failure> {
    let example = &entry.tool().examples[number];
    let expected: BTreeSet<&str> = example.fires.iter().map(String::as_str).collect();
    if *found == expected && unlearned.is_empty() {
        return None;
    }
    let owned = |rules: BTreeSet<&str>| rules.into_iter().map(str::to_owned).collect();
    Some(Failure {
        tool: entry.tool().id.clone(),
        file: entry.origin().to_owned(),
        line: entry.line_of_example(number),
        example: example.clone(),
        missed: owned(&expected - found),
        fired: owned(found - &expected),
        unlearned: unlearned.to_owned(),
    })
}

/// An example as the first of some events; the others are those from which
/// rules learn what it takes for learned. Besides, the rules that nothing fires.
fn events(tool: &Tool, example: &Example) -> (Events, Vec<String>) {
    let mut events = Events::default();
    add(&mut events, example, None);
    let mut unlearned = vec![];
    for (id, values) in &example.learned {
        let learns = tool.rules.iter().find(|entry| entry.rule.id == *id);
        let learns = learns.and_then(|entry| entry.rule.learns);
        let lesson = tool.examples.iter().find(|one| one.fires.contains(id));
        match (learns, lesson) {
            (Some(field), Some(lesson)) => {
                values.iter().for_each(|value| add(&mut events, lesson, Some((field, value))));
            }
            _ => unlearned.push(id.clone()),
        }
    }
    (events, unlearned)
}

/// Adds an event, with one text of it replaced.
fn add(events: &mut Events, example: &Example, text: Option<(Field, &String)>) {
    let own = example.texts.iter().map(|(field, text)| (*field, text));
    let others = own.filter(|(field, _)| text.is_none_or(|(replaced, _)| replaced != *field));
    let texts = others.chain(text).map(|(field, text)| (field, text.as_str()));
    events.add(example.kind, texts, example.numbers.iter().copied());
}
