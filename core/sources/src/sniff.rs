//! Which format the first bytes of an input are in.
//!
//! By the names of columns: a header that has them, or an object that does. A
//! damaged first line must not hide a format, so every line at hand is asked.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    FormatName,
    csv::Header,
    defender::DEFENDER,
    framing::{BYTE_ORDER_MARK, Frame, Framer, Framing, MAX_RECORD},
    looks, ndjson,
    plan::Plan,
    stream::Shape,
    tsv::{self, Headers},
    walk::{WRAPPERS, Walk, Walked},
    zeek::ZEEK,
};

/// A format, with what it takes to decode it.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its name.
    pub(crate) format: FormatName,
    /// What its columns mean.
    pub(crate) plan: Arc<Plan>,
    /// How records are written.
    pub(crate) shape: Shape,
    /// Where they begin.
    pub(crate) start: usize,
}

/// The format of an input that begins with `head` (and has no more, if `whole`); or what it looks
/// like and what to do, in one line.
pub(crate) fn recognise(
    head: &[u8],
    whole: bool,
    forced: Option<FormatName>,
) -> Result<Found, String> {
    use FormatName::{DefenderEvents, DefenderJson, DefenderNdjson, ZeekNdjson, ZeekTsv};
    let zeek = || Arc::new(Plan::new(&ZEEK));
    if forced == Some(ZeekTsv) || forced.is_none() && tsv::begins(head) {
        let plan = zeek();
        return match Headers::new(Arc::clone(&plan)).fault(head) {
            Some(fault) => Err(format!("the first row cannot be read: {fault}")),
            None => Ok(Found { format: ZeekTsv, plan, shape: Shape::Tsv, start: 0 }),
        };
    }
    let plan = Arc::new(Plan::new(&DEFENDER));
    let json = |format, shape| {
        let plan = if format == ZeekNdjson { zeek() } else { Arc::clone(&plan) };
        Ok(Found { format, plan, shape, start: 0 })
    };
    let csv = |format, header, start| {
        let shape = Shape::Csv(Box::new(header));
        Ok(Found { format, plan: Arc::clone(&plan), shape, start })
    };
    match forced {
        Some(format @ (DefenderNdjson | ZeekNdjson)) => return json(format, Shape::Ndjson),
        Some(format @ DefenderJson) => return json(format, Shape::Elements),
        Some(format @ DefenderEvents) => {
            let shape = if holds_lines(head) { Shape::Ndjson } else { Shape::Elements };
            return json(format, shape);
        }
        Some(format) => {
            return match best_header(&plan, head, whole) {
                Some((header, start)) if header.mapped() > 0 => csv(format, header, start),
                Some((header, _)) => Err(format!(
                    "no column of the header is known: {}",
                    looks::list(header.names.iter().map(String::as_str))
                )),
                None => Err("there is no header of columns".to_owned()),
            };
        }
        None if head.trim_ascii().is_empty() && whole => {
            return json(DefenderNdjson, Shape::Ndjson);
        }
        None => {}
    }
    let header = best_header(&plan, head, whole);
    if let Some((header, start)) = header
        && header.is_recognised()
    {
        return csv(header.format(), header, start);
    }
    if holds_lines(head) {
        // Envelopes may follow rows that were put before them.
        let found: Vec<_> = lines(head).filter_map(|line| what(&plan, line)).collect();
        match found.first() {
            Some(_) if found.contains(&DefenderEvents) => {
                return json(DefenderEvents, Shape::Ndjson);
            }
            Some(&format) => return json(format, Shape::Ndjson),
            None => {}
        }
        let zeek = zeek();
        if lines(head).any(|line| knows(&zeek, &ndjson::names(line).own)) {
            return json(ZeekNdjson, Shape::Ndjson);
        }
    }
    for element in first_elements(head) {
        match what(&plan, element) {
            Some(DefenderEvents) => return json(DefenderEvents, Shape::Elements),
            Some(_) => return json(DefenderJson, Shape::Elements),
            None => {}
        }
    }
    if whole && holds_nothing(head) {
        return json(DefenderJson, Shape::Elements);
    }
    Err(looks::describe(head, first_elements(head).next()))
}

