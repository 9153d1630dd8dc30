//! The rows that KQL gives over the labelled events.
//!
//! Beside a checkout of this repository there may be a folder `shared` with
//! 26,774 labelled events, and for every rule the rows that an independent
//! reading of its query gives. The three rules of SupRemo must give exactly
//! those, whatever form the events come in: packed, unpacked, as CSV, through
//! a pipe, in pieces, screened or not, on any number of threads, linked in or
//! loaded. Where the folder is absent these tests print that they skip.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Read as _,
    path::PathBuf,
};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    report::{Confidence, Sighting, Stage},
    util::{Dir, Host, TestCommand, root},
};

/// The kinds of the expected rows, and our rules.
const RULES: [(&str, &str); 3] = [
    ("net", "889b90bc-599e-4e28-bb19-1ffc04dbf80b"),
    ("proc", "81c97abb-353e-4643-8321-9e3b1b67fc58"),
    ("sig", "a8c85d8f-1bb0-4c0e-8983-de136a7bf2e6"),
];
pub(crate) const TABLES: [&str; 3] = ["network", "process", "filesig"];

pub(crate) fn cases() -> Option<PathBuf> {
    let cases = root().join("../shared/data/cases");
    if cases.exists() {
        return Some(cases);
    }
    println!("skipped: {} is not there", cases.display());
    None
}

