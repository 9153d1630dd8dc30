//! CSV: a header and rows.
//!
//! The borders of fields follow from the same reading of quotes as the borders
//! of records ([`framing`](crate::framing)), so the two cannot disagree; a
//! general CSV parser has a reading of its own for quotes that stand wrong.

use std::{collections::HashSet, ops::Range, sync::Arc};

use memchr::memchr;

use crate::{
    FormatName,
    clock::{self, Zone},
    dialects::{self, Dialect, without_blanks},
    framing::{blanks, quotes},
    mend::push_repaired,
    plan::Plan,
    record::{Column, Record},
};

/// In how many of a row's first fields a name is looked for, to tell a header from a record.
const LOOKED_AT: usize = 4;
/// How many names make a row a header, where it is not the header that is known.
const ENOUGH: usize = 3;

/// The header of a CSV input.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// What separates fields.
    pub(crate) delimiter: u8,
    /// The names, in their order.
    pub(crate) names: Vec<String>,
    /// Which columns of the mapping they are.
    columns: Vec<Option<Column>>,
    /// Where each column of the mapping stands.
    places: Vec<Where>,
    /// In which zone a column of times says that it is; none where it says nothing.
    zones: Vec<Option<Marked>>,
    /// The zone of local times.
    local: Option<Zone>,
    dialect: Option<&'static Dialect>,
    known: HashSet<Vec<u8>>,
    starts: Starts,
    plan: Arc<Plan>,
}

/// The first two bytes of every name that is known: most values of a row begin with others, and
/// so need no look-up.
#[derive(Clone, Debug)]
struct Starts(Vec<u64>);

impl Starts {
    fn new<'n>(names: impl Iterator<Item = &'n [u8]>) -> Starts {
        let mut starts = Starts(vec![0; (1 << 16) / 64]);
        for name in names {
            match *name {
                [first, second, ..] => {
                    let at = usize::from(u16::from_le_bytes([first, second]));
                    starts.0[at / 64] |= 1 << (at % 64);
                }
                // Whatever stands behind it.
                [first] => (0..=255).for_each(|second| {
                    let at = usize::from(u16::from_le_bytes([first, second]));
                    starts.0[at / 64] |= 1 << (at % 64);
                }),
                [] => {}
            }
        }
        starts
    }

    /// Whether a known name may begin with these, or be the first of them alone.
    #[inline]
    fn has(&self, first: u8, second: u8) -> bool {
        let at = usize::from(u16::from_le_bytes([first, second]));
        self.0[at / 64] >> (at % 64) & 1 == 1
    }

    /// Whether a known name may stand in `text`, which is not trimmed.
    #[inline]
    fn may_be(&self, text: &[u8]) -> bool {
        match *text.trim_ascii_start() {
            [first, second, ..] => self.has(first, second),
            [_] => true,
            [] => false,
        }
    }
}

/// Where a column of the mapping stands in the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// The header does not have it.
    Nowhere,
    /// In the field of this number.
    Once(usize),
    /// The header has it more than once, or it is not what stands in the field: whoever asks
    /// must read the record.
    Repeated,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A record.
    Record,
    /// The header once more, as concatenated exports have it.
    Repeated,
    /// A header with other columns, or with the same in another order.
    OtherHeader,
}

