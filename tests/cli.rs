//! Options, exit status and messages: the contract of `docs/output.md`.

use crate::{
    outputs::{office, row},
    report::{Report, Sighting},
    util::{Dir, Host, TestCommand},
};

// Where the report goes.

remora_test!(a_reader_that_leaves_ends_the_program_quietly, |dir, _sweep| {
    let rows: String = (0..3000)
        .map(|number| row(&format!("d{number}"), "host", "supremocontrol.com") + "\n")
        .collect();
    dir.create("net.ndjson", rows);
    for output in ["table", "json", "ndjson"] {
        let ran = dir.sweep().args(["--output", output, "net.ndjson"]).run_to_first_line();
        assert!(!ran.stdout.is_empty());
        ran.ended(0).silent();
    }
});

remora_test!(the_report_goes_to_a_file, |dir, sweep| {
    dir.create("net.ndjson", row("d1", "host-1", "supremocontrol.com"));
    let ran = sweep.args(["-o", "out.json", "net.ndjson"]).run();
    ran.ended(0).silent();
    eqnice!("", ran.text());
    let stdout = dir.sweep().arg("net.ndjson").run();
    eqnice!(stdout.text(), String::from_utf8(dir.read("out.json")).unwrap());
    // A table too has no colours in a file, unless they are asked for.
    dir.sweep().args(["--output", "table", "-o", "out.txt", "net.ndjson"]).run().ended(0);
    assert!(!dir.read("out.txt").contains(&0x1b));
    let ran = dir.sweep().args(["-o", "none/out.json", "net.ndjson"]).run();
    ran.ended(2).said(&["none/out.json", "cannot be written"]);
});

// Standard input.

remora_test!(standard_input_is_read_where_nothing_is_named, |dir, sweep| {
    let event = row("d1", "host-1", "supremocontrol.com");
    let named = sweep.args(["--output", "ndjson", "-"]).stdin(event.clone()).run();
    let report = named.ended(0).silent().report();
    assert_eq!(report.by_rule[0].evidence[0].source, "-");
    let unnamed = dir.sweep().args(["--output", "ndjson"]).stdin(event.clone()).run();
    eqnice!(named.text(), unnamed.text());
    let twice = dir.sweep().args(["--output", "ndjson", "-", "-"]).stdin(event).run();
    assert_eq!(twice.ended(0).report().summary.records, 1);
    // Nothing at all is an empty file.
    let nothing = dir.sweep().args(["--output", "ndjson"]).run();
    assert_eq!(nothing.ended(0).silent().report().summary.records, 0);
});

// What to report.

remora_test!(tools_rules_and_detectors_can_be_chosen, |dir, _sweep| {
    let all = Report::read(&office(dir, &[])).by_rule;
    assert_eq!(Report::read(&office(dir, &["--tool", "supremo"])).by_rule, all);
    // Two detectors know the tool: either finds the same, and says so.
    for detector in ["catalog", "supremo"] {
        let alone = Report::read(&office(dir, &["--detector", detector])).by_rule;
        assert!(alone.iter().all(|one| one.detectors == [detector]), "{alone:?}");
        let same = alone
            .into_iter()
            .map(|one| Sighting { detectors: vec!["catalog".into(), "supremo".into()], ..one });
        assert_eq!(same.collect::<Vec<_>>(), all);
    }
    let one = "supremo.domain";
    let two = "a8c85d8f-1bb0-4c0e-8983-de136a7bf2e6";
    // Chosen sightings are what they are among all.
    for rules in [one.to_owned(), format!("{one},{two}")] {
        let chosen = Report::read(&office(dir, &["--rule", &rules])).by_rule;
        let same: Vec<_> =
            all.iter().filter(|sighting| rules.contains(&sighting.rule)).cloned().collect();
        assert!(!chosen.is_empty());
        assert_eq!(chosen, same);
    }
});

remora_test!(fail_on_any, |dir, sweep| {
    dir.create("found.ndjson", row("d1", "host-1", "supremocontrol.com"));
    dir.create("clean.ndjson", row("d1", "host-1", "other.example"));
    let ran = sweep.args(["--fail-on", "any", "found.ndjson"]).run();
    assert_eq!(ran.ended(1).silent().report().summary.sightings, 1);
    dir.sweep().args(["--fail-on", "any", "clean.ndjson"]).run().ended(0).silent();
    // Only what is reported counts.
    let rule = "a8c85d8f-1bb0-4c0e-8983-de136a7bf2e6";
    dir.sweep().args(["--fail-on", "any", "--rule", rule, "found.ndjson"]).run().ended(0);
});

