//! JSON in every way that it can be written, and in some that it cannot.

use proptest::{collection::vec, prelude::*, sample::select};
use remora_abi::{Field, field::*};
use remora_sources::FormatName;

use crate::check::{First, Having, check};

mod cases;

/// Fields of every shape.
pub(crate) const FIELDS: &[Field] = &[
    REMOTE_URL,
    REMOTE_HOST,
    REMOTE_PORT,
    USER,
    USER_UPN,
    PROCESS_IMAGE,
    PROCESS_KEY,
    PROCESS_NAME,
    PROCESS_COMPANY,
    FILE_SIGNER,
    FILE_SIGNED,
    OUTCOME,
    OBSERVATION,
    EVENT_ID,
    DNS_ANSWERS,
    SERVICE_NAME,
];

/// Texts that are looked for.
pub(crate) const TEXTS: &[&str] = &[
    "a.example",
    "A",
    "443",
    "Acme",
    "\\",
    "success",
    "true",
    "dns",
    ".",
    "\u{e9}",
    "\u{fffd}",
    "",
];

const NAMES: &[&str] = &[
    "RemoteUrl",
    "RemoteUrl",
    "RemoteUrl",
    "ActionType",
    "ActionType",
    "Type",
    "$table",
    "AdditionalFields",
    "RemoteIP",
    "RemotePort",
    "DeviceId",
    "ReportId",
    "Timestamp",
    "FileName",
    "ProcessVersionInfoCompanyName",
    "InitiatingProcessVersionInfoCompanyName",
    "InitiatingProcessFileName",
    "InitiatingProcessFolderPath",
    "InitiatingProcessAccountUpn",
    "AccountUpn",
    "Signer",
    "IsSigned",
    "Other",
    "remoteurl",
    "RemoteUrl2",
    "xRemoteUrl",
    "",
    "x\"RemoteUrl",
    "RemoteUrl\\",
    "properties",
    "x\"properties",
];

const VALUES: &[&str] = &[
    "a.example",
    "https://u:p@A.Example:443/x",
    "b\u{e9}.example",
    "192.0.2.1",
    "Acme A",
    "ConnectionSuccess",
    "ConnectionSuccess",
    "DnsConnectionInspected",
    "ProcessCreated",
    "FileCreated",
    "Odd",
    "DeviceProcessEvents",
    "DeviceNetworkEvents",
    "DeviceFileCertificateInfo",
    "443",
    "1",
    "",
    "",
    "RemoteUrl",
    "C:\\x\\a.example\\",
    "\"RemoteUrl\":\"a.example\"",
    "{\"query\":\"a.example\",\"answers\":[\"a.example\"]}",
    "{\"RemoteUrl\":\"a.example\"}",
    "properties\":{",
    ":{",
    "{ ",
    "x{",
    "a\":{\"RemoteUrl",
    "2026-01-14T00:00:00Z",
];

const DAMAGED: &[&[u8]] = &[
    b"NaN",
    b"-Infinity",
    b"nul",
    b"1.2.3",
    b"\"a.exa\\mple\"",
    b"\"a.example\t\"",
    b"\"\xff a.example\"",
    b"\"a.ex\xed\xa0\xbdample\"",
    b"\"\\ud800a.example\"",
    b"\"a.example\\\"",
    b"\"C:\\Users\\a.example\"",
    b"\"\\u00zza.example\"",
    b"\"x\\\\\\\"a.example\"",
    b"",
];

/// Text in quotes, with some characters escaped that need not be.
fn quoted(text: &str, every: usize) -> Vec<u8> {
    let mut out = vec![b'"'];
    for (at, c) in text.chars().enumerate() {
        match c {
            _ if every > 0 && at % every == every - 1 => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.extend(format!("\\u{unit:04x}").bytes());
                }
            }
            '"' | '\\' => out.extend([b'\\', c as u8]),
            '/' if every > 1 => out.extend(b"\\/"),
            c => out.extend(c.to_string().bytes()),
        }
    }
    out.push(b'"');
    out
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let every = prop_oneof![6 => Just(0_usize), 1 => 1_usize..12];
    (select(VALUES), every).prop_map(|(text, every)| quoted(text, every))
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let every = prop_oneof![12 => Just(0_usize), 1 => 1_usize..12];
    (select(NAMES), every).prop_map(|(text, every)| quoted(text, every))
}

