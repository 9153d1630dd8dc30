//! Inputs: opened, decompressed, recognised, and cut into blocks.
//!
//! Formats are recognised by content, never by a file's name: exports are
//! renamed, and standard input has none.

use std::{fmt, fs::File, io::Read, path::Path, sync::Arc};

use crate::{
    Stream,
    blocks::{BLOCK_SIZE, Blocks},
    defender::DEFENDER,
    framing::{BYTE_ORDER_MARK, Framer, Framing, MAX_RECORD},
    plan::Plan,
    reader::Reader,
    sniff,
    stream::Shape,
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
}

impl FormatName {
    /// Every format.
    pub const ALL: &[FormatName] = &[FormatName::DefenderNdjson, FormatName::DefenderCsv];
    /// The name in options and output.
    pub fn name(self) -> &'static str {
        match self {
            FormatName::DefenderNdjson => "defender-ndjson",
            FormatName::DefenderCsv => "defender-csv",
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
}

/// An input that was recognised.
#[derive(Debug)]
pub struct Opened {
    /// How to decode its blocks; shared by all workers.
    pub stream: Stream,
    /// Its blocks, in order.
    pub blocks: Blocks,
    /// `gzip` or none.
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

/// Opens a file.
pub fn open(path: &Path, format: Option<FormatName>) -> Result<Opened, InputError> {
    let file = File::open(path).map_err(unreadable)?;
    open_reader(Box::new(file), format)
}

/// Opens any reader, e.g. standard input.
pub fn open_reader(
    reader: Box<dyn Read + Send>,
    format: Option<FormatName>,
) -> Result<Opened, InputError> {
    open_sized(reader, format, Sizes { head: HEAD, block: BLOCK_SIZE, record: MAX_RECORD })
}

/// Opens any reader with sizes of one's own.
#[doc(hidden)]
pub fn open_sized(
    reader: Box<dyn Read + Send>,
    format: Option<FormatName>,
    sizes: Sizes,
) -> Result<Opened, InputError> {
    let reader = Reader::new(reader).map_err(unreadable)?;
    let framer = Framer::new(Framing::Lines, sizes.record);
    let mut blocks = Blocks::new(reader, framer, sizes.record, sizes.block);
    blocks.fill(sizes.head);
    if let (Some(failed), []) = (blocks.failed(), blocks.head()) {
        return Err(unreadable(&failed.message));
    }
    if blocks.head().starts_with(BYTE_ORDER_MARK) {
        blocks.drop_front(BYTE_ORDER_MARK.len());
    }
    let plan = Arc::new(Plan::new(&DEFENDER));
    let found =
        sniff::recognise(&plan, blocks.head(), blocks.ended(), format).map_err(|message| {
            match blocks.failed() {
                Some(failed) => unreadable(format_args!("{}; before, {message}", failed.message)),
                None => InputError { kind: InputErrorKind::Unrecognised, message },
            }
        })?;
    let shape = match found {
        sniff::Found::Ndjson => Shape::Ndjson,
        sniff::Found::Csv { header, rows } => {
            blocks.drop_front(rows);
            let framer = Framer::new(Framing::Csv(header.delimiter), sizes.record);
            blocks.set_framing(framer, Some(header.clone()));
            Shape::Csv(header)
        }
    };
    let compression = blocks.compression();
    Ok(Opened { stream: Stream::new(plan, shape, sizes.record), blocks, compression })
}

fn unreadable(error: impl fmt::Display) -> InputError {
    InputError { kind: InputErrorKind::Unreadable, message: error.to_string() }
}
