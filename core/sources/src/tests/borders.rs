//! Wherever a block is cut, the result is the same; and wherever an input is
//! cut off, at most the record at the cut is lost.

use proptest::prelude::*;

use super::{Dribble, Every, Nth, Seen, Swept, USUAL, sweep, sweep_reader, sweep_sized, value};
use crate::{
    FormatName::{
        self, DefenderCsv as CSV, DefenderJson as JSON, DefenderNdjson as NDJSON, ZeekTsv as ZEEK,
    },
    Trouble,
    input::Sizes,
};
use remora_abi::field;

/// What must not depend on blocks.
fn result(mut swept: Swept) -> (Vec<Seen>, crate::Counts, Vec<crate::Refusal>, Vec<Trouble>, u64) {
    swept.troubles.sort_by_key(|trouble| trouble.offset);
    (swept.events, swept.counts, swept.refusals, swept.troubles, swept.bytes)
}

const MIXED: &str = concat!(
    "{\"DeviceId\":\"a\",\"RemoteUrl\":\"a.example\"}\n",
    "\n",
    "{\"DeviceId\":\"b\",\"RemoteUrl\":\"\\u00e9\u{e9}.example\",\"Other\":[1,{\"x\":null}]}\r\n",
    "broken\n",
    "{\"DeviceId\":\"long\",\"RemoteUrl\":\"this record is longer than the limit of this test, which is small\",\"Other\":\"....................................................\"}\n",
    "{\"DeviceId\":\"c\",\"ActionType\":\"FileCreated\"}\n",
    "{\"DeviceId\":\"d\",\"RemotePort\":1}",
);

const ROWS: &str = concat!(
    "DeviceId,RemoteUrl,RemotePort,Other\r\n",
    "a,\"a.example\",1,\"x\"\"y\"\r\n",
    "\n",
    "b,b.example,2,\"line\nbreak, and \"\"more\"\"\n\"\r\n",
    "c,\"stray,3,\n",
    "d,d.example,4,\"another \"one\" here\"\n",
    "DeviceId,RemoteUrl,RemotePort,Other\r\n",
    "e,\"this record is longer than the limit of this test, which is small\",5,\"....................................................\"\n",
    "f,f.example,6,\n",
    "RemoteUrl,DeviceId,RemotePort,Other\n",
    "g.example,g,7,\n",
    "h.example,h,8,",
);

const ARRAY: &str = concat!(
    "\u{feff}[{\"DeviceId\":\"a\",\"RemoteUrl\":\"a{\\\"}.example\"},\r\n",
    "  {\"DeviceId\":\"say \"hi\"\",\"RemotePort\":1},{\"DeviceId\":\"b\",\"RemotePort\":1,\"x\":[{},[]]},\n",
    "{\"DeviceId\":\"long\",\"RemoteUrl\":\"this record is longer than the limit of this test, which is small\",\"Other\":[{\"a\":\"...................\"}]}\n",
    ",17 , {\n  \"DeviceId\": \"c\",\n  \"RemotePort\": 1\n},\n{\"DeviceId\":\"d,\"RemotePort\":1},\n",
    "{\"DeviceId\":\"e\",\"RemotePort\":1}]\n",
);

const BATCHES: &str = concat!(
    "{\"Schema\":[{\"Name\":\"DeviceId\"}],\"records\":[{\"category\":\"AdvancedHunting-DeviceInfo\",\"properties\":{}},",
    "{\"properties\":{\"DeviceId\":\"a\",\"RemotePort\":1}}],\"Count\":[1]}{\"records\":[\n",
    "{\"properties\":{\"DeviceId\":\"b\",\"RemotePort\":2}}]}\n{\"records\":[ ]}\n",
    "{\"DeviceId\":\"long\",\"RemoteUrl\":\"this record is longer than the limit of this test, which is small\",\"Other\":\"..............................\"}\n",
    "{\"properties\":{\"DeviceId\":\"c\",\"RemotePort\":3}}",
);

