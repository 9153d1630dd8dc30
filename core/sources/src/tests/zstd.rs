//! Zstandard, whole and damaged.

use std::io::Cursor;

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{
    Dribble, Every, Nth, USUAL,
    ahead::sweep,
    gzip::{ids, lines},
    sweep_reader,
};
use crate::InputErrorKind;

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// As another program wrote it: 300 lines, with a checksum.
const OTHER: &[u8] = include_bytes!("../../tests/data/lines.ndjson.zst");

#[test]
fn frames_are_read_one_after_the_other() {
    let (one, two) = (lines(3), lines(9000));
    let mut bytes = zstd(&one);
    // A frame that is to be skipped.
    bytes.extend(b"\x53\x2a\x4d\x18\x03\0\0\0abc");
    bytes.extend(zstd(b""));
    bytes.extend(zstd(&two));
    bytes.extend(OTHER);
    let swept = sweep(&bytes).unwrap();
    assert_eq!((swept.compression, swept.counts.events), (Some("zstd"), 9303));
    let length = one.len() + two.len() + lines(300).len();
    assert_eq!((swept.bytes, swept.bytes_in), (length as u64, bytes.len() as u64));
    assert!(swept.troubles.is_empty(), "{:?}", swept.troubles);

    let mut skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec();
    skipped.extend(OTHER);
    let dribble = Box::new(Dribble(Cursor::new(skipped), 1));
    let slow = sweep_reader(dribble, None, USUAL, &Every(false), &mut Nth(9), true).unwrap();
    assert!(ids(&slow).into_iter().eq(0..300));
    assert_eq!(sweep(&zstd(b"")).unwrap().records(), 0);
}

/// A stream cut off anywhere gives the records of its whole blocks and says where it ends.
#[test]
fn a_truncated_stream_gives_what_came_before() {
    let plain = lines(9000);
    let whole = zstd(&plain);
    let mut most = 0;
    for cut in (4..whole.len()).step_by(3001).chain([whole.len() - 5, whole.len() - 1]) {
        let swept = match sweep(&whole[..cut]) {
            Ok(swept) => swept,
            Err(error) => {
                assert_eq!(error.kind, InputErrorKind::Unreadable);
                assert!(error.message.contains(&format!("cut off at byte {cut}")), "{error}");
                continue;
            }
        };
        let [trouble] = &swept.troubles[..] else { panic!("{:?}", swept.troubles) };
        assert!(trouble.message.contains(&format!("cut off at byte {cut}")), "{}", trouble.message);
        assert_eq!((trouble.records, trouble.offset), (0, swept.bytes));
        let ids = ids(&swept);
        assert!(ids.iter().copied().eq(0..ids.len() as u64));
        assert!(swept.counts.refused <= 1);
        // A block has 128 KiB, and only the one that is cut is missing.
        let share = cut * plain.len() / whole.len();
        assert!(swept.bytes as usize + 2 * (128 << 10) > share, "{} of {share}", swept.bytes);
        most = most.max(ids.len());
    }
    assert_eq!(most, 9000, "a missing checksum costs no record");
    for cut in 4..OTHER.len() {
        match sweep(&OTHER[..cut]) {
            Ok(swept) => {
                assert_eq!(swept.troubles.len(), 1);
                assert!(cut + 4 >= OTHER.len() && ids(&swept).into_iter().eq(0..300), "{cut}");
            }
            Err(error) => assert!(error.message.contains("cut off"), "{error}"),
        }
    }
}

#[test]
fn damage_is_told_and_costs_what_follows() {
    let plain = lines(9000);
    for at in [6, 100, 50_000, 140_000] {
        let mut bytes = zstd(&plain);
        bytes[at..at + 300].fill(0xff);
        match sweep(&bytes) {
            Ok(swept) => assert!(!swept.troubles.is_empty(), "{at}"),
            Err(error) => assert!(error.message.contains("Zstandard"), "{at}: {error}"),
        }
    }
    let mut bytes = OTHER.to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let swept = sweep(&bytes).unwrap();
    assert_eq!((swept.counts.events, swept.troubles.len()), (300, 1));
    assert!(swept.troubles[0].message.contains("checksum"));
    bytes[last] ^= 1;
    bytes.extend(b"garbage");
    let swept = sweep(&bytes).unwrap();
    assert_eq!((swept.counts.events, swept.troubles.len()), (300, 1));
    let place = format!("at byte {}", OTHER.len());
    assert!(swept.troubles[0].message.contains(&place), "{}", swept.troubles[0].message);
}