impl Header {
    /// The header in `line`, whatever its names are.
    pub(crate) fn new(plan: Arc<Plan>, line: &str, delimiter: u8) -> Header {
        let fields: Vec<_> =
            fields(line.as_bytes(), delimiter).map(|field| &line.as_bytes()[field.range]).collect();
        let names: Vec<String> =
            fields.iter().map(|field| String::from_utf8_lossy(name(field)).into_owned()).collect();
        let dialect = dialects::of(&names);
        let mut columns: Vec<_> = names.iter().map(|name| plan.column(name.as_bytes())).collect();
        // A column of the mapping's own name counts before one that is renamed to it.
        for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if columns[at].is_none() {
                let plain = without_blanks(name);
                let other = dialect.and_then(|dialect| dialect.name(&plain)).unwrap_or(&plain);
                let column = plan.column(other.as_bytes());
                columns[at] = column.filter(|_| !columns.contains(&column));
            }
        }
        let mut places = vec![Where::Nowhere; plan.columns()];
        for (at, column) in columns.iter().enumerate() {
            if let Some(column) = *column {
                let place = &mut places[usize::from(column)];
                *place = match place {
                    // A time in a zone of its own is rewritten.
                    _ if marked(fields[at]).is_some() => Where::Repeated,
                    Where::Nowhere => Where::Once(at),
                    _ => Where::Repeated,
                };
            }
        }
        let zones = fields.iter().map(|field| marked(field)).collect();
        let known = names.iter().filter(|name| !name.is_empty()).cloned();
        let known: HashSet<Vec<u8>> = known.map(String::into_bytes).collect();
        let of_plan = plan.names().iter().map(|name| name.as_bytes());
        let starts = Starts::new(known.iter().map(Vec::as_slice).chain(of_plan));
        Header {
            delimiter,
            names,
            columns,
            places,
            zones,
            local: None,
            dialect,
            known,
            starts,
            plan,
        }
    }

    /// The format that the names make it.
    pub(crate) fn format(&self) -> FormatName {
        self.dialect.map_or(FormatName::DefenderCsv, |dialect| dialect.format)
    }

    /// Whether the mapping recognises the columns.
    pub(crate) fn is_recognised(&self) -> bool {
        let names = self.columns.iter().flatten().map(|&column| self.plan.name(column));
        self.plan.recognises(names)
    }

    /// The column of event times that is local, if one is.
    pub(crate) fn local_time(&self) -> Option<&str> {
        let local = |at: usize| {
            let is_time = self.columns[at].is_some_and(|column| self.plan.is_time(column));
            self.zones[at] == Some(Marked::Local) && is_time
        };
        (0..self.names.len()).find(|&at| local(at)).map(|at| &self.names[at][..])
    }

    /// Sets the zone of local times.
    pub(crate) fn set_local(&mut self, zone: Option<Zone>) {
        self.local = zone;
    }

    /// How many of the names the mapping knows.
    pub(crate) fn mapped(&self) -> usize {
        self.columns.iter().flatten().count()
    }

    /// Where a column of the mapping stands.
    #[inline]
    pub(crate) fn place(&self, column: Column) -> Where {
        self.places[usize::from(column)]
    }

    /// Whether the row of `data` whose values begin at `starts` may be no record but a header; most
    /// cannot.
    #[inline]
    pub(crate) fn may_be_header(&self, data: &[u8], starts: impl Iterator<Item = usize>) -> bool {
        starts.take(LOOKED_AT).any(|at| match data[at..] {
            [first, _, ..] if first == self.delimiter => false,
            // Blanks and quotes stand before names.
            [first, second, ..] => first <= b'"' || self.starts.has(first, second),
            [..] => true,
        })
    }

    /// What the row in `line` is.
    pub(crate) fn row(&self, line: &[u8]) -> Row {
        let names = || fields(line, self.delimiter).map(|field| name(&line[field.range]));
        let is_known =
            |name: &&[u8]| self.known.contains(*name) || self.plan.column(name).is_some();
        let mut firsts =
            fields(line, self.delimiter).take(LOOKED_AT).map(|field| &line[field.range]);
        if !firsts.any(|text| self.starts.may_be(text) && is_known(&name(text))) {
            return Row::Record;
        }
        if names().eq(self.names.iter().map(String::as_bytes)) {
            return Row::Repeated;
        }
        let known = names().filter(is_known).count();
        let filled = names().filter(|name| !name.is_empty()).count();
        if known >= ENOUGH && 2 * known >= filled { Row::OtherHeader } else { Row::Record }
    }

    /// Reads the columns of `line` into `record`.
    pub(crate) fn read<'b>(&self, line: &'b [u8], record: &mut Record<'b>) {
        match std::str::from_utf8(line) {
            Ok(text) => {
                record.begin(text);
                self.read_text(text, record);
            }
            Err(_) => {
                let mut text = String::new();
                push_repaired(line, &mut text);
                record.begin("");
                record.note_damage();
                self.read_text(&text, record);
            }
        }
    }

    fn read_text(&self, line: &str, record: &mut Record<'_>) {
        for (at, field) in fields(line.as_bytes(), self.delimiter).enumerate() {
            if field.damaged {
                record.note_damage();
            }
            match self.columns.get(at) {
                _ if field.range.is_empty() => {}
                Some(&Some(column)) if self.zones[at].is_some() => {
                    let mut text = String::new();
                    field.push_text(line, &mut text);
                    let zone = match self.zones[at] {
                        Some(Marked::Local) => self.local.clone(),
                        _ => Some(Zone::utc()),
                    };
                    record.write(column, |out| match zone {
                        Some(zone) => clock::push_utc(&text, &zone, out),
                        // In an unknown zone: no time.
                        None => out.extend([&text, " [?]"]),
                    });
                }
                Some(&Some(column)) if field.escapes => {
                    record.write(column, |out| field.push_text(line, out));
                }
                Some(&Some(column)) => record.set(column, &line[field.range]),
                Some(None) => {}
                // More fields than names: what does not fit is lost.
                None => record.note_damage(),
            }
        }
    }
}