fn scalar() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => text(),
        2 => select(&["null", "443", "-1.5e3", "true", "false", "0"][..]).prop_map(|t| t.into()),
        // Damage of values.
        1 => select(DAMAGED).prop_map(<[u8]>::to_vec),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    scalar().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            object(inner.clone()),
            vec(inner, 0..3).prop_map(|values| [&b"["[..], &values.join(&b','), b"]"].concat()),
        ]
    })
}

fn blanks() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![
        9 => Just(&b""[..]),
        3 => Just(&b" "[..]),
        1 => Just(&b"\t \r"[..]),
        1 => Just(&b"\0"[..]),
    ]
}

fn object(value: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let member = (blanks(), name(), blanks(), blanks(), value, blanks())
        .prop_map(|(a, name, b, c, value, d)| [a, &name, b, b":", c, &value, d].concat());
    vec(member, 0..9).prop_map(|members| [&b"{"[..], &members.join(&b','), b"}"].concat())
}

/// A line, sometimes damaged in its structure.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let damage = prop_oneof![
        8 => Just(None),
        1 => (any::<proptest::sample::Index>(), select(&b"\"{}[],:\\\0 x\xff"[..])).prop_map(Some),
    ];
    let cut = prop_oneof![12 => Just(None), 1 => any::<proptest::sample::Index>().prop_map(Some)];
    (object(value()), damage, cut, blanks(), blanks()).prop_map(
        |(mut line, damage, cut, before, after)| {
            if let Some((at, byte)) = damage {
                line.insert(at.index(line.len()), byte);
            }
            if let Some(at) = cut {
                line.truncate(at.index(line.len()));
            }
            [before, &line, after].concat()
        },
    )
}

/// How records are put together.
#[derive(Clone, Copy, Debug)]
enum Written {
    Lines,
    Array,
    /// The answer of a query.
    Answer,
    /// Each in an envelope; two members stand before the row, and one behind it.
    Envelopes,
    /// Envelopes in batches.
    Batches,
}

const WRITTEN: &[Written] = &[
    Written::Lines,
    Written::Lines,
    Written::Array,
    Written::Answer,
    Written::Envelopes,
    Written::Batches,
];

