//! The published rules, as they are, over labelled events. Both lie in a
//! folder beside the workspace that not everybody has; without it these tests
//! say that they skip.

mod naive;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use naive::Event;
use remora_rules::{
    Expr, Index, Program, Required, TextOp, TextPredicate, Truth,
    abi::{Field, Kind, field, kind},
    compile,
    required::required,
};
use serde::Deserialize;
use serde_json::Value;

/// The folder of shared data, if there is one.
fn shared() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let data = workspace.parent()?.join("shared/data");
    if data.is_dir() {
        return Some(data);
    }
    println!("skipped: {} is absent", data.display());
    None
}

#[derive(Deserialize)]
struct Audit {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    tool: String,
    kind: String,
    table: String,
    preferred: bool,
    #[serde(rename = "where")]
    tree: Value,
    where_text: String,
    query: String,
    repairs: Vec<String>,
    #[serde(default)]
    datatable: Vec<BTreeMap<String, String>>,
}

impl Rule {
    fn name(&self) -> String {
        format!("{}:{}", self.tool, self.kind)
    }

    fn kind(&self) -> Kind {
        match self.table.as_str() {
            "DeviceNetworkEvents" => kind::CONNECTION,
            "DeviceProcessEvents" => kind::PROCESS,
            "DeviceFileCertificateInfo" => kind::SIGNATURE,
            other => panic!("unknown table {other}"),
        }
    }

    /// Whether the condition can be read without a learned set.
    fn is_plain(&self) -> bool {
        !self.where_text.contains("<let ")
    }

    /// The condition, with the values of its table in place of the table, and
    /// with the `@` of verbatim literals, which the audit leaves out.
    fn text(&self) -> String {
        let values: Vec<_> = self.datatable.iter().map(|row| format!("'{}'", row["URI"])).collect();
        let text = self.where_text.replace(r"'\", r"@'\");
        text.replace("<datatable URI>", &format!("({})", values.join(", ")))
    }
}

fn audit(data: &Path) -> Audit {
    let file = File::open(data.join("upstream/rmm-tools-audit.json")).expect("the audit");
    serde_json::from_reader(BufReader::new(file)).expect("a readable audit")
}

/// The audit's own tree as ours.
fn tree(value: &Value, kind: Kind) -> Expr {
    let op = value["op"].as_str().expect("an operator");
    if let Some(args) = value["args"].as_array() {
        let terms = args.iter().map(|arg| tree(arg, kind)).collect();
        return if op == "and" { Expr::And(terms) } else { Expr::Or(terms) };
    }
    let column = value["column"].as_str().expect("a column");
    let field = field::alias(kind, column).expect("a known column");
    let op = match op {
        "has" => TextOp::Has,
        "has_any" => TextOp::HasAny,
        "startswith" => TextOp::StartsWith,
        "=~" => TextOp::Eq,
        "isempty" => return Expr::IsEmpty { field, negated: false },
        other => panic!("unexpected operator {other}"),
    };
    let literals = value["values"].as_array().expect("values");
    let literals = literals.iter().map(|text| text.as_str().expect("a text").to_owned()).collect();
    Expr::Text(TextPredicate { field, op, case_sensitive: false, negated: false, literals })
}

#[test]
fn published_conditions_are_read_as_they_are() {
    let Some(data) = shared() else { return };
    let rules = audit(&data).rules;
    let mut read = 0;
    for rule in rules.iter().filter(|rule| !rule.where_text.contains('<')) {
        let expr = compile(&rule.text(), &[rule.kind()])
            .unwrap_or_else(|error| panic!("{}", error.render(&rule.name(), false)));
        let expected = tree(&rule.tree, rule.kind());
        assert_eq!(expr, expected, "{}", rule.name());
        assert_eq!(expr.to_string(), expected.to_string());
        assert_eq!(compile(&expr.to_string(), &[rule.kind()]), Ok(expr), "{}", rule.name());
        read += 1;
    }
    assert_eq!(read, 359);
}

/// The `where` of the queries themselves, with their line ends, comments and
/// quotes: read like the repaired condition, or refused where it had to be
/// repaired.
#[test]
fn published_queries_are_read_or_refused() {
    let Some(data) = shared() else { return };
    let (mut read, mut refused) = (0, 0);
    for rule in audit(&data).rules.iter().filter(|rule| !rule.where_text.contains('<')) {
        let conditions: Vec<_> = rule
            .query
            .split('|')
            .map(str::trim)
            .filter(|part| part.starts_with("where") && !part.contains("Timestamp"))
            .collect();
        let [condition] = conditions[..] else { panic!("{}: {conditions:?}", rule.name()) };
        match compile(condition, &[rule.kind()]) {
            Ok(expr) => {
                assert!(rule.repairs.is_empty(), "{}: {condition}", rule.name());
                assert_eq!(Ok(expr), compile(&rule.text(), &[rule.kind()]), "{}", rule.name());
                read += 1;
            }
            Err(error) => {
                let shown = error.render(&rule.name(), false);
                assert!(!rule.repairs.is_empty(), "{shown}");
                refused += 1;
            }
        }
    }
    assert_eq!((read, refused), (355, 4));
}

/// Which columns the screen has to look at.
#[test]
fn published_rules_ask_for_few_fields() {
    let Some(data) = shared() else { return };
    let mut fields: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for rule in audit(&data).rules.iter().filter(|rule| rule.preferred && rule.is_plain()) {
        let expr = compile(&rule.text(), &[rule.kind()]).expect("a published rule");
        let Required::Interests(interests) = required(&expr, &[rule.kind()]) else {
            panic!("{} opens its kind", rule.name());
        };
        let mut asked: Vec<_> = interests.iter().map(|interest| interest.field.name()).collect();
        asked.dedup();
        *fields.entry(rule.kind().name()).or_default().entry(asked.join(" ")).or_default() += 1;
    }
    let connections = &fields["connection"];
    // Of 70; the one with a learned set would be the 64th.
    assert_eq!(connections["remote.url"], 63, "{fields:?}");
    assert_eq!(fields["signature"].keys().collect::<Vec<_>>(), ["file.signer"], "{fields:?}");
    for asked in fields["process"].keys().flat_map(|fields| fields.split(' ')) {
        let expected = ["process.company", "process.product", "process.name"];
        assert!(expected.contains(&asked), "{fields:?}");
    }
}

#[derive(Deserialize)]
struct Label {
    file: String,
    line: usize,
    rule: Option<String>,
    expect: bool,
    why: String,
}

fn lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Vec<T> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    BufReader::new(MultiGzDecoder::new(file))
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a readable line")).expect("valid JSON"))
        .collect()
}