/// Whether an input is an array without elements, or the answer of a query that found nothing.
fn holds_nothing(input: &[u8]) -> bool {
    let input = input.strip_prefix(BYTE_ORDER_MARK).unwrap_or(input);
    let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    match serde_json::from_slice(input) {
        Ok(Value::Object(answer)) => {
            answer.iter().any(|(name, rows)| WRAPPERS.contains(&name.as_bytes()) && is_empty(rows))
        }
        Ok(value) => is_empty(&value),
        Err(_) => false,
    }
}

/// Whether an object is a row or an envelope with a row.
fn what(plan: &Plan, object: &[u8]) -> Option<FormatName> {
    let names = ndjson::names(object);
    match &names.row {
        Some(row) if plan.is_table(&names.category) || knows(plan, row) => {
            Some(FormatName::DefenderEvents)
        }
        _ => knows(plan, &names.own).then_some(FormatName::DefenderNdjson),
    }
}

/// Whether these names of columns are those of a file of the plan's mapping.
fn knows(plan: &Plan, names: &[String]) -> bool {
    plan.recognises(names.iter().map(String::as_str))
}

/// The lines that hold an object or its beginning.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|&byte| byte == b'\n').filter(|line| line.trim_ascii().starts_with(b"{"))
}

/// Whether objects stand one a line: not in an array, and none of them holds rows itself.
fn holds_lines(head: &[u8]) -> bool {
    let opens = |line: &[u8]| {
        let mut walk = Walk::new();
        matches!(walk.feed(line.trim_ascii_start(), 0, true, true), Walked::Wrapper(_))
    };
    !head.trim_ascii_start().starts_with(b"[") && !lines(head).any(opens)
}

/// The first objects that stand anywhere; the last one may be cut off.
fn first_elements(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut framer = Framer::new(Framing::Elements, MAX_RECORD);
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < head.len() {
            let start = at;
            let (Frame::Record(end) | Frame::Unclosed(end)) = framer.next(head, at, true) else {
                return None;
            };
            at = end;
            if head[start] == b'{' && !head[start..end].ends_with(b"[") {
                return Some(&head[start..end]);
            }
        }
        None
    })
}

/// The header in the first line that is not blank, with the delimiter that gives most known names,
/// and where the rows begin.
fn best_header(plan: &Arc<Plan>, head: &[u8], whole: bool) -> Option<(Header, usize)> {
    let mut start = 0;
    let mut delimiters = &b",;\t"[..];
    loop {
        let line_end =
            head[start..].iter().position(|&byte| byte == b'\n').map(|at| start + at + 1);
        let line = head[start..line_end.unwrap_or(head.len())].trim_ascii_end();
        // Spreadsheets write so which delimiter they use; it may be a blank one.
        let named = head[start..].strip_prefix(b"sep=").and_then(|rest| rest.first());
        if let (Some(delimiter), 4..=5) = (named, line.len())
            && !delimiter.is_ascii_alphanumeric()
            && delimiter.is_ascii()
            && !b"\"\r\n".contains(delimiter)
        {
            delimiters = std::slice::from_ref(delimiter);
        } else if !line.trim_ascii().is_empty() {
            break;
        }
        start = line_end?;
    }
    let candidates = delimiters.iter().filter_map(|&delimiter| {
        let mut framer = Framer::new(Framing::Csv(delimiter), MAX_RECORD);
        let Frame::Record(end) = framer.next(head, start, whole) else { return None };
        let line = String::from_utf8_lossy(framer.content(&head[start..end])?);
        Some((Header::new(Arc::clone(plan), &line, delimiter), end))
    });
    candidates.rev().max_by_key(|(header, _)| header.mapped())
}
