//! Which format the first bytes of an input are in.
//!
//! By the names of columns: a header that has them, or an object that does. A
//! damaged first line must not hide a format, so every line at hand is asked.

use std::sync::Arc;

use crate::{
    FormatName,
    csv::Header,
    framing::{Frame, Framer, Framing, MAX_RECORD},
    looks, ndjson,
    plan::Plan,
};

/// A format, with what it takes to decode it.
#[derive(Debug)]
pub(crate) enum Found {
    /// A JSON object a line.
    Ndjson,
    /// CSV; the rows begin after `rows` bytes.
    Csv { header: Header, rows: usize },
}

/// The format of an input that begins with `head` (and has no more, if `whole`); or what it looks
/// like and what to do, in one line.
pub(crate) fn recognise(
    plan: &Arc<Plan>,
    head: &[u8],
    whole: bool,
    forced: Option<FormatName>,
) -> Result<Found, String> {
    match forced {
        Some(FormatName::DefenderNdjson) => return Ok(Found::Ndjson),
        Some(FormatName::DefenderCsv) => {
            return match best_header(plan, head, whole) {
                Some((header, rows)) if header.mapped() > 0 => Ok(Found::Csv { header, rows }),
                Some((header, _)) => Err(format!(
                    "no column of the header is known: {}",
                    looks::list(header.names.iter().map(String::as_str))
                )),
                None => Err("there is no header of columns".to_owned()),
            };
        }
        None if head.trim_ascii().is_empty() && whole => return Ok(Found::Ndjson),
        None => {}
    }
    let header = best_header(plan, head, whole);
    if let Some((header, rows)) = header
        && plan.recognises(header.names.iter().map(String::as_str))
    {
        return Ok(Found::Csv { header, rows });
    }
    // The elements of an array may stand one a line, but with commas behind them.
    let array = head.trim_ascii_start().starts_with(b"[");
    for line in head.split(|&byte| byte == b'\n').filter(|line| line.trim_ascii().starts_with(b"{"))
    {
        let names = ndjson::names(line);
        if !array && plan.recognises(names.iter().map(String::as_str)) {
            return Ok(Found::Ndjson);
        }
    }
    Err(looks::describe(head))
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
