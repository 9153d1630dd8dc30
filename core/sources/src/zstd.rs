//! Zstandard frames, block by block.
//!
//! The decoder keeps a window of what it has decoded to itself until the frame
//! ends, megabytes of it. An archive that is cut off must give all that came
//! before the cut, so blocks are handed to the decoder only when they are
//! whole, and where the archive ends too soon an empty last block is put behind
//! them, which makes the decoder give everything away.

use std::io::{self, Read};

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use crate::reader::Raw;

/// What a frame begins with.
pub(crate) const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// How much compressed input is read at once.
const CHUNK: usize = 128 << 10;
/// The largest header of a frame, magic number included.
const HEADER: usize = 18;
/// The largest block, its header included; and a checksum.
const BLOCK: usize = (128 << 10) + 3 + 4;
const CUT_OFF: &str = "the Zstandard stream is cut off";
/// An empty raw block that is the last one, and a checksum nobody compares.
const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// Whether `head` begins a frame: one with data, or one that is to be skipped.
pub(crate) fn is_frame(head: &[u8]) -> bool {
    head.starts_with(&MAGIC) || is_skippable(head)
}

fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
}

/// A stream of any number of frames.
pub(crate) struct Unzstd {
    raw: Raw,
    decoder: FrameDecoder,
    /// What is read and not decoded yet.
    ahead: Vec<u8>,
    /// Whether a frame is begun, and whether its last block was decoded.
    inside: bool,
    /// Bytes of a frame that is to be skipped.
    skip: usize,
    ended: bool,
    failed: Option<io::Error>,
}

impl std::fmt::Debug for Unzstd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unzstd").field("raw", &self.raw).finish_non_exhaustive()
    }
}

impl Unzstd {
    pub(crate) fn new(raw: Raw) -> Unzstd {
        Unzstd {
            raw,
            decoder: FrameDecoder::new(),
            ahead: Vec::new(),
            inside: false,
            skip: 0,
            ended: false,
            failed: None,
        }
    }

    pub(crate) fn raw(&self) -> &Raw {
        &self.raw
    }

    /// Reads some bytes; 0 at the end. After an error there is nothing more.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(out);
            }
            if let Some(error) = self.failed.take() {
                (self.ended, self.inside) = (true, false);
                self.ahead.clear();
                return Err(error);
            }
            if self.inside && self.decoder.is_finished() {
                self.inside = false;
                let said = self.decoder.get_checksum_from_data();
                if said.is_some() && said != self.decoder.get_calculated_checksum() {
                    self.fail("the Zstandard checksum is wrong");
                    continue;
                }
            }
            let wanted = if self.inside { BLOCK } else { HEADER };
            while self.ahead.len() < wanted && !self.ended {
                let length = self.ahead.len();
                self.ahead.resize(length + CHUNK, 0);
                let read = self.raw.read(&mut self.ahead[length..]);
                self.ahead.truncate(length + *read.as_ref().unwrap_or(&0));
                self.ended = read? == 0;
            }
            if self.inside {
                self.block();
            } else if self.ahead.is_empty() {
                return Ok(0);
            } else {
                self.frame();
            }
        }
    }

    /// Begins the next frame.
    fn frame(&mut self) {
        if self.skip > 0 {
            let skipped = self.skip.min(self.ahead.len());
            self.ahead.drain(..skipped);
            self.skip -= skipped;
            return;
        }
        if !is_frame(&self.ahead) {
            let what = match self.ahead.len() {
                ..4 => CUT_OFF,
                _ => "bytes that are not Zstandard follow the stream",
            };
            return self.fail(what);
        }
        let mut source = &self.ahead[..];
        match self.decoder.reset(&mut source) {
            Ok(()) => self.inside = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => self.skip = length as usize,
            Err(_) if self.ended && self.ahead.len() < HEADER => {
                return self.fail(CUT_OFF);
            }
            Err(error) => return self.fail(&format!("the Zstandard frame is refused ({error})")),
        }
        let used = self.ahead.len() - source.len();
        self.ahead.drain(..used);
    }

    /// Decodes the next block.
    fn block(&mut self) {
        let Some(&[first, second, third]) = self.ahead.first_chunk() else {
            return self.end_early(CUT_OFF);
        };
        let header = u32::from_le_bytes([first, second, third, 0]);
        let (is_last, kind, size) = (header & 1 == 1, header >> 1 & 3, (header >> 3) as usize);
        // One byte that is repeated, or as many as it says.
        let body = if kind == 1 { 1 } else { size };
        if kind == 3 || body + 3 > BLOCK - 4 {
            return self.end_early("the Zstandard stream is damaged");
        }
        let length = 3 + body;
        if self.ahead.len() < length {
            return self.end_early(CUT_OFF);
        }
        let mut source = &self.ahead[..];
        let decoded = self.decoder.decode_blocks(&mut source, BlockDecodingStrategy::UptoBlocks(1));
        let used = self.ahead.len() - source.len();
        match decoded {
            Ok(_) => {
                self.ahead.drain(..used);
            }
            // The block is decoded, what is missing is behind it.
            Err(FrameDecoderError::FailedToReadChecksum(_)) if is_last => {
                self.end_early(CUT_OFF);
            }
            Err(_) => self.end_early("the Zstandard stream is damaged"),
        }
    }

    /// Makes the decoder give away what it has, and fails then.
    fn end_early(&mut self, what: &str) {
        self.fail(what);
        // What it says of this does not matter: there is an error already.
        let _ = self.decoder.decode_blocks(&LAST_BLOCK[..], BlockDecodingStrategy::UptoBlocks(1));
    }

    fn fail(&mut self, what: &str) {
        let ahead = if what == CUT_OFF { 0 } else { self.ahead.len() as u64 };
        let at = self.raw.bytes() - ahead;
        self.failed = Some(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{what} at byte {at} of the compressed input"),
        ));
    }
}
