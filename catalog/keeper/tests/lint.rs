//! The lint: what it finds, as data; that the catalog has no error; that every
//! code has its section in the docs.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::Path};

use proptest::prelude::*;
use remora_keeper::lint::{Entry, Files, Finding, LINTS, Severity, Strictness, embedded, lint};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    base: String,
    other: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    /// Texts of the base, and what stands in their place.
    #[serde(default)]
    change: Vec<(String, String)>,
    #[serde(default)]
    in_other: Vec<(String, String)>,
    #[serde(default)]
    beside: bool,
    #[serde(default = "yes")]
    severe: bool,
    found: BTreeSet<String>,
    /// What the carets of one of the findings stand under.
    caret: Option<String>,
}

fn yes() -> bool {
    true
}

fn file() -> File {
    let file: File = toml::from_str(include_str!("lint.toml")).unwrap();
    // The cases count lines from the first that is not empty.
    File {
        base: file.base.trim_start().to_owned(),
        other: file.other.trim_start().to_owned(),
        ..file
    }
}

fn changed(text: &str, changes: &[(String, String)], why: &str) -> String {
    changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old.as_str()), "{why}: nothing to replace: {old}");
        text.replace(old.as_str(), new.trim_start_matches('\n'))
    })
}

/// Looks at files as the command does.
fn found(texts: &[(&str, &str)], beside: &[Entry], strictness: Strictness) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = texts
        .iter()
        .map(|(name, text)| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        })
        .collect();
    let beside: Vec<_> = beside.iter().map(|entry| entry.tool().clone()).collect();
    Files::read(&paths).unwrap().lint(&beside, strictness)
}

fn said(finding: &Finding) -> String {
    let line = finding.line;
    let other = if finding.file.ends_with("other.toml") { "other:" } else { "" };
    format!("{other}{line} {} {}", finding.severity.name(), finding.lint.code)
}

#[test]
fn lints_find_what_the_cases_say() {
    let File { base, other, case } = file();
    let mut codes = BTreeSet::new();
    for case in &case {
        let why = &case.why;
        let base = changed(&base, &case.change, why);
        let other = changed(&other, &case.in_other, why);
        let strictness = if case.severe { Strictness::Catalog } else { Strictness::Addition };
        let mut texts = vec![("probe.toml", base.as_str())];
        let mut beside = vec![];
        if case.beside {
            beside.push(Entry::read("other.toml", &other).unwrap());
        } else if !case.in_other.is_empty() {
            texts.push(("other.toml", &other));
        }
        let got = found(&texts, &beside, strictness);
        let shown: Vec<String> = got.iter().map(|finding| finding.render(false)).collect();
        assert_eq!(
            got.iter().map(said).collect::<BTreeSet<_>>(),
            case.found,
            "{why}\n{}",
            shown.join("\n\n")
        );
        if let Some(caret) = &case.caret {
            assert!(
                shown.iter().any(|text| under_carets(text) == *caret),
                "{why}\n{}",
                shown.join("\n\n")
            );
        }
        codes.extend(got.iter().map(|finding| finding.lint.code));
    }
    let all: BTreeSet<&str> = LINTS.iter().map(|lint| lint.code).collect();
    assert_eq!(codes, all, "every code has a case");
}

/// The text above the first carets.
fn under_carets(rendered: &str) -> String {
    let lines: Vec<&str> = rendered.lines().collect();
    let at = lines.iter().position(|line| line.contains('^')).expect("a caret");
    let from = lines[at].find('^').unwrap();
    let to = lines[at].rfind('^').unwrap() + 1;
    lines[at - 1].chars().skip(from).take(to - from).collect()
}

#[test]
fn the_bases_have_nothing_wrong() {
    let File { base, other, .. } = file();
    for strictness in [Strictness::Catalog, Strictness::Addition] {
        let got = found(&[("probe.toml", &base), ("other.toml", &other)], &[], strictness);
        assert_eq!(got.iter().map(said).collect::<Vec<_>>(), Vec::<String>::new());
    }
}

proptest! {
    /// Any text is looked at or refused, and what is said of it can be shown.
    #[test]
    fn any_change_of_a_file_can_be_told(
        changes in prop::collection::vec((0_usize..4000, "[\\PC\n\"'\\[\\]=*.a ]{0,6}"), 1..4),
    ) {
        let File { base, other, .. } = file();
        let mut text = format!("{base}\n");
        for (at, new) in changes {
            let at = (0..=at % text.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (at + 3..).find(|end| *end >= text.len() || text.is_char_boundary(*end));
            text.replace_range(at..end.unwrap().min(text.len()), &new);
        }
        for finding in found(&[("probe.toml", &text), ("other.toml", &other)], &[], Strictness::Catalog) {
            prop_assert!(!finding.render(false).is_empty());
            prop_assert!(finding.line <= text.lines().count().max(other.lines().count()) + 1);
        }
    }
}

#[test]
fn the_catalog_has_no_error() {
    let errors: Vec<String> = lint(&embedded(), &[], Strictness::Catalog)
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.render(false))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n\n"));
}

/// Whatever is found is told with a place in a file, and the order does not
/// depend on the order of the files.
#[test]
fn findings_have_places_and_one_order() {
    let forward = lint(&embedded(), &[], Strictness::Catalog);
    assert!(!forward.is_empty());
    for finding in &forward {
        assert!(finding.file.starts_with("catalog/tools/"), "{finding}");
        assert!(finding.line > 1, "{finding}");
    }
    let mut reversed = embedded();
    reversed.reverse();
    let code = |finding: &Finding| (finding.lint.code, finding.severity);
    let mut backward: Vec<_> = lint(&reversed, &[], Strictness::Catalog).iter().map(code).collect();
    let mut forward: Vec<_> = forward.iter().map(code).collect();
    forward.sort();
    backward.sort();
    assert_eq!(forward, backward);
}

#[test]
fn every_code_has_its_section_and_every_section_its_code() {
    let page =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("docs/lints.md");
    let page = fs::read_to_string(page).unwrap();
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    let titles: Vec<&str> = sections.iter().map(|text| text.lines().next().unwrap()).collect();
    let codes: Vec<&str> = LINTS.iter().map(|lint| lint.code).collect();
    assert_eq!(titles, codes);
    for (section, lint) in sections.iter().zip(LINTS) {
        let weight = match (lint.catalog.name(), lint.addition.name()) {
            (one, other) if one == other => format!("*{one}*"),
            (one, other) => format!("*{one}*, in an addition *{other}*"),
        };
        assert!(section.contains(&weight), "{}: {weight}", lint.code);
        for part in ["**Why.**", "**Mend.**", "```toml"] {
            assert!(section.contains(part), "{}: no {part}", lint.code);
        }
    }
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_read() {
    let File { base, .. } = file();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("probe.toml", base.as_bytes());
    write("bytes.toml", b"\xff\xfe[tool]");
    write("notes.txt", b"nothing of a catalog's");
    let files = Files::read(&[folder.path().to_owned()]).unwrap();
    assert_eq!((files.len(), files.entries.len()), (2, 1));
    let got = files.lint(&[], Strictness::Catalog);
    assert_eq!(got.iter().map(said).collect::<Vec<_>>(), ["1 error invalid-file"]);
    assert!(got[0].message.contains("not UTF-8"), "{}", got[0]);

    let error = Files::read(&[folder.path().join("none.toml")]).unwrap_err().to_string();
    assert!(error.contains("none.toml"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let error = Files::read(&[empty.path().to_owned()]).unwrap_err().to_string();
    assert!(error.contains("no tool's file"), "{error}");
}
