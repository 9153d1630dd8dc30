//! Printed queries, read back and asked over rows in the columns of their tables.

use std::collections::{BTreeMap, BTreeSet};

use remora_keeper::queries::tables::Table;
use remora_rules::{
    EventView, Program, Truth,
    abi::{
        Field, Kind,
        field::{self, ALIASES},
        kind,
    },
    compile,
};
use serde_json::{Map, Value};

use crate::util::{Dir, Host, Ran};

/// Stands for the column that a query makes; no rule reads it.
const MADE: Field = field::FILE_ORIGIN_URL;

/// A query as it was printed.
pub(super) struct Printed {
    pub(super) table: &'static Table,
    pub(super) span: String,
    /// Whether every row is wanted.
    pub(super) all: bool,
    /// The condition, but for what is learned.
    pub(super) condition: Option<Program>,
    pub(super) text: String,
    /// The rule that is learned from, and the condition of its rows.
    pub(super) learned: Option<(String, Program)>,
}

pub(super) fn kql(args: &[&str]) -> Ran {
    Dir::new(Host::LinkedIn).remora().args(["tools", "kql"]).args(args).run()
}

/// The queries, each read back.
pub(super) fn printed(args: &[&str]) -> Vec<Printed> {
    let ran = kql(args);
    ran.ended(0);
    ran.text().split("\n\n").map(read_back).collect()
}

fn read_back(text: &str) -> Printed {
    let head =
        text.lines().next().expect("a query has a head").strip_prefix("// ").expect("a comment");
    let (name, rest) = head.split_once(", ").expect("the head names the table");
    let (span, _) = rest.split_once(", part ").expect("the head names the part");
    let table = Table::named(name).expect("a known table");
    let query = text.split(&format!("\n{name}\n")).nth(1).expect("the query begins");
    let learned = text.split_once("let Learned1 = ").map(|(head, rest)| {
        let (_, rule) = head.split_once("Learned1: what rule ").expect("the rule is named");
        let (rule, _) = rule.split_once(' ').expect("more follows");
        let (from, _) = rest.split_once('\n').expect("more follows");
        let from = Table::named(from).expect("a known table");
        let (body, _) = rest.split_once("\n| where isnotempty(SHA1)").expect("no empty hashes");
        let text = values(from, body).expect("a condition");
        (rule.to_owned(), compiled(from, &text))
    });
    let mut condition = values(table, query);
    let all = condition.is_none();
    if learned.is_some() {
        // The one thing that is not of the rule language.
        let text = condition.take().expect("a condition");
        let rest = text.strip_suffix("SHA1 in (Learned1)").expect("the set is asked for");
        condition = rest.strip_suffix("\n    or ").map(str::to_owned);
    }
    let condition = condition.map(|text| compiled(table, &text));
    Printed { table, span: span.to_owned(), all, condition, text: text.to_owned(), learned }
}

/// The `where` that asks for values.
fn values(table: &Table, query: &str) -> Option<String> {
    let parts = query.split("\n| ").map(|part| part.trim_start_matches("| ").trim_end());
    let wheres = parts.filter_map(|part| part.strip_prefix("where "));
    let of_values = |text: &&str| !text.contains("datetime(") && table.only != Some(text);
    wheres.filter(of_values).last().map(str::to_owned)
}

/// The condition, as the rule language reads it.
fn compiled(table: &Table, text: &str) -> Program {
    let mut text = text.to_owned();
    if let Some(made) = &table.made {
        text = text.replace(&format!("{} ", made.column), &format!("{} ", MADE.name()));
    }
    // Rows of other events have the columns of connections.
    let kind = if table.kind == kind::DNS { kind::CONNECTION } else { table.kind };
    let expr = compile(&text, &[kind])
        .unwrap_or_else(|error| panic!("{}", error.render(table.name, false)));
    Program::new(&expr)
}

/// A row of a table.
pub(super) struct Row {
    pub(super) table: &'static Table,
    made: String,
    pub(super) text: BTreeMap<Field, String>,
}

impl Row {
    pub(super) fn new(table: &'static Table, columns: &Map<String, Value>) -> Row {
        let aliases = if table.kind == kind::DNS { kind::CONNECTION } else { table.kind };
        let read = |column: &str| match columns.get(column) {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
        };
        let of_kind = |of: Kind| of == aliases || of == kind::ANY;
        let text = ALIASES
            .iter()
            .filter(|alias| of_kind(alias.kind) && table.columns.contains(&alias.column))
            .map(|alias| (alias.field, read(alias.column)));
        let member = match read("ActionType").as_str() {
            "DnsConnectionInspected" => "query",
            "SslConnectionInspected" => "server_name",
            "HttpConnectionInspected" => "host",
            "DnsQueryResponse" => "DnsQueryString",
            _ => "",
        };
        let inner: Value = serde_json::from_str(&read("AdditionalFields")).unwrap_or(Value::Null);
        let made = inner[member].as_str().unwrap_or_default().to_owned();
        Row { table, made, text: text.collect() }
    }
}

impl EventView for Row {
    fn text(&self, field: Field) -> &str {
        if field == MADE { &self.made } else { self.text.get(&field).map_or("", String::as_str) }
    }

    fn number(&self, _: Field) -> Option<i64> {
        None
    }
}

/// What the queries give back.
pub(super) struct Fetched {
    pub(super) queries: Vec<Printed>,
    /// Hashes that are learned.
    pub(super) learned: BTreeSet<String>,
}

impl Fetched {
    /// `rows` are all rows there are to learn from.
    pub(super) fn new(queries: Vec<Printed>, rows: &[Row]) -> Fetched {
        let mut learned = BTreeSet::new();
        for (_, condition) in queries.iter().filter_map(|query| query.learned.as_ref()) {
            let signature = rows.iter().filter(|row| row.table.kind == kind::SIGNATURE);
            let found = signature.filter(|row| condition.eval(*row) == Truth::True);
            let hashes = found.map(|row| row.text(field::FILE_SHA1).to_owned());
            learned.extend(hashes.filter(|text| !text.is_empty()));
        }
        Fetched { queries, learned }
    }

    pub(super) fn gives(&self, row: &Row) -> bool {
        self.queries.iter().any(|query| {
            let holds = |program: &Program| program.eval(row) == Truth::True;
            let learned = || self.learned.contains(row.text(field::PROCESS_SHA1));
            query.table.name == row.table.name
                && (query.all
                    || query.condition.as_ref().is_some_and(holds)
                    || (query.learned.is_some() && learned()))
        })
    }
}