const LOGS: &str = concat!(
    "#separator \\x09\n#path\tdns\n#fields\tts\tuid\tquery\trcode_name\n",
    "1\tC1\ta.example\tNOERROR\n\n2\tC2\tb.example\tNOERROR\r\n",
    "#close\n\u{feff}#separator \\x2c\n#set_separator,|\n#path,ssl\n#fields,server_name,uid\n",
    "c.example,C3\n\u{feff}d.example,C4\ne.example\n",
    "this record is longer than the limit of this test, which is small,C5,................................................\n",
    "#fields,uid,server_name\n#open\nC6,f.example\n#close\n#separator \\x09\n\t\n7\tC7\n",
    "#path\tfiles\n#fields\tts\tuid\n8\tC8\n#path\tdns\n#fields\tts\tquery\n9\th.example",
);

#[test]
fn blocks_of_every_size_give_the_same() {
    for (text, events) in [(MIXED, 3), (ROWS, 4), (ARRAY, 4), (BATCHES, 3), (LOGS, 6)] {
        let whole = result(sweep_sized(text.as_bytes(), Sizes { record: 100, ..USUAL }).unwrap());
        assert_eq!(whole.0.len(), events);
        assert!(whole.3.iter().any(|trouble| trouble.message.contains("larger than 100 bytes")));
        for block in 1..=text.len() + 1 {
            let sizes = Sizes { head: 110, block, record: 100 };
            let cut = result(sweep_sized(text.as_bytes(), sizes).unwrap());
            assert_eq!(cut, whole, "blocks of {block}");
        }
    }
}

/// Several have a block at once and give theirs back before they ask for the next one: each goes on
/// in its own memory, and what was read but not given away is lost to nobody.
#[test]
fn who_gives_a_block_back_gets_the_next_one_in_its_memory() {
    use crate::input::{Told, open_sized};
    let (rows, _) = ROWS.split_once("RemoteUrl,DeviceId").expect("other columns");
    let texts = [MIXED, rows, LOGS].map(|text| text.repeat(200));
    for text in &texts {
        let told = Told::default();
        let open = || {
            let sizes = Sizes { head: 110, block: 4000, record: 1000 };
            open_sized(Box::new(std::io::Cursor::new(text.clone())), &told, sizes).unwrap().blocks
        };
        let (mut alone, mut shared, mut troubles) = (open(), open(), Vec::new());
        let mut held = std::collections::VecDeque::new();
        let mut again = 0;
        loop {
            let done = if held.len() == 3 { held.pop_front() } else { None };
            let memory = done.as_ref().map(|done: &crate::Block| done.data.as_ptr());
            done.into_iter().for_each(|done| shared.recycle(done));
            let (want, got) = (alone.next(&mut troubles), shared.next(&mut troubles));
            let place =
                |block: &crate::Block| (block.number, block.offset, block.line, block.record);
            assert_eq!(got.as_ref().map(place), want.as_ref().map(place));
            let (Some(want), Some(got)) = (want, got) else { break };
            assert_eq!(got.data, want.data);
            again += u32::from(memory == Some(got.data.as_ptr()));
            held.push_back(got);
        }
        // Longer blocks may have to move.
        assert!(again > 3, "{again} blocks of about {}", text.len() / 4000);
    }
}

#[test]
fn other_columns_end_the_reading_and_their_records_are_counted() {
    let swept = sweep_sized(ROWS.as_bytes(), Sizes { head: 60, block: 7, record: 100 }).unwrap();
    let trouble = swept.troubles.last().unwrap();
    assert_eq!((trouble.line, trouble.records), (12, 2));
    assert_eq!(swept.bytes, ROWS.len() as u64);
    let devices: Vec<_> = swept.events.iter().map(|e| value(e, field::DEVICE_ID)).collect();
    assert_eq!(devices, ["a", "b", "d", "f"]);
    // Records are numbered as they stand, the lost ones included.
    assert_eq!(swept.events.iter().map(|e| e.record).collect::<Vec<_>>(), [0, 1, 3, 5]);
    assert_eq!(swept.records(), 8);
}

