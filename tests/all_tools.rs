//! The list's rule for all tools at once, against our rules by name.
//!
//! The list has one rule that asks a connection's URL for the names of every
//! tool. What it finds must be what `<tool>.domain` of all tools find together:
//! per device the same report ids, and as many events, one of two tools
//! counted once. Both run in the engine; over the labelled events, whose
//! expected rows are an independent reading of the query, and over events that
//! are made of every name, so that it holds in a lone clone too. Rows have a
//! URL here or no name at all: the rules by name ask other columns besides,
//! which the list's rule does not know.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use jiff::Timestamp;
use remora_abi::{field, kind};
use remora_catalog::embedded_rule_sets;
use remora_engine::{
    host::{Detectors, LinkedIn, Plugins},
    sweep::{self, Input, Options, Origin, Window},
};
use remora_rules::{Expr, RuleSet, RuleSpec, compile};
use remora_sdk::{
    Error, Shim,
    rules::{Driven, RuleDriven},
};
use serde::Deserialize;

use crate::{
    parity::{TABLES, cases, unpack},
    util::{Dir, Host, root},
};

/// The list's rule.
const ALL: &str = "c65e2d45-2560-4ea5-913b-d3d88de10c42";
/// Any of our rules by name.
const ANY: &str = "any.domain";

fn domain_rules() -> Vec<RuleSpec> {
    let rules = embedded_rule_sets().flat_map(|set| set.rules);
    rules.filter(|rule| rule.id.ends_with(".domain")).collect()
}

