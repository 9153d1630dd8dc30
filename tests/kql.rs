//! `remora tools kql`: the queries that it prints miss no row that a rule
//! finds.
//!
//! The condition of each printed query is read back by the rule language's own
//! parser and asked over rows in the columns of its table: those of the
//! catalog's examples, and the labelled events, of which the rows that pass
//! are swept and must give what a sweep of all gives.

mod printed;

use std::collections::{BTreeMap, BTreeSet};

use remora_catalog::{Example, embedded_tools};
use remora_keeper::queries::tables::{Product, TABLES, Table};
use remora_rules::{
    EventView as _,
    abi::{field, kind},
    kql::Place,
};
use remora_sources::{defender::DEFENDER, mapping::Shape};
use serde_json::{Map, Value};

use printed::{Fetched, Printed, Row, kql, printed};

use crate::{
    parity::{cases, unpack},
    util::{Dir, Host, root},
};

const NOW: [&str; 2] = ["--now", "2026-01-15T12:00:00Z"];
/// An example's event as a row of the table; none if its fields are not those
/// of one row.
fn row_of(table: &Table, example: &Example) -> Option<Map<String, Value>> {
    let mut row = Map::new();
    let url = example.text(field::REMOTE_URL);
    for (field, text) in &example.texts {
        match table.place(*field) {
            Place::Is(column) => drop(row.insert(column.to_owned(), Value::from(text.as_str()))),
            Place::Within(_) if url.is_empty() => {
                let (action, member) = match table.kind {
                    kind::DNS => ("DnsQueryResponse", "DnsQueryString"),
                    _ => ("SslConnectionInspected", "server_name"),
                };
                row.insert("ActionType".to_owned(), action.into());
                let inner = serde_json::json!({ member: text }).to_string();
                row.insert("AdditionalFields".to_owned(), inner.into());
            }
            Place::Within(_) => {}
            Place::Joined([folder, name]) => {
                let (head, tail) = text.rsplit_once(['/', '\\'])?;
                row.insert((*folder).to_owned(), head.into());
                row.insert((*name).to_owned(), tail.into());
            }
            place => panic!("{} is {place:?} in {}", field.name(), table.name),
        }
    }
    Some(row)
}

/// The main promise, over the examples of every tool.
#[test]
fn every_example_that_fires_is_fetched() {
    let mut found = BTreeMap::new();
    for length in ["10000", "3000"] {
        let args = ["--days", "1", "--length", length, NOW[0], NOW[1]];
        let queries = Fetched::new(printed(&args), &[]);
        for tool in embedded_tools() {
            for example in &tool.examples {
                let tables = TABLES.iter().filter(|table| table.kind == example.kind);
                for table in tables {
                    let learns = !example.learned.is_empty();
                    let Some(columns) = row_of(table, example) else { continue };
                    let row = Row::new(table, &columns);
                    // What is learned in an earlier pass is in the labelled events.
                    if !example.fires.is_empty() && !learns {
                        assert!(queries.gives(&row), "{}: {} {columns:?}", tool.id, example.why);
                        *found.entry(table.name).or_insert(0) += 1;
                    }
                }
            }
        }
    }
    // Every table has some, or nothing was proved.
    for table in TABLES {
        assert!(found.get(table.name).is_some_and(|count| *count > 100), "{found:?}");
    }
}

