//! Whole inputs through everything: opened, cut, screened, decoded.
//!
//! Inside the crate, because the sizes of blocks and of the largest record are
//! made small here, which nobody else needs.

mod ahead;
mod borders;
mod cases;
mod damage;
mod gzip;
mod hashes;
mod real_data;
mod screen;
mod sniffing;
mod utf16;
mod zstd;

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use remora_abi::{Field, Kind, field, field::FIELDS};

use crate::{
    Counts, FormatName, InputError, MAX_RECORD, Refusal, Sampler, Scan, Trouble, Wanted,
    blocks::BLOCK_SIZE,
    input::{HEAD, Sizes, Told, open_sized},
};

/// The sizes that everybody else uses.
const USUAL: Sizes = Sizes { head: HEAD, block: BLOCK_SIZE, record: MAX_RECORD };

/// An event as a test sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    kind: Kind,
    time: Option<i64>,
    /// Canonical name to value; numbers in decimal.
    fields: BTreeMap<&'static str, String>,
    record: u64,
    line: u64,
    raw: Vec<u8>,
    sampled: bool,
    wanted: bool,
}

/// All that a sweep gives.
#[derive(Debug, Default)]
struct Swept {
    format: Option<FormatName>,
    compression: Option<&'static str>,
    events: Vec<Seen>,
    counts: Counts,
    refusals: Vec<Refusal>,
    troubles: Vec<Trouble>,
    blocks: u64,
    bytes_in: u64,
    bytes: u64,
}

impl Swept {
    /// Records, those refused between blocks included.
    fn records(&self) -> u64 {
        self.counts.records + self.troubles.iter().map(|trouble| trouble.records).sum::<u64>()
    }
}

/// Wants every record, or none.
struct Every(bool);

impl Wanted for Every {
    fn fields(&self, _: Kind) -> &[Field] {
        &[]
    }
    fn opens(&self, _: Kind) -> bool {
        self.0
    }
    fn wants(&self, _: Kind, _: Field, _: &[u8]) -> bool {
        false
    }
}

/// Wants records that have a text in one of some fields.
struct Having<'t>(&'t [Field], &'t str);

impl Wanted for Having<'_> {
    fn fields(&self, _: Kind) -> &[Field] {
        self.0
    }
    fn opens(&self, _: Kind) -> bool {
        false
    }
    fn wants(&self, _: Kind, _: Field, raw: &[u8]) -> bool {
        memchr::memmem::find(raw, self.1.as_bytes()).is_some()
    }
}

/// Takes every so-manieth record.
struct Nth(u64);

impl Sampler for Nth {
    fn take(&mut self, _: Kind, record: u64) -> bool {
        record.is_multiple_of(self.0)
    }
    fn would_take(&self, _: Kind, record: u64) -> bool {
        record.is_multiple_of(self.0)
    }
}

/// A sweep that decodes everything and samples nothing.
fn sweep(bytes: &[u8]) -> Result<Swept, InputError> {
    sweep_with(bytes, None, USUAL, &Every(false), &mut Nth(u64::MAX), true)
}

fn sweep_sized(bytes: &[u8], sizes: Sizes) -> Result<Swept, InputError> {
    sweep_with(bytes, None, sizes, &Every(false), &mut Nth(u64::MAX), true)
}

fn sweep_with(
    bytes: &[u8],
    format: Option<FormatName>,
    sizes: Sizes,
    wanted: &impl Wanted,
    sampler: &mut impl Sampler,
    validate: bool,
) -> Result<Swept, InputError> {
    let reader = Box::new(io::Cursor::new(bytes.to_vec()));
    sweep_reader(reader, format, sizes, wanted, sampler, validate)
}

fn sweep_reader(
    reader: Box<dyn Read + Send>,
    format: Option<FormatName>,
    sizes: Sizes,
    wanted: &impl Wanted,
    sampler: &mut impl Sampler,
    validate: bool,
) -> Result<Swept, InputError> {
    sweep_told(reader, &format.into(), sizes, wanted, sampler, validate)
}

