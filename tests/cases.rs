//! Input lines and the sightings that they must give: `cases/*.toml`.
//!
//! Data first, so that a case can be added without knowing this code. Each
//! case is swept with the detector linked in and loaded as a plugin, which
//! must print the same bytes, and once more on one thread with every record
//! parsed, which must print the same sightings. Of a sighting only the keys
//! that a case names are compared; how many sightings there are always is.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    report::{How, Report},
    util::{Dir, Host, on_each_host, root},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Arguments, before the inputs.
    #[serde(default)]
    args: Vec<String>,
    /// Files by name, swept in this order.
    inputs: BTreeMap<String, String>,
    /// Every sighting, in the order of the output; the keys that matter.
    #[serde(default)]
    sightings: Vec<Value>,
    /// The figures that matter.
    summary: Option<Value>,
}

fn read<T: for<'de> Deserialize<'de>>(file: &str) -> T {
    let path = root().join("tests/cases").join(file);
    let text = fs::read_to_string(&path).expect("the case file can be read");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What of `expected` is not in `got`: the first difference, with its path.
/// Objects may have more keys than expected, lists no more elements. The key
/// `absent` lists keys that must not be there.
fn difference(expected: &Value, got: &Value, path: &str) -> Option<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected.iter().find_map(|(key, want)| {
            if key == "absent" {
                let names = want.as_array().expect("`absent` is a list of keys");
                let there = names.iter().find(|name| got.contains_key(name.as_str().unwrap_or("")));
                return there.map(|name| format!("{path}.{name} is there"));
            }
            match got.get(key) {
                Some(value) => difference(want, value, &format!("{path}.{key}")),
                None => Some(format!("{path}.{key} is absent")),
            }
        }),
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            let mut pairs = expected.iter().zip(got).enumerate();
            pairs.find_map(|(at, (want, value))| difference(want, value, &format!("{path}[{at}]")))
        }
        _ if expected == got => None,
        _ => Some(format!("{path}: expected {expected}, got {got}")),
    }
}

/// The sighting lines of an ndjson report, and its summary.
fn split(text: &str) -> (Vec<&str>, &str) {
    let mut lines: Vec<&str> = text.lines().collect();
    let summary = lines.pop().expect("a report has a summary");
    (lines, summary)
}

impl Case {
    fn sweep(&self, dir: &Dir, more: &[&str]) -> String {
        for (name, content) in &self.inputs {
            dir.create(name, content);
        }
        let mut sweep = dir.sweep();
        sweep.args(["--output", "ndjson"]).args(&self.args).args(more).args(self.inputs.keys());
        let ran = sweep.run();
        ran.ended(0).silent();
        // Reads every line as what docs/output.md says it is.
        ran.report();
        ran.text().to_owned()
    }

    fn check(&self, file: &str) {
        on_each_host(|dir, _| {
            let text = self.sweep(dir, &[]);
            let (lines, summary) = split(&text);
            let json = |line: &&str| serde_json::from_str::<Value>(line).expect("a line is JSON");
            let got = Value::Array(lines.iter().map(json).collect());
            let want = Value::Array(self.sightings.clone());
            let wrong = difference(&want, &got, "sightings").or_else(|| {
                self.summary.as_ref().and_then(|want| difference(want, &json(&summary), "summary"))
            });
            if let Some(wrong) = wrong {
                panic!("{file}: {}\n{wrong}\n{text}", self.name);
            }
        });
        let dir = Dir::new(Host::LinkedIn);
        let (screened, validated) =
            (self.sweep(&dir, &[]), self.sweep(&dir, &["--validate", "--threads", "1"]));
        eqnice!(
            split(&screened).0.join("\n"),
            split(&validated).0.join("\n"),
            "{file}: {}: screened, then --validate",
            self.name
        );
    }
}

fn run(file: &str) {
    let cases: Cases = read(file);
    for case in &cases.case {
        case.check(file);
    }
}