// What is refused.

/// Status 2, nothing on standard output, and these words.
fn refused(sweep: &mut TestCommand<'_>, args: &[&str], told: &[&str]) {
    let ran = sweep.args(args).stdin("").run();
    ran.ended(2).said(told);
    eqnice!("", ran.text(), "{}", ran.command);
}

remora_test!(unknown_names_list_the_known_ones, |dir, sweep| {
    refused(sweep, &["--tool", "nobody"], &["\"nobody\"", "action1"]);
    let rules = ["--detector", "supremo", "--rule", "x"];
    refused(&mut dir.sweep(), &rules, &["\"x\"", "supremo.domain", "889b90bc"]);
    let ran = dir.sweep().args(["--detector", "other"]).stdin("").run();
    ran.ended(2).said(&["\"other\""]).said(&["help: ", "supremo"]);
    let formats = ["\"exel\"", "defender-ndjson", "defender-csv", "auto"];
    refused(&mut dir.sweep(), &["--format", "exel"], &formats);
    let ran = dir.sweep().args(["--output", "pdf"]).run();
    ran.ended(2).said(&["'pdf'"]).said(&["table", "json", "ndjson", "csv"]);
    let ran = dir.sweep().args(["--group", "device"]).run();
    ran.ended(2).said(&["tool", "rule"]);
});

remora_test!(times_that_are_none_are_refused_with_a_hint, |dir, _sweep| {
    for (args, told) in [
        (&["--since", "yesterday"][..], &["--since", "\"yesterday\"", "5d"][..]),
        (&["--until", "12:00"], &["--until", "\"12:00\""]),
        (&["--since", "1mo"], &["--since", "days"]),
        (&["--since=-5d"], &["--since", "after now"]),
        (&["--since", "1d", "--until", "2d"], &["ends before it begins"]),
        (&["--since", "2026-01-12", "--until", "2026-01-11"], &["ends before it begins"]),
        (&["--since", "2026-02-30"], &["--since", "2026-02-30"]),
        (&["--since", "99999999d"], &["--since", "99999999d"]),
        (&["--now", "soon"], &["\"soon\"", "last-event"]),
        (&["--now", "last-event"], &["standard input"]),
    ] {
        refused(&mut dir.sweep(), args, told);
    }
});

remora_test!(last_event_needs_a_time, |dir, sweep| {
    dir.create("net.ndjson", "{\"DeviceId\":\"d1\",\"RemoteUrl\":\"supremocontrol.com\"}\n");
    let args = ["--since", "5d", "--now", "last-event", "net.ndjson"];
    refused(sweep, &args, &["last-event", "no record"]);
});

#[test]
fn other_arguments_that_make_no_sense() {
    // On one host: the hints name the other arguments.
    let dir = Dir::new(Host::LinkedIn);
    refused(&mut dir.sweep(), &["--threads", "0"], &["'0'"]);
    refused(&mut dir.sweep(), &["--threads", "many"], &["'many'"]);
    refused(&mut dir.sweep(), &["--no-such-option"], &["--no-such-option"]);
    refused(&mut dir.sweep(), &["--quiet", "--verbose"], &["cannot be used with"]);
    refused(&mut dir.remora(), &["swep"], &["'swep'"]);
}

// Help, and what goes to standard error.

#[test]
fn help_and_version_are_no_errors() {
    let dir = Dir::new(Host::LinkedIn);
    let help = dir.remora().arg("--help").run();
    assert!(help.ended(0).silent().text().contains("sweep"));
    let help = dir.remora().args(["sweep", "--help"]).run();
    for option in ["--since", "--plugin", "--strict", "--validate", "Exit status"] {
        assert!(help.ended(0).silent().text().contains(option), "{option}");
    }
    let version = dir.remora().arg("--version").run();
    assert!(version.ended(0).silent().text().starts_with("remora "));
}