impl Written {
    fn write(self, records: &[Vec<u8>]) -> (Vec<u8>, FormatName) {
        let envelope = |record: &Vec<u8>| {
            let before =
                br#"{"time":"2026-01-14T00:00:00Z","operationName":"Publish","properties":"#;
            [before, &record[..], br#","Tenant":"x"}"#].concat()
        };
        match self {
            Written::Lines => (records.join(&b'\n'), FormatName::DefenderNdjson),
            Written::Array => {
                ([b"[", &records.join(&b",\n"[..])[..], b"]"].concat(), FormatName::DefenderJson)
            }
            Written::Answer => {
                let records = records.join(&b',');
                let text =
                    [&b"{\"Schema\":[{\"Name\":\"RemoteUrl\"}],\"Results\":["[..], &records, b"]}"];
                (text.concat(), FormatName::DefenderJson)
            }
            Written::Envelopes => {
                let records: Vec<_> = records.iter().map(envelope).collect();
                (records.join(&b'\n'), FormatName::DefenderEvents)
            }
            Written::Batches => {
                let records: Vec<_> = records.iter().map(envelope).collect();
                let batches = records
                    .chunks(3)
                    .map(|batch| [b"{\"records\":[", &batch.join(&b',')[..], b"]}"].concat());
                (batches.collect::<Vec<_>>().join(&b'\n'), FormatName::DefenderEvents)
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn lines_of_any_sort(
        lines in vec(line(), 1..8),
        fields in proptest::sample::subsequence(FIELDS, 1..4),
        text in select(TEXTS),
        first in 0_u64..3,
        every in 2_u64..9,
        written in select(WRITTEN),
    ) {
        let wanted = Having { fields: &fields, text };
        // The same lines again and again, so that their layouts are known.
        for times in [1, 4] {
            let (bytes, format) = written.write(&vec![&lines[..]; times].concat());
            let sampler = First::new(first, every);
            check(&bytes, Some(format), &wanted, &sampler).map_err(TestCaseError::fail)?;
        }
    }
}

/// Names of which some end alike, as far as is compared or as an escape allows.
const ALIKE: &[&str] = &[
    "ActionType",
    "RemoteUrl",
    "ProcessVersionInfoCompanyName",
    "InitiatingProcessVersionInfoCompanyName",
    "0041InitiatingProcessVersionInfoCompanyName",
    "essVersionInfoCompanyName",
    "u0072ocessVersionInfoCompanyName",
    "InitiatingProcessFileName",
    "InitiatingProcessFolderPath",
    "Other",
    "properties",
    "x\"properties",
];

/// What may stand before a name.
const BEFORE: &[&[u8]] = &[b"{", b"[", b"\"x\",", b"\"\":1,", b"\":\":1,", b"{},"];
/// What may stand before a colon, and what may not.
const BEFORE_COLON: &[&[u8]] = &[b" ", b"\t", b"\0", b"x"];
/// What stands behind colons and behind commas.
const GAPS: &[(&[u8], &[u8])] = &[(b"", b""), (b" ", b""), (b" ", b" "), (b"", b" "), (b"  ", b"")];

/// The values of a record, of which one or none is an object or a list.
fn values() -> impl Strategy<Value = Vec<Vec<u8>>> {
    (vec(scalar(), 8), proptest::option::of((0_usize..8, value()))).prop_map(|(mut all, nested)| {
        if let Some((at, value)) = nested {
            all[at] = value;
        }
        all
    })
}

/// What becomes of one member of one record among others of its layout.
#[derive(Clone, Debug)]
enum Change {
    Name(Vec<u8>),
    Value(Vec<u8>),
    Before(Vec<u8>),
    BeforeColon(&'static [u8]),
    Left,
    Twice,
}

fn change() -> impl Strategy<Value = Change> {
    let renamed = prop_oneof![
        name(),
        (select(ALIKE), 1_usize..12).prop_map(|(name, every)| quoted(name, every)),
        select(ALIKE).prop_map(|name| quoted(&format!("x{name}"), 0)),
        select(ALIKE).prop_map(|name| quoted(&format!("\"{name}"), 0)),
    ];
    prop_oneof![
        4 => renamed.prop_map(Change::Name),
        4 => value().prop_map(Change::Value),
        1 => select(BEFORE).prop_map(|text| Change::Before(text.to_vec())),
        1 => select(BEFORE_COLON).prop_map(Change::BeforeColon),
        1 => Just(Change::Left),
        1 => Just(Change::Twice),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Many records of one layout, and among them some that are nearly of it.
    #[test]
    fn lines_of_one_layout(
        names in proptest::sample::subsequence(ALIKE, 2..8).prop_shuffle(),
        rows in vec((values(), proptest::option::of((0_usize..8, change()))), 2..8),
        blanks in select(GAPS),
        fields in proptest::sample::subsequence(FIELDS, 1..4),
        text in select(TEXTS),
        written in select(WRITTEN),
    ) {
        let (behind_colon, behind_comma) = blanks;
        let line = |(values, change): &(Vec<Vec<u8>>, Option<(usize, Change)>)| {
            let mut members = Vec::new();
            for (at, (name, value)) in names.iter().zip(values).enumerate() {
                let change = change.as_ref().filter(|(place, _)| *place == at).map(|(_, how)| how);
                let (mut name, mut value) = (quoted(name, 0), value.clone());
                let (mut before, mut before_colon) = (Vec::new(), &b""[..]);
                match change {
                    Some(Change::Left) => continue,
                    Some(Change::Name(other)) => name.clone_from(other),
                    Some(Change::Value(other)) => value.clone_from(other),
                    Some(Change::Before(text)) => before.clone_from(text),
                    Some(Change::BeforeColon(text)) => before_colon = text,
                    Some(Change::Twice) => members.push([&name, &b":\"a.example\""[..]].concat()),
                    None => {}
                }
                members.push([&before, &name, before_colon, b":", behind_colon, &value].concat());
            }
            [&b"{"[..], &members.join(&[b",", behind_comma].concat()[..]), b"}"].concat()
        };
        let lines: Vec<Vec<u8>> = rows.iter().map(line).collect();
        let (bytes, format) = written.write(&[&lines[..]; 4].concat());
        let wanted = Having { fields: &fields, text };
        check(&bytes, Some(format), &wanted, &First::new(0, 1000)).map_err(TestCaseError::fail)?;
    }
}
