//! Damage of every sort: nothing panics, memory stays bounded, and what is not
//! damaged is read.

use std::io::{self, Cursor, Read};

use proptest::prelude::*;
use remora_abi::field;

use super::{Every, Nth, Swept, USUAL, sweep, sweep_reader, sweep_with, value};
use crate::{
    BLOCK_SIZE, FormatName, MAX_RECORD, Scan,
    input::{Sizes, open_reader},
};

fn forced(bytes: &[u8], format: FormatName) -> Option<Swept> {
    sweep_with(bytes, Some(format), USUAL, &Every(false), &mut Nth(2), true).ok()
}

/// Endlessly the same bytes, up to a length.
fn repeated(bytes: &'static [u8], length: u64) -> impl Read + Send {
    struct Repeat(&'static [u8], usize);
    impl Read for Repeat {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let part = &self.0[self.1..];
            let part = &part[..part.len().min(out.len())];
            out[..part.len()].copy_from_slice(part);
            self.1 = (self.1 + part.len()) % self.0.len();
            Ok(part.len())
        }
    }
    Repeat(bytes, 0).take(length)
}

const BEFORE: &str = "{\"DeviceId\":\"before\",\"RemotePort\":1}\n";
const AFTER: &str = "\n{\"DeviceId\":\"after\",\"RemotePort\":1}\n";
const X: &[u8] = &[b'x'; 65536];

/// Reads everything and gives the events' devices, the troubles' lines and the most memory that
/// the cutter and its blocks ever held.
fn devices_and_memory(reader: impl Read + Send + 'static) -> (Vec<String>, Vec<(u64, u64)>, usize) {
    let mut opened = open_reader(Box::new(reader), None).unwrap();
    let (mut troubles, mut scan) = (Vec::new(), Scan::default());
    let (mut devices, mut memory) = (Vec::new(), 0);
    while let Some(block) = opened.blocks.next(&mut troubles) {
        memory = memory.max(opened.blocks.memory() + block.data.capacity());
        opened.stream.scan(&block, &Every(true), &mut Nth(2), true, &mut scan);
        let text = |row| scan.events.text(row, field::DEVICE_ID).to_owned();
        devices.extend((0..scan.events.len()).map(text));
        opened.blocks.recycle(block);
    }
    memory = memory.max(opened.blocks.memory());
    let troubles = troubles.into_iter().map(|trouble| {
        assert_eq!(trouble.records, 1);
        assert_eq!(trouble.message, "the record is larger than 16 MiB");
        (trouble.line, trouble.offset)
    });
    (devices, troubles.collect(), memory)
}

#[test]
fn a_record_of_200_mb_is_passed_over_in_bounded_memory() {
    let long = 200 << 20;
    let reader = Cursor::new(format!("{BEFORE}{{\"DeviceId\":\""))
        .chain(repeated(X, long))
        .chain(Cursor::new("\"}".to_owned() + AFTER));
    let (devices, troubles, memory) = devices_and_memory(reader);
    assert_eq!(devices, ["before", "after"]);
    assert_eq!(troubles, [(2, BEFORE.len() as u64)]);
    assert!(memory < 3 * MAX_RECORD, "{memory}");
}

#[test]
fn a_record_of_the_largest_size_is_read_and_one_byte_more_is_not() {
    for (more, expected) in [(0, 3), (1, 2)] {
        let (start, end) = ("{\"DeviceId\":\"long\",\"RemotePort\":2,\"x\":\"", "\"}");
        let filling = MAX_RECORD - start.len() - end.len() + more;
        let reader = Cursor::new(BEFORE.to_owned() + start)
            .chain(repeated(X, filling as u64))
            .chain(Cursor::new(end.to_owned() + AFTER));
        let (devices, troubles, _) = devices_and_memory(reader);
        assert_eq!((devices.len(), troubles.len()), (expected, 3 - expected));
    }
}

/// Nothing but quotes, blanks after a quote, a field that never ends: all in bounded memory.
#[test]
fn endless_fields_of_csv_are_passed_over_in_bounded_memory() {
    let header = "DeviceId,RemotePort,Other\nbefore,1,\n";
    for (start, filling) in [("x,1,\"", X), ("\"", &[b'"'; 65536][..]), ("\"\"", &[b' '; 65536])] {
        let reader = Cursor::new(format!("{header}{start}"))
            .chain(repeated(filling, 40 << 20))
            .chain(Cursor::new("\nafter,1,\n"));
        let (devices, troubles, memory) = devices_and_memory(reader);
        assert_eq!(devices, ["before", "after"], "{start:?}");
        assert_eq!(troubles, [(3, header.len() as u64)], "{start:?}");
        assert!(memory < 4 * MAX_RECORD, "{start:?}: {memory}");
    }
}

