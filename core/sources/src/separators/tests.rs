//! The pass against a reading byte by byte, and against the readers in full.

use fearless_simd::Level;
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::{
    csv,
    framing::{Frame, Framer, Framing, MAX_RECORD},
};

fn levels() -> Vec<Level> {
    let mut levels = vec![Level::new(), Level::baseline()];
    levels.dedup_by_key(|level| format!("{level:?}"));
    levels
}

/// Where the newlines stand behind rows whose quotes stand where they should, up to the first other
/// row; and whether there is none.
fn by_bytes(data: &[u8], start: usize, written: Written) -> (Vec<usize>, bool) {
    let (mut ends, mut inside, mut before) = (Vec::new(), false, b'\n');
    for (at, &byte) in data.iter().enumerate().skip(start) {
        let edge = [written.separator, b'\n', b'"'].contains(&byte);
        // The byte before closes a field.
        if written.quoted && before == b'"' && !inside && !edge && !data[at..].starts_with(b"\r\n")
        {
            return (ends, false);
        }
        if written.quoted && byte == b'"' {
            if !inside && ![written.separator, b'\n', b'"'].contains(&before) {
                return (ends, false);
            }
            inside = !inside;
        } else if byte == b'\n' && !inside {
            ends.push(at);
        }
        before = byte;
    }
    (ends, true)
}

/// Text with what matters, more than a word of it.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let parts = [
        "a",
        "bc",
        ",",
        ",",
        ",",
        "\n",
        "\r\n",
        "\r",
        "\"",
        "\"\"",
        "\"x\"",
        ",\"",
        "\",",
        "\t",
        " ",
        ";",
        "\"a,\nb\"",
        "\"\"\"\"",
        "\u{e9}",
        "\0",
        "a longer value without anything in it",
    ];
    vec(select(parts.to_vec()), 0..80).prop_map(|parts| parts.concat().into_bytes())
}

/// Rows of fields that are written well.
fn rows() -> impl Strategy<Value = Vec<u8>> {
    let fields = [
        "",
        "a",
        "\"\"",
        "\"a\"",
        "\"a,b\"",
        "\"a\nb\"",
        "\"a\r\nb\"",
        "\"\"\"a\"\"\"",
        "\"\"\"\"",
        "\"a\"\",\"\"b\"",
        "C:\\x\\y",
        "\u{e9}",
        "a longer value without anything in it at all",
    ];
    let row = vec(select(fields.to_vec()), 1..9).prop_map(|fields| fields.join(","));
    (vec(row, 1..20), select(vec!["\n", "\r\n"])).prop_map(|(rows, end)| {
        rows.iter().flat_map(|row| [row, end].concat().into_bytes()).collect()
    })
}

fn written() -> impl Strategy<Value = Written> {
    (select(&b",;\t a\0"[..]), any::<bool>())
        .prop_map(|(separator, quoted)| Written { separator, quoted })
}