fn sweep_told(
    reader: Box<dyn Read + Send>,
    told: &Told,
    sizes: Sizes,
    wanted: &impl Wanted,
    sampler: &mut impl Sampler,
    validate: bool,
) -> Result<Swept, InputError> {
    let mut opened = open_sized(reader, told, sizes)?;
    let mut swept = Swept {
        format: Some(opened.stream.format()),
        compression: opened.compression,
        ..Swept::default()
    };
    let mut scan = Scan::default();
    while let Some(block) = opened.blocks.next(&mut swept.troubles) {
        assert_eq!(block.number, swept.blocks);
        opened.stream.scan(&block, wanted, sampler, validate, &mut scan);
        swept.blocks += 1;
        add(&mut swept, &scan);
        swept.events.extend(see(&scan, &block.data));
        // What went wrong may lie behind this block but never before it uncounted.
        assert!(block.record <= swept.records());
        opened.blocks.recycle(block);
    }
    assert!(opened.blocks.next(&mut swept.troubles).is_none(), "the end stays the end");
    (swept.bytes_in, swept.bytes) = (opened.blocks.bytes_in(), opened.blocks.bytes());
    Ok(swept)
}

fn add(swept: &mut Swept, scan: &Scan) {
    let (sum, counts) = (&mut swept.counts, scan.counts);
    assert_eq!(
        counts.records,
        counts.events + counts.screened_out + counts.refused + counts.other_kind + counts.no_fields,
        "every record is counted once: {counts:?}"
    );
    assert_eq!(scan.refusals.len() as u64, counts.refused.min(100));
    *sum += counts;
    swept.refusals.extend(scan.refusals.iter().cloned());
}

/// The events by all the ways that there are to ask for them, which must agree.
fn see(scan: &Scan, data: &[u8]) -> Vec<Seen> {
    let events = &scan.events;
    assert_eq!((events.kinds().len(), events.times().len()), (events.len(), events.len()));
    assert_eq!(events.time_validity().len(), events.len().div_ceil(8));
    let texts: Vec<Field> = events.text_fields().collect();
    let numbers: Vec<_> = events.number_columns().collect();
    for info in FIELDS {
        let filled = |row| match info.field.is_number() {
            true => events.number(row, info.field).is_some(),
            false => !events.text(row, info.field).is_empty(),
        };
        let listed = texts.contains(&info.field) || numbers.iter().any(|n| n.0 == info.field);
        assert_eq!(listed, (0..events.len()).any(filled), "{}", info.name);
    }
    for &(field, values, validity) in &numbers {
        assert_eq!((values.len(), validity.len()), (events.len(), events.len().div_ceil(8)));
        for (row, &value) in values.iter().enumerate() {
            let valid = validity[row / 8] >> (row % 8) & 1 == 1;
            assert_eq!(events.number(row, field), valid.then_some(value));
        }
    }
    let fields = |row| {
        let texts = texts.iter().map(move |&field| (field, events.text(row, field).to_owned()));
        let numbers = numbers.iter().filter_map(move |&(field, ..)| {
            events.number(row, field).map(|number| (field, number.to_string()))
        });
        texts.chain(numbers).filter(|(_, value)| !value.is_empty()).map(|(f, v)| (f.name(), v))
    };
    (0..events.len())
        .map(|row| Seen {
            kind: events.kinds()[row],
            time: events.time(row),
            fields: fields(row).collect(),
            record: events.record(row),
            line: events.line(row),
            raw: data[events.span(row)].to_vec(),
            sampled: events.sampled(row),
            wanted: events.wanted(row),
        })
        .collect()
}

/// The value of a field of an event, `""` where it has none.
fn value(seen: &Seen, field: Field) -> &str {
    seen.fields.get(field.name()).map_or("", String::as_str)
}

/// A reader that gives little at a time, as a pipe does.
struct Dribble<R>(R, usize);

impl<R: Read> Read for Dribble<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let some = out.len().min(self.1);
        self.0.read(&mut out[..some])
    }
}

#[test]
fn the_helpers_see_what_is_there() {
    let swept =
        sweep(b"{\"DeviceId\":\"d\",\"RemoteUrl\":\"a.example\",\"RemotePort\":443}\n").unwrap();
    assert_eq!(value(&swept.events[0], field::REMOTE_URL), "a.example");
    assert_eq!(value(&swept.events[0], field::REMOTE_PORT), "443");
    assert_eq!((swept.bytes, swept.bytes_in, swept.blocks), (58, 58, 1));
}
