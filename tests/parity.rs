use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read as _,
};

use remora_tests::{built, remora, report, root};
use serde_json::Value;

const RULES: [(&str, &str); 3] = [
    ("net", "889b90bc-599e-4e28-bb19-1ffc04dbf80b"),
    ("proc", "81c97abb-353e-4643-8321-9e3b1b67fc58"),
    ("sig", "a8c85d8f-1bb0-4c0e-8983-de136a7bf2e6"),
];

type Rows = BTreeMap<(String, String, String, String), (String, String, BTreeSet<String>, u64)>;

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// An instant without the zeros that Defender fills up with.
fn time(value: &Value, key: &str) -> String {
    let text = text(value, key);
    match text.trim_end_matches('Z').split_once('.') {
        Some((whole, fraction)) if !fraction.trim_end_matches('0').is_empty() => {
            format!("{whole}.{}", fraction.trim_end_matches('0'))
        }
        Some((whole, _)) => whole.to_owned(),
        None => text.trim_end_matches('Z').to_owned(),
    }
}

#[test]
fn each_rule_gives_exactly_the_rows_of_its_query() {
    let cases = root().join("../shared/data/cases");
    if !cases.exists() {
        println!("skipped: the labelled events are not at hand");
        return;
    }
    let mut expected = String::new();
    let file = File::open(cases.join("expected.ndjson.gz")).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut expected).unwrap();
    let mut want = Rows::new();
    for line in expected.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let rule = RULES.iter().find(|rule| line["tool"] == "SupRemo" && line["kind"] == rule.0);
        let (Some((kind, id)), row) = (rule, &line["row"]) else { continue };
        let third = match *kind {
            "net" => text(row, "RemoteUrl"),
            "proc" => text(row, "AccountUpn"),
            _ => String::new(),
        };
        let key = ((*id).to_owned(), text(row, "DeviceId"), text(row, "DeviceName"), third);
        let reports = row["Report"].as_array().unwrap().iter();
        let reports = reports.map(|id| id.to_string().trim_matches('"').to_owned()).collect();
        let first_last = (time(row, "FirstSeen"), time(row, "LastSeen"));
        want.insert(key, (first_last.0, first_last.1, reports, row["Count"].as_u64().unwrap()));
    }
    assert!(!want.is_empty());
    let plugin = built().plugin.display().to_string();
    let dir = tempfile::tempdir().unwrap();
    let inputs: Vec<String> = ["network", "process", "filesig"]
        .map(|name| cases.join(format!("{name}.ndjson.gz")).display().to_string())
        .to_vec();
    let more: [&[&str]; 4] =
        [&["--threads", "1"], &["--threads", "8"], &["--validate"], &["--plugin", &plugin]];
    let mut sightings: Option<Vec<Value>> = None;
    for more in more {
        let now = "2026-01-15T12:00:00Z";
        let mut args = vec!["sweep", "--since", "5d", "--now", now, "--output", "ndjson"];
        args.extend(more.iter().copied().chain(inputs.iter().map(String::as_str)));
        let (lines, _) = report(&remora(dir.path(), &args, b""));
        let mut got = Rows::new();
        for line in &lines {
            if !RULES.iter().any(|rule| line["rule"] == rule.1) {
                continue;
            }
            let third = text(line, "remote_url") + &text(line, "account");
            let key =
                (text(line, "rule"), text(line, "device_id"), text(line, "device_name"), third);
            let reports = line["reports"].as_array().unwrap().iter();
            let reports = reports.map(|id| id.as_str().unwrap().to_owned()).collect();
            let count = line["count"].as_u64().unwrap();
            got.insert(key, (time(line, "first_seen"), time(line, "last_seen"), reports, count));
        }
        assert_eq!(got, want, "{more:?}");
        // Screened or not, on one thread or eight, linked in or loaded: the same.
        assert_eq!(*sightings.get_or_insert_with(|| lines.clone()), lines, "{more:?}");
    }
}
