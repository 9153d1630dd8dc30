//! Inputs: opened, decompressed, recognised, and cut into blocks.
//!
//! Formats are recognised by content, never by a file's name: exports are
//! renamed, and standard input has none.

use std::{fmt, fs::File, io::Read, path::Path, sync::Arc};

use crate::{
    Stream, Zone,
    blocks::{BLOCK_SIZE, Blocks},
    csv::Header,
    framing::{BYTE_ORDER_MARK, Framer, Framing, MAX_RECORD},
    reader::Reader,
    separators::Separators,
    sniff,
    stream::Shape,
    tsv::{self, Headers},
};

/// How much of an input is looked at to recognise it, after decompression.
pub(crate) const HEAD: usize = 64 << 10;

/// A format that `--format` can force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormatName {
    /// One JSON object a line, Defender or Sentinel tables.
    DefenderNdjson,
    /// A header and rows, Defender or Sentinel tables.
    DefenderCsv,
    /// JSON objects in an array, in the answer of a query API or printed over several lines,
    /// Defender or Sentinel tables.
    DefenderJson,
    /// The envelopes of Defender's streaming export, one a line or in batches of Event Hub.
    DefenderEvents,
    /// The timeline of a device as the portal exports it (CSV).
    DefenderTimeline,
    /// The service's own table of process starts (CSV).
    DefenderInternal,
    /// Zeek's logs as text of columns.
    ZeekTsv,
    /// Zeek's logs, one JSON object a line.
    ZeekNdjson,
}

impl FormatName {
    /// Every format.
    pub const ALL: &[FormatName] = &[
        FormatName::DefenderNdjson,
        FormatName::DefenderCsv,
        FormatName::DefenderJson,
        FormatName::DefenderEvents,
        FormatName::DefenderTimeline,
        FormatName::DefenderInternal,
        FormatName::ZeekTsv,
        FormatName::ZeekNdjson,
    ];
    /// The name in options and output.
    pub fn name(self) -> &'static str {
        match self {
            FormatName::DefenderNdjson => "defender-ndjson",
            FormatName::DefenderCsv => "defender-csv",
            FormatName::DefenderJson => "defender-json",
            FormatName::DefenderEvents => "defender-events",
            FormatName::DefenderTimeline => "defender-timeline",
            FormatName::DefenderInternal => "defender-internal",
            FormatName::ZeekTsv => "zeek-tsv",
            FormatName::ZeekNdjson => "zeek-ndjson",
        }
    }
    /// The format of this name.
    pub fn from_name(name: &str) -> Option<FormatName> {
        FormatName::ALL.iter().copied().find(|format| format.name() == name)
    }
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputErrorKind {
    /// It could not be opened or its first bytes not read.
    Unreadable,
    /// It was opened, but no format fits.
    Unrecognised,
    /// Its times are local, and nobody said where.
    NoZone,
}

/// Why an input cannot be swept at all.
#[derive(Clone, Debug)]
pub struct InputError {
    /// Which failure.
    pub kind: InputErrorKind,
    /// What is wrong and how to mend it, one line, without the input's name.
    pub message: String,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InputError {}

/// Something wrong between records, found while reading. The rest is read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Line, from 1, where known.
    pub line: u64,
    /// Offset in the decompressed bytes.
    pub offset: u64,
    /// How many records are refused by it (0 where it is no record: a stream that ends early).
    pub records: u64,
    /// What is wrong, one line.
    pub message: String,
}

/// Some whole records of an input.
#[derive(Debug)]
pub struct Block {
    /// The bytes; every record in it is whole.
    pub data: Vec<u8>,
    /// Number of the block in its input, from 0.
    pub number: u64,
    /// Offset of the first byte in the decompressed input.
    pub offset: u64,
    /// Line of the first byte, from 1.
    pub line: u64,
    /// Index of the first record in the input, from 0.
    pub record: u64,
    /// How they are written, where that may change within an input.
    pub(crate) header: Option<Arc<tsv::Header>>,
    /// Where its records are: found once, when the block was cut.
    pub(crate) framed: Vec<Framed>,
    /// What separates the values of those that are marked.
    pub(crate) separators: Separators,
}

