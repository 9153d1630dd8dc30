//! Every way in which a tool's file can be wrong, from `cases.toml`, and a file
//! of scenarios, from `scenarios.toml`.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use remora_catalog::{CatalogError, Scenario, Tool};
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
    replace: String,
    with: String,
    line: usize,
    /// A part of the message; errors in rules are worded by the rules' crate.
    message: Option<String>,
    /// A part of the help.
    help: Option<String>,
    /// What the first caret of the rendered error stands under.
    caret: Option<String>,
}

#[test]
fn errors_say_where_and_what_is_accepted() {
    check(include_str!("cases.toml"), |text, origin| Tool::from_toml(text, origin).map(drop));
}

#[test]
fn errors_in_scenarios_say_where_and_what_is_accepted() {
    check(include_str!("scenarios.toml"), |text, origin| {
        Scenario::from_toml(text, origin).map(drop)
    });
}

fn check(cases: &str, read: impl Fn(&str, &str) -> Result<(), CatalogError>) {
    let file: File = toml::from_str(cases).unwrap();
    read(&file.base, "base").expect("the base is right");
    for case in &file.case {
        let why = &case.why;
        assert!(file.base.contains(&case.replace), "{why}: nothing to replace");
        let text = file.base.replacen(&case.replace, &case.with, 1);
        let Err(error) = read(&text, "probe.toml") else {
            panic!("{why}: accepted");
        };
        assert_eq!(error.line(), case.line, "{why}: {error}");
        assert!(error.to_string().starts_with(&format!("probe.toml:{}: ", case.line)));
        if let Some(message) = &case.message {
            assert!(error.message().contains(message.as_str()), "{why}: {error}");
        }
        if let Some(help) = &case.help {
            let got = error.help().unwrap_or_default();
            assert!(got.contains(help.as_str()), "{why}: {error}");
        }
        if let Some(caret) = &case.caret {
            assert!(under_caret(&error.render(false)).starts_with(caret), "{why}: {error}");
        }
    }
}

/// The text above the first run of carets, to the end of its line.
fn under_caret(rendered: &str) -> String {
    let lines: Vec<&str> = rendered.lines().collect();
    let at = lines.iter().position(|line| line.contains('^')).expect("a caret");
    let column = lines[at].find('^').expect("a caret");
    lines[at - 1].chars().skip(column).collect()
}

/// What an attacker or a slip of the hand makes of a file: nothing may panic,
/// take long, or print a line that fills a terminal.
#[test]
fn a_giant_value_is_refused_where_it_stands() {
    let file: File = toml::from_str(include_str!("cases.toml")).unwrap();
    let giant = "x".repeat(10_000_000);
    for (replace, with, line) in [
        ("value = \"probe.example\"", format!("value = \"{giant}\""), 14),
        ("has \"probe.example\"", format!("has \"{giant}\""), 23),
        ("title = \"Probe - Domain\"", format!("title = \"{giant}\""), 21),
        ("value = \"probe.example\"", format!("value = '''\n{}'''", "x\n".repeat(5_000_000)), 14),
    ] {
        let text = file.base.replacen(replace, &with, 1);
        let error = Tool::from_toml(&text, "probe.toml").expect_err("too large");
        assert!(error.line() >= line, "{error}");
        let shown = error.render(false);
        assert!(shown.len() < 4_000, "{} bytes", shown.len());
        assert!(shown.contains('^'), "{shown}");
        assert!(error.help().is_some(), "{error}");
    }
}

#[test]
fn a_long_line_is_shown_around_the_place() {
    let file: File = toml::from_str(include_str!("cases.toml")).unwrap();
    let padding = "é".repeat(3_000);
    let with =
        format!("has \"probe.example\" or remote.url has \"{padding}\" or remote.hosts has \"x\"");
    let text = file.base.replacen("has \"probe.example\"", &with, 1);
    let error = Tool::from_toml(&text, "probe.toml").expect_err("an unknown field");
    let shown = error.render(false);
    assert!(shown.len() < 4_000 && shown.contains("remote.hosts"), "{shown}");
    assert!(under_caret(&shown).starts_with("remote.hosts"), "{shown}");
}
