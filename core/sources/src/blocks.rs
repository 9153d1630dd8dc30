//! Cutting an input into blocks of whole records.
//!
//! One thread at a time reads and cuts; any number decode. The bytes are read
//! straight into the block that will be given away, and only what follows the
//! last whole record is copied, for the next one. A record that does not end
//! within the block makes the block grow, up to the largest record; beyond, the
//! bytes are dropped as they come, so that memory stays bounded whatever the
//! input holds.

mod rows;

use memchr::memchr_iter;

use self::rows::Rows;
use crate::{
    Block, Trouble,
    csv::{Header, Row},
    framing::{Frame, Framer, Skip},
    input::Framed,
    reader::Reader,
    separators::Separators,
    tsv::{Headers, Line},
};

/// About how many bytes a block has.
pub const BLOCK_SIZE: usize = 1 << 20;

/// Cuts an input into blocks at record borders.
#[derive(Debug)]
pub struct Blocks {
    reader: Reader,
    framer: Framer,
    header: Option<Header>,
    headers: Option<Headers>,
    block_size: usize,
    limit: usize,
    /// The first `read` bytes are read, the first `whole` of them are whole records.
    buffer: Vec<u8>,
    read: usize,
    whole: usize,
    ended: bool,
    failed: Option<Trouble>,
    /// Whether it was said that the input is cut off.
    told: bool,
    /// The rest of the input has other columns; its records are counted and refused.
    foreign: Option<Trouble>,
    number: u64,
    /// Offset and line of the buffer's first byte, index of its first record.
    offset: u64,
    line: u64,
    record: u64,
    /// The records in the first `whole` bytes, and how many lines these are.
    framed: Vec<Framed>,
    lines: u32,
    /// What separates values in the first `whole` bytes.
    separators: Separators,
    rows: Rows,
    kept: Option<Kept>,
    /// Memory for what follows the last whole record, while the block before it is given away.
    spare: Vec<u8>,
}

/// The memory of a block that was given back; all but the bytes is empty.
type Kept = (Vec<u8>, Vec<Framed>, Separators);

/// Why framing stops.
enum Stop {
    More,
    TooLong,
    OtherColumns,
    /// The next record has another header than those before it, which must be given away first.
    NextHeader,
}

impl Blocks {
    pub(crate) fn new(reader: Reader, framer: Framer, limit: usize, block_size: usize) -> Self {
        Blocks {
            reader,
            framer,
            header: None,
            headers: None,
            block_size,
            limit,
            buffer: Vec::new(),
            read: 0,
            whole: 0,
            ended: false,
            failed: None,
            told: false,
            foreign: None,
            number: 0,
            offset: 0,
            line: 1,
            record: 0,
            framed: Vec::new(),
            lines: 0,
            separators: Separators::default(),
            rows: Rows::default(),
            kept: None,
            spare: Vec::new(),
        }
    }

    /// The next block with what went wrong before it; none at the end. After the end, troubles
    /// met there are still in `troubles`.
    pub fn next(&mut self, troubles: &mut Vec<Trouble>) -> Option<Block> {
        loop {
            let block = self.step(troubles);
            let Some(foreign) = &mut self.foreign else { return block };
            match block {
                Some(block) => {
                    foreign.records += self.record - block.record;
                    self.recycle(block);
                }
                None => {
                    troubles.extend(self.foreign.take());
                    return None;
                }
            }
        }
    }

    /// Cuts smaller blocks from here on, or larger ones: a reader that keeps
    /// many workers busy has many blocks under way.
    pub fn set_block_size(&mut self, bytes: usize) {
        self.block_size = bytes.max(1);
    }

    /// Gives a block's memory back: the next block is read into it. Who gives its own back and then
    /// asks for the next one has it in its caches.
    pub fn recycle(&mut self, block: Block) {
        if block.data.capacity() <= 2 * self.block_size {
            let (mut framed, mut separators) = (block.framed, block.separators);
            framed.clear();
            separators.clear();
            self.kept = Some((block.data, framed, separators));
        }
    }

    /// Bytes read from the input so far, before decompression.
    pub fn bytes_in(&self) -> u64 {
        self.reader.bytes_in()
    }

