//! The outputs: what `docs/output.md` promises of `table`, `json`, `ndjson` and
//! `csv`, over the office sample and over values that are made to do harm.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use unicode_width::UnicodeWidthStr as _;

use crate::{
    report::{Confidence, Cover, Report, Stage},
    util::{Dir, bless, root},
};

/// A row that `supremo.domain` meets, without a line end.
pub(crate) fn row(device_id: &str, device_name: &str, url: &str) -> String {
    let [device_id, device_name, url] = [device_id, device_name, url].map(Value::from);
    format!(
        "{{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":{device_id},\
         \"DeviceName\":{device_name},\"ReportId\":7,\"ActionType\":\"ConnectionSuccess\",\
         \"RemoteUrl\":{url}}}"
    )
}

/// Sweeps the office sample from the root, so that it is named as in the README.
pub(crate) fn office(dir: &Dir, args: &[&str]) -> String {
    let ran = dir.sweep().current_dir(&root()).args(args).arg("tests/samples/office").run();
    ran.ended(0).silent();
    ran.text().to_owned()
}

remora_test!(every_output_of_the_office, |dir, _sweep| {
    // Each on both hosts: `remora_test!` compares the bytes.
    for output in ["table", "json", "ndjson", "csv"] {
        for group in ["tool", "rule"] {
            let text = office(dir, &["--output", output, "--group", group]);
            let by_rule = group == "rule";
            match output {
                "ndjson" => {
                    let report = Report::read(&text);
                    assert_eq!(report.by_rule.is_empty(), !by_rule);
                    assert_eq!(report.by_tool.is_empty(), by_rule);
                }
                "json" if by_rule => drop(Report::read_object(&text)),
                "json" => drop(Report::read_object_by_tool(&text)),
                "csv" => assert!(!csv_rows(&text).is_empty()),
                _ => assert!(text.contains("SupRemo")),
            }
        }
    }
});

remora_test!(json_is_the_lines_of_ndjson_in_one_object, |dir, _sweep| {
    for group in ["tool", "rule"] {
        let text = office(dir, &["--output", "ndjson", "--group", group]);
        let mut lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let summary = lines.pop().unwrap();
        let object: Value =
            serde_json::from_str(&office(dir, &["--output", "json", "--group", group])).unwrap();
        assert_eq!(object, serde_json::json!({ "sightings": lines, "summary": summary }));
    }
});

remora_test!(a_pipe_gets_ndjson_by_rule_and_a_table_is_by_tool, |dir, _sweep| {
    eqnice!(office(dir, &[]), office(dir, &["--output", "ndjson", "--group", "rule"]));
    for output in ["json", "csv"] {
        let by_rule = office(dir, &["--output", output, "--group", "rule"]);
        eqnice!(by_rule, office(dir, &["--output", output]));
    }
    let by_tool = office(dir, &["--output", "table", "--group", "tool"]);
    eqnice!(by_tool, office(dir, &["--output", "table"]));
});

remora_test!(the_table_of_the_office, |dir, _sweep| {
    let table = office(dir, &["--output", "table"]);
    let snapshot = root().join("tests/snapshots/office.txt");
    if bless() {
        fs::write(&snapshot, &table).unwrap();
    }
    let known = fs::read_to_string(&snapshot).unwrap_or_default();
    eqnice!(known, table, "tests/snapshots/office.txt; REMORA_BLESS=1 rewrites it");
    assert_fits(&table);
});

/// Within 100 columns, and nothing in it that a terminal would obey.
fn assert_fits(table: &str) {
    for line in table.lines() {
        assert!(line.width() <= 100, "{} columns: {line}", line.width());
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert_eq!(line, line.trim_end(), "blanks at the end of a line");
    }
}

/// What an intruder would like to be shown as something else: it ends lines, moves the cursor,
/// colours, sets the title, reorders and hides text.
const HOSTILE: &str = "\u{1b}[2K\u{1b}]0;x\u{7}\r\n\u{9b}1A\u{202e}txt\u{200b}\u{0}\u{8}ok";

