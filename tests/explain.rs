//! `remora explain`: what each rule made of an event, and that it is what the
//! sweep counts.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    outputs::row,
    parity::{TABLES, cases, unpack},
    util::{Dir, Host, Ran, TestCommand, built},
};

/// `remora explain` on the host of `dir`.
fn explain<'d>(dir: &'d Dir, args: &[&str]) -> TestCommand<'d> {
    let mut command = dir.on_host("explain");
    command.args(args);
    command
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(ran.text()).expect("one JSON object")
}

/// The explanation of `rule` in the first event.
fn rule<'v>(explained: &'v Value, id: &str) -> &'v Value {
    let rules = explained["events"][0]["rules"].as_array().expect("rules");
    rules.iter().find(|rule| rule["rule"] == id).expect("the rule is explained")
}

remora_test!(an_event_is_explained_part_by_part, |dir, _sweep| {
    let event = row("d1", "host-1", "https://www.supremocontrol.com/download");
    let company = "\"InitiatingProcessVersionInfoCompanyName\":\"Nanosystems S.r.l.\",\"DeviceId\"";
    dir.create("net.ndjson", event.replace("\"DeviceId\"", company));
    let ran = explain(
        dir,
        &["--detector", "supremo", "--rule", "889b90bc-599e-4e28-bb19-1ffc04dbf80b", "net.ndjson"],
    )
    .run();
    let expected = "\
net.ndjson:1  connection event, 2026-01-11T08:00:00Z  host-1
  screen  passes, and these interests route it to detectors:
          remote.host has \"supremocontrol.com\" (supremo)
          remote.url has \"supremocontrol.com\" (supremo)

  889b90bc-599e-4e28-bb19-1ffc04dbf80b fired: supremo, SupRemo - Network Connection
    yes  all of:
         yes  remote.url has_any (\"supremocontrol.com\", \"nanosystems.it\")
                https://www.supremocontrol.com/download
                            ^^^^^^^^^^^^^^^^^^
                counts: before it, \".\" is a border; behind it, \"/\" is a border
         yes  process.company has \"NanoSystems\"
                Nanosystems S.r.l.
                ^^^^^^^^^^^
                counts: before it, the value begins; behind it, a blank is a border

  1 rule fired (not asked for)

  supremo: confirmed (a strong witness, and 2 independent grounds), contacted (a connection was made)
";
    ran.ended(0).silent();
    eqnice!(*expected, ran.text()[..expected.len().min(ran.text().len())]);
});

remora_test!(a_term_that_goes_on_is_shown_as_the_reason, |dir, _sweep| {
    dir.create("net.ndjson", row("d1", "host-1", "supremocontrol.community"));
    let ran = explain(dir, &["--tool", "supremo", "--output", "json", "net.ndjson"]).run();
    let explained = json(ran.ended(0).silent());
    let rule = rule(&explained, "889b90bc-599e-4e28-bb19-1ffc04dbf80b");
    assert_eq!(rule["fired"], false);
    assert_eq!(rule["routed"], false);
    let asked = &rule["where"]["and"][0];
    assert_eq!(asked["truth"], "false");
    assert_eq!(asked["seen"], "supremocontrol.community");
    let place = &asked["occurrences"][0];
    assert_eq!((&place["start"], &place["end"]), (&0.into(), &18.into()));
    assert_eq!((&place["before"], &place["behind"]), (&"edge".into(), &"term".into()));
    assert_eq!(place["counts"], false);
    assert_eq!(explained["events"][0]["screen"]["passes"], false);
});

remora_test!(a_line_can_be_named, |dir, _sweep| {
    let rows = [
        row("d1", "host-1", "a.example"),
        row("d2", "host-2", "supremocontrol.com"),
        "broken".to_owned(),
        row("d4", "host-4", "nanosystems.it"),
    ];
    dir.create("net.ndjson", rows.join("\n"));
    let lines = |argument: &str| -> Vec<u64> {
        let ran = explain(dir, &["--output", "json", argument]).run();
        let explained = json(ran.ended(0));
        let events = explained["events"].as_array().expect("events");
        events.iter().map(|event| event["line"].as_u64().expect("a line")).collect()
    };
    assert_eq!(lines("net.ndjson"), [1, 2, 4]);
    assert_eq!(lines("net.ndjson:2"), [2]);
    assert_eq!(lines("net.ndjson:2-4"), [2, 4]);
    let ran = explain(dir, &["net.ndjson:3"]).run();
    ran.ended(0).said(&["net.ndjson:3", "no JSON"]).said(&["no event begins", "1 refused"]);
    // A problem elsewhere in the file is not of interest here.
    explain(dir, &["net.ndjson:1"]).run().ended(0).silent();
    explain(dir, &["none.ndjson:1"]).run().ended(2).said(&["none.ndjson:1"]);
});

remora_test!(quiet_events_are_counted_and_why_not_shows_them, |dir, _sweep| {
    let rows = [row("d1", "host-1", "a.example"), row("d2", "host-2", "b.example")];
    dir.create("net.ndjson", rows.join("\n"));
    let ran = explain(dir, &["net.ndjson"]).run();
    eqnice!(
        "In 2 events no rule fired or came near; --why-not, --tool, --rule or FILE:LINE show why.\n",
        ran.ended(0).silent().text()
    );
    let ran = explain(dir, &["--why-not", "--limit", "1", "net.ndjson"]).run();
    ran.ended(0).said(&["stopped after 1 events"]);
    assert!(ran.text().contains("supremo.domain did not fire"), "{}", ran.text());
    assert!(ran.text().contains("no interest of its detector is met"), "{}", ran.text());
});

remora_test!(how_the_judge_weighed_is_told, |dir, _sweep| {
    dir.create("net.ndjson", row("d1", "host-1", "supremocontrol.com.evil.example"));
    let ran = explain(dir, &["--output", "json", "net.ndjson"]).run();
    let explained = json(ran.ended(0).silent());
    let judged = &explained["events"][0]["judged"][0];
    assert_eq!(judged["confidence"], "possible");
    let weights: Vec<&str> = judged["witnesses"]
        .as_array()
        .expect("witnesses")
        .iter()
        .map(|witness| witness["weight"].as_str().expect("a weight"))
        .collect();
    assert_eq!(weights, ["stray"]);
    assert_eq!(judged["witnesses"][0]["how"], "lookalike");
});

/// A detector whose answer no rule text gives says so.
#[cfg(target_os = "linux")]
#[test]
fn code_is_named_where_it_decides() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("proc.ndjson", crate::faults::process("d1", "fine.exe"));
    let mut command = dir.remora();
    command.arg("explain").arg("--plugin").arg(&built().faulty);
    let ran = command.args(["--detector", "faulty", "proc.ndjson"]).run();
    ran.ended(0).silent();
    assert!(ran.text().contains("faulty.process fired"), "{}", ran.text());
    assert!(ran.text().contains("decided by code of faulty"), "{}", ran.text());
}

