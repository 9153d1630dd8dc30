//! Scenarios: which findings they take out of the report, and how that is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use remora_catalog::scenarios;
use serde::Deserialize;
use serde_json::Value;

use crate::{excluded::events, outputs::row, util::root};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    given: Vec<String>,
    event: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    row: String,
    excluded_by: Vec<String>,
}

remora_test!(a_scenario_excludes_what_its_expression_says, |dir, sweep| {
    let text = fs::read_to_string(root().join("tests/scenarios.toml")).expect("the case file");
    let Cases { given, event: events } = toml::from_str(&text).expect("well written");
    let rows: Vec<&str> = events.iter().map(|event| event.row.as_str()).collect();
    dir.create("events.ndjson", rows.join("\n"));
    for scenario in &given {
        sweep.args(["--scenario", scenario]);
    }
    sweep.args(["--tool", "supremo", "--show-excluded", "--output", "ndjson", "events.ndjson"]);
    let report = sweep.run().ended(0).report();
    let mut by_line: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for sighting in report.by_rule.iter().chain(&report.excluded_by_rule) {
        let [evidence] = &sighting.evidence[..] else {
            panic!("a device of its own: {sighting:?}")
        };
        seen.insert(evidence.line);
        let names = sighting.excluded_by.iter().map(|name| name.strip_prefix("supremo/").unwrap());
        by_line.entry(evidence.line).or_default().extend(names);
    }
    let mut hid: BTreeMap<&str, u64> = BTreeMap::new();
    for (event, line) in events.iter().zip(1_u64..) {
        assert!(seen.contains(&line), "it is no finding: {}", event.why);
        let want: BTreeSet<&str> = event.excluded_by.iter().map(String::as_str).collect();
        assert_eq!(by_line[&line], want, "{}", event.why);
        let rules = report.by_rule.iter().chain(&report.excluded_by_rule);
        let rules = rules.filter(|one| one.evidence[0].line == line).count() as u64;
        want.iter().for_each(|name| *hid.entry(name).or_default() += rules);
    }
    for (summary, given) in report.summary.scenarios.iter().zip(&given) {
        let own = hid.get(given.strip_prefix("supremo/").unwrap()).copied().unwrap_or_default();
        assert_eq!(summary.excluded, own, "{given}");
    }
});

remora_test!(what_was_hidden_is_told, |dir, sweep| {
    dir.create("events.ndjson", events());
    let given = ["--scenario", "supremo/remote-reboot-as-given", "--output", "table"];
    let ran = sweep.args(given).arg("events.ndjson").run();
    let report = {
        let args = ["--scenario", "supremo/remote-reboot-as-given", "--output", "ndjson"];
        let ran = dir.sweep().args(args).args(["--group", "tool", "events.ndjson"]).run();
        ran.ended(0).report()
    };
    let [hid] = &report.summary.scenarios[..] else { panic!("one scenario") };
    assert!(hid.no_process_name > 0 && hid.other_process_name > 0, "{hid:?}");
    assert!(hid.excluded > hid.no_process_name + hid.other_process_name, "{hid:?}");
    let parts = [
        format!("supremo/remote-reboot-as-given hid {} findings", hid.excluded),
        format!("{} about events without a process name", hid.no_process_name),
        format!("{} about processes of other names than SupRemo.exe", hid.other_process_name),
    ];
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    ran.ended(0).said(&[&parts[..], &["--show-excluded lists them"]].concat());
    let table = ran.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(parts.iter().all(|part| table.contains(part)), "{table}");
    assert!(!ran.text().contains("Excluded, and shown"), "{table}");
    // Nobody asked for silence about it, but -q does.
    let quiet = dir.sweep().args(given).args(["-q", "events.ndjson"]).run();
    quiet.ended(0).silent();
});

