//! New files: they read, they find what they were made of, and a lint says what
//! is left.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::fs;

use proptest::prelude::*;
use remora_catalog::{Tool, embedded_tools};
use remora_catalog_detector::{MANIFEST, MODULE};
use remora_engine::host::{Detectors, LinkedIn, Plugins};
use remora_keeper::{
    create::{BLANKS, CreateError, Known, create, text},
    lint::{Entry, Files, Severity, Strictness, lint},
    slug,
    trial::test,
};

fn sample() -> Known {
    let one = |text: &str| vec![text.to_owned()];
    Known {
        name: "Probe Desk 2".into(),
        domains: vec!["probe.example".into(), "probe.test".into()],
        companies: one("Contoso \"Ltd\""),
        products: one(r"Probe\Desk"),
        signers: one("Contoso 'Ltd'"),
        date: "2026-11-24".into(),
    }
}

/// What a lint says of a file as an addition, but for what is to be filled in.
fn left(entry: &Entry) -> Vec<String> {
    let beside: Vec<Tool> = embedded_tools().collect();
    lint(std::slice::from_ref(entry), &beside, Strictness::Addition)
        .iter()
        .filter(|finding| finding.lint.code != "unfinished")
        .map(ToString::to_string)
        .collect()
}

fn fails(entry: &Entry) -> usize {
    let files = Files { entries: vec![entry.clone()], findings: vec![] };
    let configs = [("catalog".to_owned(), files.selection().to_toml())].into();
    let linked_in = LinkedIn { manifest: MANIFEST, module: MODULE };
    let plugins = Plugins { configs, ..Plugins::default() };
    let detectors = Detectors::start(&[linked_in], &plugins, &[]).unwrap();
    let tested = test(std::slice::from_ref(entry), &detectors).unwrap();
    assert_eq!(tested[0].examples(), entry.tool().examples.len());
    tested[0].failures.len()
}

#[test]
fn a_file_works_at_once() {
    let entry = Entry::read("probe-desk-2.toml", &text(&sample()).unwrap()).unwrap();
    let tool = entry.tool();
    assert_eq!((tool.id.as_str(), tool.name.as_str()), ("probe-desk-2", "Probe Desk 2"));
    assert_eq!(tool.vendor, "Contoso \"Ltd\"");
    assert_eq!(tool.indicators.len(), 5);
    assert_eq!(tool.rules.len(), 4, "names, connections, processes, signatures");
    assert!(tool.examples.iter().all(|example| !example.generated));
    assert_eq!(left(&entry), Vec::<String>::new());
    assert_eq!(fails(&entry), 0);
}

#[test]
fn a_lint_points_at_every_blank_and_then_at_nothing() {
    let known = Known { name: "Probe".into(), date: "2026-11-24".into(), ..Known::default() };
    let text = text(&known).unwrap();
    let entry = Entry::read("probe.toml", &text).unwrap();
    assert_eq!(fails(&entry), 0);
    let found = lint(&[entry], &[], Strictness::Addition);
    let codes: Vec<&str> = found.iter().map(|finding| finding.lint.code).collect();
    assert_eq!(codes, ["unfinished"; 3], "vendor, home, domain");
    // All but the comments, which are there to be read.
    let (head, rest) = text.split_once("[tool]").unwrap();
    let [blank, domain] = BLANKS;
    let filled = rest.replace(blank, "probe").replace(domain, "probe.example");
    let entry = Entry::read("probe.toml", &format!("{head}[tool]{filled}")).unwrap();
    assert_eq!(lint(&[entry], &[], Strictness::Addition).len(), 0);
}

#[test]
fn no_file_is_written_over_and_none_is_left_half() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("new/tools");
    let path = create(&sample(), &to).unwrap();
    assert_eq!(path, to.join("probe-desk-2.toml"));
    let first = fs::read_to_string(&path).unwrap();
    let other = Known { domains: vec!["other.example".into()], ..sample() };
    assert!(matches!(create(&other, &to), Err(CreateError::Exists(at)) if at == path));
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
    for (wrong, part) in [
        (Known { name: "…".into(), ..sample() }, "makes no id"),
        (Known { name: "a\nb".into(), ..sample() }, "makes no id"),
        (Known { name: "x".into(), domains: vec!["*.x.example".into()], ..sample() }, "wildcard"),
        (Known { name: "x".into(), signers: vec![" y".into()], ..sample() }, "blank"),
    ] {
        let error = create(&wrong, &to).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the values are, the file reads or is refused, and what it was
    /// made of is found.
    #[test]
    fn any_values_make_a_file_or_an_error(
        name in "[a-c]\\PC{0,20}",
        companies in prop::collection::vec("\\PC{1,12}".prop_map(|text| text.trim().to_owned()), 0..3),
        products in prop::collection::vec("x[\"'\\\\ a-cß.]{0,8}y", 0..3),
        domains in prop::collection::vec("[a-c]{1,3}[.][a-c-]{1,3}", 0..3),
    ) {
        let known = Known { name, domains, companies, products, ..sample() };
        if let Ok(text) = text(&known) {
            let entry = Entry::read(&format!("{}.toml", slug(&known.name)), &text).unwrap();
            prop_assert_eq!(fails(&entry), 0, "{}", text);
            let errors = lint(&[entry], &[], Strictness::Addition);
            let wrong = errors.iter().filter(|f| f.severity == Severity::Error);
            let codes: Vec<&str> = wrong.map(|finding| finding.lint.code).collect();
            let known = ["unfinished", "bare-word", "public-suffix", "wildcard"];
            prop_assert!(codes.iter().all(|code| known.contains(code)), "{:?}", codes);
        }
    }
}