/// In which zone a column of times is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marked {
    Utc,
    Local,
}

/// What Log Analytics writes behind the name of a column of times.
const MARKS: &[(&[u8], Marked)] = &[(b" [UTC]", Marked::Utc), (b" [Local Time]", Marked::Local)];

/// What a header's field says of the column's zone.
fn marked(text: &[u8]) -> Option<Marked> {
    let name = text.trim_ascii();
    MARKS.iter().find(|(mark, _)| name.ends_with(mark)).map(|&(_, zone)| zone)
}

/// The name of a column without the zone that may stand behind it.
fn name(text: &[u8]) -> &[u8] {
    let name = text.trim_ascii();
    MARKS.iter().find_map(|(mark, _)| name.strip_suffix(*mark)).unwrap_or(name)
}

/// A field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Where in the row stands what it holds, without the quotes around it.
    pub(crate) range: Range<usize>,
    /// Whether quotes in it are written twice.
    pub(crate) escapes: bool,
    /// Whether a quote stands in it that should have been written twice.
    pub(crate) damaged: bool,
}

impl Field {
    /// Appends what the field of `line` holds to `out`.
    pub(crate) fn push_text(&self, line: &str, out: &mut String) {
        let text = &line[self.range.clone()];
        if self.escapes { push_unquoted(text, out) } else { out.push_str(text) }
    }
}

/// Appends what stands between the quotes of a field to `out`, of two quotes one.
pub(crate) fn push_unquoted(mut text: &str, out: &mut String) {
    while let Some(at) = memchr(b'"', text.as_bytes()) {
        out.push_str(&text[..=at]);
        text = &text[at + 1..];
        text = text.strip_prefix('"').unwrap_or(text);
    }
    out.push_str(text);
}

/// The fields of a row, which has no line end.
pub(crate) fn fields(line: &[u8], delimiter: u8) -> impl Iterator<Item = Field> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let (found, end) = field(line, next?, delimiter);
        next = (end < line.len()).then_some(end + 1);
        Some(found)
    })
}

/// The field that begins at `at`, and where the delimiter behind it stands.
#[inline]
pub(crate) fn field(line: &[u8], at: usize, delimiter: u8) -> (Field, usize) {
    if line.get(at) == Some(&b'"') {
        return quoted(line, at + 1, delimiter);
    }
    let end = memchr(delimiter, &line[at..]).map_or(line.len(), |found| at + found);
    (Field { range: at..end, escapes: false, damaged: false }, end)
}

