//! The shipped scenarios: every file is embedded, every scenario is about a
//! tool of the catalog, and the client's five are there in both forms.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::Path};

use remora_catalog::{ParameterType, embedded, embedded_scenario_files, scenarios};

#[test]
fn every_file_is_embedded_under_the_id_of_a_tool() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let names: BTreeSet<String> =
        embedded_scenario_files().map(|(tool, _)| format!("{tool}.toml")).collect();
    assert_eq!(files, names);
    let tools: BTreeSet<&str> = embedded().map(|(id, _)| id).collect();
    for (tool, _) in embedded_scenario_files() {
        assert!(tools.contains(tool), "{tool}");
        assert!(scenarios().iter().any(|scenario| scenario.tool == tool), "{tool}");
    }
}

/// The client's card: name and event code.
const CARD: [(&str, u32); 5] = [
    ("scheduled-maintenance", 41),
    ("remote-reboot", 1006),
    ("patch-management", 1001),
    ("siem-log-collection", 1002),
    ("remote-session", 1003),
];

#[test]
fn the_clients_five_are_there_in_both_forms() {
    let all = scenarios();
    assert!(all.is_sorted_by(|one, other| one.id < other.id));
    let of = |id: String| all.iter().find(|one| one.id == id).unwrap_or_else(|| panic!("{id}"));
    for (name, code) in CARD {
        let as_given = of(format!("supremo/{name}-as-given"));
        let condition = as_given.condition.as_ref().unwrap().to_string();
        let card = format!("process.name !~ \"SupRemo.exe\" or event.code == {code}");
        assert_eq!(condition, card);
        assert!(as_given.parameters.is_empty());

        let usable = of(format!("supremo/{name}"));
        assert!(usable.condition.is_none() && !usable.parameters.is_empty());
        let channel = usable.parameters.iter().find(|one| one.key == "channel").unwrap();
        let expr = channel.condition(&["System".to_owned()]).unwrap().unwrap().to_string();
        let asked = format!("event.code == {code} and event.provider in~ (\"System\")");
        assert_eq!(expr, asked);
    }
    assert_eq!(all.iter().filter(|one| one.tool == "supremo").count(), 2 * CARD.len());
}

#[test]
fn every_example_of_a_parameter_is_accepted() {
    for scenario in scenarios() {
        for parameter in &scenario.parameters {
            let made = parameter.condition(std::slice::from_ref(&parameter.example)).unwrap();
            let stated = matches!(parameter.ty, ParameterType::Text(_) | ParameterType::Number(_));
            assert_eq!(made.is_some(), stated, "{}: {}", scenario.id, parameter.key);
        }
    }
}

#[test]
fn the_card_stands_beside_the_filter_that_is_made_of_it() {
    let (_, text) = embedded_scenario_files().find(|(tool, _)| *tool == "supremo").unwrap();
    for (name, code) in CARD {
        let own =
            text.split("[[scenario]]").find(|part| part.contains(&format!("{name}-as-given\"")));
        let card = format!("# process.name != \"SupRemo.exe\" OR event_id == {code}\n");
        assert!(own.unwrap().contains(&card), "{name}");
    }
}
