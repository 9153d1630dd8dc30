//! The screen drops no record that a detector could care for, and what it lets
//! through is decoded as if everything were.

use proptest::prelude::*;
use remora_abi::{Field, Kind, field::*};

use super::{Every, Having, Nth, Seen, USUAL, sweep_with, value};
use crate::{Sampler, Wanted};

/// Fields that the screen can be asked for, of every shape; two are opaque to it.
const FIELDS: &[Field] = &[
    REMOTE_URL,
    REMOTE_HOST,
    REMOTE_PORT,
    USER,
    PROCESS_IMAGE,
    PROCESS_KEY,
    PROCESS_NAME,
    OUTCOME,
    OBSERVATION,
    EVENT_ID,
    FILE_SIGNED,
    DNS_ANSWERS,
    DNS_RCODE,
];

/// Columns, with values of which some mean something in each shape.
const COLUMNS: &[(&str, &[&str])] = &[
    ("DeviceId", &["d", ""]),
    ("ReportId", &["17", "443", ""]),
    (
        "ActionType",
        &[
            "ConnectionSuccess",
            "DnsConnectionInspected",
            "ProcessCreated",
            "FileCreated",
            "Odd",
            "",
        ],
    ),
    (
        "RemoteUrl",
        &["a.example", "https://u:p@A.Example:443/x\\", "192.0.2.1", "b\u{e9}.example", ""],
    ),
    ("RemotePort", &["443", "443.0", "70000", "x", ""]),
    (
        "AdditionalFields",
        &[
            "{\"query\":\"a.example\",\"answers\":\"[\\\"a.example\\\"]\"}",
            "{\"query\":\"A\\u002eexample\",\"rcode_name\":\"NOERROR\"}",
            "{}",
            "broken",
            "",
        ],
    ),
    ("InitiatingProcessFileName", &["a.exe", "b.exe", ""]),
    ("InitiatingProcessFolderPath", &["C:\\x", "c:\\x\\A.EXE", ""]),
    ("InitiatingProcessId", &["4", "443", ""]),
    ("InitiatingProcessCreationTime", &["2026-01-14T00:00:00.4430Z", "443", ""]),
    ("InitiatingProcessAccountDomain", &["a.example", ""]),
    ("InitiatingProcessAccountName", &["u", "d\u{fffd}\u{0}", ""]),
    ("FileName", &["a.exe", ""]),
    ("Signer", &["S", ""]),
    ("IsSigned", &["1", "0.0", "False", "?", ""]),
];

const LITERALS: &[&str] =
    &["a.example", "A", "443", "a.exe", "\\", "success", "true", "dns", "17", ".", "\u{e9}", "NO"];

type Rows = Vec<Vec<&'static str>>;

fn rows() -> impl Strategy<Value = Rows> {
    let row: Vec<_> = COLUMNS.iter().map(|(_, values)| proptest::sample::select(*values)).collect();
    proptest::collection::vec(row, 1..12)
}

/// The rows as CSV.
fn as_csv(rows: &Rows) -> String {
    let line = |fields: Vec<&str>| {
        let quoted: Vec<_> =
            fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
        quoted.join(",") + "\n"
    };
    let header = line(COLUMNS.iter().map(|(name, _)| *name).collect());
    rows.iter().fold(header, |text, row| text + &line(row.clone()))
}

/// The rows as JSON in which every so-manieth character of names and values is escaped.
fn as_ndjson(rows: &Rows, every: usize, blanks: &str) -> String {
    let mut count = 0;
    let mut quoted = |text: &str| {
        let mut out = String::from("\"");
        for c in text.chars() {
            count += 1;
            match c {
                _ if count % every == 0 => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        out += &format!("\\u{unit:04x}");
                    }
                }
                '"' | '\\' => out.extend(['\\', c]),
                '/' => out += "\\/",
                '\0' => out += "\\u0000",
                _ => out.push(c),
            }
        }
        out + "\""
    };
    let mut text = String::new();
    for row in rows {
        let members: Vec<_> = COLUMNS
            .iter()
            .zip(row)
            .map(|((name, _), value)| format!("{}{blanks}:{blanks}{}", quoted(name), quoted(value)))
            .collect();
        text += &format!("{{{}}}\n", members.join(","));
    }
    text
}

