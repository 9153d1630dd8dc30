//! `remora catalog lint`, `test` and `new`, as a keeper runs them.

use serde::Deserialize;
use serde_json::Value;

use crate::util::{Dir, Host, Ran, TestCommand, built, root};

fn catalog<'d>(dir: &'d Dir, args: &[&str]) -> TestCommand<'d> {
    let mut command = dir.remora();
    command.arg("catalog").args(args);
    command
}

/// The lint's machine output, with no key that docs/lints.md does not have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lint {
    schema: String,
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    code: String,
    severity: String,
    file: String,
    line: usize,
    column: usize,
    #[serde(default)]
    tool: String,
    message: String,
    help: Option<String>,
    page: String,
}

fn lint(ran: &Ran) -> Lint {
    let lint: Lint = serde_json::from_str(ran.text()).expect("the lint writes its JSON");
    assert_eq!(lint.schema, "remora.lint/1");
    let of = |severity| lint.findings.iter().filter(|one| one.severity == severity).count();
    assert_eq!((of("error"), of("warning"), of("note")), (lint.errors, lint.warnings, lint.notes));
    lint
}

/// What `test` writes as JSON, with no key that docs/catalog-format.md does not have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    schema: String,
    passed: bool,
    without_rules: Vec<String>,
    detectors: Vec<Tested>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tested {
    name: String,
    origin: String,
    passed: bool,
    examples: usize,
    tools: serde_json::Map<String, Value>,
    fault: Option<String>,
    failures: Vec<Failure>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    tool: String,
    file: String,
    line: usize,
    kind: String,
    event: serde_json::Map<String, Value>,
    why: String,
    expected: Vec<String>,
    missed: Vec<String>,
    fired: Vec<String>,
    unlearned: Option<Vec<String>>,
}

fn test(ran: &Ran) -> Test {
    let test: Test = serde_json::from_str(ran.text()).expect("the test writes its JSON");
    assert_eq!(test.schema, "remora.catalog-test/1");
    assert_eq!(test.passed, test.detectors.iter().all(|one| one.passed));
    test
}

/// The file of the faulty plugin's tool, with an example of each of these names.
fn faulty(names: &[&str]) -> String {
    let mut text = r#"
[tool]
id = "faulty"
name = "Faulty"
vendor = "Remora"
home = "https://faulty.example/"
category = "remote-desktop"
platforms = ["linux"]
deployment = "both"
techniques = [{ id = "T1219", name = "Remote Access Tools", attack = "18" }]
next_steps = ["Look."]

[[indicator]]
type = "file-name"
value = "fine.exe"
class = "exclusive"
role = "agent"
provenance = { source = "remora", date = 2026-11-24 }

[[rule]]
id = "faulty.process"
title = "Faulty - Process"
kinds = ["process"]
where = 'process.name endswith ".exe"'
keys = ["device.id", "device.name"]
techniques = []
provenance = { source = "remora", date = 2026-11-24 }
"#
    .to_owned();
    for name in names {
        text += &format!(
            "\n[[example]]\nkind = \"process\"\nevent = {{ \"process.name\" = \"{name}\" }}\n\
             fires = [\"faulty.process\"]\nwhy = \"{name} is started\"\n"
        );
    }
    text
}

#[test]
fn the_programs_catalog_has_no_error() {
    let dir = Dir::new(Host::LinkedIn);
    let ran = catalog(&dir, &["lint"]).run();
    assert!(ran.ended(0).silent().text().contains("76 files: no errors, "), "{}", ran.text());
    let json = lint(catalog(&dir, &["lint", "--output", "json"]).run().ended(0).silent());
    assert_eq!((json.files, json.errors), (76, 0));
    // The files themselves, which the program was built from.
    let tools = root().join("catalog/tools");
    let ran = catalog(&dir, &["lint", "--output", "json"]).arg(&tools).run();
    let own = lint(ran.ended(0).silent());
    let places = |lint: &Lint| -> Vec<(String, usize, String)> {
        let name = |file: &str| file.rsplit('/').next().unwrap_or_default().to_owned();
        let findings = lint.findings.iter();
        findings
            .map(|one| {
                (
                    name(&one.file),
                    one.line,
                    one.message.replace(&*tools.to_string_lossy(), "catalog/tools"),
                )
            })
            .collect()
    };
    assert_eq!(places(&own), places(&json));
}

