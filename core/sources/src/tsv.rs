//! Text of columns as Zeek writes it: lines that begin with `#` say how rows
//! are written and which columns they have, every other line is a row.
//!
//! Such lines may stand anywhere, for rotated logs are joined; what they say
//! holds for the rows behind them. The cutter of blocks reads them, ends a
//! block where they change, and gives each block the header of its rows, so
//! that blocks can be decoded in any order.
//!
//! A separator within a value, a value that is one of the marks, and what is no
//! printable character are written as `\x09`; a backslash as `\\`, which logs
//! before Zeek 2 did not do: a backslash that escapes nothing stands for itself.

use std::sync::Arc;

use memchr::{memchr, memchr_iter, memmem};

use crate::{
    csv::Where,
    mend::push_repaired,
    plan::Plan,
    record::{Column, Record},
    zeek::PATH,
};

/// What the lines before the rows say of them.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    separator: u8,
    set_separator: Vec<u8>,
    empty: Vec<u8>,
    unset: Vec<u8>,
    /// Which log it is.
    path: String,
    /// The names of the columns, in their order; none where no line gave them.
    names: Option<Vec<String>>,
    /// Which columns of the mapping they are.
    columns: Vec<Option<Column>>,
    /// Whether a column holds several values.
    several: Vec<bool>,
    /// Where each column of the mapping stands.
    places: Vec<Where>,
    path_column: Option<Column>,
    /// Why the rows cannot be read.
    wrong: Option<String>,
}

