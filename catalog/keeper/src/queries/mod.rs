//! Queries that fetch the logs worth sweeping from Defender's advanced hunting
//! or from Sentinel.
//!
//! A tenant's tables are too large to export, and what a query gives back is
//! limited; so a query asks for the rows that some rule could match, which is
//! a small part of them. It is wider than the rules: the rules are run by the
//! sweep, over what comes back.

mod filter;
pub mod tables;

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
};

use remora_rules::{
    RuleSet,
    kql::{Ask, condition},
};

pub use filter::{Filter, LearnedSet};
use tables::{Made, Product, Table};

/// A span of time, both ends as KQL writes them (RFC 3339), the second not
/// included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub from: String,
    /// The first instant after it.
    pub to: String,
}

/// What to fetch.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// From which product.
    pub product: Product,
    /// The whole time, for sets that are learned.
    pub whole: &'a Span,
    /// The spans of the single queries.
    pub spans: &'a [Span],
    /// Characters of a query, at most.
    pub length: usize,
}

/// One query.
#[derive(Clone, Debug)]
pub struct Query {
    /// The table.
    pub table: &'static str,
    /// The span of time.
    pub span: Span,
    /// Which part of the filter, of how many; from 1.
    pub part: (usize, usize),
    /// The text, with comment lines before it.
    pub text: String,
}

/// A query that cannot be made as short as is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// The table.
    pub table: &'static str,
    /// Characters that its shortest query has.
    pub needed: usize,
}

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a query of {} has at least {} characters, its columns included",
            self.table, self.needed
        )
    }
}

impl std::error::Error for TooShort {}

/// The queries that fetch from `table` every row that a rule of `sets` finds,
/// by time and then by part; none where no rule reads the table. The parts of
/// one span together ask for the whole filter.
///
/// # Errors
///
/// If `wanted.length` is too short for even one value.
pub fn queries(
    table: &'static Table,
    sets: &[RuleSet],
    wanted: Wanted<'_>,
) -> Result<Vec<Query>, TooShort> {
    let filter = Filter::new(table, sets);
    if filter.is_empty() {
        return Ok(vec![]);
    }
    // Spans are written equally long, so that what fits one fits all.
    let parts = parts(
        &filter,
        |part| {
            let query = Writer { table, wanted, filter: &filter, part, at: (99, 99) };
            query.text(wanted.whole).chars().count()
        },
        wanted.length,
    )
    .map_err(|needed| TooShort { table: table.name, needed })?;
    let of = parts.len();
    let spans = wanted.spans.iter();
    Ok(spans
        .flat_map(|span| {
            let filter = &filter;
            parts.iter().zip(1..).map(move |(part, at)| Query {
                table: table.name,
                span: span.clone(),
                part: (at, of),
                text: Writer { table, wanted, filter, part, at: (at, of) }.text(span),
            })
        })
        .collect())
}

/// A part of a filter; none of it for every row.
#[derive(Clone, Debug, Default)]
struct Part<'f> {
    asks: Vec<Ask>,
    learned: Vec<&'f LearnedSet>,
}

/// The filter cut into parts that are no longer than `length`, or the length
/// that would be needed.
fn parts<'f>(
    filter: &'f Filter,
    measure: impl Fn(&Part<'f>) -> usize,
    length: usize,
) -> Result<Vec<Part<'f>>, usize> {
    if !filter.open.is_empty() {
        let part = Part::default();
        let needed = measure(&part);
        return if needed <= length { Ok(vec![part]) } else { Err(needed) };
    }
    let mut parts: Vec<Part<'f>> = vec![];
    // A value and all the columns it is asked of stay together, and a run of
    // them is halved until it fits: the texts are measured as they are written.
    let literals: BTreeSet<&str> = filter.asks.iter().map(|ask| ask.literal.as_str()).collect();
    let literals: Vec<&str> = literals.into_iter().collect();
    let mut runs: Vec<&[&str]> = vec![&literals];
    while let Some(run) = runs.pop() {
        let asks = filter.asks.iter().filter(|ask| run.contains(&ask.literal.as_str()));
        let part = Part { asks: asks.cloned().collect(), learned: vec![] };
        if part.asks.is_empty() {
            continue;
        }
        match measure(&part) {
            fits if fits <= length => parts.push(part),
            needed if run.len() == 1 => return Err(needed),
            _ => {
                let (first, second) = run.split_at(run.len() / 2);
                runs.extend([second, first]);
            }
        }
    }
    for set in &filter.learned {
        let mut joint = parts.last().cloned().unwrap_or_default();
        joint.learned.push(set);
        if measure(&joint) <= length {
            parts.pop();
            parts.push(joint);
            continue;
        }
        let part = Part { asks: vec![], learned: vec![set] };
        match measure(&part) {
            fits if fits <= length => parts.push(part),
            needed => return Err(needed),
        }
    }
    Ok(parts)
}