/// A prefix gives the events of its whole records, and at most one more: the record at the cut,
/// if what is left of it still is one.
#[test]
fn a_cut_costs_at_most_the_record_at_the_cut() {
    for text in [MIXED, ROWS, ARRAY, BATCHES, LOGS] {
        let whole = sweep(text.as_bytes()).unwrap();
        let ends: Vec<_> = whole
            .events
            .iter()
            .map(|event| {
                let at = memchr::memmem::find(text.as_bytes(), &event.raw).unwrap();
                at + event.raw.len()
            })
            .collect();
        for cut in 0..text.len() {
            let Ok(swept) = sweep(&text.as_bytes()[..cut]) else { continue };
            let kept = ends.iter().filter(|&&end| end <= cut).count();
            // A stray quote is known as such only from what follows it.
            let known = swept.events.len().min(kept);
            assert_eq!(swept.events[..known], whole.events[..known], "{cut}");
            assert!((kept..=kept + 1).contains(&swept.events.len()), "{cut}: {kept}");
        }
    }
}

/// Rows that are mostly written well, with quotes, delimiters and line breaks in quoted fields.
fn rows() -> impl Strategy<Value = String> {
    let inside = prop_oneof![4 => Just("a"), 3 => Just("\"\""), 3 => Just("\n"), 1 => Just(",")];
    let field = proptest::collection::vec(inside, 0..5).prop_map(|parts| parts.concat());
    let field = prop_oneof![
        6 => field.prop_map(|text| format!("\"{text}\"")),
        2 => Just("1".to_owned()),
        1 => Just("\"x".to_owned()),
    ];
    let row = proptest::collection::vec(field, 1..4).prop_map(|fields| fields.join(",") + "\n");
    proptest::collection::vec(row, 0..8).prop_map(|rows| rows.concat())
}

/// Pieces of which rows are made that try the reading of quotes.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just("\""), 2 => Just("\"\""), 3 => Just(","), 3 => Just("\n"), 1 => Just("\r\n"),
        3 => Just("a"), 1 => Just(" "), 1 => Just("\r"), 1 => Just("\u{e9}"), 1 => Just("\0"),
        1 => Just("DeviceId,RemotePort,Other\n"), 1 => Just("\n1,2,\"x\"\n"),
        1 => Just("RemotePort,DeviceId,Other\n"),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        6 => "[a-z]{1,12}".prop_map(|x| format!("{{\"DeviceId\":\"{x}\",\"RemotePort\":1}}")),
        2 => "[{}\":,\\\\ a]{0,50}",
        1 => Just(String::new()),
        1 => Just(" \t\r".to_owned()),
    ];
    proptest::collection::vec((line, prop_oneof![Just("\n"), Just("\r\n")]), 0..12)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect())
}

/// Logs joined in any way: lines that say how rows are written, rows that fit them or not.
fn logs() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        2 => Just("#separator \\x09\n"), 1 => Just("#separator \\x2c\n"), 1 => Just("#unset_field\t?\n"),
        2 => Just("#path\tdns\n"), 1 => Just("#path\tx509\n"), 1 => Just("#path,ssl\n"),
        2 => Just("#fields\tuid\tquery\n"), 1 => Just("#fields,server_name,uid\n"),
        1 => Just("#types\tstring\tset[string]\n"), 1 => Just("#close\t1\n"), 1 => Just("\n"),
        4 => Just("C1\ta.example\n"), 2 => Just("C2\t?\r\n"), 2 => Just("b.example,C3\n"),
        1 => Just("\u{feff}C4\tc.example\n"), 1 => Just("C5\n"), 1 => Just("\u{e9}\td\\x2eexample\n"),
    ];
    proptest::collection::vec(line, 0..24).prop_map(|lines| lines.concat())
}

