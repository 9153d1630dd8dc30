//! Tools' files and indicators that are given for one run: `--catalog`,
//! `--catalog-add`, `--indicator`, `--indicators`.

use serde::Deserialize;

use crate::{
    report::{Class, Confidence, Report},
    util::{Dir, Host, built, root},
};

/// A tool that the embedded catalog lacks.
const HELM: &str = r#"[tool]
id = "helm"
name = "Helm"
vendor = "Helm Ltd"
home = "https://helm.example/"
category = "remote-desktop"
platforms = ["windows"]
deployment = "cloud"
techniques = [{ id = "T1219", name = "Remote Access Tools", attack = "18" }]
next_steps = ["Ask who runs it."]

[[indicator]]
type = "domain"
value = "helm.example"
class = "exclusive"
role = "relay"
provenance = { source = "remora", date = 2026-11-24 }

[[rule]]
id = "helm.name"
title = "Helm - Name"
kinds = ["connection"]
where = 'remote.host under "helm.example"'
keys = ["device.id", "device.name", "remote.host"]
techniques = ["T1219"]
provenance = { source = "remora", date = 2026-11-24 }

[[rule]]
id = "helm.process"
title = "Helm - Process"
kinds = ["process"]
where = 'process.company has "Helm Ltd"'
keys = ["device.id", "device.name", "user.upn"]
techniques = ["T1219"]
provenance = { source = "remora", date = 2026-11-24 }
"#;

fn row(device: &str, url: &str) -> String {
    format!(
        "{{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":{device:?},\"DeviceName\":\"host\",\
         \"ReportId\":1,\"ActionType\":\"ConnectionSuccess\",\"RemoteUrl\":{url:?},\
         \"RemoteIP\":\"203.0.113.9\"}}\n"
    )
}

/// Two connections: to the tool that is added, and to an embedded one.
fn log(dir: &Dir) {
    dir.create(
        "net.ndjson",
        row("d1", "https://relay7.helm.example/x") + &row("d2", "supremocontrol.com"),
    );
}

fn found(report: &Report) -> Vec<(&str, &str)> {
    report.by_rule.iter().map(|one| (one.tool.as_str(), one.device_id.as_str())).collect()
}

remora_test!(a_tool_is_added_by_dropping_a_file, |dir, sweep| {
    log(dir);
    dir.create("mine/helm.toml", HELM);
    dir.create("mine/readme.txt", "not a tool");
    let both = sweep.args(["--catalog-add", "mine", "--output", "ndjson", "net.ndjson"]).run();
    both.ended(0);
    assert_eq!(found(&both.report()), [("helm", "d1"), ("supremo", "d2")]);
    assert_eq!(both.report().by_rule[0].confidence, Confidence::Likely);
    let coverage = both.report().summary.coverage;
    assert!(coverage.iter().any(|one| one.tool == "helm"), "coverage speaks of it");

    let only = ["--catalog-add", "mine", "--tool", "helm", "--output", "ndjson", "net.ndjson"];
    assert_eq!(found(&dir.sweep().args(only).run().report()), [("helm", "d1")]);
    let detectors = ["--detector", "supremo", "--catalog-add", "mine", "net.ndjson"];
    dir.sweep().args(detectors).run().ended(2).said(&["--detector leaves out"]);
});

#[test]
fn other_files_take_the_place_of_the_embedded_ones() {
    let dir = Dir::new(Host::LinkedIn);
    log(&dir);
    dir.create("mine/helm.toml", HELM);
    let alone = ["--catalog", "mine", "--output", "ndjson", "net.ndjson"];
    let ran = dir.sweep().args(alone).run();
    ran.ended(0);
    assert_eq!(found(&ran.report()), [("helm", "d1")]);
    // The detector that is asked for by name runs.
    let named = ["--detector", "catalog,supremo"];
    assert_eq!(
        found(&dir.sweep().args(alone).args(named).run().report()),
        [("helm", "d1"), ("supremo", "d2")]
    );
}

