//! Records: framed, extracted and decoded, however the input is cut.

use std::io::{self, Cursor, Read};

use remora_abi::{Field, Kind};
use remora_sources::{
    Block, Counts, FormatName, Refusal, Sampler, Scan, Trouble, Wanted,
    input::{Opened, Sizes, open_reader, open_sized},
};

/// The largest record: small, so that a fuzzer reaches it.
const RECORD: usize = 200;
/// What is looked at to recognise a format.
const HEAD: usize = 400;

pub(crate) fn check_ndjson(data: &[u8]) {
    check(data, FormatName::DefenderNdjson);
}

pub(crate) fn check_csv(data: &[u8]) {
    check(data, FormatName::DefenderCsv);
}

pub(crate) fn check_zeek(data: &[u8]) {
    check(data, FormatName::ZeekTsv);
}

/// Bytes of no stated format, compressed or not: recognised or not, and read
/// to the end.
pub(crate) fn check_any(data: &[u8]) {
    if let Ok(opened) = open_reader(Box::new(Cursor::new(data.to_vec())), None) {
        sweep(opened, true);
    }
}

/// The same records come out whatever the size of blocks and of reads, and
/// what is screened out is missing and nothing else.
fn check(data: &[u8], format: FormatName) {
    // The first byte chooses a size, so that the fuzzer does.
    let Some((&first, data)) = data.split_first() else { return };
    let open = |block, read| {
        let reader = Dribble(Cursor::new(data.to_vec()), read);
        open_sized(
            Box::new(reader),
            &Some(format).into(),
            Sizes { head: HEAD, block, record: RECORD },
        )
    };
    let whole = open(1 << 16, 1 << 16).map(|opened| sweep(opened, true));
    for (block, read) in [(1, 7), (1 + usize::from(first), 1 << 16)] {
        let cut = open(block, read).map(|opened| sweep(opened, true));
        match (&whole, &cut) {
            (Ok(whole), Ok(cut)) => assert_eq!(cut, whole, "blocks of {block}"),
            (Err(whole), Err(cut)) => assert_eq!(cut.message, whole.message),
            _ => panic!("blocks of {block}: {cut:?}\nwhole: {whole:?}"),
        }
    }
    let screened = open(1 << 16, 1 << 16).map(|opened| sweep(opened, false));
    if let (Ok(whole), Ok(screened)) = (whole, screened) {
        assert!(screened.events.iter().all(|event| whole.events.contains(event)));
        assert_eq!(screened.counts.records, whole.counts.records);
        assert_eq!(screened.bytes, whole.bytes);
    }
}

/// All that reading an input gives, but for how it was cut.
#[derive(Debug, PartialEq)]
struct Swept {
    events: Vec<String>,
    counts: Counts,
    refusals: Vec<Refusal>,
    troubles: Vec<Trouble>,
    bytes: u64,
}

fn sweep(mut opened: Opened, validate: bool) -> Swept {
    let mut swept = Swept {
        events: Vec::new(),
        counts: Counts::default(),
        refusals: Vec::new(),
        troubles: Vec::new(),
        bytes: 0,
    };
    let mut scan = Scan::default();
    while let Some(block) = opened.blocks.next(&mut swept.troubles) {
        opened.stream.scan(&block, &Letter, &mut Never, validate, &mut scan);
        let (sum, counts) = (&mut swept.counts, scan.counts);
        assert_eq!(
            counts.records,
            counts.events
                + counts.screened_out
                + counts.refused
                + counts.other_kind
                + counts.no_fields,
            "every record is counted once"
        );
        *sum += counts;
        swept.refusals.extend(scan.refusals.iter().cloned());
        swept.events.extend(see(&scan, &opened, &block));
        opened.blocks.recycle(block);
    }
    swept.bytes = opened.blocks.bytes();
    swept.troubles.sort_by_key(|trouble| trouble.offset);
    swept
}

/// The events of a block, in words.
fn see(scan: &Scan, opened: &Opened, block: &Block) -> Vec<String> {
    let events = &scan.events;
    let event = |row: usize| {
        let raw = &block.data[events.span(row)];
        let mut words = vec![
            format!("{:?} {:?}", events.kinds()[row], events.time(row)),
            format!("{} {} {raw:?}", events.record(row), events.line(row)),
            format!("{:?}", opened.stream.record_hash(block, events.span(row))),
        ];
        let texts = events.text_fields().map(|field| (field, events.text(row, field).to_owned()));
        let numbers = events
            .number_columns()
            .filter_map(|(field, ..)| Some((field, events.number(row, field)?.to_string())));
        let mut fields: Vec<_> = texts.chain(numbers).filter(|one| !one.1.is_empty()).collect();
        fields.sort();
        words.extend(fields.iter().map(|(field, value)| format!("{}={value}", field.name())));
        words.join(" ")
    };
    (0..events.len()).map(event).collect()
}

/// Wants every record with an `a` in some fields.
struct Letter;

impl Wanted for Letter {
    fn fields(&self, _: Kind) -> &[Field] {
        use remora_abi::field::{DEVICE_ID, REMOTE_HOST, REMOTE_URL};
        &[DEVICE_ID, REMOTE_URL, REMOTE_HOST]
    }
    fn opens(&self, _: Kind) -> bool {
        false
    }
    fn wants(&self, _: Kind, _: Field, raw: &[u8]) -> bool {
        raw.contains(&b'a')
    }
}

/// Samples nothing.
struct Never;

impl Sampler for Never {
    fn take(&mut self, _: Kind, _: u64) -> bool {
        false
    }
}

/// A reader that gives little at a time, as a pipe does.
struct Dribble<R>(R, usize);

impl<R: Read> Read for Dribble<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let some = out.len().min(self.1);
        self.0.read(&mut out[..some])
    }
}
