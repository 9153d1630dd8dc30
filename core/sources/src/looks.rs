//! What an input looks like that no format fits: in one line, with what to do.
//!
//! A folder of exports holds other things too, and "unknown format" makes
//! people search; most of what is met can be named from its first bytes.

use crate::{FormatName, csv::fields, ndjson, tsv};

/// First bytes of files that hold no text.
const BINARY: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a program (Windows)"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file: export it as CSV or NDJSON"),
    (b"PK\x03\x04", "a ZIP archive or an Office document: unpack it, or save it as CSV"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it"),
    (b"\xfd7zXZ\0", "xz-compressed data: decompress it"),
    (b"\x28\xb5\x2f\xfd", "Zstandard inside of another compression: decompress it once"),
    (b"BZh", "bzip2-compressed data: decompress it"),
    (b"\x1f\x8b", "gzip inside of another compression: decompress it once"),
    (b"ElfFile\0", "a Windows event log (EVTX)"),
    (b"\xa1\xb2\xc3\xd4", "a packet capture (pcap)"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture (pcap)"),
    (b"\xa1\xb2\x3c\x4d", "a packet capture (pcap)"),
    (b"\x4d\x3c\xb2\xa1", "a packet capture (pcap)"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture (pcapng)"),
    (b"\xff\xfe\0\0", "UTF-32 text: convert it to UTF-8"),
];

/// First bytes of text in formats that are not read.
const TEXT: &[(&[u8], &str)] = &[
    (b"#Software:", "a W3C extended log"),
    (b"#Version:", "a W3C extended log"),
    (b"CEF:", "CEF records"),
    (b"LEEF:", "LEEF records"),
    (b"<?xml", "XML"),
    (b"<Event", "Windows events as XML"),
];

/// How many names are shown.
const SHOWN: usize = 6;
/// How many characters of a name are shown.
const LONGEST: usize = 40;

/// What an input that begins with `head` looks like, and what to do; `object` is the first JSON
/// object in it.
pub(crate) fn describe(head: &[u8], object: Option<&[u8]>) -> String {
    if let Some((_, what)) = BINARY.iter().find(|(start, _)| head.starts_with(start)) {
        return format!("no format fits: it looks like {what}");
    }
    if head.len() > 1 && head.chunks_exact(2).take(64).all(|pair| (pair[0] == 0) != (pair[1] == 0))
    {
        return "no format fits: it looks like UTF-16 text without a byte order mark: convert it to UTF-8".to_owned();
    }
    if tsv::lacks_header(head) {
        return "no format fits: it looks like rows of a Zeek log without the lines that begin \
                with # before them: put the lines #separator to #types of the whole log there"
            .to_owned();
    }
    let text = String::from_utf8_lossy(head);
    if !is_text(&text) {
        return "no format fits: it looks like binary data".to_owned();
    }
    let text = text.trim_start();
    let formats: Vec<_> = FormatName::ALL.iter().map(|format| format.name()).collect();
    format!(
        "no format fits: it looks like {}; if it holds rows of Defender or Sentinel tables or of Zeek, name \
         its format with --format ({})",
        unknown(text, object),
        formats.join(", ")
    )
}

/// What text looks like that nothing is known of.
fn unknown(text: &str, object: Option<&[u8]>) -> String {
    if let Some((_, what)) = TEXT.iter().find(|(start, _)| text.as_bytes().starts_with(start)) {
        return (*what).to_owned();
    }
    let line = text.lines().next().unwrap_or(text);
    if text.starts_with(['{', '[']) {
        let names = ndjson::names(object.unwrap_or_default());
        let own = names.own.iter().chain(names.row.iter().flatten());
        return format!("JSON objects with other names ({})", list(own.map(String::as_str)));
    }
    if let Some(rest) = text.strip_prefix('<') {
        let syslog = rest.split_once('>').is_some_and(|(priority, _)| {
            !priority.is_empty() && priority.bytes().all(|byte| byte.is_ascii_digit())
        });
        return if syslog { "syslog lines" } else { "XML or HTML" }.to_owned();
    }
    for delimiter in [b',', b';', b'\t'] {
        let fields = fields(line.as_bytes(), delimiter);
        let names: Vec<_> = fields.map(|field| line[field.range].trim()).collect();
        if names.len() > 2 && names[1..].iter().all(|name| is_name(name)) {
            return format!("CSV with other columns ({})", list(names.into_iter()));
        }
    }
    "plain text".to_owned()
}

/// Whether a text is like the name of a column.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.len() <= 80
        && text.chars().all(|c| c.is_alphanumeric() || " _.-:/()[]".contains(c))
}

/// Whether it is text: few control characters and few bytes that are no UTF-8.
fn is_text(text: &str) -> bool {
    let odd = |c: &char| c.is_control() && !c.is_whitespace() || *c == char::REPLACEMENT_CHARACTER;
    10 * text.chars().filter(odd).count() <= text.chars().count()
}

/// The first of some names, for a message of one line.
pub(crate) fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names = names.filter(|name| !name.is_empty());
    let mut shown: Vec<String> = names
        .by_ref()
        .take(SHOWN)
        .map(|name| {
            let mut short: String = name
                .chars()
                .take(LONGEST)
                .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
                .collect();
            if short.len() < name.len() {
                short.push('…');
            }
            short
        })
        .collect();
    if names.next().is_some() {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
