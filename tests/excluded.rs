//! Excluded findings: whatever a scenario takes out of the report, every finding
//! is shown or excluded.

use std::{collections::BTreeMap, fmt::Write as _};

use remora_catalog::{ParameterType, Scenario, scenarios};
use remora_engine::{
    Detectors,
    host::{LinkedIn, Plugins},
    sweep::{self, Exclusion, Grouping, Input, Options, Origin, Outcome},
};
use serde_json::Value;

use crate::{
    parity::{cases, link_tables},
    report::{Report, ScenarioSummary},
    util::{Dir, Host, root},
};

/// `--scenario` for each scenario of the catalog: the examples of its
/// parameters, one by one and together, and something that meets the test's
/// events.
fn every_scenario() -> Vec<String> {
    let mut all = Vec::new();
    for Scenario { id, parameters, .. } in scenarios() {
        if parameters.is_empty() {
            all.push(id);
            continue;
        }
        let example = |key: &str| {
            let parameter = parameters.iter().find(|one| one.key == key)?;
            Some(format!("{key}={}", parameter.example))
        };
        let given: Vec<String> = ["device", "account", "days", "hours", "zone", "parent"]
            .into_iter()
            .filter_map(example)
            .collect();
        assert!(parameters.iter().any(|one| !matches!(one.ty, ParameterType::Zone)));
        all.push(format!("{id},{}", given.join(",")));
        all.push(format!("{id},device=host-1,device=host-3"));
        if example("hours").is_some() {
            all.push(format!("{id},hours=23:00-05:00,zone=+01:00,account=ann@contoso.example"));
        }
        if example("siem").is_some() {
            all.push(format!("{id},siem=host-2,siem=192.0.2.50"));
        }
    }
    all
}

/// Events in which what scenarios ask for differs, in every combination: kind,
/// process and code, and beside these device, account and time.
pub(crate) fn events() -> String {
    let processes = [
        "",
        "SupRemo.exe",
        "SUPREMO.EXE",
        "SupremoService.exe",
        "SupremoSystem.exe",
        "svchosts.exe",
    ];
    let codes = ["", "null", "41", "1001", "1002", "\"1003\"", "1006", "4688"];
    let mut text = String::new();
    let mut at = 0_usize;
    for kind in 0..3 {
        for process in processes {
            for code in codes {
                at += 1;
                let device = 1 + at % 4;
                let domain = if at.is_multiple_of(3) { ".contoso.example" } else { "" };
                let mut row =
                    format!("{{\"DeviceName\":\"host-{device}{domain}\",\"ReportId\":{at}");
                if !at.is_multiple_of(7) {
                    let (day, hour) = (12 + at % 5, at % 24);
                    let _ = write!(row, ",\"Timestamp\":\"2026-01-{day}T{hour:02}:30:00Z\"");
                }
                if !code.is_empty() {
                    let _ = write!(row, ",\"event_id\":{code}");
                }
                let account = ["ann@contoso.example", "bob@contoso.example"][at % 2];
                let of_kind = match kind {
                    0 => format!(
                        "\"RemoteUrl\":\"r{}.supremocontrol.com\",\"RemoteIP\":\"192.0.2.{}\",\
                         \"InitiatingProcessFileName\":\"{process}\",\
                         \"InitiatingProcessAccountUpn\":\"{account}\",\
                         \"InitiatingProcessVersionInfoCompanyName\":\"Nanosystems S.r.l.\"",
                        at % 2,
                        49 + at % 3
                    ),
                    1 => format!(
                        "\"FileName\":\"{process}\",\"InitiatingProcessFileName\":\"ccmexec.exe\",\
                         \"AccountUpn\":\"{account}\",\
                         \"ProcessVersionInfoCompanyName\":\"Nanosystems S.r.l.\",\
                         \"ProcessVersionInfoProductName\":\"SupRemo\""
                    ),
                    // A signature names no process: one for each code is enough.
                    _ if process.is_empty() => {
                        format!("\"SHA1\":\"{at:x}\",\"Signer\":\"Nanosystems S.R.L.\"")
                    }
                    _ => continue,
                };
                let _ = writeln!(text, "{row},{of_kind}}}");
            }
        }
    }
    text
}

/// How a sweep is run; none of it may show. That the two differ in both, threads and screening,
/// is enough to tell if either shows.
const WAYS: [&[&str]; 2] = [&["--threads", "1"], &["--threads", "8", "--validate"]];

