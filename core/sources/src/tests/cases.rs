//! The case files in `tests/cases`: input as text, expected events as data.
//!
//! Every case is run as it stands, once more byte by byte as from a slow pipe,
//! and once more screened for each of its expected values.

use std::{collections::BTreeMap, fs, path::Path};

use remora_abi::Field;
use serde::Deserialize;

use super::{Dribble, Every, Having, Nth, Seen, Swept, USUAL, sweep_told};
use crate::{
    FormatName, Zone,
    input::{Sizes, Told},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows, one line.
    name: String,
    /// The format that must be recognised.
    format: String,
    /// The input; `\xNN` and `\N` (newline) are read as escapes where `escaped` is set.
    input: String,
    #[serde(default)]
    escaped: bool,
    /// The zone of local times.
    timezone: Option<String>,
    /// Each event in full: kind, time, line and every field that is not empty.
    #[serde(default)]
    events: Vec<BTreeMap<String, toml::Value>>,
    #[serde(default)]
    refused: Vec<Problem>,
    #[serde(default)]
    troubles: Vec<Problem>,
    #[serde(default)]
    repaired: u64,
    #[serde(default)]
    other_kind: u64,
    #[serde(default)]
    no_fields: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Problem {
    line: u64,
    says: String,
}

#[test]
fn cases_give_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let (mut cases, mut failed) = (0, 0);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let file: File =
            toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for case in file.case {
            let file = path.file_name().unwrap().to_string_lossy();
            println!("{file}: {}", case.name);
            cases += 1;
            failed += u32::from(std::panic::catch_unwind(|| run(&case)).is_err());
        }
    }
    assert_eq!(failed, 0, "cases failed, of {cases}; each is named above its message");
    assert!(cases > 40, "{cases} cases");
}

fn run(case: &Case) {
    let bytes = if case.escaped { unescape(&case.input) } else { case.input.clone().into_bytes() };
    let zone = case.timezone.as_deref().map(|name| Zone::from_name(name).unwrap());
    let told = Told { zone, ..Told::default() };
    let reader = || Box::new(std::io::Cursor::new(bytes.clone()));
    let swept = sweep_told(reader(), &told, USUAL, &Every(true), &mut Nth(3), true).unwrap();
    check(case, &swept);
    assert_eq!(swept.bytes, bytes.len() as u64);

    let dribble = Box::new(Dribble(reader(), 1));
    // A header must be seen whole, and what follows it byte by byte.
    let header = memchr::memchr_iter(b'\n', &bytes).nth(1).map_or(bytes.len(), |end| end + 1);
    let sizes = Sizes { head: header + 1, block: 1, ..USUAL };
    let forced = Told { format: swept.format, ..told.clone() };
    let slow = sweep_told(dribble, &forced, sizes, &Every(true), &mut Nth(3), true).unwrap();
    check(case, &slow);
    assert_eq!(slow.events, swept.events);

    // Wanted for any of its values, an event is decoded as before and nothing else is.
    for event in &swept.events {
        for (name, value) in &event.fields {
            let fields = [Field::from_name(name).unwrap()];
            let wanted = Having(&fields, value);
            let nothing = &mut Nth(u64::MAX);
            let screened = sweep_told(reader(), &told, USUAL, &wanted, nothing, false);
            let screened = screened.unwrap();
            let mut found = screened.events.iter().map(plain);
            assert!(found.any(|found| found == plain(event)), "{name} {value:?}");
            assert!(
                screened.events.iter().all(|e| swept.events.iter().any(|s| plain(e) == plain(s)))
            );
        }
    }
}

/// An event without what the sampler and the screen say of it.
fn plain(event: &Seen) -> Seen {
    Seen { sampled: false, wanted: false, ..event.clone() }
}

fn check(case: &Case, swept: &Swept) {
    let format = FormatName::from_name(&case.format).unwrap();
    assert_eq!(swept.format, Some(format));
    let events: Vec<_> = swept.events.iter().map(as_data).collect();
    assert_eq!(events, case.events, "events");
    check_problems(
        &case.refused,
        swept.refusals.iter().map(|refusal| (refusal.line, &refusal.message[..])),
    );
    check_problems(
        &case.troubles,
        swept.troubles.iter().map(|trouble| (trouble.line, &trouble.message[..])),
    );
    let counts = swept.counts;
    assert_eq!(
        (counts.repaired, counts.other_kind, counts.no_fields, counts.refused),
        (case.repaired, case.other_kind, case.no_fields, case.refused.len() as u64),
        "repaired, other kind, no fields, refused"
    );
}

fn check_problems<'m>(expected: &[Problem], found: impl Iterator<Item = (u64, &'m str)>) {
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (&(line, message), expected) in found.iter().zip(expected) {
        assert!(message.contains(&expected.says), "{message:?} lacks {:?}", expected.says);
        assert_eq!(line, expected.line, "{message}");
    }
}

fn as_data(event: &Seen) -> BTreeMap<String, toml::Value> {
    let mut data: BTreeMap<_, _> = event
        .fields
        .iter()
        .map(|(name, value)| {
            let number = Field::from_name(name).is_some_and(Field::is_number);
            let value = match value.parse() {
                Ok(value) if number => toml::Value::Integer(value),
                _ => toml::Value::String(value.clone()),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    data.insert("kind".to_owned(), event.kind.name().into());
    data.insert("line".to_owned(), i64::try_from(event.line).unwrap().into());
    if let Some(time) = event.time {
        let instant = jiff::Timestamp::from_nanosecond(time.into()).unwrap();
        data.insert("time".to_owned(), instant.to_string().into());
    }
    data
}

/// Bytes with `\xNN` for any byte and `\N` for a newline.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'\\', [b'N', after @ ..]) => {
                bytes.push(b'\n');
                rest = after;
            }
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = after;
            }
            _ => bytes.push(first),
        }
    }
    bytes
}
