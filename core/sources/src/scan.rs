//! Screening and decoding of one block.
//!
//! The fast screen (`fast`) drops what certainly nobody wants. What is
//! left is read into raw columns, its kind is decided, and the screen is asked
//! with the same extraction that the decoder uses; only what is wanted or
//! sampled is decoded.

use std::ops::AddAssign;

use remora_abi::{Field, Kind};

use crate::{
    Block, Events,
    events::Head,
    fast::{Memory, Screen, Verdict, marked, row::Row, sorted::Sorted, tsv},
    plan::PlannedTable,
    record::Record,
    separators::Values,
    stream::{Shape, Stream},
};

/// How many refusals of a block are kept in words.
const REFUSALS: usize = 100;

/// The engine's question to the screen.
pub trait Wanted {
    /// The fields whose values may make a record of `kind` wanted.
    fn fields(&self, kind: Kind) -> &[Field];
    /// Whether every record of `kind` is wanted.
    fn opens(&self, kind: Kind) -> bool;
    /// Whether a detector could care for `raw` in `field` of a record of `kind`. `raw` is the
    /// value after unescaping, as decode would give it, but perhaps not UTF-8. A field that the
    /// record lacks is asked for with an empty value.
    fn wants(&self, kind: Kind, field: Field, raw: &[u8]) -> bool;
}

/// Chooses the sample from which fill rates, devices and time spans are told.
pub trait Sampler {
    /// Whether record `record` of the input, of `kind`, belongs to the sample. Asked once for
    /// every record whose kind is known, in order within a block.
    fn take(&mut self, kind: Kind, record: u64) -> bool;
    /// Whether [`Self::take`] would, if it were asked now. A record of which this is true is read
    /// in full before `take` is asked. A sampler that cannot tell says yes.
    fn would_take(&self, kind: Kind, record: u64) -> bool {
        let _ = (kind, record);
        true
    }
    /// Whether record `record` is taken in whatever order blocks are scanned. Of one that nobody
    /// wants, and that is read only because it may be taken, it is counted only then that it is
    /// damaged or says nothing, so that counts do not depend on that order.
    fn always_takes(&self, record: u64) -> bool {
        let _ = record;
        true
    }
}

/// What became of the records of a block. Every record is counted once in `records` and once in
/// one of `events`, `screened_out`, `refused`, `other_kind` and `no_fields`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All records, refused ones included.
    pub records: u64,
    /// Decoded because wanted (or because everything is validated).
    pub events: u64,
    /// Dropped by the screen. Those that are decoded only because they belong to the sample are
    /// among them.
    pub screened_out: u64,
    /// Without recoverable structure.
    pub refused: u64,
    /// Decoded records with a damaged value that was repaired; sampled ones too, if they are
    /// [always](Sampler::always_takes) taken.
    pub repaired: u64,
    /// Rows of a table that is not swept.
    pub other_kind: u64,
    /// Rows with no field of their kind filled.
    pub no_fields: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Counts) {
        // Every figure by name, so that none is forgotten.
        let Counts { records, events, screened_out, refused, repaired, other_kind, no_fields } =
            more;
        self.records += records;
        self.events += events;
        self.screened_out += screened_out;
        self.refused += refused;
        self.repaired += repaired;
        self.other_kind += other_kind;
        self.no_fields += no_fields;
    }
}

/// A record that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Line, from 1.
    pub line: u64,
    /// Offset in the decompressed input.
    pub offset: u64,
    /// What is wrong, one line.
    pub message: String,
}

/// The result of scanning a block; reused from block to block. It remembers what speeds up the
/// next scan, so it must be used with one [`Wanted`] only.
#[derive(Debug, Default)]
pub struct Scan {
    /// Decoded events: wanted ones, sampled ones, or with `validate` all.
    pub events: Events,
    /// What became of the records.
    pub counts: Counts,
    /// At most 100 a block, with all of them counted in `counts.refused`.
    pub refusals: Vec<Refusal>,
    memory: Memory,
}

