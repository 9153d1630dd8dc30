//! Bytes in: counted, decompressed where they are gzip or Zstandard, and UTF-8
//! where they are UTF-16.
//!
//! gzip is inflated here member by member rather than with flate2's reader,
//! which forgets what it has inflated when the stream turns out to be damaged;
//! a truncated archive must still give everything before the damage.

use std::{
    fmt,
    io::{self, Read},
};

use flate2::{Decompress, FlushDecompress, Status};

use crate::{
    ahead::Ahead,
    utf16::{Decoder, Order},
    zstd::{self, Unzstd},
};

/// How much compressed input is read at once.
const CHUNK: usize = 128 << 10;
/// What every member of a gzip stream begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes of an input after decompression, in UTF-8.
#[derive(Debug)]
pub(crate) struct Reader {
    source: Source,
    /// The first bytes, looked at for a byte order mark, and how many were given of them.
    head: Vec<u8>,
    given: usize,
    text: Text,
}

/// How text is written.
#[derive(Debug)]
enum Text {
    /// The first bytes are not known yet.
    Unknown,
    /// Any other way: as it is.
    Plain,
    /// UTF-16; what is decoded and not given yet stands in the reader's head.
    Utf16(Decoder),
    /// The input fails here.
    Failed(io::Error),
    /// There is nothing more.
    Ended,
}

/// The bytes of an input after decompression.
#[derive(Debug)]
enum Source {
    /// As they are.
    Plain(Raw),
    /// Decompressed when they are asked for.
    Packed(Packed),
    /// Decompressed ahead.
    Ahead(Box<Ahead>),
}

/// A compressed input.
#[derive(Debug)]
pub(crate) enum Packed {
    /// Inflated.
    Gzip(Box<Gunzip>),
    /// Zstandard.
    Zstd(Box<Unzstd>),
}

impl Packed {
    /// Reads some bytes; 0 at the end. After an error there is nothing more.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Packed::Gzip(gunzip) => gunzip.read(out),
            Packed::Zstd(unzstd) => unzstd.read(out),
        }
    }

    /// The name of the compression.
    pub(crate) fn compression(&self) -> &'static str {
        match self {
            Packed::Gzip(_) => "gzip",
            Packed::Zstd(_) => "zstd",
        }
    }

    /// Bytes read so far, before decompression.
    pub(crate) fn bytes_in(&self) -> u64 {
        match self {
            Packed::Gzip(gunzip) => gunzip.raw.bytes,
            Packed::Zstd(unzstd) => unzstd.raw().bytes,
        }
    }
}

impl Reader {
    /// Looks at the first bytes of `input` and decides; `beside`: decompresses in a thread of its
    /// own.
    pub(crate) fn new(input: Box<dyn Read + Send>, beside: bool) -> io::Result<Self> {
        let mut raw = Raw { input, head: [0; 4], heads: 0..0, bytes: 0 };
        let mut length = 0;
        while length < raw.head.len() {
            match retried(&mut raw.input, &mut raw.head[length..])? {
                0 => break,
                read => length += read,
            }
        }
        raw.heads = 0..length;
        let packed = match &raw.head[..length] {
            head if head.starts_with(&MAGIC) => Ok(Packed::Gzip(Box::new(Gunzip::new(raw)))),
            head if zstd::is_frame(head) => Ok(Packed::Zstd(Box::new(Unzstd::new(raw)))),
            _ => Err(raw),
        };
        let source = match packed {
            Err(raw) => Source::Plain(raw),
            Ok(packed) if !beside => Source::Packed(packed),
            Ok(packed) => Ahead::new(packed)
                .map_or_else(Source::Packed, |ahead| Source::Ahead(Box::new(ahead))),
        };
        Ok(Reader { source, head: Vec::new(), given: 0, text: Text::Unknown })
    }