fn event(row: &BTreeMap<String, Value>, kind: Kind) -> Event {
    let mut event = Event::default();
    for (column, value) in row {
        let Some(field) = field::alias(kind, column) else { continue };
        match value {
            Value::Null => {}
            Value::String(text) => drop(event.texts.insert(field, text.clone())),
            Value::Number(number) if field.is_number() => {
                event.numbers.insert(field, number.as_i64().expect("a whole number"));
            }
            other => drop(event.texts.insert(field, other.to_string())),
        }
    }
    event
}

#[test]
fn labelled_events_are_met_as_labelled() {
    let Some(data) = shared() else { return };
    let cases = data.join("cases");
    let events: BTreeMap<&str, Vec<Event>> = [
        ("network.ndjson", kind::CONNECTION),
        ("process.ndjson", kind::PROCESS),
        ("filesig.ndjson", kind::SIGNATURE),
    ]
    .into_iter()
    .map(|(name, kind)| {
        let rows: Vec<BTreeMap<String, Value>> = lines(&cases.join(format!("{name}.gz")));
        (name, rows.iter().map(|row| event(row, kind)).collect())
    })
    .collect();

    let mut programs = BTreeMap::new();
    let mut interests = Vec::new();
    for rule in audit(&data).rules.iter().filter(|rule| rule.preferred && rule.is_plain()) {
        let expr = compile(&rule.text(), &[rule.kind()]).expect("a published rule");
        let Required::Interests(more) = required(&expr, &[rule.kind()]) else {
            panic!("{} opens its kind", rule.name());
        };
        interests.extend(more);
        programs.insert(rule.name(), (rule.kind(), Program::new(&expr)));
    }
    let index = Index::new(&interests).expect("required interests can be indexed");
    let wanted = |kind: Kind, event: &Event| {
        index.fields(kind).iter().any(|field: &Field| {
            let value = event.texts.get(field).map_or("", String::as_str);
            index.wants(kind, *field, value.as_bytes())
        })
    };

    let (mut positive, mut negative, mut failures) = (0, 0, Vec::new());
    for label in lines::<Label>(&cases.join("labels.ndjson.gz")) {
        let event = &events[label.file.as_str()][label.line - 1];
        let mut check = |name: &str, kind: Kind, program: &Program, expect: bool| {
            if (program.eval(event) == Truth::True) != expect {
                failures.push(format!("{name}: {} ({}:{})", label.why, label.file, label.line));
            }
            if expect && !wanted(kind, event) {
                failures.push(format!("{name}: screened out: {}", label.why));
            }
            if expect { positive += 1 } else { negative += 1 }
        };
        match &label.rule {
            // The time window is no part of the condition.
            Some(_)
                if !label.expect
                    && (label.why.starts_with("window:") || label.why.ends_with("too old")) => {}
            Some(name) => {
                // Rules with a learned set are not read here.
                let Some((kind, program)) = programs.get(name) else { continue };
                check(name, *kind, program, label.expect);
            }
            None => {
                let kind = match label.file.as_str() {
                    "network.ndjson" => kind::CONNECTION,
                    "process.ndjson" => kind::PROCESS,
                    _ => kind::SIGNATURE,
                };
                for (name, (of, program)) in programs.iter().filter(|(_, (of, _))| *of == kind) {
                    check(name, *of, program, false);
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures[..failures.len().min(20)].join("\n")
    );
    assert!(positive > 10_000 && negative > 100_000, "{positive} {negative}");
}