/// A file of an embedded tool's id is that tool from then on, whatever
/// detectors are linked in.
#[test]
fn a_file_replaces_the_embedded_tool() {
    let dir = Dir::new(Host::LinkedIn);
    log(&dir);
    dir.create(
        "mine/supremo.toml",
        HELM.replace("\"helm\"", "\"supremo\"").replace("helm.", "sup."),
    );
    let ran = dir.sweep().args(["--catalog-add", "mine", "--output", "ndjson", "net.ndjson"]).run();
    ran.ended(0).said(&["replaces the embedded tool supremo"]);
    assert_eq!(found(&ran.report()), []);
}

#[cfg(target_os = "linux")]
#[test]
fn a_loaded_catalog_detector_does_the_same() {
    let dir = Dir::new(Host::LinkedIn);
    log(&dir);
    dir.create("mine/helm.toml", HELM);
    let args = ["--catalog-add", "mine", "--output", "ndjson", "net.ndjson"];
    let linked_in = dir.sweep().args(args).run();
    let loaded = dir.sweep().arg("--plugin").arg(&built().catalog).args(args).run();
    eqnice!(linked_in.text(), loaded.text(), "linked in, then loaded");
    assert_eq!(found(&loaded.report()), [("helm", "d1"), ("supremo", "d2")]);
}

/// The embedded files, given as a folder, are the embedded catalog.
#[test]
fn the_embedded_files_given_as_a_folder_find_the_same() {
    let dir = Dir::new(Host::LinkedIn);
    let input = root().join("tests/samples/office");
    let sweep = |catalog: &[&str]| {
        let mut sweep = dir.sweep();
        sweep.args(["--detector", "catalog", "--output", "ndjson"]).args(catalog).arg(&input);
        sweep.run().ended(0).report().by_rule
    };
    let tools = root().join("catalog/tools");
    let folder = tools.to_str().expect("the path is UTF-8");
    let embedded = sweep(&[]);
    assert!(!embedded.is_empty());
    assert_eq!(sweep(&["--catalog", folder]), embedded);
    assert_eq!(sweep(&["--catalog-add", folder]), embedded);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    broken: Vec<Broken>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Broken {
    why: String,
    replace: String,
    with: String,
    says: Vec<String>,
}

/// Whatever is wrong is told with its place, and no input is read: the named
/// one does not even exist.
#[test]
fn a_broken_file_ends_the_run_before_it_begins() {
    let cases: Cases = toml::from_str(include_str!("own.toml")).expect("the cases are TOML");
    for case in &cases.broken {
        let dir = Dir::new(Host::LinkedIn);
        assert!(HELM.contains(&case.replace), "{}: nothing to replace", case.why);
        dir.create("mine/helm.toml", HELM.replacen(&case.replace, &case.with, 1));
        dir.create("mine/zeta.toml", HELM.replace("helm", "zeta").replace("Helm", "Zeta"));
        let ran = dir.sweep().args(["--catalog-add", "mine", "no-such.ndjson"]).run();
        ran.ended(2).said(&["nothing was read"]);
        for part in &case.says {
            assert!(ran.stderr.contains(part), "{}: {part}: {}", case.why, ran.stderr);
        }
        assert!(!ran.stderr.contains("no-such"), "{}: {}", case.why, ran.stderr);
        assert!(!ran.stderr.contains("zeta.toml"), "{}: {}", case.why, ran.stderr);
    }
}

#[test]
fn files_that_are_no_tools_are_told_all_at_once() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("mine/latin1.toml", b"[tool]\nname = \"caf\xe9\"\n");
    let huge = format!("[tool]\nid = \"huge\"\nname = \"{}\"\n", "x".repeat(10 << 20));
    dir.create("mine/huge.toml", huge);
    dir.create("mine/short.toml", "[tool]\n");
    let ran = dir.sweep().args(["--catalog", "mine", "no-such.ndjson"]).run();
    ran.ended(2).said(&["not UTF-8"]).said(&["latin1.toml:2"]).said(&["missing field"]);
    ran.said(&["huge.toml:3"]).said(&["a line of 10485"]);
    assert!(ran.stderr.len() < 4_000, "an error shows a part of a long line");

    dir.folder("empty");
    let ran = dir.sweep().args(["--catalog-add", "empty", "no-such.ndjson"]).run();
    ran.ended(2).said(&["there is no tool's file"]);
    dir.sweep().args(["--catalog", "absent", "x"]).run().ended(2).said(&["absent"]);
}