/// What a value is, from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell<'b> {
    /// Absent or empty.
    Empty,
    /// As it stands.
    Plain(&'b [u8]),
    /// Written with escapes.
    Escaped(&'b [u8]),
    /// Several values.
    Several(&'b [u8]),
}

impl Header {
    /// What holds where no line says otherwise.
    fn new(plan: &Plan) -> Header {
        Header {
            separator: b'\t',
            set_separator: b",".to_vec(),
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            path: String::new(),
            names: None,
            columns: Vec::new(),
            several: Vec::new(),
            places: vec![Where::Nowhere; plan.columns()],
            path_column: plan.column(PATH.as_bytes()),
            wrong: None,
        }
    }

    /// Takes a line that begins with `#`.
    fn take(&mut self, line: &[u8], plan: &Plan) {
        if let Some(text) = line.strip_prefix(b"#separator") {
            *self = Header::new(plan);
            match &unescaped(text.strip_prefix(b" ").unwrap_or(text))[..] {
                &[separator] if !b"\n\r#\\".contains(&separator) => self.separator = separator,
                other => {
                    let shown = other.escape_ascii();
                    self.wrong = Some(format!("the separator {shown} is not one character"));
                }
            }
            return;
        }
        let mut parts = line[1..].split(|&byte| byte == self.separator);
        let name = parts.next().unwrap_or_default();
        let rest = line.get(name.len() + 2..).unwrap_or_default();
        match name {
            b"set_separator" => self.set_separator = unescaped(rest),
            b"empty_field" => self.empty = unescaped(rest),
            b"unset_field" => self.unset = unescaped(rest),
            b"path" => self.path = text(rest),
            b"fields" => self.set_names(parts.map(text).collect(), plan),
            b"types" => {
                let kinds = [&b"set["[..], b"vector[", b"table["];
                self.several =
                    parts.map(|ty| kinds.iter().any(|kind| ty.starts_with(kind))).collect();
            }
            _ => {}
        }
    }

    fn set_names(&mut self, names: Vec<String>, plan: &Plan) {
        self.columns = names
            .iter()
            .map(|name| plan.column(name.as_bytes()).filter(|_| name != PATH))
            .collect();
        self.places.fill(Where::Nowhere);
        for (at, column) in self.columns.iter().enumerate() {
            if let Some(column) = *column {
                let place = &mut self.places[usize::from(column)];
                *place = match place {
                    Where::Nowhere => Where::Once(at),
                    _ => Where::Repeated,
                };
            }
        }
        // Until a line says otherwise: of columns that a list is made of.
        let is_list = |column: &Option<Column>| column.is_some_and(|column| plan.is_list(column));
        self.several = self.columns.iter().map(is_list).collect();
        self.names = Some(names);
    }

    /// What separates values.
    pub(crate) fn separator(&self) -> u8 {
        self.separator
    }

    /// Which log it is; empty where no line says it.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The column of the mapping that [`Self::path`] fills.
    pub(crate) fn path_column(&self) -> Option<Column> {
        self.path_column
    }

    /// Where a column of the mapping stands.
    #[inline]
    pub(crate) fn place(&self, column: Column) -> Where {
        self.places[usize::from(column)]
    }

    /// What the value at `at` is.
    #[inline]
    pub(crate) fn cell<'b>(&self, at: usize, raw: &'b [u8]) -> Cell<'b> {
        if raw.is_empty() || raw == self.unset || raw == self.empty {
            Cell::Empty
        } else if self.several.get(at) == Some(&true) && self.is_list(raw) {
            Cell::Several(raw)
        } else if memchr(b'\\', raw).is_some() {
            Cell::Escaped(raw)
        } else {
            Cell::Plain(raw)
        }
    }

    fn is_list(&self, raw: &[u8]) -> bool {
        !self.set_separator.is_empty() && memmem::find(raw, &self.set_separator).is_some()
    }

    /// Appends what a cell stands for to `out`: of several values each, joined by `;`.
    pub(crate) fn push(&self, cell: Cell<'_>, out: &mut Vec<u8>) {
        match cell {
            Cell::Empty => {}
            Cell::Plain(raw) => out.extend_from_slice(raw),
            Cell::Escaped(raw) => push_unescaped(raw, out),
            Cell::Several(raw) => {
                let ends = memmem::find_iter(raw, &self.set_separator);
                let mut start = 0;
                for end in ends.chain([raw.len()]) {
                    if start > 0 {
                        out.push(b';');
                    }
                    let value = &raw[start..end];
                    if value != self.unset && value != self.empty {
                        push_unescaped(value, out);
                    }
                    start = end + self.set_separator.len();
                }
            }
        }
    }

    /// Why no row behind this header can be read.
    fn fault(&self) -> Option<String> {
        if let Some(wrong) = &self.wrong {
            return Some(wrong.clone());
        }
        let missing = "no line #fields stands before it, so that nothing says what its columns are";
        self.names.is_none().then(|| missing.to_owned())
    }

    /// Reads the columns of `line` into `record`, or says why that cannot be.
    pub(crate) fn read<'b>(&self, line: &'b [u8], record: &mut Record<'b>) -> Result<(), String> {
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        let values = memchr_iter(self.separator, line).count() + 1;
        if values != self.columns.len() {
            return Err(format!(
                "the record has {values} values, and the line #fields names {} columns: it is \
                 cut off or damaged",
                self.columns.len()
            ));
        }
        record.begin("");
        if std::str::from_utf8(line).is_err() {
            record.note_damage();
        }
        for ((at, raw), column) in self.values(line).enumerate().zip(&self.columns) {
            let Some(column) = *column else { continue };
            match self.cell(at, raw) {
                Cell::Empty => {}
                Cell::Plain(raw) => match std::str::from_utf8(raw) {
                    Ok(text) => record.borrow(column, text),
                    Err(_) => record.write(column, |out| {
                        push_repaired(raw, out);
                    }),
                },
                cell => {
                    let mut bytes = Vec::new();
                    self.push(cell, &mut bytes);
                    let mut whole = true;
                    record.write(column, |out| whole = push_repaired(&bytes, out));
                    if !whole {
                        record.note_damage();
                    }
                }
            }
        }
        if let Some(column) = self.path_column {
            record.write(column, |out| out.push_str(&self.path));
        }
        Ok(())
    }

    /// The values of a row as they are written.
    fn values<'b>(&self, line: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
        let separator = self.separator;
        line.split(move |&byte| byte == separator)
    }

    /// The names of the columns, with what the values of a row stand for; also of a row that has
    /// more or fewer.
    pub(crate) fn named_values(&self, line: &[u8]) -> Vec<(String, String)> {
        let names = self.names.as_deref().unwrap_or_default();
        let named = |(at, raw)| {
            let (mut bytes, mut text) = (Vec::new(), String::new());
            self.push(self.cell(at, raw), &mut bytes);
            push_repaired(&bytes, &mut text);
            (names.get(at).cloned().unwrap_or_else(|| at.to_string()), text)
        };
        self.values(line).enumerate().map(named).collect()
    }
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It says how the rows behind it are written.
    Said,
    /// A row.
    Row,
    /// A row of another header than the rows before it: it is not taken.
    OtherRow,
}