/// One query, to be written.
struct Writer<'a> {
    table: &'static Table,
    wanted: Wanted<'a>,
    filter: &'a Filter,
    part: &'a Part<'a>,
    at: (usize, usize),
}

impl Writer<'_> {
    fn text(&self, span: &Span) -> String {
        let Table { name, only, made, columns, .. } = self.table;
        let product = self.wanted.product;
        let mut text = String::new();
        let mut line = |line: String| {
            // Writing into a text never fails.
            let _ = writeln!(text, "{line}");
        };
        let (part, of) = self.at;
        line(format!("// {name}, {} to {}, part {part} of {of}", span.from, span.to));
        let tools = match self.filter.tools.len() {
            1 => "1 tool".to_owned(),
            many => format!("{many} tools"),
        };
        if self.filter.open.is_empty() {
            line(format!("// every row that a rule of {tools} could match"));
        } else {
            for (rule, why) in &self.filter.open {
                line(format!("// every row, for rule {}: {}", in_line(rule), in_line(why)));
            }
        }
        for (set, at) in self.part.learned.iter().zip(1..) {
            let LearnedSet { rule, table, learns, asks, .. } = set;
            line(format!("// Learned{at}: what rule {} learns", in_line(rule)));
            line(format!("let Learned{at} = {}", table.name));
            line(format!("| where {}", self.within(self.wanted.whole)));
            if let Some(only) = table.only {
                line(format!("| where {only}"));
            }
            if let Some(made) = reads(table.made.as_ref(), asks) {
                line(format!("| extend {} = {}", made.column, made.expression));
            }
            line(format!("| where {}", condition(asks)));
            line(format!("| where isnotempty({learns})\n| distinct {learns};"));
        }
        line((*name).to_owned());
        line(format!("| where {}", self.within(span)));
        if let Some(only) = only {
            line(format!("| where {only}"));
        }
        let mut any = vec![];
        if !self.part.asks.is_empty() {
            any.push(condition(&self.part.asks));
        }
        let sets = self.part.learned.iter().zip(1..);
        any.extend(sets.map(|(set, at)| format!("{} in (Learned{at})", set.column)));
        if !any.is_empty() {
            if let Some(made) = reads(made.as_ref(), &self.part.asks) {
                line(format!("| extend {} = {}", made.column, made.expression));
            }
            line(format!("| where {}", any.join("\n    or ")));
        }
        let own = product.columns().iter();
        let all = [product.time()].into_iter().chain(columns.iter().chain(own).copied());
        line(format!("| project {}", wrapped(all)));
        text
    }

    fn within(&self, span: &Span) -> String {
        let time = self.wanted.product.time();
        format!("{time} >= datetime({}) and {time} < datetime({})", span.from, span.to)
    }
}

/// The column that has to be made, if it is asked for.
fn reads<'m>(made: Option<&'m Made>, asks: &[Ask]) -> Option<&'m Made> {
    made.filter(|made| asks.iter().any(|ask| ask.column == made.column))
}

/// A text that cannot end a comment.
fn in_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Names, some on a line.
fn wrapped(names: impl Iterator<Item = &'static str>) -> String {
    let mut text = String::new();
    let mut column = "| project ".len();
    for (at, name) in names.enumerate() {
        if at > 0 {
            text.push(',');
            if column + name.len() + 2 > 96 {
                text.push_str("\n    ");
                column = 4;
            } else {
                text.push(' ');
            }
        }
        text.push_str(name);
        column += name.len() + 2;
    }
    text
}