#[test]
fn quiet_says_errors_only_and_verbose_says_more() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("half.ndjson", row("d1", "host-1", "supremocontrol.com") + "\n{\n");
    dir.create("picture.png", b"\x89PNG\r\n\x1a\n");
    dir.sweep().args(["-q", "half.ndjson"]).run().ended(0).silent();
    dir.sweep().args(["-q", "picture.png"]).run().ended(2).said(&["nothing was swept"]);
    if cfg!(target_os = "linux") {
        let loaded = Dir::new(Host::Loaded);
        let ran = loaded.sweep().args(["-v", "--output", "ndjson"]).stdin("").run();
        ran.ended(0).said(&["replaces the linked-in detector", "supremo"]);
    }
}

// What an answer does not say.

remora_test!(a_window_beside_all_events_is_told, |dir, sweep| {
    dir.create("net.ndjson", row("d1", "host-1", "supremocontrol.com"));
    let ran = sweep.args(["--since", "2026-02-01", "net.ndjson"]).run();
    ran.ended(0).said(&["no event is within the window", "2026-01-11T08:00:00Z", "last-event"]);
    dir.sweep().args(["--since", "2026-01-11", "net.ndjson"]).run().ended(0).silent();
    let ran = dir.sweep().args(["--until", "2026-01-10", "net.ndjson"]).run();
    ran.ended(0).said(&["no event is within the window"]);
});

remora_test!(an_export_that_ends_at_a_limit_is_told, |dir, sweep| {
    let rows = |count: usize| (row("d1", "host-1", "x.example") + "\n").repeat(count);
    dir.create("cut.ndjson", rows(10_000));
    dir.create("whole.ndjson", rows(10_001));
    let ran = sweep.args(["cut.ndjson", "whole.ndjson"]).run();
    ran.ended(0).said(&["cut.ndjson", "10000 rows exactly"]);
    assert!(!ran.stderr.contains("whole.ndjson"), "{}", ran.stderr);
    let cut: Vec<bool> =
        ran.report().summary.inputs.iter().map(|input| input.probably_cut.is_some()).collect();
    assert_eq!(cut, [true, false]);
});

remora_test!(inputs_that_overlap_are_told, |dir, sweep| {
    let event = row("d1", "host-1", "supremocontrol.com");
    dir.create("a.ndjson", event.clone());
    dir.create("b.ndjson", event);
    let ran = sweep.args(["--output", "table", "a.ndjson", "b.ndjson"]).run();
    let told = "overlap    a.ndjson and b.ndjson: 1 events with a finding are in both\n";
    assert!(ran.ended(0).silent().text().contains(told), "{}", ran.text());
});

// What is generated.

#[test]
fn completions_and_the_manual_know_every_command() {
    let dir = Dir::new(Host::LinkedIn);
    let help = dir.remora().arg("--help").run();
    let commands: Vec<String> = help
        .text()
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|name| name != "help")
        .collect();
    assert!(commands.len() > 4, "{commands:?}");
    let man = dir.remora().arg("man").run();
    man.ended(0).silent();
    for command in &commands {
        let page = format!("remora\\-{command}");
        assert!(man.text().contains(&page), "no page for {command}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = dir.remora().args(["completions", shell]).run();
        script.ended(0).silent();
        for command in &commands {
            assert!(script.text().contains(command), "{shell} does not know {command}");
        }
    }
}

remora_test!(progress_is_for_terminals, |dir, sweep| {
    let rows = (row("d1", "host-1", "supremocontrol.com") + "\n").repeat(50_000);
    dir.create("net.ndjson", rows);
    // Neither the pipe that a test reads nor the option shows it.
    sweep.arg("net.ndjson").run().ended(0).silent();
    dir.sweep().args(["--no-progress", "net.ndjson"]).run().ended(0).silent();
});

/// Whoever closed standard error does not want the warnings, and the report all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_standard_error_costs_no_report() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("bad.ndjson", "not a log\n");
    dir.create("good.ndjson", "{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":\"d\",\"DeviceName\":\"h\",\"ReportId\":1,\"ActionType\":\"ConnectionSuccess\",\"RemoteUrl\":\"supremocontrol.com\"}\n");
    let mut child = dir.sweep().args(["--output", "ndjson", "bad.ndjson", "good.ndjson"]).spawn();
    drop(child.stderr.take());
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("remora ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("supremo.domain"));
}
