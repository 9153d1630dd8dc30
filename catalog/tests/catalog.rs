//! The shipped catalog keeps its own promises: every file is embedded, every
//! example comes out as it says, and every rule has examples on both sides.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::Path};

use remora_catalog::{Tool, embedded, embedded_rule_sets, embedded_tools};
use remora_rules::{
    EventView as _, Instances, Program, Required, Truth,
    abi::{Class, Field},
    needs::needs,
    required::required,
};

#[test]
fn every_file_is_embedded_under_its_id() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let names: Vec<String> = embedded().map(|(id, _)| format!("{id}.toml")).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(files, names.into_iter().collect());
    for ((id, _), tool) in embedded().zip(embedded_tools()) {
        assert_eq!(tool.id, id);
    }
}

#[test]
fn what_a_detector_needs_is_embedded_as_it_stands_in_the_files() {
    let made: Vec<String> = embedded_rule_sets().map(|set| format!("{set:?}")).collect();
    let read: Vec<String> = embedded_tools().map(|tool| format!("{:?}", tool.rule_set())).collect();
    assert_eq!(made, read);
}

#[test]
fn rule_ids_are_unique_in_the_whole_catalog() {
    let mut ids = BTreeSet::new();
    for tool in embedded_tools() {
        for entry in &tool.rules {
            assert!(ids.insert(entry.rule.id.clone()), "{} stands twice", entry.rule.id);
        }
    }
}

#[test]
fn examples_come_out_as_they_say() {
    for tool in embedded_tools() {
        let instances = Instances::new(tool.rule_set().instances);
        for example in &tool.examples {
            assert_eq!(instances.of(example), example.instance, "{}: {example:?}", tool.id);
            for entry in &tool.rules {
                let rule = &entry.rule;
                let fires = rule.kinds.contains(&example.kind)
                    && Program::new(&rule.expr.adopt(&example.learned)).eval(example)
                        == Truth::True;
                let expected = example.fires.contains(&rule.id);
                assert_eq!(fires, expected, "{}: {} on {:?}", tool.id, rule.id, example);
                if fires {
                    fills_what_the_rule_needs(&tool, example, &rule.id, &needs(&rule.expr));
                }
            }
        }
    }
}

/// What the coverage statement is made of must be true of the examples too.
fn fills_what_the_rule_needs(
    tool: &Tool,
    example: &remora_catalog::Example,
    rule: &str,
    needs: &[Vec<Field>],
) {
    for clause in needs {
        let filled = clause
            .iter()
            .any(|&field| !example.text(field).is_empty() || example.number(field).is_some());
        assert!(filled, "{}: {rule} fires without {clause:?}: {example:?}", tool.id);
    }
}

#[test]
fn every_instance_pattern_has_an_example() {
    for tool in embedded_tools() {
        for (at, entry) in tool.instances.iter().enumerate() {
            let before = Instances::new(tool.rule_set().instances[..at].to_vec());
            let own = Instances::new(vec![entry.instance()]);
            let shown = tool.examples.iter().any(|example| {
                !example.fires.is_empty()
                    && before.of(example).is_empty()
                    && !own.of(example).is_empty()
            });
            // No rule looks at services yet.
            let no_rule = entry.field.name().starts_with("service.");
            assert!(shown || no_rule, "{}: no example shows {:?}", tool.id, entry.pattern);
        }
    }
}

#[test]
fn every_rule_has_examples_on_both_sides() {
    for tool in embedded_tools() {
        for entry in &tool.rules {
            let rule = &entry.rule;
            let of_kind = || tool.examples.iter().filter(|e| rule.kinds.contains(&e.kind));
            for kind in &rule.kinds {
                let fires = of_kind().any(|e| e.kind == *kind && e.fires.contains(&rule.id));
                assert!(fires, "{}: no {} fires {}", tool.id, kind.name(), rule.id);
                let silent = of_kind().any(|e| e.kind == *kind && !e.fires.contains(&rule.id));
                assert!(silent, "{}: every {} fires {}", tool.id, kind.name(), rule.id);
            }
        }
    }
}

#[test]
fn rules_are_narrow_and_indicators_are_theirs() {
    for tool in embedded_tools() {
        assert!(!tool.next_steps.is_empty(), "{}", tool.id);
        for entry in &tool.rules {
            let rule = &entry.rule;
            // What is learned is known when the rule is asked.
            let learned = rule.expr.learned().into_iter();
            let learned = learned.map(|(_, id)| (id.to_owned(), ["x".to_owned()].into()));
            match required(&rule.expr.adopt(&learned.collect()), &rule.kinds) {
                Required::Interests(interests) => assert!(!interests.is_empty(), "{}", rule.id),
                Required::Everything { why } => panic!("{}: {why}", rule.id),
            }
        }
        // A tool without rules says why, and is not found at all.
        assert!(!tool.rules.is_empty() || !tool.note.is_empty(), "{}", tool.id);
        let exclusive =
            tool.indicators.iter().any(|entry| entry.indicator.class == Class::EXCLUSIVE);
        let found = !tool.rules.is_empty();
        assert!(exclusive || !found, "{}: nothing is the tool's alone", tool.id);
    }
}

#[test]
fn foreign_entries_are_attributed_in_their_file() {
    for ((id, text), tool) in embedded().zip(embedded_tools()) {
        let provenances = tool
            .rules
            .iter()
            .map(|entry| &entry.provenance)
            .chain(tool.indicators.iter().map(|entry| &entry.provenance));
        for provenance in provenances {
            let source =
                remora_catalog::sources().iter().find(|s| s.key == provenance.source).unwrap();
            if source.key == "remora" {
                continue;
            }
            let head: String = text.lines().take_while(|line| line.starts_with('#')).collect();
            let commit = provenance.commit.as_deref().unwrap();
            for part in [&source.url, &source.copyright, commit] {
                assert!(head.contains(part), "{id}.toml: its head does not name {part}");
            }
            assert!(provenance.file.is_some(), "{id}.toml: {provenance:?}");
        }
    }
}