/// Over all labelled events at once, so that what one table tells is looked
/// for in the others, the rules that fire are those that the sweep counts.
#[test]
fn explanations_agree_with_the_sweep() {
    let Some(cases) = cases() else { return };
    for host in Host::all() {
        let dir = Dir::new(*host);
        let names = TABLES.map(|table| {
            let name = format!("{table}.ndjson");
            dir.create(&name, unpack(cases.join(format!("{table}.ndjson.gz"))));
            name
        });
        let swept = dir.sweep().args(["--output", "ndjson"]).args(&names).run();
        let report = swept.ended(0).report();
        assert!(report.summary.second_pass.is_some(), "something is learned");
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for sighting in report.by_rule {
            *counts.entry(sighting.rule).or_default() += sighting.count;
        }
        let ran = explain(&dir, &["--output", "json"]).args(&names).run();
        let explained = json(ran.ended(0));
        let mut fired: BTreeMap<String, u64> = BTreeMap::new();
        for (event, rule) in rules_of(&explained) {
            if rule["fired"] == true {
                assert_eq!(event["screen"]["passes"], true, "{event:#}");
                let id = rule["rule"].as_str().expect("an id").to_owned();
                *fired.entry(id).or_default() += 1;
            }
        }
        assert!(counts.len() > 250, "every rule has its events: {}", counts.len());
        assert_eq!(fired, counts);
    }
}

/// The rules that did not fire, all of them: none whose text holds.
#[test]
fn rules_that_did_not_fire_do_not_hold() {
    let Some(cases) = cases() else { return };
    let dir = Dir::new(Host::LinkedIn);
    let mut asked = 0;
    for table in TABLES {
        let rows =
            String::from_utf8(unpack(cases.join(format!("{table}.ndjson.gz")))).expect("UTF-8");
        let some: Vec<&str> = rows.lines().step_by(40).collect();
        dir.create("some.ndjson", some.join("\n"));
        let ran = explain(&dir, &["--why-not", "--output", "json", "some.ndjson"]).run();
        let explained = json(ran.ended(0));
        asked += rules_of(&explained).filter(|(_, rule)| rule["fired"] == false).count();
    }
    assert!(asked > 10_000, "{asked}");
}

/// Every event with every rule that is explained; none may be at odds with its
/// detector.
fn rules_of(explained: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let events = explained["events"].as_array().expect("events");
    events.iter().flat_map(|event| {
        let rules = event["rules"].as_array().expect("rules");
        rules.iter().map(move |rule| {
            assert!(rule.get("disagrees").is_none(), "{event:#}");
            (event, rule)
        })
    })
}

/// What is learned is learned from all inputs, before anything is explained.
#[test]
fn what_is_not_learned_from_standard_input_is_told() {
    let dir = Dir::new(Host::LinkedIn);
    let signed = "{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":\"d1\",\"ReportId\":1,\
                  \"SHA1\":\"aa\",\"Signer\":\"DWSNET O\u{dc}\"}\n";
    let started = "{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":\"d1\",\"ReportId\":2,\
                   \"ActionType\":\"ProcessCreated\",\"FileName\":\"x.exe\",\"SHA1\":\"aa\"}\n";
    let events = started.to_owned() + signed;
    dir.create("all.ndjson", &events);
    let id = "99cd2519-9bdd-482d-aa8a-fbd8894476e3";
    let args = ["--rule", id, "--output", "json"];
    let ran = explain(&dir, &args).arg("all.ndjson").run();
    let named = json(ran.ended(0).silent());
    assert_eq!(rule(&named, id)["fired"], true);
    assert!(rule(&named, id).get("not_learned").is_none());
    let ran = explain(&dir, &args).arg("-").stdin(events.clone()).run();
    let piped = json(ran.ended(0).silent());
    assert_eq!(rule(&piped, id)["fired"], false);
    assert_eq!(rule(&piped, id)["not_learned"], true);
    let ran = explain(&dir, &["--rule", id]).arg("-").stdin(events).run();
    assert!(ran.text().contains("standard input is read once"), "{}", ran.text());
}