/// Where nothing can be read, the search for the next object must not begin anew at each bracket:
/// that would take hours here.
#[test]
fn a_large_input_of_damage_takes_no_quadratic_time() {
    let mut text = "[{\"DeviceId\":\"a\",\"RemotePort\":1},".to_owned();
    text += &"{'DeviceId': 'b'},\n".repeat(200_000);
    let swept = sweep_sized(text.as_bytes(), Sizes { record: 1 << 18, ..USUAL }).unwrap();
    assert_eq!(swept.counts.events, 1);
    assert!(swept.records() > 10 && swept.records() < 200, "{}", swept.records());
}

/// Pieces of which JSON is made, and what breaks it.
fn json() -> impl Strategy<Value = String> {
    let element = prop_oneof![
        Just("{\"DeviceId\":\"a\",\"RemotePort\":1}"),
        Just("{\"a\":[{\"b\":1},{}]}"),
        Just("{\n  \"DeviceId\": \"b\",\n  \"RemotePort\": 1\n}"),
        Just("{\"records\":["),
        Just("{\"properties\":{\"DeviceId\":\"c\",\"RemotePort\":1}}"),
        Just("\"Schema\":[{\"x\":\"y\"}]"),
    ];
    let piece = prop_oneof![
        4 => element, 3 => Just(","), 2 => Just("\n"), 1 => Just(" "), 1 => Just("["), 1 => Just("]"),
        1 => Just("{"), 1 => Just("}"), 1 => Just("\""), 1 => Just("\\"), 1 => Just(":"), 1 => Just("1"),
        1 => Just("\"Results\":["), 1 => Just("\u{feff}"), 1 => Just("\u{e9}"), 1 => Just("{\"DeviceId\""),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn borders_of_elements_do_not_depend_on_blocks(
        json in json(), block in 1_usize..60, record in 32_usize..80, read in 1_usize..9,
    ) {
        let first = "[{\"DeviceId\":\"a\",\"RemotePort\":1}";
        same_for_all(first, &json, Sizes { head: 1, block, record }, read)?;
    }

    #[test]
    fn borders_of_csv_do_not_depend_on_blocks(
        rows in prop_oneof![pieces(), rows()],
        block in 1_usize..40, record in 8_usize..40, read in 1_usize..9,
    ) {
        let first = "DeviceId,RemotePort,Other\n";
        same_for_all(first, &rows, Sizes { head: 26, block, record }, read)?;
    }

    #[test]
    fn borders_of_logs_do_not_depend_on_blocks(
        logs in logs(), block in 1_usize..60, record in 8_usize..30, read in 1_usize..9,
    ) {
        let first = "#path\tdns\n#fields\tuid\tquery\nC0\tz\n";
        same_for_all(first, &logs, Sizes { head: 1, block, record }, read)?;
    }

    #[test]
    fn borders_of_lines_do_not_depend_on_blocks(
        lines in lines(), block in 1_usize..60, record in 8_usize..60, read in 1_usize..9,
    ) {
        let first = "{\"DeviceId\":\"a\",\"RemotePort\":1}\n";
        same_for_all(first, &lines, Sizes { head: 1, block, record }, read)?;
    }
}

/// Read at once or a few bytes at a time, in one block or many.
fn same_for_all(first: &str, rest: &str, sizes: Sizes, read: usize) -> Result<(), TestCaseError> {
    let text = first.to_owned() + rest;
    let whole = Sizes { record: sizes.record, ..USUAL };
    let whole = result(sweep_sized(text.as_bytes(), whole).unwrap());
    let reader = Box::new(Dribble(std::io::Cursor::new(text.clone().into_bytes()), read));
    let format: Option<FormatName> = Some(match first.as_bytes()[0] {
        b'{' => NDJSON,
        b'[' => JSON,
        b'#' => ZEEK,
        _ => CSV,
    });
    let cut = sweep_reader(reader, format, sizes, &Every(false), &mut Nth(u64::MAX), true).unwrap();
    prop_assert_eq!(result(cut), whole, "{:?}", text);
    Ok(())
}