    /// Bytes given so far, after decompression. Those that are no part of a record (a byte order
    /// mark, a header) or were passed over count too.
    pub fn bytes(&self) -> u64 {
        self.offset
    }

    fn step(&mut self, troubles: &mut Vec<Trouble>) -> Option<Block> {
        self.resume();
        loop {
            let stop = self.frame();
            match stop {
                Stop::More if !self.ended && 2 * self.whole < self.block_size => {
                    // Twice as much of a record that goes on and on, up to the largest.
                    let begun = self.read - self.whole;
                    let missing = (self.limit + 1).saturating_sub(begun);
                    self.fill(self.block_size.max(begun.min(missing)).max(1));
                }
                _ if self.whole > 0 => return Some(self.cut()),
                Stop::More => {
                    troubles.extend(self.cut_off());
                    troubles.extend(self.failed.take());
                    return None;
                }
                Stop::TooLong => self.pass_over(troubles),
                Stop::OtherColumns => self.refuse_rest(),
                Stop::NextHeader => unreachable!("it stops behind records, which are given away"),
            }
        }
    }

    /// Moves `whole` over the records that are read.
    fn frame(&mut self) -> Stop {
        self.frame_rows();
        while self.whole < self.read {
            let data = &self.buffer[..self.read];
            let start = self.whole;
            let (end, unclosed) = match self.framer.next(data, start, self.ended) {
                Frame::Record(end) => (end, false),
                Frame::Unclosed(end) => (end, true),
                Frame::TooLong => return Stop::TooLong,
                Frame::More => return Stop::More,
            };
            let frame = &data[start..end];
            let content = if unclosed { Some(frame) } else { self.framer.content(frame) };
            if let Some(content) = content {
                let line = match &mut self.headers {
                    Some(headers) => headers.line(content, !self.framed.is_empty()),
                    None => Line::Row,
                };
                if line == Line::OtherRow {
                    return Stop::NextHeader;
                }
                let row = match &self.header {
                    _ if line == Line::Said => Row::Repeated,
                    Some(header) if self.foreign.is_none() && !unclosed => header.row(content),
                    _ => Row::Record,
                };
                match row {
                    Row::OtherHeader => return Stop::OtherColumns,
                    Row::Repeated => {}
                    Row::Record => {
                        let index = |at| u32::try_from(at).expect("a block is smaller than 4 GiB");
                        let before = content.as_ptr() as usize - frame.as_ptr() as usize;
                        self.framed.push(Framed {
                            start: index(start + before),
                            end: index(start + before + content.len()),
                            line: self.lines,
                            unclosed,
                            marked: false,
                        });
                    }
                }
            }
            self.lines += self.framer.lines(frame);
            self.whole = end;
            self.frame_rows();
        }
        Stop::More
    }

    /// Goes on in the memory that was given back last.
    fn resume(&mut self) {
        let Some((mut data, framed, separators)) = self.kept.take() else { return };
        if data.len() < self.read {
            data.resize(self.read, 0);
        }
        data[..self.read].copy_from_slice(&self.buffer[..self.read]);
        self.spare = std::mem::replace(&mut self.buffer, data);
        (self.framed, self.separators) = (framed, separators);
    }

    /// Gives the whole records away.
    fn cut(&mut self) -> Block {
        let mut next = std::mem::take(&mut self.spare);
        next.clear();
        next.extend_from_slice(&self.buffer[self.whole..self.read]);
        let mut data = std::mem::replace(&mut self.buffer, next);
        data.truncate(self.whole);
        let block = Block {
            number: self.number,
            offset: self.offset,
            line: self.line,
            record: self.record,
            data,
            header: self.headers.as_ref().map(Headers::current),
            framed: std::mem::take(&mut self.framed),
            separators: std::mem::take(&mut self.separators),
        };
        self.read = self.buffer.len();
        self.framer.shift(self.whole);
        self.number += 1;
        self.offset += self.whole as u64;
        self.line += u64::from(self.lines);
        self.record += block.framed.len() as u64;
        (self.whole, self.lines) = (0, 0);
        block
    }