remora_test!(an_indicator_is_found_without_a_catalog_entry, |dir, sweep| {
    log(dir);
    let args = ["--indicator", "helm[.]example", "--output", "ndjson", "net.ndjson"];
    let ran = sweep.args(args).run();
    ran.ended(0).said(&["is taken as domain:helm.example"]);
    let report = ran.report();
    assert_eq!(found(&report), [("adhoc", "d1"), ("supremo", "d2")]);
    let sighting = &report.by_rule[0];
    assert_eq!(
        (sighting.rule.as_str(), sighting.confidence),
        ("adhoc.network", Confidence::Likely)
    );
    assert_eq!(sighting.witnesses[0].value, "helm.example");
    assert_eq!(sighting.witnesses[0].class, Some(Class::Exclusive));
    // Other tools are left out by --tool, an indicator that was given is not.
    let only = dir.sweep().args(args).args(["--tool", "anydesk"]).run();
    assert_eq!(found(&only.report()), [("adhoc", "d1")]);
    let detector = dir.sweep().args(args).args(["--detector", "supremo"]).run();
    assert_eq!(found(&detector.report()), [("adhoc", "d1"), ("supremo", "d2")]);
});

#[test]
fn indicators_are_read_from_files() {
    let dir = Dir::new(Host::LinkedIn);
    log(&dir);
    dir.create(
        "iocs.txt",
        "\u{feff}# of the incident\n\ncidr:203.0.113.0/29 # not it\ncidr:203.0.113.8/29\n",
    );
    let args =
        ["--indicators", "iocs.txt", "--detector", "supremo", "--output", "ndjson", "net.ndjson"];
    let report = dir.sweep().args(args).run().report();
    assert_eq!(found(&report), [("adhoc", "d1"), ("adhoc", "d2"), ("supremo", "d2")]);
    assert_eq!(report.by_rule[0].witnesses[0].value, "203.0.113.8/29");

    dir.create("wrong.txt", "domain:com\nfile:a.exe\nnonsense\n");
    let ran = dir.sweep().args(["--indicators", "wrong.txt", "no-such.ndjson"]).run();
    ran.ended(2).said(&["nothing was read"]).said(&["wrong.txt:1: ", "single label"]);
    ran.said(&["wrong.txt:3: ", "TYPE is one of"]);
    dir.create("blank.txt", "# nothing\n");
    let ran = dir.sweep().args(["--indicators", "blank.txt", "no-such.ndjson"]).run();
    ran.ended(2).said(&["blank.txt: holds no indicator"]);
}

#[test]
fn explain_knows_them_too() {
    let dir = Dir::new(Host::LinkedIn);
    log(&dir);
    dir.create("mine/helm.toml", HELM);
    let args =
        ["explain", "--catalog-add", "mine", "--indicator", "domain:helm.example", "net.ndjson:1"];
    let ran = dir.remora().args(args).run();
    ran.ended(0);
    for part in ["helm.name", "adhoc.network"] {
        assert!(ran.text().contains(part), "{part}: {}", ran.text());
    }
}

#[test]
fn settings_are_for_detectors_that_exist() {
    let dir = Dir::new(Host::LinkedIn);
    log(&dir);
    dir.create("set.toml", "embedded = false\n");
    let sweep = |arg: &str| {
        dir.sweep().args(["--plugin-config", arg, "--detector", "catalog", "net.ndjson"]).run()
    };
    let ran = sweep("catalog=set.toml");
    ran.ended(0);
    assert_eq!(found(&ran.report()), []);
    sweep("catalogue=set.toml").ended(2).said(&["no detector \"catalogue\""]);
    sweep("set.toml").ended(2).said(&["NAME=FILE"]);
    sweep("catalog=absent.toml").ended(2).said(&["absent.toml"]);
}