fn sweep(dir: &Dir, inputs: &[&str], args: &[&str]) -> (Report, String) {
    let mut command = dir.sweep();
    command.args(["--detector", "supremo", "--output", "ndjson", "--now", "2026-02-01"]);
    command.args(args).args(inputs);
    let ran = command.run();
    ran.ended(0);
    (ran.report(), ran.text().to_owned())
}

/// Rows of every sighting by its id.
fn rows<'r>(sightings: impl Iterator<Item = (&'r str, u64)>) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (id, count) in sightings {
        *all.entry(id.to_owned()).or_default() += count;
    }
    all
}

fn shown(report: &Report) -> BTreeMap<String, u64> {
    let by_rule = report.by_rule.iter().map(|one| (one.id.as_str(), one.count));
    rows(by_rule.chain(report.by_tool.iter().map(|one| (one.id.as_str(), one.count))))
}

fn excluded(report: &Report) -> BTreeMap<String, u64> {
    let by_rule = report.excluded_by_rule.iter().map(|one| (one.id.as_str(), one.count));
    rows(by_rule.chain(report.excluded_by_tool.iter().map(|one| (one.id.as_str(), one.count))))
}

/// The lines of sightings that are shown.
fn shown_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("\"verdict\":\"unreviewed\"")).collect()
}

/// Findings are shown or excluded, every one, by id; how a sweep is run does not
/// show, nor does it change what is shown whether the rest is.
fn nothing_is_lost(dir: &Dir, inputs: &[&str], given: &[String], ways: &[&[&str]]) -> u64 {
    let mut hidden = 0;
    for group in ["rule", "tool"] {
        let (all, _) = sweep(dir, inputs, &["--group", group]);
        let all = shown(&all);
        for scenario in given {
            let mut first: Option<(Vec<String>, ScenarioSummary)> = None;
            for way in ways {
                let args = [&["--group", group, "--scenario", scenario][..], way].concat();
                let (open, open_text) =
                    sweep(dir, inputs, &[&args[..], &["--show-excluded"]].concat());
                let report = if first.is_none() {
                    let (report, text) = sweep(dir, inputs, &args);
                    assert_eq!(shown_lines(&text), shown_lines(&open_text), "{scenario}");
                    assert!(excluded(&report).is_empty(), "{scenario}");
                    assert_eq!(report.summary, open.summary, "{scenario}");
                    report
                } else {
                    open.clone()
                };
                let mut sum = shown(&open);
                for (id, count) in excluded(&open) {
                    *sum.entry(id).or_default() += count;
                }
                assert_eq!(sum, all, "{scenario}, by {group}: shown and excluded are all");
                let total: u64 = excluded(&open).values().sum();
                assert_eq!(report.summary.excluded, total, "{scenario}, by {group}");
                let [own] = &report.summary.scenarios[..] else { panic!("{:?}", report.summary) };
                assert_eq!(own.excluded, total, "{scenario}, by {group}");
                assert!(own.no_process_name + own.other_process_name <= total, "{own:?}");
                assert_eq!(report.summary.sightings as usize, shown(&report).len());
                hidden += total;

                let lines: Vec<String> = open_text
                    .lines()
                    .filter(|line| !line.contains("remora.summary/1"))
                    .map(without_edges)
                    .collect();
                match &first {
                    None => first = Some((lines, own.clone())),
                    Some(first) => assert_eq!(*first, (lines, own.clone()), "{scenario}: {way:?}"),
                }
            }
        }
    }
    hidden
}

/// A sighting without what depends on how much of the log was decoded.
fn without_edges(line: &str) -> String {
    let mut value: Value = serde_json::from_str(line).expect("a line is JSON");
    let object = value.as_object_mut().expect("a sighting is an object");
    object.retain(|key, _| !key.ends_with("_at_edge"));
    value.to_string()
}

#[test]
fn every_finding_is_shown_or_excluded() {
    let dir = Dir::new(Host::LinkedIn);
    // In pieces, so that several threads have something to do.
    let events = events();
    let lines: Vec<&str> = events.lines().collect();
    for at in 0..8 {
        let piece: Vec<&str> = lines.iter().skip(at).step_by(8).copied().collect();
        dir.create(&format!("pieces/{at}.ndjson"), piece.join("\n"));
    }
    let all = every_scenario();
    assert!(nothing_is_lost(&dir, &["pieces"], &all, &WAYS) > 1_000);
    // The sample's tables, one way: they differ in what they hold, not in how they are read.
    let office = root().join("tests/samples/office");
    let office = office.to_str().expect("a path that is text");
    assert!(nothing_is_lost(&dir, &[office], &all, &WAYS[..1]) > 0);
}

