//! UTF-16, as PowerShell writes it, through everything.

use std::io::Cursor;

use super::{Dribble, Every, Nth, USUAL, gzip::gzip, sweep, sweep_reader, value};
use crate::FormatName;
use remora_abi::field::{DEVICE_ID, PROCESS_CMDLINE};

const ROWS: &str = "\u{feff}\"DeviceId\",\"RemotePort\",\"InitiatingProcessCommandLine\"\r\n\
    \"\u{e9}\u{1f600}\",\"1\",\"a\r\nb\"\r\n\"c\",\"2\",\"x\"\r\n";

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn little(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

fn big(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_be_bytes()).collect()
}

#[test]
fn both_orders_are_read_also_compressed_and_from_a_slow_pipe() {
    let expected = sweep(ROWS.as_bytes()).unwrap();
    assert_eq!(value(&expected.events[0], DEVICE_ID), "\u{e9}\u{1f600}");
    for bytes in [little(&units(ROWS)), big(&units(ROWS))] {
        for bytes in [bytes.clone(), gzip(&bytes)] {
            let swept = sweep(&bytes).unwrap();
            assert_eq!(swept.format, Some(FormatName::DefenderCsv));
            assert_eq!(swept.events, expected.events);
            assert_eq!((swept.bytes, swept.bytes_in), (ROWS.len() as u64, bytes.len() as u64));
            assert!(swept.troubles.is_empty() && swept.counts.repaired == 0);
            let dribble = Box::new(Dribble(Cursor::new(bytes), 1));
            let slow = sweep_reader(dribble, None, USUAL, &Every(false), &mut Nth(9), true);
            assert_eq!(slow.unwrap().counts.events, 2);
        }
    }
    let json = "\u{feff}[\r\n  {\"DeviceId\":\"a\",\"RemotePort\":1}\r\n]\r\n";
    assert_eq!(sweep(&little(&units(json))).unwrap().format, Some(FormatName::DefenderJson));
}

#[test]
fn halves_of_pairs_are_repaired_and_counted() {
    let mut text =
        units("\u{feff}{\"DeviceId\":\"a\",\"RemotePort\":1,\"InitiatingProcessCommandLine\":\"x");
    text.extend([0xd83d, 0x41, 0xde00]);
    text.extend(units("\"}\n{\"DeviceId\":\"b\",\"RemotePort\":2}\n"));
    let swept = sweep(&little(&text)).unwrap();
    assert_eq!((swept.counts.events, swept.counts.repaired), (2, 1));
    assert_eq!(value(&swept.events[0], PROCESS_CMDLINE), "x\u{fffd}A\u{fffd}");
}

/// Cut off anywhere: at most the record at the cut is lost, and half a character is told.
#[test]
fn a_cut_costs_at_most_the_record_at_the_cut() {
    let whole = sweep(ROWS.as_bytes()).unwrap();
    let all = little(&units(ROWS));
    for cut in 0..all.len() {
        let Ok(swept) = sweep(&all[..cut]) else { continue };
        let told = swept.troubles.iter().any(|t| t.message.contains("middle of a character"));
        let half = cut % 2 == 1 || all[..cut].ends_with(&0xd83d_u16.to_le_bytes());
        assert_eq!(told, half && cut > 2, "{cut}");
        // The line break belongs to the record's frame and not to the record.
        let ends = whole.events.iter().filter(|event| {
            let raw = String::from_utf8_lossy(&event.raw).into_owned();
            let end = ROWS.find(&raw).unwrap() + raw.len();
            2 * ROWS[..end].encode_utf16().count() <= cut
        });
        let kept = ends.count();
        assert!((kept..=kept + 1).contains(&swept.events.len()), "{cut}: {kept}");
        let known = swept.events.len().min(kept);
        assert_eq!(swept.events[..known], whole.events[..known], "{cut}");
    }
    assert_eq!(sweep(&[0xff, 0xfe, b'D']).unwrap().troubles.len(), 1);
}
