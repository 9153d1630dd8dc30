//! The catalog against the list itself and the audit of it, which lie in a
//! folder beside the workspace that not everybody has; without it these tests
//! say that they skip. The audit was made by other means, so it is an oracle:
//! the import never reads it.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use remora_catalog::{Tool, embedded, embedded_tools};
use remora_keeper::import::{Imported, List, Stamp, import};
use remora_rules::{
    Expr, TextOp, TextPredicate,
    abi::{Kind, field, kind},
};
use serde_json::Value;

fn shared() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let data = workspace.parent()?.join("shared/data/upstream");
    if data.is_dir() {
        return Some(data);
    }
    println!("skipped: {} is absent", data.display());
    None
}

fn audit(data: &Path) -> Value {
    let file = File::open(data.join("rmm-tools-audit.json")).unwrap();
    serde_json::from_reader(BufReader::new(file)).unwrap()
}

fn run(data: &Path, to: &Path) -> Imported {
    let list = List::read(&data.join("rmm-tools")).unwrap();
    import(&list, to, &Stamp::embedded()).map_err(|why| why.to_string()).unwrap()
}

fn slug(folder: &str) -> String {
    let lower = folder.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (id, fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn the_catalog_is_what_the_import_makes_of_it() {
    let Some(data) = shared() else { return };
    let own: BTreeMap<String, String> =
        embedded().map(|(id, text)| (id.to_owned(), text.to_owned())).collect();
    let folder = tempfile::tempdir().unwrap();
    // Into nothing, and again over that.
    let first = run(&data, folder.path());
    assert_eq!((first.tools, first.rules, first.new.len()), (76, 196 + 61, 76));
    assert_eq!(texts(folder.path()), own);
    let again = run(&data, folder.path());
    assert_eq!((again.new, again.changed), (vec![], vec![]));
    assert_eq!(again.remarks, first.remarks);
    assert_eq!(texts(folder.path()), own);
    // Nothing waits for a decision.
    let open: Vec<String> = first
        .remarks
        .iter()
        .filter(|remark| {
            ["undecided", "gone", "new-tool", "no-example", "no-owner"].contains(&remark.code)
        })
        .map(ToString::to_string)
        .collect();
    assert_eq!(open, Vec::<String>::new());
}

fn tools() -> BTreeMap<String, Tool> {
    embedded_tools().map(|tool| (tool.id.clone(), tool)).collect()
}

/// The audit's own tree as ours.
fn tree(value: &Value, kind: Kind) -> Expr {
    let op = value["op"].as_str().unwrap();
    if let Some(args) = value["args"].as_array() {
        let terms = args.iter().map(|arg| tree(arg, kind)).collect();
        return if op == "and" { Expr::And(terms) } else { Expr::Or(terms) };
    }
    let field = field::alias(kind, value["column"].as_str().unwrap()).unwrap();
    let op = match op {
        "has" => TextOp::Has,
        "has_any" => TextOp::HasAny,
        "startswith" => TextOp::StartsWith,
        "=~" => TextOp::Eq,
        "isempty" => return Expr::IsEmpty { field, negated: false },
        other => panic!("unexpected operator {other}"),
    };
    let literals = value["values"].as_array().unwrap();
    let literals = literals.iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    Expr::Text(TextPredicate { field, op, case_sensitive: false, negated: false, literals })
}

#[test]
fn every_rule_is_the_audits() {
    let Some(data) = shared() else { return };
    let tools = tools();
    let (mut same, mut joined) = (0, vec![]);
    let audit = audit(&data);
    for rule in audit["rules"].as_array().unwrap() {
        let folder = rule["tool"].as_str().unwrap();
        if folder == "_all" || rule["preferred"] != true {
            continue;
        }
        let kind = match rule["table"].as_str().unwrap() {
            "DeviceNetworkEvents" => kind::CONNECTION,
            "DeviceProcessEvents" => kind::PROCESS,
            _ => kind::SIGNATURE,
        };
        let tool = &tools[&slug(folder)];
        let id = match rule["id"].as_str() {
            Some(id) => id.to_owned(),
            None => format!("{}.{}", tool.id, kind.name()),
        };
        let own = tool.rules.iter().find(|entry| entry.rule.id == id);
        let own = own.unwrap_or_else(|| panic!("{folder}: no rule {id}"));
        // The audit writes a set's query where the rule asks for what was learned.
        if rule["where_text"].as_str().unwrap().contains("<let ") {
            joined.push((folder.to_owned(), own.rule.expr.to_string()));
            continue;
        }
        assert_eq!(own.rule.expr, tree(&rule["where"], kind), "{folder} {id}");
        assert_eq!(own.rule.kinds, [kind], "{folder} {id}");
        assert_eq!(own.provenance.file.as_deref(), rule["source_file"].as_str(), "{id}");
        same += 1;
    }
    assert_eq!(same, 194);
    joined.sort();
    let learned = "process.sha1 in learned(\"642b39b7-18eb-46eb-ba1f-bf70befae05e\")";
    let expected = [learned.to_owned(), format!("remote.url has \"dwservice.net\" and {learned}")];
    assert_eq!(joined, expected.map(|text| ("DWService".to_owned(), text)));
    let signature = tools["dwservice"].rules.iter().find(|entry| entry.rule.learns.is_some());
    let signature = signature.unwrap();
    assert_eq!(signature.rule.id, "642b39b7-18eb-46eb-ba1f-bf70befae05e");
    assert_eq!(signature.rule.learns, Some(field::FILE_SHA1));
}

#[test]
fn the_names_of_the_table_are_their_tools() {
    let Some(data) = shared() else { return };
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in audit(&data)["csv"].as_array().unwrap() {
        let id = slug(row["tool"].as_str().unwrap());
        expected.entry(id).or_default().insert(row["uri"].as_str().unwrap().to_owned());
    }
    let mut got: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, tool) in tools() {
        let rule = format!("{id}.domain");
        let Some(entry) = tool.rules.iter().find(|entry| entry.rule.id == rule) else { continue };
        let Expr::Or(terms) = &entry.rule.expr else { panic!("{id}") };
        let [Expr::Text(url), Expr::And(host)] = &terms[..] else { panic!("{id}") };
        let [Expr::IsEmpty { field: empty, negated: false }, Expr::Text(host)] = &host[..] else {
            panic!("{id}")
        };
        assert_eq!((url.field, url.op), (field::REMOTE_URL, TextOp::HasAny));
        assert_eq!(
            (host.field, host.op, *empty),
            (field::REMOTE_HOST, TextOp::HasAny, field::REMOTE_URL)
        );
        assert_eq!(url.literals, host.literals, "{id}");
        let kinds = [kind::CONNECTION, kind::DNS, kind::HTTP, kind::TLS, kind::PROXY];
        assert_eq!(entry.rule.kinds, kinds, "{id}");
        assert_eq!(entry.rule.keys, [field::DEVICE_ID, field::DEVICE_NAME, field::REMOTE_HOST]);
        got.insert(id, url.literals.iter().cloned().collect());
    }
    assert_eq!(got, expected);
}

/// What the audit counts, the import says.
#[test]
fn faults_are_those_of_the_audit() {
    let Some(data) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let remarks = run(&data, folder.path()).remarks;
    let audit = audit(&data);
    for code in [
        "cross-table",
        "csv-only-domain",
        "csv-vs-all-rule",
        "file-name-mismatch",
        "kql-syntax",
        "literal-concatenation",
        "md-only",
        "md-vs-yaml",
        "net-without-url",
        "no-rule-at-all",
        "not-in-readme",
        "precedence",
        "prose-instead-of-query",
        "tool-spelling",
    ] {
        let own = remarks.iter().filter(|remark| remark.code == code);
        let issues = audit["issues"].as_array().unwrap();
        let theirs = issues.iter().filter(|issue| issue["code"] == code).count();
        assert_eq!(own.count(), theirs, "{code}");
    }
    let files = |code| {
        let own = remarks.iter().filter(|remark| remark.code == code);
        own.map(|remark| (remark.file.as_str(), remark.line)).collect::<Vec<_>>()
    };
    assert_eq!(
        files("kql-syntax"),
        [
            ("RMM/DWService/RMM_AHQ_DWService.md", 17),
            ("RMM/DWService/rmm_DWService_createproc.yaml", 25),
            ("RMM/JumpCloud/RMM_AHQ_JumpCloud.md", 11),
            ("RMM/Level/rmm_Level_createproc.yaml", 19),
            ("RMM/MSP360_CloudBerry/rmm_MSP360_CloudBerry_netconn.yaml", 23),
            ("RMM/ZohoAssist/rmm_ZohoAssist_netconn.yaml", 36),
        ]
    );
    // The audit counts queries: two in each of the two forms, of which one has
    // the name twice.
    assert_eq!(files("column-Sha1").len(), 6);
    // Every file is named that no YAML parser reads.
    assert_eq!(files("yaml-indent").len(), 168);
}