/// `catalog diff`, its status and its two outputs.
#[test]
fn catalogs_are_compared_by_what_they_say_and_find() {
    let dir = Dir::new(Host::LinkedIn);
    log(&dir);
    dir.create("old/helm.toml", HELM);
    dir.create("new/helm.toml", HELM.replace("has \"Helm Ltd\"", "has \"Helm\""));
    dir.create(
        "more/helm.toml",
        HELM.replace("helm.name", "helm.host").replace("exclusive", "vendor"),
    );
    let diff = |old: &str, new: &str, more: &[&str]| {
        dir.remora().args(["catalog", "diff", old, new]).args(more).run()
    };
    let same = diff("old", "old", &[]);
    assert_eq!((same.status, same.text().trim()), (Some(0), "the catalogs say the same"));
    let changed = diff("old", "new", &[]);
    changed.ended(1);
    for line in
        ["~ rule helm.process", "process.company has \"Helm Ltd\" -> process.company has \"Helm\""]
    {
        assert!(changed.text().contains(line), "{line}: {}", changed.text());
    }
    let found = diff("old", "more", &["--on", "net.ndjson"]);
    found.ended(1);
    for line in [
        "- rule helm.name",
        "+ rule helm.host",
        "1 with the old catalog, 1 with the new one; 2 differ",
    ] {
        assert!(found.text().contains(line), "{line}: {}", found.text());
    }
    let json = diff("embedded", "old", &["--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(json.ended(1).text()).expect("one object");
    assert_eq!(json["schema"], "remora.catalog-diff/1");
    let tools = json["tools"].as_array().expect("a list");
    let helm = tools.iter().find(|tool| tool["tool"] == "helm").expect("it is new");
    assert_eq!((&helm["change"], tools.len()), (&"added".into(), 77));

    let beside = diff("embedded", "old", &["--addition"]);
    beside.ended(1);
    assert!(beside.text().starts_with("+ helm (Helm)"), "{}", beside.text());
    assert!(!beside.text().contains("anydesk"), "{}", beside.text());

    dir.create("broken/helm.toml", "[tool]\n");
    diff("old", "broken", &[]).ended(2).said(&["missing field"]);
    diff("old", "absent", &[]).ended(2).said(&["absent"]);
    diff("old", "new", &["--on", "no-such.ndjson"]).ended(2).said(&["nothing was compared"]);
}

/// A folder that comes later replaces what an earlier one has.
#[test]
fn an_added_file_replaces_that_of_the_catalog() {
    let dir = Dir::new(Host::LinkedIn);
    log(&dir);
    dir.create("base/helm.toml", HELM);
    dir.create("more/helm.toml", HELM.replace("helm.example", "supremocontrol.com"));
    let args = ["--catalog", "base", "--catalog-add", "more", "--output", "ndjson", "net.ndjson"];
    assert_eq!(found(&dir.sweep().args(args).run().report()), [("helm", "d2")]);
}

// What the catalog knows beside rules is that of the files, too.
#[test]
fn folding_and_coverage_follow_the_files() {
    let dir = Dir::new(Host::LinkedIn);
    let pattern = "[[indicator]]\ntype = \"host-pattern\"\nvalue = \"relay*.helm.example\"\n\
                   class = \"exclusive\"\nrole = \"relay\"\n\
                   provenance = { source = \"remora\", date = 2026-11-24 }\n";
    dir.create("mine/helm.toml", format!("{HELM}\n{pattern}"));
    let (head, _) = HELM.split_once("[[indicator]]").expect("it has indicators");
    dir.create("mine/mast.toml", head.replace("helm", "mast"));
    dir.create("net.ndjson", row("d1", "relay7.helm.example") + &row("d1", "relay8.helm.example"));
    let ndjson = ["--group", "tool", "--output", "ndjson", "net.ndjson"];
    let report = dir.sweep().args(["--catalog", "mine"]).args(ndjson).run().ended(0).report();
    let [helm] = &report.by_tool[..] else { panic!("{report:?}") };
    assert_eq!(
        (&helm.hosts[..], helm.hosts_total),
        (&["relay*.helm.example".to_owned()][..], Some(2))
    );
    let told = |report: &Report, tool: &str| {
        let coverage = report.summary.coverage.iter().find(|one| one.tool == tool);
        coverage.map(|one| one.why.clone())
    };
    assert_eq!(told(&report, "mast").as_deref(), Some("no rule"));
    assert_eq!(told(&report, "auvik"), None, "only the files count");
    let both = dir.sweep().args(["--catalog-add", "mine"]).args(ndjson).run().ended(0).report();
    assert_eq!(told(&both, "mast").as_deref(), Some("no rule"));
    assert_eq!(told(&both, "auvik").as_deref(), Some("no rule"));
}
