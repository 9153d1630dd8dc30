//! How large a tool's file may be.
//!
//! The largest file of the list is far below these bounds; what is above them
//! is a mistake or worse, and an error that prints a line of ten megabytes
//! helps nobody.

use crate::error::Problem;

/// A file has at most so many bytes.
const MOST_BYTES: usize = 4 << 20;
/// A line has at most so many bytes.
const MOST_A_LINE: usize = 64 << 10;

pub(super) fn check(text: &str) -> Result<(), Problem> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let message = if line.len() > MOST_A_LINE {
            format!("a line of {} bytes; a line has at most {MOST_A_LINE}", line.len())
        } else if start + line.len() > MOST_BYTES {
            format!("a file of {} bytes; a tool's file has at most {MOST_BYTES}", text.len())
        } else {
            start += line.len();
            continue;
        };
        // After the key, where the eye finds what the line is.
        let at = start + line.find('=').map_or(0, |at| at + 1);
        return Err(Problem::new(at..at + 1, message)
            .help("long lists may stand on many lines; a value of this size is no indicator"));
    }
    Ok(())
}