fn contains(event: &Seen, fields: &[Field], literal: &str) -> bool {
    fields.iter().any(|&field| value(event, field).contains(literal))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn screened_and_validated_agree(
        rows in rows(),
        csv in any::<bool>(),
        every in 1_usize..30,
        blanks in prop_oneof![Just(""), Just(" ")],
        fields in proptest::sample::subsequence(FIELDS, 1..4),
        literal in proptest::sample::select(LITERALS),
        nth in 1_u64..6,
    ) {
        // A first row that is recognised and looks like nothing else.
        let text = if csv {
            as_csv(&rows)
        } else {
            "{\"DeviceId\":\"d\",\"RemotePort\":1}\n".to_owned() + &as_ndjson(&rows, every, blanks)
        };
        let wanted = Having(&fields, literal);
        let validated =
            sweep_with(text.as_bytes(), None, USUAL, &wanted, &mut Nth(nth), true).unwrap();
        let screened =
            sweep_with(text.as_bytes(), None, USUAL, &wanted, &mut Nth(nth), false).unwrap();

        let opaque = |event: &Seen| {
            (fields.contains(&DNS_ANSWERS) || fields.contains(&DNS_RCODE))
                && value(event, EVENT_ACTION) == "DnsConnectionInspected"
        };
        for event in &validated.events {
            let is = contains(event, &fields, literal);
            prop_assert!(event.wanted || !is, "missed: {event:?}");
            prop_assert!(is || !event.wanted || opaque(event), "wanted for nothing: {event:?}");
        }
        let kept: Vec<_> =
            validated.events.iter().filter(|event| event.wanted || event.sampled).collect();
        prop_assert_eq!(screened.events.iter().collect::<Vec<_>>(), kept);

        let (all, some) = (validated.counts, screened.counts);
        prop_assert_eq!(some.events, validated.events.iter().filter(|e| e.wanted).count() as u64);
        // A record that nobody wants may be dropped before it is known whether it is an event.
        prop_assert_eq!(
            some.events + some.screened_out + some.no_fields,
            all.events + all.no_fields
        );
        prop_assert!(some.no_fields <= all.no_fields);
        prop_assert_eq!(all.screened_out, 0);
        prop_assert_eq!(
            (some.records, some.refused, some.other_kind),
            (all.records, all.refused, all.other_kind)
        );
    }

    /// The format does not matter, only what is written in it.
    #[test]
    fn formats_agree(rows in rows(), every in 1_usize..30) {
        let events = |text: String| {
            let swept = sweep_with(
                text.as_bytes(), None, USUAL, &Every(true), &mut Nth(1), true,
            ).unwrap();
            swept.events.into_iter().map(|e| (e.kind, e.time, e.fields, e.record)).collect::<Vec<_>>()
        };
        let json = as_ndjson(&rows, every, " ");
        prop_assert_eq!(events(as_csv(&rows)), events(json));
    }
}

/// Writes down what it is asked.
#[derive(Default)]
struct Asked(Vec<(Kind, u64)>);

impl Sampler for Asked {
    fn take(&mut self, kind: Kind, record: u64) -> bool {
        self.0.push((kind, record));
        record % 3 == 1
    }
    fn would_take(&self, _: Kind, record: u64) -> bool {
        record % 3 == 1
    }
}

const SAMPLE: &str = concat!(
    "{\"DeviceId\":\"a\",\"RemotePort\":1}\n",
    "broken\n",
    "{\"DeviceId\":\"b\",\"ActionType\":\"FileCreated\"}\n",
    "\n",
    "{\"DeviceId\":\"c\",\"ActionType\":\"ProcessCreated\"}\n",
    "{\"DeviceId\":\"d\",\"FolderPath\":\"/x\"}\n",
    "{\"DeviceId\":\"e\",\"RemotePort\":2,\"Timestamp\":\"?\"}\n",
);