/// Over the events that every rule of the list is labelled with.
#[test]
fn every_labelled_finding_is_shown_or_excluded() {
    let Some(cases) = cases() else { return };
    let dir = Dir::new(Host::LinkedIn);
    let files: Vec<String> = link_tables(&dir, &cases);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let given: Vec<String> = scenarios()
        .iter()
        .filter(|one| one.parameters.is_empty())
        .map(|one| one.id.clone())
        .collect();
    assert!(nothing_is_lost(&dir, &files, &given, &WAYS) > 0);
}

/// What a filter says of an event, read from the record itself: the report with
/// a scenario is the report of the records that it does not meet, and what is
/// excluded is the report of those that it does.
#[test]
fn what_remains_is_the_report_of_the_events_that_the_filter_does_not_meet() {
    type Filter = fn(&Record) -> bool;
    let filters: [(&str, Filter); 7] = [
        ("supremo/scheduled-maintenance-as-given", |one| one.card(41)),
        ("supremo/remote-reboot-as-given", |one| one.card(1006)),
        ("supremo/patch-management-as-given", |one| one.card(1001)),
        ("supremo/siem-log-collection-as-given", |one| one.card(1002)),
        ("supremo/remote-session-as-given", |one| one.card(1003)),
        ("supremo/remote-session,device=host-2,device=host-4", |one| {
            one.device == "host-2" || one.device == "host-4"
        }),
        ("supremo/remote-reboot,days=tue-wed,hours=20:00-03:00", |one| {
            // 2026-01-12 is a Monday.
            one.time.is_some_and(|(day, hour)| match hour {
                20.. => (13..=14).contains(&day),
                0..=2 => (14..=15).contains(&day),
                _ => false,
            })
        }),
    ];
    // Short names join full names of the whole run, not of a part of it: here are none.
    let all = events().replace(".contoso.example\",\"ReportId", "\",\"ReportId");
    let only = |keep: &dyn Fn(&Record) -> bool| {
        // An empty line keeps the numbers of those behind it.
        let line = |line| if keep(&Record::read(line)) { line } else { "" };
        all.lines().map(line).collect::<Vec<_>>().join("\n")
    };
    for (scenario, meets) in filters {
        let dir = Dir::new(Host::LinkedIn);
        for (folder, events) in
            [("all", all.clone()), ("kept", only(&|one| !meets(one))), ("met", only(&meets))]
        {
            dir.create(&format!("{folder}/events.ndjson"), events);
        }
        for group in ["rule", "tool"] {
            let run = |folder: &str, args: &[&str]| {
                let mut command = dir.sweep();
                command.current_dir(&dir.path(folder)).args(["--tool", "supremo"]);
                command.args(["--output", "ndjson", "--group", group, "--now", "2026-02-01"]);
                let ran = command.args(args).arg("events.ndjson").run();
                let text = ran.ended(0).text().to_owned();
                let mut lines: Vec<String> = text.lines().map(without_edges).collect();
                lines.pop();
                lines
            };
            let (kept, met) = (run("kept", &[]), run("met", &[]));
            let both = run("all", &["--scenario", scenario, "--show-excluded"]);
            assert!(!kept.is_empty() && !met.is_empty(), "{scenario} divides the events");
            let (shown, excluded) = both.split_at(kept.len().min(both.len()));
            assert_eq!(shown, kept, "{scenario}, by {group}");
            let excluded: Vec<String> = excluded.iter().map(|one| reviewed(one)).collect();
            assert_eq!(excluded, met, "{scenario}, by {group}");
        }
    }
}

/// An excluded sighting as it would be if nobody had excluded it.
fn reviewed(line: &str) -> String {
    let mut value: Value = serde_json::from_str(line).expect("a line is JSON");
    let object = value.as_object_mut().expect("a sighting is an object");
    assert_eq!(object.insert("verdict".to_owned(), "unreviewed".into()), Some("excluded".into()));
    if let Some(verdicts) = object.get_mut("verdicts").and_then(Value::as_object_mut) {
        let count = verdicts.remove("excluded").expect("a count");
        assert!(verdicts.insert("unreviewed".to_owned(), count).is_none());
    }
    assert!(object.remove("excluded_by").is_some(), "{line}");
    value.to_string()
}

