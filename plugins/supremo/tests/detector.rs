//! The detector behind its real shim: what it states, and what it says of
//! events.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use remora_catalog::Tool;
use remora_sdk::{
    Field, Kind, Op, field, kind,
    testing::{Event, Failure, Found, Host, conform},
};
use remora_supremo::{MANIFEST, MODULE, SupRemo};
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
    kind: String,
    event: BTreeMap<String, String>,
    /// Witnesses by rule.
    #[serde(default)]
    finds: BTreeMap<String, Vec<String>>,
}

impl Case {
    fn event(&self) -> Event {
        let kind = Kind::from_name(&self.kind).expect("a kind");
        self.event.iter().fold(Event::new(kind), |event, (name, value)| {
            event.text(Field::from_name(name).expect("a field"), value)
        })
    }
}

fn cases() -> Vec<Case> {
    toml::from_str::<File>(include_str!("cases.toml")).unwrap().case
}

fn host() -> Host {
    Host::new(MODULE, "").unwrap()
}

fn tool() -> Tool {
    remora_catalog::embedded_tools().find(|tool| tool.id == "supremo").unwrap()
}

fn witnesses(found: &Found) -> Vec<String> {
    found.witnesses.iter().map(ToString::to_string).collect()
}

#[test]
fn cases_come_out_as_they_say() {
    let host = host();
    for case in cases() {
        let found = host.inspect(&[case.event()]).unwrap();
        let got: BTreeMap<String, Vec<String>> =
            found.iter().map(|found| (found.rule.clone(), witnesses(found))).collect();
        assert_eq!(got.len(), found.len(), "{}: a rule is reported twice", case.why);
        assert_eq!(got, case.finds, "{}", case.why);
    }
}

#[test]
fn the_catalogs_examples_come_out_as_they_say() {
    let host = host();
    for example in tool().examples {
        let mut event = Event::new(example.kind);
        for (field, text) in &example.texts {
            event = event.text(*field, text);
        }
        let found = host.inspect(&[event]).unwrap();
        let rules: BTreeSet<&str> = found.iter().map(|found| found.rule.as_str()).collect();
        let expected = example.fires.iter().map(String::as_str).collect();
        assert_eq!(rules, expected, "{}", example.why);
    }
}

#[test]
fn it_keeps_the_contract() {
    let events: Vec<Event> = cases().iter().map(Case::event).collect();
    conform::<SupRemo>("", &events).unwrap();
}

#[test]
fn it_states_the_upstream_rules_with_their_ids() {
    let host = host();
    let got: Vec<_> = host
        .rules()
        .iter()
        .map(|rule| (rule.id.as_str(), rule.title.as_str(), rule.where_text.as_str()))
        .collect();
    assert_eq!(
        got,
        [
            (
                "889b90bc-599e-4e28-bb19-1ffc04dbf80b",
                "SupRemo - Network Connection",
                "remote.url has_any (\"supremocontrol.com\", \"nanosystems.it\") \
                 and process.company has \"NanoSystems\"",
            ),
            (
                "81c97abb-353e-4643-8321-9e3b1b67fc58",
                "SupRemo - Create Process",
                "process.company has \"NanoSystems\" and process.product has \"SupRemo\"",
            ),
            (
                "a8c85d8f-1bb0-4c0e-8983-de136a7bf2e6",
                "SupRemo - File Signature",
                "file.signer has \"Nanosystems S.R.L.\"",
            ),
            (
                "supremo.domain",
                "SupRemo - Domain",
                "remote.url has_any (\"supremocontrol.com\", \"nanosystems.it\") \
                 or isempty(remote.url) \
                 and remote.host has_any (\"supremocontrol.com\", \"nanosystems.it\")",
            ),
        ]
    );
    let network = &host.rules()[0];
    assert_eq!((network.tool.as_str(), network.tool_name.as_str()), ("supremo", "SupRemo"));
    assert_eq!(network.kinds, [kind::CONNECTION]);
    assert_eq!(network.techniques, ["T1219", "T1219.002"]);
    assert_eq!(network.keys, [field::DEVICE_ID, field::DEVICE_NAME, field::REMOTE_URL]);
    assert_eq!(network.fields, [field::REMOTE_URL, field::PROCESS_COMPANY]);
}

#[test]
fn it_asks_for_no_whole_kind() {
    let host = host();
    assert!(host.interests().iter().all(|interest| interest.op != Op::KIND));
}

#[test]
fn a_configuration_is_refused() {
    let Failure { message, .. } = Host::new(MODULE, "strict = true").unwrap_err();
    assert_eq!(message, "the supremo detector takes no configuration");
}

#[test]
fn the_manifest_names_what_the_rules_report() {
    let manifest: toml::Table = MANIFEST.parse().unwrap();
    let texts = |key: &str| -> BTreeSet<String> {
        manifest[key].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let tool = tool();
    assert_eq!(texts("tools"), BTreeSet::from([tool.id]));
    assert_eq!(texts("techniques"), tool.techniques.into_iter().map(|t| t.id).collect());
    assert_eq!(manifest["name"].as_str(), Some("supremo"));
}
