//! The detector behind its real shim: the catalog's examples come out as they
//! say, and what it states is what the catalog has.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use remora_catalog::{Example, Tool, embedded_tools};
use remora_catalog_detector::{Catalog, MANIFEST, MODULE};
use remora_sdk::{
    Op, field, kind,
    testing::{Event, Failure, Host, conform},
};

fn host() -> Host {
    Host::new(MODULE, "").unwrap()
}

fn event(example: &Example) -> Event {
    let event = Event::new(example.kind);
    let event = example.texts.iter().fold(event, |event, (field, text)| event.text(*field, text));
    example.numbers.iter().fold(event, |event, (field, number)| event.number(*field, *number))
}

/// Events from which a rule learns what an example takes for learned.
fn lessons(tool: &Tool, example: &Example) -> Vec<Event> {
    let mut events = vec![];
    for (id, values) in &example.learned {
        let rule = &tool.rules.iter().find(|entry| entry.rule.id == *id).unwrap().rule;
        let lesson = tool.examples.iter().find(|one| one.fires.contains(id)).unwrap();
        for value in values {
            events.push(event(lesson).text(rule.learns.unwrap(), value));
        }
    }
    events
}

#[test]
fn every_example_comes_out_as_it_says() {
    let host = host();
    let tools: Vec<Tool> = embedded_tools().collect();
    let owner: BTreeMap<&str, &str> = tools
        .iter()
        .flat_map(|tool| tool.rules.iter().map(|entry| (entry.rule.id.as_str(), tool.id.as_str())))
        .collect();
    let mut tried = 0;
    for tool in &tools {
        for example in &tool.examples {
            let mut events = vec![event(example)];
            events.extend(lessons(tool, example));
            let found = host.sweep(&events).unwrap();
            // Of the example, not of what was learned from; others' rules may hold for it, too.
            let own: BTreeSet<&str> = found
                .iter()
                .filter(|found| found.row == 0)
                .map(|found| found.rule.as_str())
                .filter(|rule| owner[rule] == tool.id)
                .collect();
            let expected = example.fires.iter().map(String::as_str).collect();
            assert_eq!(own, expected, "{}: {}", tool.id, example.why);
            tried += 1;
        }
    }
    assert!(tried > 1000, "{tried}");
}

#[test]
fn one_event_may_be_two_tools() {
    let host = host();
    let tools = |event: Event| -> BTreeSet<String> {
        let found = host.inspect(&[event]).unwrap();
        let rules = host.rules();
        found
            .iter()
            .map(|found| rules.iter().find(|rule| rule.id == found.rule).unwrap().tool.clone())
            .collect()
    };
    let process = |company: &str, product: &str| {
        Event::new(kind::PROCESS)
            .text(field::PROCESS_COMPANY, company)
            .text(field::PROCESS_PRODUCT, product)
    };
    let both = |one: &str, other: &str| BTreeSet::from([one.to_owned(), other.to_owned()]);
    assert_eq!(
        tools(process("NetSupport Ltd", "CrossTec Remote Control")),
        both("crosstec", "netsupport")
    );
    assert_eq!(tools(process("RealVNC Ltd", "rport")), both("realvnc", "rport"));
}

#[test]
fn it_keeps_the_contract() {
    let events: Vec<Event> = embedded_tools()
        .flat_map(|tool| tool.examples.into_iter().take(2).collect::<Vec<_>>())
        .map(|example| event(&example))
        .collect();
    conform::<Catalog>("", &events).unwrap();
}

#[test]
fn it_asks_for_no_whole_kind() {
    assert!(host().interests().iter().all(|interest| interest.op != Op::KIND));
}

#[test]
fn a_configuration_is_refused() {
    let Failure { message, .. } = Host::new(MODULE, "strict = true").unwrap_err();
    assert_eq!(message, "configuration:1: unknown field `strict`; accepted are: embedded, file");
}

#[test]
fn the_manifest_names_what_the_rules_report() {
    let manifest: toml::Table = MANIFEST.parse().unwrap();
    let texts = |key: &str| -> BTreeSet<String> {
        manifest[key].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let tools: Vec<Tool> = embedded_tools().filter(|tool| !tool.rules.is_empty()).collect();
    assert_eq!(texts("tools"), tools.iter().map(|tool| tool.id.clone()).collect());
    let techniques = tools.iter().flat_map(|tool| tool.techniques.iter().map(|t| t.id.clone()));
    assert_eq!(texts("techniques"), techniques.collect());
    assert_eq!(manifest["name"].as_str(), Some("catalog"));
}