#[test]
fn a_lint_tells_of_each_file_and_goes_on() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("mine/faulty.toml", faulty(&["fine.exe"]));
    dir.create("mine/broken.toml", "[tool]\nid = \"Broken\"\n");
    let ran = catalog(&dir, &["lint", "mine"]).run();
    eqnice!(
        "error[invalid-file]: missing field `name`
 --> mine/broken.toml:1:1
  |
1 | [tool]
  | ^^^^^^

error[no-near-miss]: no example (process) is a near miss of the rule \"faulty.process\"
  --> mine/faulty.toml:21:6
   |
21 | id = \"faulty.process\"
   |      ^^^^^^^^^^^^^^^^
   |
   = help: add an [[example]] of what must not be reported, with fires = []

2 files: 2 errors, no warnings, no notes
docs/lints.md says what each code means and how it is mended.
",
        ran.ended(1).silent().text()
    );
    // As an addition it is a warning, and can be passed over.
    let args = ["lint", "--addition", "--level", "error", "mine/faulty.toml"];
    let ran = catalog(&dir, &args).run();
    eqnice!("1 file: no errors, 1 warning (not shown), no notes\n", ran.ended(0).silent().text());
    let ran = catalog(&dir, &["lint", "--output", "json", "mine"]).run();
    let json = lint(ran.ended(1).silent());
    let [broken, near_miss] = &json.findings[..] else { panic!("{json:?}") };
    assert_eq!((broken.code.as_str(), broken.tool.as_str(), broken.line), ("invalid-file", "", 1));
    assert_eq!((near_miss.line, near_miss.column), (21, 6));
    assert_eq!(near_miss.page, "docs/lints.md#no-near-miss");
    assert!(near_miss.help.is_some() && broken.help.is_none());
    for (args, part) in [
        (&["lint", "none"][..], "none"),
        (&["lint", "home"], "home"),
        (&["lint", "--addition"], "--addition"),
    ] {
        dir.folder("home");
        let ran = catalog(&dir, args).run();
        assert!(ran.ended(2).stderr.contains(part), "{}", ran.stderr);
    }
}