remora_test!(what_was_hidden_can_be_shown_in_every_output, |dir, sweep| {
    let rows =
        [row("d1", "host-1", "supremocontrol.com"), row("d2", "host-2", "supremocontrol.com")];
    dir.create("net.ndjson", rows.join("\n"));
    let args = ["--scenario", "supremo/remote-session,device=host-1", "--tool", "supremo"];
    let table = sweep.args(args).args(["--show-excluded", "--output", "table", "net.ndjson"]).run();
    let (before, behind) =
        table.ended(0).text().split_once("Excluded, and shown").expect("a part of its own");
    assert!(before.contains("host-2") && !before.contains("host-1"), "{before}");
    assert!(behind.contains("excluded by supremo/remote-session,device=host-1"), "{behind}");
    let run = |more: &[&str]| {
        let ran = dir.sweep().args(args).args(more).arg("net.ndjson").run();
        ran.ended(0).text().to_owned()
    };
    let object: Value =
        serde_json::from_str(&run(&["--show-excluded", "--output", "json"])).expect("JSON");
    assert_eq!(object["sightings"].as_array().map(Vec::len), Some(1));
    assert_eq!(object["excluded"][0]["verdict"], "excluded");
    assert_eq!(object["excluded"][0]["device_name"], "host-1");
    let by_tool = run(&["--show-excluded", "--output", "json", "--group", "tool"]);
    let by_tool: Value = serde_json::from_str(&by_tool).expect("JSON");
    assert_eq!(by_tool["excluded"][0]["verdicts"], serde_json::json!({ "excluded": 1 }));
    let without: Value = serde_json::from_str(&run(&["--output", "json"])).expect("JSON");
    assert!(without.get("excluded").is_none() && without["summary"]["excluded"] == 1);
    let csv = run(&["--show-excluded", "--output", "csv"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[2].contains("excluded,\"supremo/remote-session,device=host-1\""), "{csv}");
    // Everything excluded is no clean report.
    let all = ["--scenario", "supremo/remote-session,device=host-2", "--output", "table"];
    assert!(run(&all).starts_with("No sightings but what is excluded.\n"));
});

remora_test!(other_tools_findings_about_the_same_event_stay, |dir, sweep| {
    dir.create("net.ndjson", row("d1", "host-1", "https://supremocontrol.com/?r=anydesk.com"));
    let args = ["--scenario", "supremo/remote-session,device=host-1", "--output", "ndjson"];
    let report = sweep.args(args).arg("net.ndjson").run().ended(0).report();
    let tools: BTreeSet<&str> = report.by_rule.iter().map(|one| one.tool.as_str()).collect();
    assert_eq!(tools, ["anydesk"].into());
    assert!(report.summary.excluded > 0);
});

remora_test!(only_what_is_shown_fails_a_run, |dir, sweep| {
    dir.create("net.ndjson", row("d1", "host-1", "supremocontrol.com"));
    let args = ["--fail-on", "any", "--show-excluded", "--scenario"];
    let all = sweep.args(args).args(["supremo/remote-session,device=host-1", "net.ndjson"]).run();
    all.ended(0);
    let none = dir.sweep().args(args).args(["supremo/remote-session,device=x", "net.ndjson"]).run();
    none.ended(1).said(&["hid 0 findings"]);
});

remora_test!(a_wrong_scenario_ends_the_run_before_any_input_is_read, |dir, sweep| {
    let ran = sweep.args(["--scenario", "supremo/remote-rebot", "none.ndjson"]).run();
    ran.ended(2).said(&["did you mean supremo/remote-reboot?"]);
    assert!(ran.stdout.is_empty() && !ran.stderr.contains("none.ndjson"), "{}", ran.stderr);
    for scenario in scenarios() {
        ran.said(&[&scenario.id]);
    }
    let none = dir.sweep().args(["--scenario", "supremo/remote-reboot", "none.ndjson"]).run();
    none.ended(2).said(&["nothing is given"]).said(&["hours", "22:00-04:00"]);
});

remora_test!(an_explanation_says_whether_a_scenario_excludes, |dir, _sweep| {
    let rows = [
        "{\"DeviceId\":\"d1\",\"RemoteUrl\":\"supremocontrol.com\",\"InitiatingProcessFileName\":\"SupRemo.exe\"}",
        "{\"DeviceId\":\"d2\",\"RemoteUrl\":\"supremocontrol.com\"}",
    ];
    dir.create("net.ndjson", rows.join("\n"));
    let args = [
        "--detector",
        "supremo",
        "--scenario",
        "supremo/remote-reboot-as-given",
        "--scenario",
        "supremo/remote-reboot,hours=00:00-24:00",
        "net.ndjson",
    ];
    let ran = dir.on_host("explain").args(args).run();
    let text = ran.ended(0).silent().text();
    for part in [
        "    scenario supremo/remote-reboot-as-given does not exclude it\n",
        "      null one of:\n",
        "no   process.name !~ \"SupRemo.exe\"\n",
        "null event.code == 1006\n",
        "    scenario supremo/remote-reboot-as-given excludes it\n",
        // No time, no window.
        "    scenario supremo/remote-reboot,hours=00:00-24:00 does not exclude it\n      no   its window\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let json = dir.on_host("explain").args(["--output", "json"]).args(args).run();
    let json: Value = serde_json::from_str(json.ended(0).text()).expect("JSON");
    let of = |event: usize| &json["events"][event]["judged"][0]["exclusions"];
    assert_eq!(of(0)[0]["excludes"], false);
    assert_eq!(of(1)[0]["excludes"], true);
    assert_eq!(of(0)[0]["where"]["truth"], "null");
    assert_eq!(of(1)[1]["in_window"], false);
});