/// The quoted field whose content begins at `open`, and where the delimiter behind it stands.
fn quoted(line: &[u8], open: usize, delimiter: u8) -> (Field, usize) {
    let (mut from, mut escapes, mut damaged) = (open, false, false);
    while let Some(found) = memchr(b'"', &line[from..]) {
        let run = quotes(&line[from + found..]);
        let end = from + found + run;
        escapes |= run > 1;
        if run % 2 == 1 {
            let after = end + blanks(&line[end..], delimiter);
            if after == line.len() || line[after] == delimiter {
                return (Field { range: open..end - 1, escapes, damaged }, after);
            }
            damaged = true;
        }
        from = end;
    }
    (Field { range: open..line.len(), escapes, damaged: true }, line.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(line: &str, delimiter: u8) -> Vec<(String, bool)> {
        fields(line.as_bytes(), delimiter)
            .map(|field| {
                let mut text = String::new();
                field.push_text(line, &mut text);
                (text, field.damaged)
            })
            .collect()
    }

    #[test]
    fn fields_are_cut_and_unquoted() {
        let cases: &[(&str, &[(&str, bool)])] = &[
            ("", &[("", false)]),
            ("a", &[("a", false)]),
            ("a,b", &[("a", false), ("b", false)]),
            (",", &[("", false), ("", false)]),
            ("\"a,b\",c", &[("a,b", false), ("c", false)]),
            ("\"\"", &[("", false)]),
            ("\"\"\"\"", &[("\"", false)]),
            ("\"a\"\"b\"", &[("a\"b", false)]),
            ("\"a\" ,b", &[("a", false), ("b", false)]),
            ("a\"b\",c\"\"", &[("a\"b\"", false), ("c\"\"", false)]),
            (" \"a\"", &[(" \"a\"", false)]),
            ("\"a\"b\",c", &[("a\"b", true), ("c", false)]),
            ("\"a\"\"\"b\",c", &[("a\"\"b", true), ("c", false)]),
            ("\"a,b", &[("a,b", true)]),
            ("\"", &[("", true)]),
        ];
        for &(line, expected) in cases {
            let found = texts(line, b',');
            let found: Vec<_> = found.iter().map(|(text, bad)| (&text[..], *bad)).collect();
            assert_eq!(found, expected, "{line:?}");
        }
        assert_eq!(texts("\"a\tb\"\tc,d", b'\t'), [("a\tb".into(), false), ("c,d".into(), false)]);
    }

    /// How another parser reads a row.
    fn by_csv_core(line: &str, delimiter: u8) -> Vec<String> {
        let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        let (mut out, mut ends) = (vec![0; line.len() + 1], vec![0; line.len() + 2]);
        let terminated = line.to_owned() + "\n";
        let (_, _, written, count) = reader.read_record(terminated.as_bytes(), &mut out, &mut ends);
        assert!(written <= out.len());
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts
            .zip(&ends[..count])
            .map(|(start, &end)| String::from_utf8(out[start..end].to_vec()).expect("as written"))
            .collect()
    }

    proptest! {
        /// Rows that are written well are read as any parser reads them.
        #[test]
        fn well_written_rows_are_read_as_elsewhere(
            row in proptest::collection::vec("[a\", ;\t\n\u{e9}]{0,6}", 1..6),
            delimiter in proptest::sample::select(&b",;\t"[..]),
            quoted in any::<bool>(),
        ) {
            let write = |text: &String| {
                let special = |c| matches!(c, '"' | '\n') || c == char::from(delimiter);
                if quoted || text.contains(special) || row.len() == 1 {
                    format!("\"{}\"", text.replace('"', "\"\""))
                } else {
                    text.clone()
                }
            };
            let separator = char::from(delimiter).to_string();
            let line = row.iter().map(write).collect::<Vec<_>>().join(&separator);
            let expected: Vec<_> = row.iter().map(|text| (text.clone(), false)).collect();
            prop_assert_eq!(texts(&line, delimiter), expected);
            prop_assert_eq!(by_csv_core(&line, delimiter), row);
        }
    }
}