#[cfg(unix)]
remora_test!(no_value_rewrites_the_terminal, |dir, sweep| {
    let name = "evil\u{1b}[31m\u{202e}.ndjson";
    let event = row("d1", HOSTILE, &format!("https://supremocontrol.com/{HOSTILE}"));
    let fields = format!(
        ",\"InitiatingProcessFileName\":{0},\"InitiatingProcessAccountUpn\":{0}}}",
        Value::from(HOSTILE)
    );
    dir.create(name, event.trim_end_matches('}').to_owned() + &fields + "\n{\"\u{1b}[31m\n");
    dir.create("evil\u{1b}[31m.txt", "\u{1b}[31m");
    for args in [&["--group", "tool"], &["--group", "rule"]] {
        let ran = dir.sweep().args(args).args(["--output", "table", "."]).run();
        ran.ended(0).said(&["evil", ":2: "]);
        let table = ran.text();
        assert_fits(table);
        assert!(table.contains("\\u{1b}[2K") && table.contains("\\u{202e}"), "{table}");
        let obeyed = |c: char| c.is_control() && c != '\n';
        assert!(!ran.stderr.contains(obeyed), "{:?}", ran.stderr);
    }
    // With colours the escapes are ours alone.
    let colours = sweep.args(["--output", "table", "--color", "always", "."]).run();
    let table = colours.ended(0).text();
    assert!(table.contains("\u{1b}["));
    for after in table.split('\u{1b}').skip(1) {
        let end = after.find('m').expect("a colour ends");
        let code = after[..end].strip_prefix('[').expect("a colour begins");
        assert!(code.chars().all(|c| c.is_ascii_digit() || c == ';'), "{code}");
    }
    assert!(!table.contains(['\u{7}', '\u{9b}', '\u{202e}', '\u{8}']));
    // A machine gets the value as it is.
    let report = dir.sweep().args(["--output", "ndjson", "."]).run().report();
    assert_eq!(report.by_rule[0].device_name, HOSTILE);
});

remora_test!(long_and_wide_values_stay_within_the_table, |dir, sweep| {
    let wide = "電腦".repeat(40);
    let long = "x".repeat(300);
    let rows = [
        row("d1", &wide, &format!("https://supremocontrol.com/{wide}")),
        row("d2", &long, &format!("https://supremocontrol.com/{long}")),
        row("d3", "e\u{301}\u{1f469}\u{200d}\u{1f4bb}", "supremocontrol.com"),
    ];
    dir.create("net.ndjson", rows.join("\n"));
    for group in ["tool", "rule"] {
        let table = dir.sweep().args(["--output", "table", "--group", group, "net.ndjson"]).run();
        assert_fits(table.ended(0).text());
    }
    sweep.args(["--output", "table", "--color", "never", "net.ndjson"]).run().ended(0);
});

/// The rows of a CSV report, by column.
fn csv_rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().map(|row| row.expect("a row has the header's columns"));
    rows.collect()
}

remora_test!(csv_has_the_sightings_and_runs_no_formula, |dir, sweep| {
    let formulas = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"];
    let mut rows: Vec<String> =
        formulas.iter().map(|formula| row(formula, formula, "supremocontrol.com")).collect();
    rows.push(row("a=b", "plain, \"quoted\"\r\nname", "supremocontrol.com"));
    dir.create("net.ndjson", rows.join("\n"));
    for group in ["rule", "tool"] {
        let ran = dir.sweep().args(["--output", "csv", "--group", group, "net.ndjson"]).run();
        let rows = csv_rows(ran.ended(0).text());
        assert_eq!(rows.len(), 7);
        for cell in rows.iter().flat_map(|row| row.values()) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{cell:?}");
        }
        let column = if group == "rule" { "device_name" } else { "device" };
        let names: BTreeSet<&str> = rows.iter().map(|row| row[column].as_str()).collect();
        let disarmed = formulas.iter().map(|formula| format!("'{formula}"));
        for name in disarmed.chain(["plain, \"quoted\"\r\nname".to_owned()]) {
            assert!(names.contains(name.as_str()), "{name:?} is not in {names:?}");
        }
    }
    // The same figures as in the lines.
    let ran = sweep.args(["--output", "ndjson", "net.ndjson"]).run();
    let table = dir.sweep().args(["--output", "csv", "net.ndjson"]).run();
    for (sighting, row) in ran.report().by_rule.iter().zip(csv_rows(table.text())) {
        assert_eq!(sighting.id, row["id"]);
        assert_eq!(sighting.count.to_string(), row["count"]);
        assert_eq!(sighting.reports.join(";"), row["reports"]);
        assert_eq!(sighting.first_seen.as_deref(), Some(row["first_seen"].as_str()));
    }
});