impl Stream {
    /// Screens and decodes `block` into `scan`, which is cleared first.
    pub fn scan<W: Wanted, S: Sampler>(
        &self,
        block: &Block,
        wanted: &W,
        sampler: &mut S,
        validate: bool,
        scan: &mut Scan,
    ) {
        scan.events.clear();
        scan.counts = Counts::default();
        scan.refusals.clear();
        let data = &block.data[..];
        let mut record = Record::new(self.plan().columns());
        let mut out = String::new();
        let mut memory = std::mem::take(&mut scan.memory);
        let Memory { lines, kinds, text, out: other, cells, starts, unwanted } = &mut memory;
        let mut screen = Screen::new(self.plan(), wanted, kinds, text, other);
        if matches!(self.shape(), Shape::Ndjson | Shape::Elements) {
            lines.begin(self.plan());
        }
        unwanted.begin(self.plan().mapping());
        let sorted =
            block.header.as_deref().and_then(|header| Sorted::new(self.plan(), header, wanted));
        for (at, framed) in block.framed.iter().enumerate() {
            let content = &data[framed.range()];
            let index = block.record + scan.counts.records;
            scan.counts.records += 1;
            // Whether it counts that it is damaged or says nothing.
            let mut told = true;
            if !validate && !framed.unclosed {
                let verdict = match self.shape() {
                    Shape::Ndjson | Shape::Elements => {
                        let rest = block.framed[at..].iter().map(|framed| framed.end as usize);
                        lines
                            .line(self.plan(), data, framed.range(), rest)
                            .map_or(Verdict::Read, |mut line| screen.verdict(&mut line, unwanted))
                    }
                    Shape::Csv(header) if framed.marked => {
                        let separators = &block.separators;
                        let mut row = marked::Row::new(data, framed.range(), header, separators);
                        screen.verdict(&mut row, unwanted)
                    }
                    Shape::Csv(header) => {
                        screen.verdict(&mut Row::new(content, header, cells), unwanted)
                    }
                    Shape::Tsv => match block.header.as_deref() {
                        // One without a line end may be cut off, which is told although nobody
                        // wants it.
                        Some(header) if (framed.end as usize) < data.len() => sorted
                            .as_ref()
                            .filter(|_| framed.marked)
                            .and_then(|sorted| {
                                let values = Values::new(&block.separators, framed.range());
                                sorted.verdict(data, values, wanted, unwanted, &mut out)
                            })
                            .unwrap_or_else(|| {
                                screen
                                    .verdict(&mut tsv::Row::new(content, header, starts), unwanted)
                            }),
                        _ => Verdict::Read,
                    },
                };
                match verdict {
                    Verdict::Drop(kind) if !sampler.would_take(kind, index) => {
                        sampler.take(kind, index);
                        scan.counts.screened_out += 1;
                        continue;
                    }
                    Verdict::OtherKind => {
                        scan.counts.other_kind += 1;
                        continue;
                    }
                    Verdict::Drop(_) => told = sampler.always_takes(index),
                    Verdict::Read => {}
                }
            }
            let place = Place {
                line: block.line + u64::from(framed.line),
                offset: block.offset + u64::from(framed.start),
            };
            let read = if framed.unclosed {
                Err(self.unclosed().to_owned())
            } else {
                self.read(block, content, &mut record)
            };
            if let Err(message) = read {
                if told {
                    scan.refuse(&place, message);
                } else {
                    scan.counts.screened_out += 1;
                }
                continue;
            }
            let Some(table) = self.plan().table(&record) else {
                scan.counts.other_kind += 1;
                continue;
            };
            let sampled = sampler.take(table.kind, index);
            if !table.is_event(&record) {
                let count = &mut scan.counts;
                *(if told { &mut count.no_fields } else { &mut count.screened_out }) += 1;
                continue;
            }
            let is_wanted = table.is_wanted(wanted, &record, &mut out);
            if is_wanted || validate {
                scan.counts.events += 1;
            } else {
                scan.counts.screened_out += 1;
            }
            if is_wanted || validate || sampled {
                let head = Head {
                    kind: table.kind,
                    time: None,
                    record: index,
                    line: place.line,
                    span: framed.range(),
                    sampled,
                    wanted: is_wanted,
                };
                let damaged = table.decode(&record, head, &mut out, &mut scan.events);
                scan.counts.repaired += u64::from(damaged && told);
            }
        }
        scan.memory = memory;
    }
}

/// Where a record begins.
struct Place {
    line: u64,
    offset: u64,
}

impl Scan {
    fn refuse(&mut self, place: &Place, message: String) {
        self.counts.refused += 1;
        if self.refusals.len() < REFUSALS {
            self.refusals.push(Refusal { line: place.line, offset: place.offset, message });
        }
    }
}

impl PlannedTable {
    /// Whether a detector could care for the record.
    #[inline]
    fn is_wanted<W: Wanted>(&self, wanted: &W, record: &Record<'_>, out: &mut String) -> bool {
        wanted.opens(self.kind)
            || wanted.fields(self.kind).iter().any(|&field| match self.field(field) {
                Some(map) if map.shape.is_opaque() && map.may_hold(record) => true,
                Some(map) => {
                    wanted.wants(self.kind, field, map.extract(record, out).text.as_bytes())
                }
                None => wanted.wants(self.kind, field, b""),
            })
    }

    /// Copies the record's fields into `events`; says whether something had to be repaired.
    fn decode(
        &self,
        record: &Record<'_>,
        mut head: Head,
        out: &mut String,
        events: &mut Events,
    ) -> bool {
        let (time, unreadable) = self.when(record);
        head.time = time;
        let mut damaged = record.damaged() || unreadable;
        events.push(head);
        for map in &self.fields {
            if map.is_number {
                let (number, unreadable) = map.number(record, out);
                damaged |= unreadable;
                if let Some(number) = number {
                    events.set_number(map.field, number);
                }
            } else {
                let extracted = map.extract(record, out);
                damaged |= extracted.damaged;
                events.set_text(map.field, extracted.text);
            }
        }
        damaged
    }
}