/// ... and it is a filter: what has nothing to do with any tool stays there.
#[test]
fn other_rows_are_not_fetched() {
    let queries = Fetched::new(printed(&["--days", "1", NOW[0], NOW[1]]), &[]);
    for (table, columns) in [
        (
            "DeviceNetworkEvents",
            r#"{"RemoteUrl":"www.contoso.example","ActionType":"ConnectionSuccess"}"#,
        ),
        (
            "DeviceNetworkEvents",
            r#"{"RemoteUrl":"","ActionType":"DnsConnectionInspected","AdditionalFields":"{\"server_name\":\"anydesk.com\"}"}"#,
        ),
        (
            "DeviceProcessEvents",
            r#"{"FileName":"notepad.exe","ProcessVersionInfoCompanyName":"Microsoft"}"#,
        ),
        ("DeviceFileCertificateInfo", r#"{"Signer":"Microsoft Windows","SHA1":"aa"}"#),
        ("DeviceEvents", r#"{"ActionType":"DnsQueryResponse","RemoteUrl":""}"#),
    ] {
        let table = Table::named(table).expect("a table");
        let columns: Map<String, Value> = serde_json::from_str(columns).expect("an object");
        assert!(!queries.gives(&Row::new(table, &columns)), "{columns:?}");
    }
}

/// The labelled events: a sweep of what is fetched finds what a sweep of all finds.
#[test]
fn a_sweep_of_what_is_fetched_is_a_sweep_of_all() {
    let Some(cases) = cases() else { return };
    let dir = Dir::new(Host::LinkedIn);
    let mut rows: Vec<(&'static Table, String, Map<String, Value>)> = vec![];
    for (file, table) in [
        ("network", "DeviceNetworkEvents"),
        ("process", "DeviceProcessEvents"),
        ("filesig", "DeviceFileCertificateInfo"),
    ] {
        let table = Table::named(table).expect("a table");
        let text = unpack(cases.join(format!("{file}.ndjson.gz")));
        let text = String::from_utf8(text).expect("the events are UTF-8");
        for line in text.lines() {
            rows.push((table, line.to_owned(), serde_json::from_str(line).expect("an object")));
        }
        dir.create(&format!("all/{file}.ndjson"), text);
    }
    let read: Vec<Row> = rows.iter().map(|(table, _, columns)| Row::new(table, columns)).collect();
    let queries = Fetched::new(printed(&["--days", "1", NOW[0], NOW[1]]), &read);
    let mut fetched: BTreeMap<&str, String> = BTreeMap::new();
    let mut count = 0;
    for (row, (table, line, _)) in read.iter().zip(&rows) {
        if queries.gives(row) {
            *fetched.entry(table.name).or_default() += &format!("{line}\n");
            count += 1;
        }
    }
    assert!(count > 5_000 && count < rows.len(), "{count} of {} rows", rows.len());
    assert!(!queries.learned.is_empty(), "one rule asks for what another learned");
    for (name, text) in &fetched {
        dir.create(&format!("fetched/{name}.ndjson"), text);
    }
    let sweep = |folder: &str| {
        let ran = dir.sweep().args(["--output", "ndjson", "--group", "rule", folder]).run();
        let report = ran.ended(0).text().to_owned();
        let mut lines: Vec<Value> = report
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"))
            .collect();
        lines.pop();
        for line in &mut lines {
            let line = line.as_object_mut().expect("an object");
            // Where a row stands differs, and where the log begins and ends.
            line.retain(|key, _| key != "evidence" && !key.ends_with("_at_edge"));
        }
        lines
    };
    let (all, some) = (sweep("all"), sweep("fetched"));
    assert!(all.len() > 1_000, "{} sightings", all.len());
    for (one, other) in all.iter().zip(&some) {
        assert_eq!(one, other);
    }
    assert_eq!(all.len(), some.len());
}

/// The parts of a query together ask for the whole, none longer than asked.
#[test]
fn parts_are_the_whole() {
    let literals = |queries: &[Printed]| {
        let mut all = BTreeSet::new();
        for query in queries {
            let body = query.text.split_once("| where ").expect("a condition").1;
            // No literal of the catalog has a quote in it.
            for literal in body.split('"').skip(1).step_by(2) {
                all.insert((query.table.name, literal.to_owned()));
            }
        }
        all
    };
    let whole = printed(&["--days", "1", "--length", "1000000", NOW[0], NOW[1]]);
    assert_eq!(whole.len(), TABLES.len());
    for length in [2_600, 4_000, 10_000] {
        let args = ["--days", "1", "--length", &length.to_string(), NOW[0], NOW[1]];
        let parts = printed(&args);
        assert!(parts.iter().all(|query| query.text.chars().count() <= length));
        assert_eq!(literals(&parts), literals(&whole), "{length}");
        assert_eq!(parts.iter().filter(|part| part.learned.is_some()).count(), 1);
    }
    let ran = kql(&["--length", "900"]);
    ran.ended(2).said(&["--length 900", "DeviceNetworkEvents", "at least"]);
}

#[test]
fn spans_cover_the_days() {
    let args = ["--days", "2", "--every", "7", "--table", "devicefilecertificateinfo"];
    let queries = printed(&[&args[..], &NOW].concat());
    let spans: Vec<(&str, &str)> =
        queries.iter().map(|query| query.span.split_once(" to ").expect("two ends")).collect();
    assert_eq!(spans.len(), 7);
    assert_eq!(spans[0].0, "2026-01-13T13:00:00Z");
    assert_eq!(spans[6].1, "2026-01-15T13:00:00Z");
    assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0));
    for (query, (from, to)) in queries.iter().zip(spans) {
        let time = format!("| where Timestamp >= datetime({from}) and Timestamp < datetime({to})");
        assert!(query.text.contains(&time), "{}", query.text);
    }
}

#[test]
fn sentinel_has_its_own_columns() {
    for query in printed(&["--for", "sentinel", "--days", "1"]) {
        assert!(!query.text.contains("Timestamp"), "{}", query.text);
        assert!(query.text.contains("project TimeGenerated, ") && query.text.contains("TenantId"));
    }
}

#[test]
fn tools_and_tables_are_chosen() {
    let queries = printed(&["--tool", "Any Desk", "--table", "DeviceProcessEvents", "--days", "1"]);
    assert_eq!(queries.len(), 1);
    assert!(queries[0].text.contains("philandro") && !queries[0].text.contains("NanoSystems"));
    kql(&["--tool", "anydsk"]).ended(2).said(&["anydsk", "did you mean \"anydesk\""]);
    kql(&["--table", "DeviceNetworkEvent"]).ended(2).said(&["did you mean DeviceNetworkEvents?"]);
    kql(&["--table", "x"]).ended(2).said(&["DeviceFileCertificateInfo"]);
    // No rule for it: nothing to query, and it is said.
    let none = embedded_tools().find(|tool| tool.rules.is_empty()).expect("some have none");
    kql(&["--tool", &none.id]).ended(2).said(&["nothing to query"]);
}

#[test]
fn queries_become_files() {
    let dir = Dir::new(Host::LinkedIn);
    let args = ["tools", "kql", "--days", "2", "--to", "queries", NOW[0], NOW[1]];
    dir.remora().args(args).run().ended(0).silent();
    let mut names: Vec<String> = std::fs::read_dir(dir.path("queries"))
        .expect("the folder is made")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort_unstable();
    assert!(names.contains(&"DeviceEvents-20260113T1300Z-1of1.kql".to_owned()), "{names:?}");
    let all: Vec<String> = names
        .iter()
        .map(|name| String::from_utf8(dir.read(&format!("queries/{name}"))).expect("text"))
        .collect();
    let ran = kql(&["--days", "2", NOW[0], NOW[1]]);
    assert_eq!(ran.ended(0).text().split("\n\n").count(), all.len());
    assert!(all.iter().all(|text| ran.text().contains(text.trim_end())));
}

/// The commands of the page are commands.
#[test]
fn the_page_of_getting_logs_is_right() {
    let page = std::fs::read_to_string(root().join("docs/getting-logs.md")).expect("the page");
    let dir = Dir::new(Host::LinkedIn);
    let mut ran = 0;
    for line in page.lines() {
        let Some((_, rest)) = line.split_once("remora tools kql ") else { continue };
        // Behind two blanks or a back quote it is said what the command does.
        let rest = rest.split(['`']).next().unwrap_or(rest);
        let args = rest.split("  ").next().unwrap_or(rest).split(' ');
        if !line.contains("mine/") && !line.contains("prints queries") {
            dir.remora().args(["tools", "kql"]).args(args).run().ended(0);
            ran += 1;
        }
    }
    assert!(ran >= 6, "{ran}");
    for table in TABLES {
        assert!(page.contains(table.name), "{}", table.name);
    }
}

/// The tables say what the reader makes of their columns.
#[test]
fn tables_are_those_that_are_read() {
    for table in TABLES {
        let mapping = DEFENDER.tables.iter().find(|mapping| mapping.kind == table.kind);
        let mapping = mapping.expect("the reader knows the kind");
        let maps: Vec<_> = mapping.fields.iter().copied().flatten().collect();
        for info in field::FIELDS.iter().filter(|info| !info.field.is_number()) {
            let map = maps.iter().find(|map| map.field == info.field);
            let columns = map.map_or(&[][..], |map| map.columns);
            let place = table.place(info.field);
            let context = format!("{} in {}: {place:?}", info.name, table.name);
            match (place, map.map(|map| map.shape)) {
                // In the envelope of the streaming export, or Sentinel's own.
                (Place::Nowhere, Some(_)) => assert!(
                    [field::TENANT, field::WORKSPACE, field::DEVICE_GROUP, field::EVENT_ACTION]
                        .contains(&info.field),
                    "{context}"
                ),
                (Place::Nowhere, None) | (Place::Hidden, Some(_)) => {}
                (Place::Is(column), Some(Shape::Verbatim)) => {
                    let first = columns.iter().find(|name| table.columns.contains(name));
                    assert_eq!(first, Some(&column), "{context}");
                }
                (Place::Joined(own), Some(Shape::Path)) => assert_eq!(own, columns, "{context}"),
                (Place::Within([url, made]), Some(Shape::HostOf(members))) => {
                    assert_eq!(*url, columns[0], "{context}");
                    let own = table.made.as_ref().expect("a column that is made");
                    assert_eq!(*made, own.column);
                    for (_, member) in members {
                        assert!(own.expression.contains(&format!(").{member})")), "{context}");
                    }
                }
                _ => panic!("{context}"),
            }
        }
        // Every column that is read is fetched, and none besides.
        let read: BTreeSet<&str> =
            maps.iter().flat_map(|map| map.columns.iter().copied()).collect();
        let fetched: BTreeSet<&str> = table.columns.iter().copied().collect();
        let unread: Vec<_> = fetched.difference(&read).collect();
        assert!(unread.is_empty(), "{}: {unread:?}", table.name);
        let elsewhere = [
            "tenantId",
            "TenantId",
            "MachineGroup",
            "EventID",
            "event_id",
            "ReportId_long",
            "ReportId_string",
            "Sha1",
        ];
        let missing: Vec<_> = read
            .difference(&fetched)
            .filter(|column| !elsewhere.contains(column))
            .filter(|column| **column != "AccountUpn")
            .filter(|column| {
                table.kind != kind::SIGNATURE
                    || !["ActionType", "AdditionalFields"].contains(column)
            })
            .collect();
        assert!(missing.is_empty(), "{}: {missing:?}", table.name);
        for product in [Product::Defender, Product::Sentinel] {
            assert!(mapping.time.contains(&product.time()));
        }
    }
}