remora_test!(value_sets_are_cut_at_twenty, |dir, sweep| {
    let row = |number: u32| {
        format!(
            "{{\"DeviceId\":\"d1\",\"ReportId\":{number},\"ActionType\":\"ConnectionSuccess\",\
             \"RemoteUrl\":\"supremocontrol.com\",\"RemoteIP\":\"192.0.2.{}\",\"RemotePort\":{}}}\n",
            number % 25,
            1000 - number % 20
        )
    };
    dir.create("net.ndjson", (0..100).map(row).collect::<String>());
    let ran = sweep.args(["--output", "ndjson", "net.ndjson"]).run();
    let report = ran.ended(0).report();
    let [sighting] = &report.by_rule[..] else { panic!("{report:?}") };
    assert_eq!((sighting.remote_ips.len(), sighting.remote_ips_total), (20, Some(25)));
    assert!(sighting.remote_ips.is_sorted());
    assert_eq!(sighting.remote_ips[0], "192.0.2.0");
    // Numbers by value; a set that was not cut has no total beside it.
    assert_eq!(sighting.remote_ports, (981..=1000).collect::<Vec<i64>>());
    assert_eq!(sighting.remote_ports_total, None);
    // Report ids are not cut, and are sorted by value.
    let ids: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(sighting.reports, ids);
});

remora_test!(sightings_are_sorted_bytewise, |dir, sweep| {
    let names = ["b", "B", "a", "é", "z", "", "10", "9", "a b", "ab"];
    let rows: Vec<String> =
        names.iter().map(|name| row(name, "host", "supremocontrol.com")).collect();
    dir.create("net.ndjson", rows.join("\n"));
    let report = sweep.args(["--output", "ndjson", "net.ndjson"]).run().ended(0).report();
    let got: Vec<&str> = report.by_rule.iter().map(|one| one.device_id.as_str()).collect();
    assert_eq!(got, ["", "10", "9", "B", "a", "a b", "ab", "b", "z", "é"]);
});

/// As `docs/output.md` says it.
fn id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

remora_test!(an_id_is_the_hash_that_the_page_says, |dir, sweep| {
    let domain = id(&[
        "remora.sighting/1",
        "supremo",
        "supremo.domain",
        "",
        "d1",
        "host-1",
        "supremocontrol.com",
    ]);
    dir.create("net.ndjson", row("d1", "host-1", "https://SupremoControl.com/"));
    let report = sweep.args(["--output", "ndjson", "net.ndjson"]).run().ended(0).report();
    assert_eq!(report.by_rule[0].id, domain);
    let page = fs::read_to_string(root().join("docs/output.md")).unwrap();
    assert!(page.contains(&format!("is `{domain}`")), "the page's example has another id");

    let tool = id(&["remora.tool-sighting/1", "supremo", "", "id", "d1", ""]);
    let ran = dir.sweep().args(["--output", "ndjson", "--group", "tool", "net.ndjson"]).run();
    assert_eq!(ran.report().by_tool[0].id, tool);
});

