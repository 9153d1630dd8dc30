//! The borders of rows that are nothing else: the many between two lines that
//! say how they are written, and those whose quotes stand where they should.

use fearless_simd::Level;
use memchr::memchr_iter;

use super::Blocks;
use crate::{
    csv::Row,
    input::Framed,
    separators::{Marked, Written, mark},
};

/// How many bytes are marked at once: at first, for each line that needs a closer look makes an end
/// of what was marked behind it ...
const FEW: usize = 4 << 10;
/// ... and where all is well: what stays in the cache next to the core.
const MANY: usize = 64 << 10;

/// What finds such rows.
#[derive(Debug)]
pub(super) struct Rows {
    level: Level,
    /// Rows that are found and not taken yet.
    found: Vec<Marked>,
}

impl Default for Rows {
    fn default() -> Self {
        Rows { level: Level::new(), found: Vec::new() }
    }
}

impl Blocks {
    /// Moves `whole` over the rows that hold for the header that is known, up to one that needs a
    /// closer look. What is done here is what [`Blocks::frame`] would do, row by row.
    pub(super) fn frame_rows(&mut self) {
        let written = match (&self.header, &self.headers) {
            (Some(header), _) if self.foreign.is_none() => {
                Written { separator: header.delimiter, quoted: true }
            }
            (None, Some(headers)) if headers.is_settled() => {
                Written { separator: headers.separator(), quoted: false }
            }
            _ => return,
        };
        let mut most = FEW;
        while self.whole < self.read {
            let end = self.read.min(self.whole + most);
            let (data, Rows { level, found }) = (&self.buffer[..end], &mut self.rows);
            found.clear();
            let all = mark(*level, data, self.whole, written, &mut self.separators, found);
            // A row that goes on and on, or all that is there.
            most = if found.is_empty() { 2 * most } else { MANY.min(2 * most) };
            if !self.take_rows() || !all || end == self.read {
                return;
            }
        }
    }

    /// Takes the rows that are found, up to one that needs a closer look; says whether it took all.
    fn take_rows(&mut self) -> bool {
        let data = &self.buffer[..self.read];
        let index = |at| u32::try_from(at).expect("a block is smaller than 4 GiB");
        for row in &self.rows.found {
            let start = self.whole;
            if row.end - start > self.limit {
                return false;
            }
            let end = row.end - usize::from(row.end > start && data[row.end - 1] == b'\r');
            let content = match (data[start], &self.header) {
                // Neither blank, nor a mark, nor the byte order mark before a row.
                (b'$'..=b'~', _) | (b'!'..=b'#', Some(_)) => Some(start..end),
                (_, Some(_)) => self.framer.content(&data[start..=row.end]).map(|content| {
                    let end = start + content.len();
                    let before = content.as_ptr() as usize - data[start..].as_ptr() as usize;
                    start + before..end + before
                }),
                (_, None) => return false,
            };
            if let Some(content) = content {
                if let Some(header) = &self.header
                    && header.may_be_header(data, self.separators.starts(content.clone()))
                    && header.row(&data[content.clone()]) != Row::Record
                {
                    return false;
                }
                self.framed.push(Framed {
                    start: index(content.start),
                    end: index(content.end),
                    line: self.lines,
                    unclosed: false,
                    marked: true,
                });
            }
            let inside =
                if row.broken { memchr_iter(b'\n', &data[start..row.end]).count() } else { 0 };
            self.lines += 1 + index(inside);
            self.whole = row.end + 1;
        }
        true
    }
}