/// Once for each record whose kind is known, in order, by its index in the input, whatever is
/// wanted: else the sample would depend on the screen.
#[test]
fn the_sample_depends_on_the_position_alone() {
    use remora_abi::kind::{CONNECTION, PROCESS};
    for (wanted, validate) in [(false, false), (true, false), (false, true)] {
        for block in [1, 1 << 20] {
            let mut asked = Asked::default();
            let sizes = crate::input::Sizes { block, ..USUAL };
            let every = &Every(wanted);
            let swept =
                sweep_with(SAMPLE.as_bytes(), None, sizes, every, &mut asked, validate).unwrap();
            assert_eq!(asked.0, [(CONNECTION, 0), (PROCESS, 3), (PROCESS, 4), (CONNECTION, 5)]);
            let sampled: Vec<_> =
                swept.events.iter().filter(|e| e.sampled).map(|e| value(e, DEVICE_ID)).collect();
            assert_eq!(sampled, ["d"]);
        }
    }
}

#[test]
fn a_record_that_is_only_sampled_is_decoded_and_counts_as_screened_out() {
    let swept =
        sweep_with(SAMPLE.as_bytes(), None, USUAL, &Every(false), &mut Nth(5), false).unwrap();
    // One of the four has no field of its kind; it is dropped before anybody looks.
    assert_eq!((swept.counts.events, swept.counts.screened_out), (0, 4));
    assert_eq!((swept.counts.no_fields, swept.counts.other_kind), (0, 1));
    // Record 5 is sampled, and its time cannot be read.
    assert_eq!((swept.events.len(), swept.counts.repaired), (2, 1));
    assert!(swept.events.iter().all(|event| event.sampled && !event.wanted));
}

/// A worker that does not know how many records came before takes more of them into its sample. Of
/// those too many nothing may be told.
#[test]
fn counts_do_not_depend_on_how_many_records_are_sampled_too_many() {
    /// Takes the first two, and of the others all or none.
    struct Surplus(bool);

    impl Sampler for Surplus {
        fn take(&mut self, _: Kind, record: u64) -> bool {
            self.would_take(Kind(0), record)
        }
        fn would_take(&self, _: Kind, record: u64) -> bool {
            self.0 || self.always_takes(record)
        }
        fn always_takes(&self, record: u64) -> bool {
            record < 2
        }
    }

    let lines = [
        r#"{"DeviceId":"a","RemotePort":1}"#,
        r#"{"DeviceId":"a","RemotePort":1}}"#,
        r#"{"DeviceId":"a","RemotePort":1}}"#,
        r#"{"DeviceId":"a","RemotePort":1,"Timestamp":"?"}"#,
        r#"{"DeviceId":"a","RemotePort":1,"X":"\q"}"#,
        r#"{"DeviceId":"a","ActionType":"ProcessCreated"}"#,
        r#"{"DeviceId":"a","ActionType":"FileCreated"}"#,
        r#"{"DeviceId":"a","RemotePort":1,"X":nonsense}"#,
    ];
    let told = |text: &str, surplus| {
        let sampler = &mut Surplus(surplus);
        sweep_with(text.as_bytes(), None, USUAL, &Every(false), sampler, false).unwrap()
    };
    for text in [lines.join("\n"), format!("[{}]", lines.join(","))] {
        let (few, many) = (told(&text, false), told(&text, true));
        assert_eq!(few.counts, many.counts, "{text}");
        assert_eq!(few.refusals, many.refusals, "{text}");
        // What is always in the sample is told.
        assert_eq!(few.counts.refused, u64::from(text.starts_with('{')), "{text}");
        assert!(many.events.len() > few.events.len());
    }
}

/// What the mapping lacks and what the record lacks is asked for as empty, for an interest in
/// emptiness must not be missed.
#[test]
fn absent_fields_are_asked_for_as_empty() {
    struct Empty(Field);
    impl Wanted for Empty {
        fn fields(&self, _: Kind) -> &[Field] {
            std::slice::from_ref(&self.0)
        }
        fn opens(&self, _: Kind) -> bool {
            false
        }
        fn wants(&self, _: Kind, field: Field, raw: &[u8]) -> bool {
            assert_eq!(field, self.0);
            raw.is_empty()
        }
    }
    for (field, expected) in
        [(SERVICE_NAME, 3), (REMOTE_PORT, 1), (DEVICE_ID, 0), (REMOTE_URL, 3), (DNS_ANSWERS, 3)]
    {
        let swept =
            sweep_with(SAMPLE.as_bytes(), None, USUAL, &Empty(field), &mut Nth(99), false).unwrap();
        assert_eq!(swept.counts.events, expected, "{}", field.name());
    }
}