remora_test!(every_id_of_the_office_is_its_keys, |dir, _sweep| {
    let report = Report::read(&office(dir, &[]));
    for one in &report.by_rule {
        let mut parts = vec![one.schema.as_str(), &one.tool, &one.rule, &one.tenant];
        parts.extend([one.device_id.as_str(), &one.device_name]);
        match one.rule.as_str() {
            "889b90bc-599e-4e28-bb19-1ffc04dbf80b" => parts.push(&one.remote_url),
            "81c97abb-353e-4643-8321-9e3b1b67fc58" => parts.push(&one.account),
            "supremo.domain" => parts.push(&one.remote_host),
            _ => {}
        }
        assert_eq!(one.id, id(&parts), "{parts:?}");
    }
    let report = Report::read(&office(dir, &["--group", "tool"]));
    for one in &report.by_tool {
        // Known by their ids, which are shown as another name.
        let device = &one.device_aliases[0];
        let basis = one.device_basis.name();
        let parts = [&one.schema, &one.tool, &one.tenant, basis, device, &one.instance];
        assert_eq!(one.id, id(&parts), "{parts:?}");
    }
});

remora_test!(the_office_holds_what_its_page_says, |dir, _sweep| {
    let report = Report::read(&office(dir, &["--group", "tool"]));
    let found: Vec<(&str, Confidence, Stage)> = report
        .by_tool
        .iter()
        .map(|one| (one.device.split('.').next().unwrap(), one.confidence, one.stage))
        .collect();
    use Confidence::{Confirmed, Likely, Possible};
    assert_eq!(
        found,
        [
            ("acct-07", Confirmed, Stage::Contacted),
            ("design-03", Possible, Stage::Present),
            ("hr-02", Possible, Stage::Contacted),
            ("lab-04", Possible, Stage::Contacted),
            ("ops-09", Confirmed, Stage::Executed),
            ("sales-05", Possible, Stage::Contacted),
            ("srv-db-01", Likely, Stage::Contacted),
            ("web-11", Possible, Stage::Contacted),
        ]
    );
});

#[test]
fn tools_without_rules_are_told_unless_others_are_named() {
    let dir = Dir::new(crate::util::Host::LinkedIn);
    dir.create("net.ndjson", row("d1", "host", "supremocontrol.com"));
    let coverage = |args: &[&str]| {
        let ran = dir.sweep().args(["--output", "ndjson"]).args(args).arg("net.ndjson").run();
        let coverage = ran.ended(0).report().summary.coverage;
        assert!(coverage.is_sorted_by(|one, other| one.tool < other.tool));
        coverage.into_iter().find(|one| one.tool == "auvik")
    };
    let told = coverage(&[]).expect("the catalog has no rule for it");
    assert_eq!(told.why, "no rule");
    assert_eq!([told.network, told.process, told.signature], [Cover::Blind; 3]);
    // Not asked for, or not known: the detector knows one tool.
    assert!(coverage(&["--tool", "supremo"]).is_none());
    assert!(coverage(&["--rule", "supremo.domain"]).is_none());
    assert!(coverage(&["--detector", "supremo"]).is_none());
    let ran = dir.sweep().args(["--tool", "supremo,auvik", "net.ndjson"]).run();
    ran.ended(2).said(&["\"auvik\"", "no rules"]);
    // One line for all of them.
    let ran = dir.sweep().args(["--output", "table", "net.ndjson"]).run();
    let lines = ran.text().lines().filter(|line| line.contains("auvik"));
    assert_eq!(lines.count(), 1, "{}", ran.text());
}

#[test]
fn a_device_with_two_installations_is_one_device() {
    let dir = Dir::new(crate::util::Host::LinkedIn);
    let relays = ["instance-a1-relay.screenconnect.com", "instance-b2-relay.screenconnect.com"];
    dir.create("net.ndjson", relays.map(|relay| row("d1", "host", relay)).join("\n"));
    let ran = dir.sweep().args(["--output", "table", "--tool", "connectwise", "net.ndjson"]).run();
    let text = ran.ended(0).text();
    for part in [" on 1 device ", "instance a1", "instance b2"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