/// Every line opens a field that nothing closes. Were each looked after from its own beginning,
/// this would not end before the test is given up.
#[test]
fn stray_quotes_in_every_line_cost_their_lines() {
    let lines = 150_000;
    let mut text = "DeviceId,RemotePort,Other\n".to_owned();
    text += &"x,\"\"y\n".repeat(lines);
    text += "after,1,\n";
    let swept = sweep(text.as_bytes()).unwrap();
    assert_eq!(swept.counts.refused, lines as u64);
    assert_eq!(swept.events.len(), 1);
    assert_eq!(swept.events[0].line, lines as u64 + 2);
    assert!(swept.blocks as usize <= text.len() / BLOCK_SIZE + 2);
}

#[test]
fn deep_nesting_costs_no_stack() {
    let deep = "[".repeat(300_000) + &"]".repeat(300_000);
    let broken = "{\"a\":".repeat(300_000);
    let text = format!(
        "{{\"DeviceId\":\"a\",\"RemotePort\":1,\"Other\":{deep},\"AdditionalFields\":{deep}}}\n{broken}\n{deep}\n\
         {{\"DeviceId\":\"b\",\"RemotePort\":1,\"ActionType\":\"DnsConnectionInspected\",\"AdditionalFields\":{{\"query\":{deep}}}}}\n"
    );
    let swept = sweep(text.as_bytes()).unwrap();
    assert_eq!((swept.counts.events, swept.counts.refused), (2, 2));
}

#[test]
fn an_input_that_fails_gives_what_came_before() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let reader = Box::new(Cursor::new(BEFORE.to_owned() + "{\"DeviceId\":").chain(Failing));
    let swept = sweep_reader(reader, None, USUAL, &Every(false), &mut Nth(2), true).unwrap();
    assert_eq!((swept.counts.events, swept.counts.refused), (1, 1));
    let [trouble] = &swept.troubles[..] else { panic!("{:?}", swept.troubles) };
    assert_eq!((trouble.line, trouble.offset, trouble.records), (2, swept.bytes, 0));
    assert!(trouble.message.contains("the disk is gone"));

    let reader = Box::new(Failing);
    let error = sweep_reader(reader, None, USUAL, &Every(false), &mut Nth(2), true).unwrap_err();
    assert_eq!(error.kind, crate::InputErrorKind::Unreadable);
}

#[test]
fn at_most_a_hundred_refusals_of_a_block_are_told_and_all_are_counted() {
    let swept = sweep((BEFORE.to_owned() + &"{\n".repeat(1000)).as_bytes()).unwrap();
    assert_eq!((swept.counts.refused, swept.refusals.len()), (1000, 100));
}

/// Records that differ in everything that matters.
fn document(csv: bool) -> Vec<u8> {
    let mut text = String::new();
    if csv {
        text += "DeviceId,RemoteUrl,InitiatingProcessCommandLine,RemotePort\n";
    }
    for at in 0..20 {
        text += &if csv {
            format!("d{at},u{at}.example,\"c:\\{at}, \"\"x\"\"\",{at}\n")
        } else {
            format!(
                "{{\"DeviceId\":\"d{at}\",\"RemoteUrl\":\"u{at}.example\",\"InitiatingProcessCommandLine\":\"c:\\\\{at} \\u00e9\",\"RemotePort\":{at}}}\n"
            )
        };
    }
    text.into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = sweep(&bytes);
        for &format in FormatName::ALL {
            forced(&bytes, format);
        }
    }

    #[test]
    fn any_text_of_the_formats_own_bytes_is_read_or_refused(
        text in "[{}\\[\\]\",:;\\\\\t\n\r\0 a1eu\u{e9}\u{ffff}-]{0,200}",
    ) {
        let header = format!("DeviceId,RemotePort,\"x\"\n{text}");
        prop_assert!(forced(header.as_bytes(), FormatName::DefenderCsv).is_some());
        prop_assert!(forced(text.as_bytes(), FormatName::DefenderNdjson).is_some());
        let object = format!("{{\"DeviceId\":\"d\",\"RemotePort\":1,\"x\":{text}}}\n{BEFORE}");
        let swept = forced(object.as_bytes(), FormatName::DefenderNdjson).unwrap();
        prop_assert_eq!(value(swept.events.last().unwrap(), field::DEVICE_ID), "before");
    }

    /// One changed byte costs at most the records it stands in (two, where it joined them).
    #[test]
    fn a_changed_byte_harms_no_other_record(csv in any::<bool>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let document = document(csv);
        let whole = sweep(&document).unwrap();
        let mut bytes = document.clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let header = if csv { memchr::memchr(b'\n', &document).unwrap() + 1 } else { 0 };
        prop_assume!(at >= header);
        let swept = sweep(&bytes).unwrap();
        let mut start = header;
        for event in &whole.events {
            let end = start + event.raw.len() + 1;
            // The newline before it may have gone.
            if !(start.max(1) - 1..end).contains(&at) {
                let same = |other: &&super::Seen| other.raw == event.raw && other.fields == event.fields;
                prop_assert!(swept.events.iter().any(|other| same(&other)), "{}", event.line);
            }
            start = end;
        }
    }
}

#[test]
fn sizes_that_tests_use_are_those_of_everybody() {
    let Sizes { head, block, record } = USUAL;
    assert_eq!((head, block, record), (64 << 10, 1 << 20, 16 << 20));
}