/// The header of the rows that come, while an input is cut into blocks.
#[derive(Clone, Debug)]
pub(crate) struct Headers {
    plan: Arc<Plan>,
    /// What the lines so far say ...
    said: Header,
    /// ... and whether that is not what `current` says.
    changed: bool,
    current: Arc<Header>,
}

impl Headers {
    /// Before the first line.
    pub(crate) fn new(plan: Arc<Plan>) -> Headers {
        let said = Header::new(&plan);
        Headers { plan, current: Arc::new(said.clone()), said, changed: false }
    }

    /// Takes a line; `behind`: rows stand before it that are not given away yet.
    #[inline]
    pub(crate) fn line(&mut self, line: &[u8], behind: bool) -> Line {
        if line.first() == Some(&b'#') {
            self.said.take(line, &self.plan);
            self.changed = true;
            return Line::Said;
        }
        if self.changed {
            if behind {
                return Line::OtherRow;
            }
            self.current = Arc::new(self.said.clone());
            self.changed = false;
        }
        Line::Row
    }

    /// Whether a row that comes now has the header that is given.
    pub(crate) fn is_settled(&self) -> bool {
        !self.changed
    }

    /// What separates the values of the rows.
    pub(crate) fn separator(&self) -> u8 {
        self.current.separator
    }

    /// The header of the rows.
    pub(crate) fn current(&self) -> Arc<Header> {
        Arc::clone(&self.current)
    }

    /// Why the first row in `head` cannot be read; none where it can, or where there is none yet.
    pub(crate) fn fault(mut self, head: &[u8]) -> Option<String> {
        let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
        lines.find(|line| !line.is_empty() && self.line(line, false) == Line::Row)?;
        self.said.fault()
    }
}

/// Names of the lines that are no rows, with which a log begins.
const FIRST: &[&[u8]] = &[
    b"separator",
    b"set_separator",
    b"empty_field",
    b"unset_field",
    b"path",
    b"open",
    b"fields",
    b"types",
];

/// Whether `head` begins as such a log does.
pub(crate) fn begins(head: &[u8]) -> bool {
    let Some(rest) = head.trim_ascii_start().strip_prefix(b"#") else { return false };
    let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    FIRST.contains(&&rest[..end.unwrap_or(rest.len())])
}

/// Whether `head` holds rows of such a log without the lines that should stand before them: a
/// time in seconds, the id of a connection, an address and a port.
pub(crate) fn lacks_header(head: &[u8]) -> bool {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let mut values = line.split('\t');
    let mut next = || values.next().unwrap_or_default();
    let (time, id, address, port) = (next(), next(), next(), next());
    let is_id = id.len() >= 12 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    time.contains('.')
        && crate::epoch::parse(time).is_some()
        && is_id
        && address.parse::<std::net::IpAddr>().is_ok()
        && port.parse::<u16>().is_ok()
}

/// Appends what a value with escapes stands for to `out`.
fn push_unescaped(mut raw: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr(b'\\', raw) {
        out.extend_from_slice(&raw[..at]);
        let (byte, rest) = match &raw[at + 1..] {
            [b'\\', rest @ ..] => (b'\\', rest),
            [b'x', high, low, rest @ ..] => match hex(*high, *low) {
                Some(byte) => (byte, rest),
                None => (b'\\', &raw[at + 1..]),
            },
            rest => (b'\\', rest),
        };
        out.push(byte);
        raw = rest;
    }
    out.extend_from_slice(raw);
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

fn unescaped(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_unescaped(raw, &mut out);
    out
}

fn text(raw: &[u8]) -> String {
    String::from_utf8_lossy(&unescaped(raw)).into_owned()
}
