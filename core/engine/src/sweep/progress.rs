//! How far a sweep is, for whoever watches it from another thread.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Figures that only grow while a sweep runs. They are told to people and
/// decide nothing.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
    found: AtomicU64,
}

impl Progress {
    /// Bytes of the inputs read so far, as they lie on disk. With a second
    /// pass, or `--now last-event`, they are read and counted twice.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Events with a finding so far.
    pub fn found(&self) -> u64 {
        self.found.load(Ordering::Relaxed)
    }

    pub(super) fn add_found(&self, count: u64) {
        self.found.fetch_add(count, Ordering::Relaxed);
    }
}

/// A reader whose bytes are counted.
pub(super) struct Counted<R> {
    pub(super) reader: R,
    pub(super) progress: Arc<Progress>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.progress.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