/// What the filters of the test ask of a record, as it stands in the file.
struct Record {
    process: String,
    code: Option<u64>,
    device: String,
    time: Option<(u32, u32)>,
}

impl Record {
    fn read(line: &str) -> Record {
        let value: Value = serde_json::from_str(line).expect("a line is JSON");
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let process =
            if value.get("FileName").is_some() { "FileName" } else { "InitiatingProcessFileName" };
        let code = &value["event_id"];
        let time = text("Timestamp");
        Record {
            process: text(process),
            code: code.as_u64().or_else(|| code.as_str().and_then(|text| text.parse().ok())),
            device: text("DeviceName"),
            time: (!time.is_empty()).then(|| {
                (time[8..10].parse().expect("a day"), time[11..13].parse().expect("an hour"))
            }),
        }
    }

    /// `process.name != "SupRemo.exe" OR event_id == code`, and null is not true.
    fn card(&self, code: u64) -> bool {
        !self.process.eq_ignore_ascii_case("SupRemo.exe") || self.code == Some(code)
    }
}

/// A rule that asks for what others learned is evaluated in a second pass, in
/// which all findings of its tool are made anew: also those that are excluded.
#[test]
fn what_the_second_pass_finds_is_excluded_alike() {
    let dir = Dir::new(Host::LinkedIn);
    let mut text = String::new();
    // The hash that is learned stands behind the events that it marks.
    for (at, device) in ["host-1", "host-2", "host-1", "host-3"].iter().enumerate() {
        let _ = writeln!(
            text,
            "{{\"DeviceName\":\"{device}\",\"ReportId\":{at},\"ActionType\":\"ProcessCreated\",\"FileName\":\"x.exe\",\"SHA1\":\"aa{}\"}}",
            at % 2
        );
    }
    for hash in ["aa0", "aa1"] {
        let _ = writeln!(
            text,
            "{{\"DeviceName\":\"host-1\",\"SHA1\":\"{hash}\",\"Signer\":\"DWSNET O\u{dc}\"}}"
        );
    }
    dir.create("all.ndjson", &text);
    let module = LinkedIn {
        manifest: remora_catalog_detector::MANIFEST,
        module: remora_catalog_detector::MODULE,
    };
    let exclusion = Exclusion {
        name: "dwservice/test".to_owned(),
        parameters: Vec::new(),
        tool: "dwservice".to_owned(),
        condition: Some(
            remora_rules::compile("device.name == 'host-1'", &[]).expect("a condition"),
        ),
        window: None,
        processes: vec!["x.exe".to_owned()],
    };
    let run = |exclusions: Vec<Exclusion>, grouping, threads| -> Outcome {
        let detectors = Detectors::start(&[module], &Plugins::default(), &[]).expect("it starts");
        let options = Options {
            inputs: vec![Input {
                name: "all.ndjson".to_owned(),
                origin: Origin::Path(dir.path("all.ndjson")),
            }],
            now: 1_800_000_000_000_000_000,
            exclusions,
            show_excluded: true,
            grouping,
            threads,
            ..Options::default()
        };
        sweep::run(&detectors, &options).expect("it runs")
    };
    for (grouping, threads) in [(Grouping::Rule, 1), (Grouping::Rule, 8), (Grouping::Tool, 8)] {
        let count = |outcome: &Outcome| -> u64 {
            let by_rule = outcome.by_rule.iter().map(|one| one.common.count);
            by_rule.chain(outcome.by_tool.iter().map(|one| one.common.count)).sum()
        };
        let all = run(Vec::new(), grouping, threads);
        assert!(all.summary.second_pass.is_some(), "something is learned");
        assert_eq!(count(&all), 6);
        let with = run(vec![exclusion.clone()], grouping, threads);
        // Two starts and both signatures.
        assert_eq!((count(&with), with.summary.excluded), (2, 4), "{grouping:?}");
        let [own] = &with.summary.scenarios[..] else { panic!("one exclusion") };
        assert_eq!((own.excluded, own.no_process_name, own.other_process_name), (4, 2, 0));
        let excluded = &with.excluded;
        let rows = excluded.by_rule.iter().map(|one| one.common.count);
        let rows = rows.chain(excluded.by_tool.iter().map(|one| one.common.count));
        assert_eq!(rows.sum::<u64>(), 4, "{grouping:?}");
    }
}