    /// Reads at least one and up to `more` bytes, or learns that there are no more.
    pub(crate) fn fill(&mut self, more: usize) {
        let target = self.read + more;
        if self.buffer.len() < target {
            // Not twice as much as before: with many blocks under way that is most of the memory.
            // A little more, so that the next one of nearly this size fits.
            let more = target - self.buffer.len();
            self.buffer.reserve_exact(more + self.block_size / 16);
            self.buffer.resize(target, 0);
        }
        while self.read < target && !self.ended {
            match self.reader.read(&mut self.buffer[self.read..target]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.read += read,
                Err(error) => {
                    self.ended = true;
                    self.failed = Some(Trouble {
                        line: 0,
                        offset: self.offset + self.read as u64,
                        records: 0,
                        message: format!("the rest cannot be read: {error}"),
                    });
                }
            }
        }
        if let Some(failed) = &mut self.failed {
            failed.line = self.line + memchr_iter(b'\n', &self.buffer[..self.read]).count() as u64;
        }
    }

    /// Drops bytes from the front.
    pub(crate) fn drop_front(&mut self, bytes: usize) {
        self.line += memchr_iter(b'\n', &self.buffer[..bytes]).count() as u64;
        self.offset += bytes as u64;
        self.buffer.copy_within(bytes..self.read, 0);
        self.read -= bytes;
        self.framer.shift(bytes);
    }

    /// Drops the record at the front, which is longer than the limit, without keeping it.
    fn pass_over(&mut self, troubles: &mut Vec<Trouble>) {
        troubles.push(Trouble {
            line: self.line,
            offset: self.offset,
            records: 1,
            message: format!("the record is larger than {}", size(self.limit)),
        });
        self.record += 1;
        let mut skip = self.framer.skip(self.buffer[0]);
        // Up to the limit there is no newline.
        let mut from = if matches!(skip, Skip::Line) { self.limit } else { 0 };
        loop {
            if let Some(end) = skip.end(&self.buffer[from..self.read]) {
                return self.drop_front(from + end);
            }
            self.drop_front(self.read);
            from = 0;
            if self.ended {
                return;
            }
            self.fill(self.block_size);
        }
    }

    /// Says once that the input ends between two records where it cannot.
    fn cut_off(&mut self) -> Option<Trouble> {
        let told = std::mem::replace(&mut self.told, true);
        (self.failed.is_none() && !told && self.framer.is_open()).then(|| Trouble {
            line: self.line,
            offset: self.offset,
            records: 0,
            message: "the input ends inside of a JSON array: it was cut off, and what followed \
                      is missing"
                .to_owned(),
        })
    }

    /// Refuses everything from here on: the block cut before was the last one with the columns
    /// that the decoders know.
    fn refuse_rest(&mut self) {
        self.foreign = Some(Trouble {
            line: self.line,
            offset: self.offset,
            records: 0,
            message: "another header with other columns begins here; the rest is not read: \
                      split the file at this line"
                .to_owned(),
        });
        // The header itself is no record.
        let Frame::Record(end) = self.framer.next(&self.buffer[..self.read], 0, self.ended) else {
            unreachable!("it was framed as a record just before")
        };
        self.drop_front(end);
    }

    /// The bytes that are read and not given away yet.
    pub(crate) fn head(&self) -> &[u8] {
        &self.buffer[..self.read]
    }

    /// Whether the input has ended behind [`Self::head`].
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// What went wrong while reading.
    pub(crate) fn failed(&self) -> Option<&Trouble> {
        self.failed.as_ref()
    }

    /// The name of the compression.
    pub(crate) fn compression(&self) -> Option<&'static str> {
        self.reader.compression()
    }

    /// How much memory is held.
    #[cfg(test)]
    pub(crate) fn memory(&self) -> usize {
        let own = self.buffer.capacity() + self.spare.capacity();
        own + self.kept.iter().map(|(data, ..)| data.capacity()).sum::<usize>()
    }

    /// Sets how records are separated, and the header that may be repeated among them.
    pub(crate) fn set_framing(&mut self, framer: Framer, header: Option<Header>) {
        self.framer = framer;
        self.header = header;
    }

    /// Sets that the lines between the rows say how those are written.
    pub(crate) fn set_headers(&mut self, headers: Headers) {
        self.headers = Some(headers);
    }
}

fn size(bytes: usize) -> String {
    if bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{bytes} bytes")
    }
}