/// Marks `data` from `start` on, in two goes with a border at `cut`.
fn marked(
    level: Level,
    data: &[u8],
    start: usize,
    cut: usize,
    written: Written,
) -> (Separators, Vec<Marked>, bool) {
    let (mut separators, mut rows) = (Separators::default(), Vec::new());
    // What stood there before does not matter.
    separators.bits = vec![0xdead_beef_dead_beef; data.len() / WIDE / 2];
    separators.counts = vec![7; data.len() / WIDE / 2];
    let mut all = true;
    if start < cut {
        all = mark(level, &data[..cut], start, written, &mut separators, &mut rows);
    }
    let next = rows.last().map_or(start, |row| row.end + 1);
    if next < data.len() {
        all = mark(level, data, next, written, &mut separators, &mut rows);
    }
    (separators, rows, all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn rows_are_found_as_byte_by_byte(
        data in text(),
        place in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        written in written(),
    ) {
        let begins: Vec<_> = (0..data.len()).filter(|&at| at == 0 || data[at - 1] == b'\n').collect();
        prop_assume!(!begins.is_empty());
        let (start, cut) = (*place.get(&begins), cut.index(data.len() + 1));
        let expected = by_bytes(&data, start, written);
        for level in levels() {
            let (_, rows, all) = marked(level, &data, start, cut, written);
            let ends: Vec<_> = rows.iter().map(|row| row.end).collect();
            prop_assert_eq!(&ends, &expected.0);
            // What is behind the last newline tells nothing yet.
            if ends.last().is_none_or(|end| end + 1 < data.len()) {
                prop_assert_eq!(all, expected.1);
            }
        }
    }

    #[test]
    fn rows_are_those_of_the_readers_in_full(
        data in prop_oneof![text(), rows()],
        cut in any::<prop::sample::Index>(),
        delimiter in select(&b",;\t "[..]),
        order in vec(0..12_usize, 1..8),
    ) {
        let cut = cut.index(data.len() + 1);
        let written = Written { separator: delimiter, quoted: true };
        for level in levels() {
            let (separators, rows, _) = marked(level, &data, 0, cut, written);
            let mut framer = Framer::new(Framing::Csv(delimiter), MAX_RECORD);
            let mut start = 0;
            for row in rows {
                prop_assert_eq!(framer.next(&data, start, false), Frame::Record(row.end + 1));
                prop_assert!(row.broken || !data[start..row.end].contains(&b'\n'));
                let line = data[start..row.end].strip_suffix(b"\r").unwrap_or(&data[start..row.end]);
                let range = start..start + line.len();
                let fields: Vec<_> = csv::fields(line, delimiter).collect();
                let mut values = Values::new(&separators, range.clone());
                let mut begins = Vec::new();
                for number in order.iter().copied().chain(0..=fields.len()) {
                    let found = values.find(number);
                    // A field that is empty behind the last delimiter is none there.
                    let field = fields.get(number).cloned();
                    prop_assert!(found.is_some() == field.is_some() || line.ends_with(&[delimiter]));
                    let (Some(found), Some(field)) = (found, field) else { continue };
                    let value = &data[found.clone()];
                    let quoted = usize::from(value.starts_with(b"\""));
                    prop_assert!(!field.damaged);
                    prop_assert_eq!(found.start + quoted, start + field.range.start);
                    prop_assert_eq!(found.end - quoted, start + field.range.end);
                    prop_assert_eq!(field.escapes, line[field.range].contains(&b'"') && quoted == 1);
                    begins.push((number, found.start));
                }
                let starts: Vec<_> = separators.starts(range).collect();
                for (number, begin) in begins {
                    prop_assert_eq!(starts[number], begin);
                }
                start = row.end + 1;
            }
        }
    }

    #[test]
    fn rows_that_are_written_well_are_all_found(data in rows(), cut in any::<prop::sample::Index>()) {
        let written = Written { separator: b',', quoted: true };
        let cut = cut.index(data.len() + 1);
        for level in levels() {
            let (_, rows, all) = marked(level, &data, 0, cut, written);
            prop_assert!(all);
            prop_assert_eq!(rows.last().map(|row| row.end + 1), Some(data.len()));
        }
    }

    /// As Zeek writes them.
    #[test]
    fn values_without_quotes_are_where_splitting_finds_them(
        data in text(),
        order in vec(0..20_usize, 1..8),
    ) {
        for level in levels() {
            let written = Written { separator: b'\t', quoted: false };
            let (separators, rows, all) = marked(level, &data, 0, 0, written);
            prop_assert!(all);
            prop_assert_eq!(rows.len(), data.iter().filter(|byte| **byte == b'\n').count());
            let mut start = 0;
            for row in rows {
                let values: Vec<_> = data[start..row.end].split(|byte| *byte == b'\t').collect();
                let mut found = Values::new(&separators, start..row.end);
                for &number in &order {
                    let value = found.find(number).map(|place| &data[place]);
                    prop_assert_eq!(value, values.get(number).copied());
                }
                start = row.end + 1;
            }
        }
    }
}
