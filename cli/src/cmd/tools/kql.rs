//! `remora tools kql`

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use remora_catalog::Tool;
use remora_keeper::queries::{
    Query, Span, Wanted, queries,
    tables::{Product, TABLES, Table},
};
use remora_rules::nearest;

use super::by_name;
use crate::{
    args::{self, KqlArgs},
    exit::Status,
    times,
};

const HOUR: i64 = 3600;

pub(super) fn run(tools: &[Tool], args: &KqlArgs) -> Result<Status> {
    let tables = tables(&args.table)?;
    let chosen =
        if args.tool.is_empty() { tools.iter().collect() } else { by_name(tools, &args.tool)? };
    let sets: Vec<_> = chosen.iter().map(|tool| tool.rule_set()).collect();
    let now = args.now.as_deref().map(times::now).transpose()?.unwrap_or_else(times::clock);
    let spans = spans(now, args.days, args.every)?;
    let ends = spans.first().zip(spans.last());
    let Some((first, last)) = ends else { bail!("--days 0 leaves no time") };
    let whole = Span { from: first.from.clone(), to: last.to.clone() };
    let product = match args.product {
        args::Product::Defender => Product::Defender,
        args::Product::Sentinel => Product::Sentinel,
    };
    if product == Product::Defender && args.days > 30 {
        tracing::warn!("advanced hunting keeps 30 days; what is older may be in Sentinel");
    }
    let wanted = Wanted { product, whole: &whole, spans: &spans, length: args.length };
    let mut all: Vec<Query> = vec![];
    for table in tables {
        let of_table = queries(table, &sets, wanted)
            .with_context(|| format!("--length {} is too short", args.length))?;
        if of_table.is_empty() {
            tracing::warn!("no rule of these tools reads {}", table.name);
        }
        all.extend(of_table);
    }
    if all.is_empty() {
        bail!("there is nothing to query: these tools have no rule for these tables");
    }
    match &args.to {
        Some(folder) => write(folder, &all)?,
        None => print(&all)?,
    }
    Ok(Status::default())
}

fn tables(names: &[String]) -> Result<Vec<&'static Table>> {
    if names.is_empty() {
        return Ok(TABLES.iter().collect());
    }
    let mut tables: Vec<&'static Table> = vec![];
    for name in names {
        let Some(table) = Table::named(name) else {
            let all = || TABLES.iter().map(|table| table.name);
            let hint = match nearest(name, all()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are {}", all().collect::<Vec<_>>().join(", ")),
            };
            bail!("no rule reads a table {name:?}; {hint}");
        };
        if !tables.iter().any(|other| other.name == table.name) {
            tables.push(table);
        }
    }
    Ok(tables)
}

/// The spans of the single queries, the earliest first; the last one ends with
/// the hour of `now`, in nanoseconds since the epoch.
fn spans(now: i64, days: u32, every: u32) -> Result<Vec<Span>> {
    let end = now.div_euclid(1_000_000_000).div_euclid(HOUR) * HOUR + HOUR;
    let begin = end - i64::from(days) * 24 * HOUR;
    let text = |second: i64| -> Result<String> {
        let time = Timestamp::from_second(second).context("the days lead out of the calendar")?;
        Ok(time.round(jiff::Unit::Second)?.to_string())
    };
    let step = SignedDuration::from_hours(i64::from(every)).as_secs();
    let mut spans = vec![];
    let mut to = end;
    while to > begin {
        let from = (to - step).max(begin);
        spans.push(Span { from: text(from)?, to: text(to)? });
        to = from;
    }
    spans.reverse();
    Ok(spans)
}

fn print(all: &[Query]) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (at, query) in all.iter().enumerate() {
        if at > 0 {
            // An empty line parts queries in the editors of both products.
            writeln!(out).context("standard output")?;
        }
        out.write_all(query.text.as_bytes()).context("standard output")?;
    }
    out.flush().context("standard output")
}

fn write(folder: &Path, all: &[Query]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for query in all {
        let path = folder.join(file_name(query));
        fs::write(&path, &query.text).with_context(|| path.display().to_string())?;
    }
    tracing::info!("{} queries in {}", all.len(), folder.display());
    Ok(())
}

/// `DeviceNetworkEvents-20260112T0800Z-1of2.kql`: sorted as the queries are.
fn file_name(query: &Query) -> String {
    let time: String = query.span.from.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let (part, of) = query.part;
    format!("{}-{}-{part}of{of}.kql", query.table, time.replace("00Z", "Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_leave_nothing_out() {
        let now = times::now("2026-01-15T12:34:56Z").expect("a time");
        for (days, every, count) in [(1, 24, 1), (7, 24, 7), (1, 7, 4), (2, 6, 8), (1, 8760, 1)] {
            let spans = spans(now, days, every).expect("spans");
            assert_eq!(spans.len(), count);
            assert!(spans.windows(2).all(|pair| pair[0].to == pair[1].from));
            assert_eq!(spans.last().map(|span| span.to.as_str()), Some("2026-01-15T13:00:00Z"));
            let first = format!("2026-01-{:02}T13:00:00Z", 15 - days);
            assert_eq!(spans[0].from, first);
        }
    }
}