/// A record that is cut off is refused by either way, with its place.
#[test]
fn what_ends_within_a_record_is_refused() {
    let text = "{\"DeviceId\":\"a\",\"RemotePort\":1}\n{\"DeviceId\":\"b\",\"RemotePort\":1\n{\n";
    for validate in [false, true] {
        let every = &Every(false);
        let swept =
            sweep_with(text.as_bytes(), None, USUAL, every, &mut Nth(99), validate).unwrap();
        let lines: Vec<_> = swept.refusals.iter().map(|refusal| refusal.line).collect();
        assert_eq!(lines, [2, 3]);
    }
}

/// Wherever a block is cut, the screen lets the same through.
#[test]
fn blocks_of_every_size_are_screened_alike() {
    let lines: Vec<String> = (0..12)
        .map(|n| {
            let host = if n % 3 == 0 { "a.example" } else { "b.example" };
            let other = ["x", "{\\\"RemoteUrl\\\":1}", "\\u0052"][n % 3 * usize::from(n > 5)];
            format!(
                "{{\"DeviceId\":\"{n}\",\"ActionType\":\"ConnectionX\",\"Other\":\"{other}\",\"RemoteUrl\":\"{host}\"}}"
            )
        })
        .collect();
    let text = lines.join("\n");
    let wanted = Having(&[REMOTE_URL], "a.example");
    for block in 1..=text.len() {
        let sizes = crate::input::Sizes { block, ..USUAL };
        let mut nobody = Nth(1 << 40);
        let swept = sweep_with(text.as_bytes(), None, sizes, &wanted, &mut nobody, false).unwrap();
        let devices: Vec<_> =
            swept.events.iter().filter(|e| e.wanted).map(|e| value(e, DEVICE_ID)).collect();
        assert_eq!(devices, ["0", "3", "6", "9"], "blocks of {block}");
        assert_eq!((swept.counts.records, swept.counts.events), (12, 4));
    }
}

/// What is remembered of a log of one mapping says nothing of another's, though the records are the
/// same bytes.
#[test]
fn one_scan_serves_logs_of_several_mappings() {
    let line = |at: usize, host: &str| {
        let host = if at == 30 { "a.example" } else { host };
        format!(
            "{{\"uid\":\"C{at}\",\"ts\":1,\"id.orig_h\":\"10.0.0.1\",\"ActionType\":\"ConnectionX\",\
             \"RemoteUrl\":\"{host}\",\"query\":\"{host}\",\"server_name\":\"{host}\",\"host\":\"{host}\",\
             \"qtype_name\":\"A\",\"DeviceId\":\"d\"}}\n"
        )
    };
    let fields = [REMOTE_HOST, DEVICE_ID, EVENT_ID];
    let wanted = Having(&fields, "a.example");
    // The first record of a block is compared to no layout.
    let texts: [String; 2] = ["b.example", "c.example"]
        .map(|host| (0..60).map(|at| if at == 0 { "{}\n".to_owned() } else { line(at, host) }))
        .map(|lines| lines.collect());
    let mut shared = crate::Scan::default();
    for round in 0..3 {
        for format in [crate::FormatName::DefenderNdjson, crate::FormatName::ZeekNdjson] {
            let found = |scan: &mut crate::Scan| {
                let text = texts[round % 2].clone().into_bytes();
                let told = crate::input::Told { format: Some(format), ..Default::default() };
                let opened = crate::input::open_reader(Box::new(std::io::Cursor::new(text)), told);
                let mut opened = opened.expect("the format is told");
                let mut rows = Vec::new();
                while let Some(block) = opened.blocks.next(&mut Vec::new()) {
                    opened.stream.scan(&block, &wanted, &mut Nth(u64::MAX), false, scan);
                    let events = &scan.events;
                    let all = (0..events.len()).filter(|&row| events.wanted(row));
                    rows.extend(all.map(|row| events.record(row)));
                }
                rows
            };
            let (alone, among) = (found(&mut crate::Scan::default()), found(&mut shared));
            assert_eq!(alone, among, "{format:?} in round {round}");
            assert_eq!(among, [30], "{format:?} in round {round}");
        }
    }
}
