//! Compressed inputs, whole and damaged.

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};

use super::{Dribble, Every, Nth, Seen, Swept, USUAL, ahead::sweep, sweep_reader};
use crate::InputErrorKind;

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Lines that compress badly, so that damage has something to hit everywhere.
pub(super) fn lines(count: u64) -> Vec<u8> {
    let mut state = 1_u64;
    let mut text = String::new();
    for record in 0..count {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text +=
            &format!("{{\"DeviceId\":\"{state:016x}\",\"ReportId\":{record},\"RemotePort\":1}}\n");
    }
    text.into_bytes()
}

pub(super) fn ids(swept: &Swept) -> Vec<u64> {
    let id = |event: &Seen| event.fields.get("event.id").and_then(|id| id.parse().ok());
    swept.events.iter().map(|event| id(event).unwrap_or(u64::MAX)).collect()
}

#[test]
fn members_are_read_one_after_the_other() {
    let (one, two) = (lines(3), lines(400));
    let mut bytes = gzip(&one);
    bytes.extend(gzip(b""));
    bytes.extend(gzip(&two));
    // Padding as tape and block devices leave it.
    bytes.extend([0; 1000]);
    let swept = sweep(&bytes).unwrap();
    assert_eq!((swept.compression, swept.counts.events), (Some("gzip"), 403));
    assert_eq!((swept.bytes, swept.bytes_in), ((one.len() + two.len()) as u64, bytes.len() as u64));
    assert!(swept.troubles.is_empty());

    let dribble = Box::new(Dribble(Cursor::new(bytes), 1));
    let slow = sweep_reader(dribble, None, USUAL, &Every(false), &mut Nth(9), true).unwrap();
    assert_eq!(ids(&slow), ids(&swept));
}

#[test]
fn an_empty_archive_is_an_empty_input() {
    let swept = sweep(&gzip(b"")).unwrap();
    assert_eq!((swept.records(), swept.compression), (0, Some("gzip")));
}

/// A stream cut off anywhere gives a beginning of its records and says where it ends.
#[test]
fn a_truncated_stream_gives_what_came_before() {
    let plain = lines(300);
    let whole = gzip(&plain);
    let mut most = 0;
    for cut in (30..whole.len()).step_by(97).chain([whole.len() - 9, whole.len() - 1]) {
        let swept = match sweep(&whole[..cut]) {
            Ok(swept) => swept,
            Err(error) => {
                // Too little was inflated to recognise it.
                assert_eq!(error.kind, InputErrorKind::Unreadable);
                assert!(error.message.contains(&format!("cut off at byte {cut}")), "{error}");
                continue;
            }
        };
        let [trouble] = &swept.troubles[..] else { panic!("{:?}", swept.troubles) };
        assert!(trouble.message.contains(&format!("cut off at byte {cut}")), "{}", trouble.message);
        assert_eq!((trouble.records, trouble.offset), (0, swept.bytes));
        assert!(plain.starts_with(b"{") && swept.bytes <= plain.len() as u64);
        let ids = ids(&swept);
        assert!(ids.iter().copied().eq(0..ids.len() as u64));
        // Only the record in the middle of which the stream ends is lost.
        assert!(swept.counts.refused <= 1);
        let lines = memchr::memchr_iter(b'\n', &plain[..swept.bytes as usize]).count();
        assert!(ids.len() >= lines, "{} of {lines}", ids.len());
        most = most.max(ids.len());
    }
    assert_eq!(most, 300, "a missing checksum costs no record");
}

#[test]
fn bytes_behind_the_stream_are_told_and_cost_nothing() {
    let whole = gzip(&lines(50));
    let mut bytes = whole.clone();
    bytes.extend(b"garbage");
    let swept = sweep(&bytes).unwrap();
    assert_eq!(swept.counts.events, 50);
    let [trouble] = &swept.troubles[..] else { panic!("{:?}", swept.troubles) };
    assert!(trouble.message.contains(&format!("at byte {}", whole.len())), "{}", trouble.message);
}

/// Damage in the middle: what is inflated before it is read, also what was inflated in the same
/// step that found the damage.
#[test]
fn a_damaged_stream_gives_what_came_before() {
    let plain = lines(2000);
    let mut bytes = gzip(&plain);
    let middle = bytes.len() / 2;
    bytes[middle..middle + 400].fill(0xff);
    let swept = sweep(&bytes).unwrap();
    let [trouble] = &swept.troubles[..] else { panic!("{:?}", swept.troubles) };
    assert!(trouble.message.contains("damaged"), "{}", trouble.message);
    let good = ids(&swept).iter().zip(0..).take_while(|&(&id, expected)| id == expected).count();
    assert!(good > 900, "{good}");
}

#[test]
fn a_wrong_checksum_is_told_and_costs_nothing() {
    let mut bytes = gzip(&lines(50));
    let at = bytes.len() - 8;
    bytes[at] ^= 1;
    let swept = sweep(&bytes).unwrap();
    assert_eq!((swept.counts.events, swept.troubles.len()), (50, 1));
}

#[test]
fn a_header_of_gzip_alone_is_unreadable() {
    for bytes in [&b"\x1f\x8b"[..], b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\x1f\x8b\x08 and then text"]
    {
        let error = sweep(bytes).unwrap_err();
        assert_eq!(error.kind, InputErrorKind::Unreadable, "{error}");
        assert!(error.message.contains("gzip"), "{error}");
    }
}
