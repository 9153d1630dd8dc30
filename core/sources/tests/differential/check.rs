//! One input swept twice, screened and with everything read in full: what is
//! wanted and what is sampled must be the same.
//!
//! By public means only, so that a fuzz target can include this file.

use remora_abi::{Field, Kind, field::FIELDS};
use remora_sources::{
    FormatName, Sampler, Scan, Wanted, Zone,
    input::{Told, open_reader},
};

/// Wants records that have a text in one of some fields.
#[derive(Clone, Debug)]
pub(crate) struct Having<'t> {
    /// The fields.
    pub(crate) fields: &'t [Field],
    /// The text; an empty one is in every value.
    pub(crate) text: &'t str,
}

impl Wanted for Having<'_> {
    fn fields(&self, _: Kind) -> &[Field] {
        self.fields
    }
    fn opens(&self, _: Kind) -> bool {
        false
    }
    fn wants(&self, _: Kind, _: Field, raw: &[u8]) -> bool {
        // A value that is not filled is not wanted, but by the name of nothing.
        let found = raw.windows(self.text.len().max(1)).any(|part| part == self.text.as_bytes());
        found || self.text.is_empty() && raw.is_empty()
    }
}

/// The first records of each kind, and every so-manieth after.
#[derive(Clone, Debug)]
pub(crate) struct First {
    left: Vec<u64>,
    every: u64,
}

impl First {
    /// The first `count` of each kind, and every record whose index `every` divides.
    pub(crate) fn new(count: u64, every: u64) -> First {
        First { left: vec![count; 64], every }
    }
}

impl Sampler for First {
    fn take(&mut self, kind: Kind, record: u64) -> bool {
        let left = &mut self.left[usize::from(kind.0) % 64];
        let first = *left > 0;
        *left -= u64::from(first);
        first || record.is_multiple_of(self.every)
    }
    fn would_take(&self, kind: Kind, record: u64) -> bool {
        self.left[usize::from(kind.0) % 64] > 0 || record.is_multiple_of(self.every)
    }
}

/// What must not depend on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Swept {
    /// Every event that is wanted or sampled, as text.
    pub(crate) events: Vec<String>,
    /// How many of them are wanted.
    pub(crate) wanted: u64,
    /// Records, those refused between blocks included.
    pub(crate) records: u64,
    /// Bytes, after decompression.
    pub(crate) bytes: u64,
}

/// Sweeps `bytes`; none where no format fits.
pub(crate) fn sweep(
    bytes: &[u8],
    format: Option<FormatName>,
    wanted: &impl Wanted,
    mut sampler: First,
    validate: bool,
) -> Option<Swept> {
    let mut opened =
        open_reader(Box::new(std::io::Cursor::new(bytes.to_vec())), told(format)).ok()?;
    let (mut swept, mut scan, mut troubles) = (Swept::default(), Scan::default(), Vec::new());
    while let Some(block) = opened.blocks.next(&mut troubles) {
        opened.stream.scan(&block, wanted, &mut sampler, validate, &mut scan);
        swept.records += scan.counts.records;
        let events = &scan.events;
        for row in (0..events.len()).filter(|&row| events.wanted(row) || events.sampled(row)) {
            swept.wanted += u64::from(events.wanted(row));
            let mut text = format!(
                "{} {} {:?} {} {:?} {} {}",
                events.record(row),
                events.line(row),
                events.span(row),
                events.kinds()[row].0,
                events.time(row),
                events.sampled(row),
                events.wanted(row),
            );
            for info in FIELDS {
                match events.number(row, info.field) {
                    Some(number) => text += &format!(" {}={number}", info.name),
                    None if events.text(row, info.field).is_empty() => {}
                    None => text += &format!(" {}={:?}", info.name, events.text(row, info.field)),
                }
            }
            swept.events.push(text);
        }
        opened.blocks.recycle(block);
    }
    swept.records += troubles.iter().map(|trouble| trouble.records).sum::<u64>();
    swept.bytes = opened.blocks.bytes();
    Some(swept)
}

/// Sweeps `bytes` both ways, and says how they differ, or how much was wanted.
pub(crate) fn check(
    bytes: &[u8],
    format: Option<FormatName>,
    wanted: &impl Wanted,
    sampler: &First,
) -> Result<u64, String> {
    let validated = sweep(bytes, format, wanted, sampler.clone(), true);
    let screened = sweep(bytes, format, wanted, sampler.clone(), false);
    if validated == screened {
        return Ok(validated.map_or(0, |swept| swept.wanted));
    }
    Err(format!("validated {validated:#?}\nscreened {screened:#?}"))
}

/// Local times are read too.
pub(crate) fn told(format: Option<FormatName>) -> Told {
    Told { format, zone: Zone::from_name("UTC"), ..Told::default() }
}