/// Where a record lies in its block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Framed {
    /// The first byte, without a byte order mark.
    pub(crate) start: u32,
    /// Behind the last byte, without the line end.
    pub(crate) end: u32,
    /// On which line it begins, counted from the block's first.
    pub(crate) line: u32,
    /// Lines without recoverable structure, counted as one record.
    pub(crate) unclosed: bool,
    /// Whether it is marked what separates its values.
    pub(crate) marked: bool,
}

impl Framed {
    /// The record's place in the block.
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// An input that was recognised.
#[derive(Debug)]
pub struct Opened {
    /// How to decode its blocks; shared by all workers.
    pub stream: Stream,
    /// Its blocks, in order.
    pub blocks: Blocks,
    /// `gzip`, `zstd` or none.
    pub compression: Option<&'static str>,
}

/// Sizes that tests and fuzz targets make small; nobody else needs them.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// How much is looked at to recognise a format, after decompression.
    pub head: usize,
    /// Of a block.
    pub block: usize,
    /// Of the largest record.
    pub record: usize,
}

/// What is said of an input beforehand.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Its format, if it is not to be recognised.
    pub format: Option<FormatName>,
    /// The zone of times that are local. An input that has such times is refused without it.
    pub zone: Option<Zone>,
    /// Whether a compressed input is decompressed in a thread of its own, beside whoever reads its
    /// blocks. The blocks are the same.
    pub beside: bool,
}

impl From<Option<FormatName>> for Told {
    fn from(format: Option<FormatName>) -> Told {
        Told { format, ..Told::default() }
    }
}

/// Opens a file.
pub fn open(path: &Path, told: impl Into<Told>) -> Result<Opened, InputError> {
    let file = File::open(path).map_err(unreadable)?;
    open_reader(Box::new(file), told)
}

/// Opens any reader, e.g. standard input.
pub fn open_reader(
    reader: Box<dyn Read + Send>,
    told: impl Into<Told>,
) -> Result<Opened, InputError> {
    open_sized(reader, &told.into(), Sizes { head: HEAD, block: BLOCK_SIZE, record: MAX_RECORD })
}

/// Opens any reader with sizes of one's own.
#[doc(hidden)]
pub fn open_sized(
    reader: Box<dyn Read + Send>,
    told: &Told,
    sizes: Sizes,
) -> Result<Opened, InputError> {
    let reader = Reader::new(reader, told.beside).map_err(unreadable)?;
    let framer = Framer::new(Framing::Lines, sizes.record);
    let mut blocks = Blocks::new(reader, framer, sizes.record, sizes.block);
    blocks.fill(sizes.head);
    if let (Some(failed), []) = (blocks.failed(), blocks.head()) {
        return Err(unreadable(&failed.message));
    }
    if blocks.head().starts_with(BYTE_ORDER_MARK) {
        blocks.drop_front(BYTE_ORDER_MARK.len());
    }
    let found = sniff::recognise(blocks.head(), blocks.ended(), told.format).map_err(
        |message| match blocks.failed() {
            Some(failed) => unreadable(format_args!("{}; before, {message}", failed.message)),
            None => InputError { kind: InputErrorKind::Unrecognised, message },
        },
    )?;
    let sniff::Found { format, plan, mut shape, start } = found;
    if let Shape::Csv(header) = &mut shape {
        if let (Some(column), None) = (header.local_time(), &told.zone) {
            let message = format!(
                "the times of the column {column} are local: say in which zone with --timezone, \
                 e.g. --timezone Europe/Berlin"
            );
            return Err(InputError { kind: InputErrorKind::NoZone, message });
        }
        header.set_local(told.zone.clone());
    }
    blocks.drop_front(start);
    let header = if let Shape::Csv(header) = &shape { Some(Header::clone(header)) } else { None };
    blocks.set_framing(Framer::new(shape.framing(), sizes.record), header);
    if matches!(shape, Shape::Tsv) {
        blocks.set_headers(Headers::new(Arc::clone(&plan)));
    }
    let compression = blocks.compression();
    Ok(Opened { stream: Stream::new(format, plan, shape), blocks, compression })
}

fn unreadable(error: impl fmt::Display) -> InputError {
    InputError { kind: InputErrorKind::Unreadable, message: error.to_string() }
}