macro_rules! case_files {
    ($($test:ident $file:literal)*) => {
        $(#[test] fn $test() { run($file); })*

        #[test]
        fn every_case_file_is_run() {
            let mut listed = vec!["remote_url.toml", $($file),*];
            let folder = fs::read_dir(root().join("tests/cases")).unwrap();
            let mut there: Vec<String> = folder
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            listed.sort_unstable();
            there.sort_unstable();
            assert_eq!(there, listed);
        }
    };
}

case_files! {
    rules "rules.toml"
    keys "keys.toml"
    report_ids "report_ids.toml"
    windows "windows.toml"
    confidence "confidence.toml"
    catalog "catalog.toml"
    tables "tables.toml"
    by_tool "by_tool.toml"
    zeek "zeek.toml"
}

/// A row of `cases/remote_url.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Url {
    /// The value; none for a record without the column.
    value: Option<String>,
    /// The value as JSON, where it is no string.
    json: Option<String>,
    /// Whether KQL's `has` meets it.
    has: bool,
    /// Whether a strict domain match would.
    suffix: bool,
    /// How the name stands in it.
    how: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Urls {
    url: Vec<Url>,
}

const CONNECTION_RULE: &str = "889b90bc-599e-4e28-bb19-1ffc04dbf80b";

fn device(at: usize) -> String {
    format!("row-{at:03}")
}

fn as_ndjson(urls: &[Url]) -> String {
    let mut text = String::new();
    for (at, url) in urls.iter().enumerate() {
        let column = match (&url.value, &url.json) {
            (Some(value), None) => format!(",\"RemoteUrl\":{}", Value::from(value.as_str())),
            (None, Some(json)) => format!(",\"RemoteUrl\":{json}"),
            (None, None) => String::new(),
            (Some(_), Some(_)) => panic!("a row has one value"),
        };
        text += &format!(
            "{{\"DeviceId\":\"{}\",\"ActionType\":\"ConnectionSuccess\",\
             \"InitiatingProcessVersionInfoCompanyName\":\"NanoSystems\"{column}}}\n",
            device(at)
        );
    }
    text
}

fn as_csv(urls: &[Url]) -> Vec<u8> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let company = "InitiatingProcessVersionInfoCompanyName";
    csv.write_record(["DeviceId", "ActionType", "RemoteUrl", company]).expect("written");
    for (at, url) in urls.iter().enumerate() {
        let value = url.value.as_deref().unwrap_or_default();
        csv.write_record([&device(at), "ConnectionSuccess", value, "NanoSystems"])
            .expect("written");
    }
    csv.into_inner().expect("written")
}

fn check_urls(urls: &[Url], report: &Report) {
    let fired = |rule: &str| -> BTreeMap<&str, Option<How>> {
        let of_rule = report.by_rule.iter().filter(|sighting| sighting.rule == rule);
        of_rule.map(|s| (s.device_id.as_str(), s.witnesses[0].how)).collect()
    };
    let (portable, upstream) = (fired("supremo.domain"), fired(CONNECTION_RULE));
    for (at, url) in urls.iter().enumerate() {
        let row = device(at);
        let shown = url.value.as_deref().or(url.json.as_deref()).unwrap_or("(absent)");
        assert_eq!(portable.contains_key(row.as_str()), url.has, "supremo.domain: {shown}");
        assert_eq!(upstream.contains_key(row.as_str()), url.has, "upstream: {shown}");
        let how = portable.get(row.as_str()).copied().flatten();
        let strict = matches!(how, Some(How::Exact | How::Subdomain));
        assert_eq!(strict, url.suffix, "{shown}: {how:?}");
        let how = how.map(|how| format!("{how:?}").to_lowercase());
        assert_eq!(how, url.how, "{shown}");
    }
}

#[test]
fn remote_urls_as_kql_reads_them() {
    let Urls { url } = read("remote_url.toml");
    on_each_host(|dir, sweep| {
        dir.create("urls.ndjson", as_ndjson(&url));
        dir.create("urls.csv", as_csv(&url));
        let lines = sweep.args(["--output", "ndjson", "urls.ndjson"]).run();
        check_urls(&url, &lines.ended(0).report());
        let table = dir.sweep().args(["--output", "ndjson", "urls.csv"]).run();
        check_urls(&url, &table.ended(0).report());
    });
}
