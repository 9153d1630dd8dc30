//! A piece of a file with its place.

/// Some lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The number of its first line in the file, from 1.
    pub(super) first: usize,
    /// Its lines, joined by line feeds.
    pub(super) text: String,
}

impl Block {
    /// The number in the file of the line that the byte `at` is on.
    pub(super) fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or(&self.text);
        self.first + before.matches('\n').count()
    }
}
