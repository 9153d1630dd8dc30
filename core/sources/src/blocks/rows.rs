//! The borders of rows that are nothing else: the many between two lines that
//! say how they are written.

use memchr::memchr;

use super::Blocks;
use crate::{input::Framed, tsv::Headers};

impl Blocks {
    /// Moves `whole` over the lines that are rows of the header that holds, up to one that needs a
    /// closer look. What is done here is what [`Blocks::frame`] would do, line by line.
    pub(super) fn frame_rows(&mut self) {
        if !self.headers.as_ref().is_some_and(Headers::is_settled) {
            return;
        }
        let data = &self.buffer[..self.read];
        let index = |at| u32::try_from(at).expect("a block is smaller than 4 GiB");
        // Neither blank, nor a mark, nor the byte order mark before a row.
        while let Some(b'$'..=b'~') = data.get(self.whole) {
            let start = self.whole;
            let Some(length) = memchr(b'\n', &data[start..]) else { return };
            if length > self.limit {
                return;
            }
            let end = start + length;
            self.framed.push(Framed {
                start: index(start),
                end: index(end - usize::from(data[end - 1] == b'\r')),
                line: self.lines,
                unclosed: false,
            });
            self.lines += 1;
            self.whole = end + 1;
        }
    }
}