/// The names that our rules ask a URL for.
fn names() -> BTreeSet<String> {
    fn collect(expr: &Expr, names: &mut BTreeSet<String>) {
        match expr {
            Expr::And(all) | Expr::Or(all) => all.iter().for_each(|one| collect(one, names)),
            Expr::Text(text) if text.field == field::REMOTE_URL => {
                names.extend(text.literals.iter().cloned());
            }
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    domain_rules().iter().for_each(|rule| collect(&rule.expr, &mut names));
    names
}

/// The two rules as a detector.
struct Two;

impl RuleDriven for Two {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "all-tools", tools: ["all"], techniques: ["T1219"]);

    fn rule_sets() -> Result<Vec<RuleSet>, Error> {
        let rule = |id: &str, expr: Expr| RuleSpec {
            id: id.to_owned(),
            title: id.to_owned(),
            kinds: vec![kind::CONNECTION],
            expr,
            keys: vec![field::DEVICE_ID, field::DEVICE_NAME],
            techniques: vec![],
            learns: None,
        };
        let quoted: Vec<String> = names().iter().map(|name| format!("{name:?}")).collect();
        let all = format!("RemoteUrl has_any ({})", quoted.join(", "));
        let all = compile(&all, &[kind::CONNECTION]).map_err(|wrong| wrong.to_string())?;
        let any = Expr::Or(domain_rules().into_iter().map(|rule| rule.expr).collect());
        Ok(vec![RuleSet {
            tool: "all".to_owned(),
            tool_name: "All".to_owned(),
            rules: vec![rule(ALL, all), rule(ANY, any)],
            indicators: vec![],
            instances: vec![],
        }])
    }
}

/// What a device's events gave, by id and name.
type Devices = BTreeMap<(String, String), Given>;

#[derive(Debug, Default, PartialEq, Eq)]
struct Given {
    reports: BTreeSet<String>,
    rows: u64,
    distinct: u64,
}

/// Sweeps `paths` with both detectors, and gives what the list's rule found,
/// after it has been compared with what ours found.
fn compare(paths: Vec<PathBuf>, window: Window) -> Devices {
    let linked_in = [
        LinkedIn { manifest: Two::MANIFEST, module: Shim::<Driven<Two>>::MODULE },
        LinkedIn {
            manifest: remora_catalog_detector::MANIFEST,
            module: remora_catalog_detector::MODULE,
        },
    ];
    let detectors = Detectors::start(&linked_in, &Plugins::default(), &[]).expect("they start");
    let input =
        |path: PathBuf| Input { name: path.display().to_string(), origin: Origin::Path(path) };
    let options = Options {
        inputs: paths.into_iter().map(input).collect(),
        window,
        threads: 2,
        ..Options::default()
    };
    let outcome = sweep::run(&detectors, &options).expect("it runs");
    assert!(outcome.problems.is_empty(), "{:?}", outcome.problems);
    let (mut all, mut any) = (Devices::new(), Devices::new());
    let mut together: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for one in outcome.by_rule.iter() {
        let key = |name: &str| {
            let key = one.keys.iter().find(|(key, _)| *key == name);
            key.map(|(_, value)| (*value).to_owned()).expect("every rule here has the key")
        };
        let reports = one.reports.iter().map(|id| id.clone().into_owned()).collect();
        let given = Given { reports, rows: one.common.count, distinct: one.common.distinct };
        match one.rule {
            ALL => drop(all.insert((key("device_id"), key("device_name")), given)),
            ANY => drop(any.insert((key("device_id"), key("device_name")), given)),
            rule if rule.ends_with(".domain") => {
                let device = (key("device_id"), key("device_name"));
                together.entry(device).or_default().extend(given.reports);
            }
            _ => {}
        }
    }
    assert_eq!(all, any, "the list's rule, then any of ours");
    let reports: BTreeMap<_, _> =
        all.iter().map(|(device, given)| (device.clone(), given.reports.clone())).collect();
    assert_eq!(reports, together, "the list's rule, then the sightings of all of ours");
    all
}

#[test]
fn the_names_are_those_of_the_list() {
    let path = root().join("../shared/data/upstream/rmm-tools/Network Indicators");
    let Ok(text) = fs::read_to_string(path.join("rmm__all_netconn.yaml")) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let (_, table) = text.split_once('[').expect("a datatable");
    let (table, _) = table.split_once("];").expect("the end of the datatable");
    let rows = table.lines().filter(|line| line.trim_start().starts_with('\''));
    let listed: BTreeSet<String> =
        rows.filter_map(|row| Some(row.split('\'').nth(1)?.to_owned())).collect();
    assert_eq!(listed.len(), 186);
    assert_eq!(listed, names());
}

#[derive(Deserialize)]
struct Expected {
    row: ExpectedRow,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ExpectedRow {
    #[serde(default)]
    device_id: String,
    #[serde(default)]
    device_name: String,
    report: Vec<serde_json::Value>,
    count: u64,
}

#[test]
fn the_labelled_events_give_the_rows_of_the_list_s_rule() {
    let Some(cases) = cases() else { return };
    let now: Timestamp = "2026-01-15T12:00:00Z".parse().expect("a time");
    let until = i64::try_from(now.as_nanosecond()).expect("a time of this century");
    let window = Window { since: Some(until - 5 * 86_400 * 1_000_000_000), until: Some(until) };
    let all = compare(vec![cases.join(format!("{}.ndjson.gz", TABLES[0]))], window);

    let text = String::from_utf8(unpack(cases.join("expected.ndjson.gz"))).expect("UTF-8");
    let mut want: BTreeMap<(String, String), (BTreeSet<String>, u64)> = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains("\"_all\"")) {
        let Expected { row } = serde_json::from_str(line).expect("an expected row");
        let entry = want.entry((row.device_id, row.device_name)).or_default();
        entry.0.extend(row.report.iter().map(ToString::to_string));
        entry.1 += row.count;
    }
    assert!(!want.is_empty(), "there are expected rows");
    let got: BTreeMap<_, _> =
        all.into_iter().map(|(device, given)| (device, (given.reports, given.rows))).collect();
    assert_eq!(want, got);
}

/// What a URL can make of a name, and whether the rule must find it there.
/// `{}` is the name, `{other}` that of another tool.
const SHAPES: [(&str, bool); 16] = [
    ("{}", true),
    ("https://{}:443/x", true),
    ("a.b.{}", true),
    ("{}.", true),
    ("{}.evil.example", true),
    ("my-{}", true),
    ("_{}", true),
    ("https://{}@evil.example/", true),
    ("https://evil.example/?next={}", true),
    ("https://{}/?r={other}", true),
    ("evil.example/{other}", true),
    ("x{}", false),
    ("{}2", false),
    ("https%3A%2F%2F{}%2F", false),
    ("é{}", false),
    ("", false),
];

#[test]
fn events_of_every_name_give_the_same_rows() {
    let names: Vec<String> = names().into_iter().collect();
    assert!(names.len() > 100, "{names:?}");
    let (mut text, mut found) = (String::new(), 0);
    for (at, name) in names.iter().enumerate() {
        let other = &names[(at + names.len() / 2) % names.len()];
        // Where a shape spoils the name, one that stands in it may be whole still.
        let inner = names.iter().any(|inner| inner != name && name.contains(inner.as_str()));
        for (number, (shape, hit)) in SHAPES.iter().enumerate() {
            if inner && !hit {
                continue;
            }
            let url = shape.replace("{other}", other).replace("{}", name);
            let url = if at % 3 == 1 { url.to_uppercase() } else { url };
            found += u64::from(*hit);
            // Report ids repeat; every eighth event is there twice; one device has two names.
            let row = format!(
                "{{\"Timestamp\":\"2026-01-11T08:{:02}:{:02}Z\",\"DeviceId\":\"d{}\",\
                 \"DeviceName\":\"host-{}\",\"ReportId\":{},\"ActionType\":\"ConnectionSuccess\",\
                 \"RemoteUrl\":{}}}\n",
                at % 60,
                number,
                at % 5,
                at % 10,
                (at * SHAPES.len() + number) % 400,
                serde_json::Value::from(url),
            );
            text += &row;
            if (at + number) % 8 == 0 {
                found += u64::from(*hit);
                text += &row;
            }
        }
    }
    let dir = Dir::new(Host::LinkedIn);
    dir.create("net.ndjson", text);
    let all = compare(vec![dir.path("net.ndjson")], Window::default());
    assert_eq!(all.len(), 10);
    assert_eq!(all.values().map(|given| given.rows).sum::<u64>(), found);
    assert!(all.values().all(|given| given.distinct < given.rows), "{all:?}");
}