    /// Reads some bytes; 0 at the end. After an error there is nothing more.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let ahead = &self.head[self.given..];
            if !ahead.is_empty() {
                let length = ahead.len().min(out.len());
                out[..length].copy_from_slice(&ahead[..length]);
                self.given += length;
                return Ok(length);
            }
            self.head.clear();
            self.given = 0;
            match &mut self.text {
                Text::Unknown => self.begin(),
                Text::Plain => return self.source.read(out),
                Text::Utf16(_) => self.decode(),
                Text::Ended => return Ok(0),
                Text::Failed(_) => {
                    let ended = std::mem::replace(&mut self.text, Text::Ended);
                    return if let Text::Failed(error) = ended { Err(error) } else { Ok(0) };
                }
            }
        }
    }

    /// Looks for a byte order mark.
    fn begin(&mut self) {
        let mut head = [0; 4];
        let mut length = 0;
        let mut failed = None;
        while length < head.len() {
            match self.source.read(&mut head[length..]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        match (Order::of(&head[..length]), failed) {
            (Some(order), failed) => {
                let mut decoder = Decoder::new(order);
                // The mark is given too, as the one of UTF-8.
                decoder.push(&head[..length], &mut self.head);
                self.text = failed.map_or(Text::Utf16(decoder), Text::Failed);
            }
            (None, failed) => {
                self.head.extend_from_slice(&head[..length]);
                self.text = failed.map_or(Text::Plain, Text::Failed);
            }
        }
    }

    /// Decodes some more UTF-16.
    fn decode(&mut self) {
        let Text::Utf16(decoder) = &mut self.text else { return };
        let mut bytes = [0; 16 << 10];
        let failed = match self.source.read(&mut bytes) {
            Ok(0) => {
                let message = "the UTF-16 text is cut off in the middle of a character";
                let cut = decoder.finish(&mut self.head);
                cut.then(|| io::Error::new(io::ErrorKind::InvalidData, message))
            }
            Ok(read) => return decoder.push(&bytes[..read], &mut self.head),
            Err(error) => {
                decoder.finish(&mut self.head);
                Some(error)
            }
        };
        self.text = failed.map_or(Text::Ended, Text::Failed);
    }

    /// The name of the compression.
    pub(crate) fn compression(&self) -> Option<&'static str> {
        match &self.source {
            Source::Plain(_) => None,
            Source::Packed(packed) => Some(packed.compression()),
            Source::Ahead(ahead) => Some(ahead.compression()),
        }
    }

    /// Bytes read so far, before decompression.
    pub(crate) fn bytes_in(&self) -> u64 {
        match &self.source {
            Source::Plain(raw) => raw.bytes,
            Source::Packed(packed) => packed.bytes_in(),
            Source::Ahead(ahead) => ahead.bytes_in(),
        }
    }
}

impl Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Plain(raw) => raw.read(out),
            Source::Packed(packed) => packed.read(out),
            Source::Ahead(ahead) => ahead.read(out),
        }
    }
}

/// The input as it is.
pub(crate) struct Raw {
    input: Box<dyn Read + Send>,
    /// The first bytes, looked at before anybody asked for them ...
    head: [u8; 4],
    /// ... and which of them were not given yet.
    heads: std::ops::Range<usize>,
    bytes: u64,
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Raw {
    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads some bytes; 0 at the end.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let given = self.heads.len().min(out.len());
        let read = if given > 0 {
            out[..given].copy_from_slice(&self.head[self.heads.start..][..given]);
            self.heads.start += given;
            given
        } else {
            retried(&mut self.input, out)?
        };
        self.bytes += read as u64;
        Ok(read)
    }
}

fn retried(input: &mut dyn Read, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(out) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// A gzip stream of any number of members.
#[derive(Debug)]
pub(crate) struct Gunzip {
    raw: Raw,
    chunk: Box<[u8]>,
    /// What of the chunk is not inflated yet.
    rest: std::ops::Range<usize>,
    inflate: Decompress,
    /// Whether bytes belong to a member (its header included).
    inside: bool,
    /// Whether the input has ended.
    ended: bool,
    failed: Option<io::Error>,
}

impl Gunzip {
    fn new(raw: Raw) -> Self {
        Gunzip {
            raw,
            chunk: vec![0; CHUNK].into(),
            rest: 0..0,
            inflate: Decompress::new_gzip(15),
            inside: true,
            ended: false,
            failed: None,
        }
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(error) = self.failed.take() {
                (self.ended, self.inside, self.rest) = (true, false, 0..0);
                return Err(error);
            }
            if self.rest.is_empty() && !self.ended {
                let read = self.raw.read(&mut self.chunk)?;
                self.rest = 0..read;
                self.ended = read == 0;
            }
            if !self.inside && !self.next_member() {
                return Ok(0);
            }
            if self.inside {
                let given = self.inflate_some(out);
                if given > 0 {
                    return Ok(given);
                }
            }
        }
    }

    /// Between two members: begins the next one. False at the end of the stream.
    fn next_member(&mut self) -> bool {
        // Tools pad archives with zeros.
        let padding = self.chunk[self.rest.clone()].iter().take_while(|&&byte| byte == 0).count();
        self.rest.start += padding;
        if self.rest.is_empty() {
            return !self.ended;
        }
        if self.chunk[self.rest.start] == MAGIC[0] {
            self.inflate = Decompress::new_gzip(15);
            self.inside = true;
        } else {
            self.failed = Some(self.error("bytes that are not gzip follow the stream"));
        }
        true
    }

    fn inflate_some(&mut self, out: &mut [u8]) -> usize {
        let (read, wrote) = (self.inflate.total_in(), self.inflate.total_out());
        let input = &self.chunk[self.rest.clone()];
        let status = self.inflate.decompress(input, out, FlushDecompress::None);
        let consumed = usize::try_from(self.inflate.total_in() - read).unwrap_or(input.len());
        self.rest.start += consumed;
        let given = usize::try_from(self.inflate.total_out() - wrote).unwrap_or(out.len());
        match status {
            Ok(Status::StreamEnd) => self.inside = false,
            Ok(_) if self.ended && given == 0 => {
                self.failed = Some(self.error("the gzip stream is cut off"));
            }
            Ok(_) => {}
            Err(_) => self.failed = Some(self.error("the gzip stream is damaged")),
        }
        given
    }

    fn error(&self, what: &str) -> io::Error {
        let at = self.raw.bytes - self.rest.len() as u64;
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{what} at byte {at} of the compressed input"),
        )
    }
}