#[test]
fn the_programs_examples_come_out() {
    let dir = Dir::new(Host::LinkedIn);
    let json = test(catalog(&dir, &["test", "--output", "json"]).run().ended(0).silent());
    let [all, supremo] = &json.detectors[..] else { panic!("{json:?}") };
    assert_eq!(
        (all.name.as_str(), all.origin.as_str(), all.tools.len()),
        ("catalog", "linked-in", 70)
    );
    assert_eq!((supremo.name.as_str(), supremo.tools.len()), ("supremo", 1));
    assert_eq!(all.tools["supremo"], supremo.examples);
    assert!(all.examples > 1000, "{}", all.examples);
    assert_eq!(json.without_rules.len(), 6);
    let ran = catalog(&dir, &["test"]).run();
    let text = ran.ended(0).silent().text();
    assert!(text.starts_with("catalog (linked in): 70 tools, "), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn through_a_plugin_file_they_come_out_too() {
    let dir = Dir::new(Host::LinkedIn);
    let mut command = catalog(&dir, &["test", "--output", "json"]);
    for plugin in [&built().catalog, &built().supremo] {
        command.arg("--plugin").arg(plugin);
    }
    let json = test(command.run().ended(0).silent());
    let [all, supremo, loaded, loaded_supremo] = &json.detectors[..] else { panic!("{json:?}") };
    for (linked_in, loaded) in [(all, loaded), (supremo, loaded_supremo)] {
        assert_eq!(linked_in.name, loaded.name);
        assert_eq!(linked_in.tools, loaded.tools);
        assert!(loaded.origin.ends_with(".so"), "{}", loaded.origin);
    }
    // The plugin runs files of one's own, too.
    dir.create("faulty.toml", faulty(&["fine.exe"]));
    let mut command = catalog(&dir, &["test", "--output", "json", "faulty.toml", "--plugin"]);
    let json = test(command.arg(&built().catalog).run().ended(0).silent());
    let shown = json.detectors.iter().map(|one| (one.name.as_str(), one.examples));
    assert_eq!(shown.collect::<Vec<_>>(), [("catalog", 1), ("catalog", 1)]);
}

#[test]
fn an_example_that_does_not_come_out_is_told() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("faulty.toml", faulty(&["fine.exe", "fine.com"]));
    let ran = catalog(&dir, &["test", "faulty.toml"]).run();
    eqnice!(
        "faulty.toml:35: fine.com is started
    process.name  \"fine.com\"
  process event, through catalog (linked in):
  did not fire: faulty.process

catalog (linked in): 1 tool, 2 examples, 1 failed (1 of faulty)
",
        ran.ended(1).silent().text()
    );
    let json = test(catalog(&dir, &["test", "--output", "json", "faulty.toml"]).run().ended(1));
    let [failure] = &json.detectors[0].failures[..] else { panic!("{json:?}") };
    assert_eq!((failure.tool.as_str(), failure.file.as_str()), ("faulty", "faulty.toml"));
    assert_eq!((failure.line, failure.kind.as_str()), (35, "process"));
    assert_eq!(failure.event["process.name"], "fine.com");
    assert_eq!(failure.why, "fine.com is started");
    assert_eq!(
        (&failure.expected, &failure.missed),
        (&vec!["faulty.process".to_owned()], &failure.expected)
    );
    assert!(failure.fired.is_empty() && failure.unlearned.is_none());
    // What cannot be read was not tried; the rest is.
    dir.create("broken.toml", "[tool]");
    let ran = catalog(&dir, &["test", "broken.toml", "faulty.toml"]).run();
    assert!(ran.ended(2).said(&["missing field"]).text().contains("1 failed"), "{}", ran.text());
}

#[cfg(target_os = "linux")]
#[test]
fn a_plugin_that_does_otherwise_is_told() {
    let dir = Dir::new(Host::LinkedIn);
    let run = |names: &[&str], args: &[&str]| {
        dir.create("faulty.toml", faulty(names));
        let mut command = catalog(&dir, &["test", "--output", "json", "--plugin"]);
        command.arg(&built().faulty).args(args).run()
    };
    let ran = run(&["fine.exe"], &["faulty.toml"]);
    assert!(test(ran.ended(0)).detectors.iter().all(|one| one.examples == 1));
    // The plugin wants to see a list of names, the file's rule any.
    let json = test(run(&["fine.exe", "other.exe"], &["faulty.toml"]).ended(1));
    let [files, loaded] = &json.detectors[..] else { panic!("{json:?}") };
    assert!(files.passed && files.fault.is_none() && !loaded.passed);
    assert_eq!(loaded.failures[0].event["process.name"], "other.exe");
    // A panic switches it off, and what it would have found is missed.
    let json = test(run(&["panic.exe", "fine.exe"], &["faulty.toml"]).ended(1));
    let [files, loaded] = &json.detectors[..] else { panic!("{json:?}") };
    assert!(files.passed);
    assert_eq!(loaded.failures.len(), 2);
    assert!(loaded.fault.as_deref().is_some_and(|fault| fault.starts_with("inspect: ")));
    // The program's catalog has no such tool.
    let ran = run(&["fine.exe"], &[]);
    ran.ended(2).said(&["faulty", "states no rule"]);
    // It is loaded by the usual way.
    dir.create("none.so", "no plugin");
    catalog(&dir, &["test", "--plugin", "none.so"]).run().ended(2).said(&["none.so", "not loaded"]);
}

#[test]
fn a_new_file_works_at_once() {
    let dir = Dir::new(Host::LinkedIn);
    let values = ["--domain", "acme.example", "--company", "Acme", "--signer", "Acme"];
    let new = ["new", "Acme Desk", "--to", "my tools"];
    let ran = catalog(&dir, &new).args(values).run();
    eqnice!(
        "wrote my tools/acme-desk.toml

next:
  remora catalog lint --addition 'my tools/acme-desk.toml'
  remora catalog test 'my tools/acme-desk.toml'
",
        ran.ended(0).silent().text()
    );
    let file = "my tools/acme-desk.toml";
    let json =
        lint(catalog(&dir, &["lint", "--addition", "--output", "json", file]).run().ended(1));
    let codes: Vec<&str> = json.findings.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["unfinished"]);
    catalog(&dir, &["test", file]).run().ended(0).silent();
    let before = dir.read(file);
    catalog(&dir, &new).run().ended(2).said(&["acme-desk.toml", "not written over"]);
    assert_eq!(dir.read(file), before);
    // The home page is the last blank.
    let text = String::from_utf8(before).expect("UTF-8");
    dir.create(file, text.replace("https://FILL IN/", "https://acme.example/"));
    let ran = catalog(&dir, &["lint", "--addition", file]).run();
    eqnice!("1 file: no errors, no warnings, no notes\n", ran.ended(0).silent().text());
}