pub(crate) fn unpack(path: PathBuf) -> Vec<u8> {
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut archive = MultiGzDecoder::new(file);
    let mut all = Vec::new();
    // Small reads are slow where the decoder is not optimised.
    let mut piece = vec![0; 1 << 20];
    loop {
        match archive.read(&mut piece).expect("the archive is whole") {
            0 => return all,
            length => all.extend_from_slice(&piece[..length]),
        }
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Rule, device id, device name, and the third key if the rule has one.
type Key = (String, String, String, String);

/// A row as KQL has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    first: Timestamp,
    last: Timestamp,
    reports: BTreeSet<String>,
    count: u64,
}

type Rows = BTreeMap<Key, Row>;

/// What our rows say beyond KQL's.
type More = BTreeMap<Key, (u64, Confidence, Stage)>;

#[derive(Deserialize)]
struct Expected {
    tool: String,
    kind: String,
    row: ExpectedRow,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ExpectedRow {
    #[serde(default)]
    device_id: String,
    #[serde(default)]
    device_name: String,
    #[serde(default)]
    account_upn: Option<String>,
    #[serde(default)]
    remote_url: String,
    first_seen: String,
    last_seen: String,
    report: Vec<serde_json::Value>,
    count: u64,
}

fn expected(cases: &std::path::Path) -> Rows {
    let text = String::from_utf8(unpack(cases.join("expected.ndjson.gz"))).expect("UTF-8");
    let mut rows = Rows::new();
    // Parsed only where the tool is named: there are thousands of others.
    for line in text.lines().filter(|line| line.contains("\"SupRemo\"")) {
        let line: Expected = serde_json::from_str(line).expect("an expected row");
        let rule = RULES.iter().find(|(kind, _)| line.kind == *kind);
        let (Some((kind, id)), "SupRemo") = (rule, line.tool.as_str()) else { continue };
        let row = line.row;
        let third = match *kind {
            "net" => row.remote_url,
            "proc" => row.account_upn.unwrap_or_default(),
            _ => String::new(),
        };
        let report = |id: serde_json::Value| match id {
            serde_json::Value::String(text) => text,
            number => number.to_string(),
        };
        let key = ((*id).to_owned(), row.device_id, row.device_name, third);
        let row = Row {
            first: instant(&row.first_seen),
            last: instant(&row.last_seen),
            reports: row.report.into_iter().map(report).collect(),
            count: row.count,
        };
        assert!(rows.insert(key, row).is_none(), "the expected rows name a group twice");
    }
    assert!(!rows.is_empty(), "there are expected rows");
    rows
}

fn rows(sightings: &[Sighting]) -> (Rows, More) {
    let (mut rows, mut more) = (Rows::new(), More::new());
    for one in sightings {
        let upstream = RULES.iter().any(|(_, id)| one.rule == *id);
        let third = one.remote_url.clone() + &one.account + &one.remote_host;
        let key = (one.rule.clone(), one.device_id.clone(), one.device_name.clone(), third);
        more.insert(key.clone(), (one.distinct, one.confidence, one.stage));
        if upstream {
            let time = |time: &Option<String>| instant(time.as_deref().expect("a time"));
            let row = Row {
                first: time(&one.first_seen),
                last: time(&one.last_seen),
                reports: one.reports.iter().cloned().collect(),
                count: one.count,
            };
            assert_eq!(row.reports.len(), one.reports.len(), "a set has no element twice");
            rows.insert(key, row);
        }
    }
    (rows, more)
}

/// The first group that differs, so that a failure can be read.
fn compare(want: &Rows, got: &Rows, what: &str) {
    let keys: BTreeSet<&Key> = want.keys().chain(got.keys()).collect();
    let wrong: Vec<&Key> = keys.into_iter().filter(|key| want.get(*key) != got.get(*key)).collect();
    if let Some(first) = wrong.first() {
        panic!(
            "{what}: {} of {} groups differ; the first is {first:?}:\nexpected {:?}\ngot      {:?}",
            wrong.len(),
            want.len(),
            want.get(*first),
            got.get(*first)
        );
    }
}

/// A sweep of the queries' own five days.
fn sweep(dir: &Dir) -> TestCommand<'_> {
    let mut sweep = dir.sweep();
    sweep.args(["--since", "5d", "--now", "2026-01-15T12:00:00Z", "--output", "ndjson"]);
    sweep
}

/// Puts the packed tables where `dir` can name them.
pub(crate) fn link_tables(dir: &Dir, cases: &std::path::Path) -> Vec<String> {
    TABLES
        .map(|table| {
            let name = format!("{table}.ndjson.gz");
            fs::copy(cases.join(&name), dir.path(&name)).expect("copied");
            name
        })
        .to_vec()
}

/// What the packed tables give, and that it is what KQL gives.
fn baseline(dir: &Dir, cases: &std::path::Path) -> (String, Rows, More) {
    let want = expected(cases);
    let ran = sweep(dir).args(link_tables(dir, cases)).run();
    let report = ran.ended(0).silent().report();
    assert_eq!(report.summary.records, 26_774);
    let (got, more) = rows(&report.by_rule);
    compare(&want, &got, "packed");
    (ran.text().to_owned(), want, more)
}

#[test]
fn any_way_of_sweeping_gives_the_same_bytes() {
    let Some(cases) = cases() else { return };
    let dir = Dir::new(Host::LinkedIn);
    let (text, _, _) = baseline(&dir, &cases);
    let again = |dir: &Dir, args: &[&str]| {
        let ran = sweep(dir).args(args).args(link_tables(dir, &cases)).run();
        ran.ended(0).silent();
        ran.text().to_owned()
    };
    for threads in ["1", "8"] {
        eqnice!(text, again(&dir, &["--threads", threads]), "{threads} threads");
    }
    if let Some(host) = Host::all().iter().find(|host| **host == Host::Loaded) {
        eqnice!(text, again(&Dir::new(*host), &[]), "the plugin loaded");
    }
    // The summary tells more of what was parsed; the sightings are the same.
    let lines =
        |text: &str| text.rsplit_once("\n{\"schema\":\"remora.summary").unwrap().0.to_owned();
    let validated = again(&dir, &["--validate"]);
    eqnice!(lines(&text), lines(&validated), "screened, then --validate");
}

#[test]
fn any_form_of_input_gives_the_rows_of_the_queries() {
    let Some(cases) = cases() else { return };
    let dir = Dir::new(Host::LinkedIn);
    let (_, want, wanted_more) = baseline(&dir, &cases);
    let check = |sweep: &mut TestCommand<'_>, what: &str| {
        let report = sweep.run().ended(0).silent().report();
        assert_eq!(report.summary.records, 26_774, "{what}");
        let (got, more) = rows(&report.by_rule);
        compare(&want, &got, what);
        assert_eq!(more, wanted_more, "{what}");
    };
    let tables = TABLES.map(|table| unpack(cases.join(format!("{table}.ndjson.gz"))));

    for (name, content) in TABLES.iter().zip(&tables) {
        dir.create(&format!("plain/{name}.ndjson"), content);
    }
    check(sweep(&dir).arg("plain"), "unpacked");

    // Kept, for the rules that look for what others learned.
    let kept = ["--spool", ".", "-"];
    check(sweep(&dir).args(kept).stdin(tables.concat()), "standard input");

    let archives = TABLES.map(|table| dir.read(&format!("{table}.ndjson.gz")));
    dir.create("all.gz", archives.concat());
    check(sweep(&dir).arg("all.gz"), "a gzip of several members");

    let all = tables.concat();
    let lines: Vec<&[u8]> = all.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..7 {
        let piece: Vec<&[u8]> = lines.iter().skip(at).step_by(7).copied().collect();
        dir.create(&format!("pieces/{at}.ndjson"), piece.concat());
    }
    check(sweep(&dir).arg("pieces"), "seven pieces");

    for (name, content) in TABLES.iter().zip(&tables) {
        dir.create(&format!("csv/{name}.csv"), to_csv(content));
    }
    check(sweep(&dir).arg("csv"), "CSV");
}

/// The rows of a table as a portal exports them: byte order mark, CRLF, a
/// column for every name that any row has.
fn to_csv(ndjson: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(ndjson).expect("the labelled events are UTF-8");
    let mut columns: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        let row: BTreeMap<String, &RawValue> = serde_json::from_str(line).expect("an object");
        for name in row.keys() {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        rows.push(row);
    }
    let cell = |value: &&RawValue| match value.get() {
        "null" => String::new(),
        text if text.starts_with('"') => serde_json::from_str(text).expect("a string"),
        other => other.to_owned(),
    };
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(b"\xef\xbb\xbf".to_vec());
    csv.write_record(&columns).expect("written");
    for row in &rows {
        let cells = columns.iter().map(|name| row.get(name).map(cell).unwrap_or_default());
        csv.write_record(cells).expect("written");
    }
    csv.into_inner().expect("written")
}
