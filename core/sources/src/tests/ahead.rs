//! Decompression in a thread of its own gives what decompression on demand
//! gives, is bounded, and ends when it is given up.

use std::{
    io::{self, Cursor, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};

use flate2::{Compression, write::GzEncoder};

use super::{Every, Nth, Swept, USUAL, gzip, sweep_told};
use crate::{
    InputError,
    input::{Told, open_reader},
};

/// A sweep that decodes everything, decompressed on demand and beside, which must be the same.
pub(super) fn sweep(bytes: &[u8]) -> Result<Swept, InputError> {
    let [demand, beside] = [false, true].map(|beside| {
        let told = Told { beside, ..Told::default() };
        let reader = Box::new(Cursor::new(bytes.to_vec()));
        sweep_told(reader, &told, USUAL, &Every(false), &mut Nth(u64::MAX), true)
    });
    assert_eq!(format!("{demand:?}"), format!("{beside:?}"));
    demand
}

/// Counts what is read, and tells when it is dropped.
struct Watched<R> {
    reader: R,
    read: Arc<AtomicU64>,
    dropped: mpsc::Sender<()>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(out)?;
        self.read.fetch_add(read as u64, Ordering::SeqCst);
        Ok(read)
    }
}

impl<R> Drop for Watched<R> {
    fn drop(&mut self) {
        // Nobody may listen.
        let _ = self.dropped.send(());
    }
}

/// An archive that is as large as what is in it.
fn stored(lines: u64) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(&gzip::lines(lines)).unwrap();
    encoder.finish().unwrap()
}

fn watched(bytes: Vec<u8>) -> (Watched<Cursor<Vec<u8>>>, Arc<AtomicU64>, mpsc::Receiver<()>) {
    let (dropped, told) = mpsc::channel();
    let read = Arc::new(AtomicU64::new(0));
    let reader = Watched { reader: Cursor::new(bytes), read: Arc::clone(&read), dropped };
    (reader, read, told)
}

fn beside() -> Told {
    Told { beside: true, ..Told::default() }
}

/// However slowly blocks are taken, no more is read than what fits the queue.
#[test]
fn it_runs_ahead_by_so_much_and_no_more() {
    let bytes = stored(200_000);
    assert!(bytes.len() > 12 << 20);
    let (reader, read, dropped) = watched(bytes.clone());
    let mut opened = open_reader(Box::new(reader), beside()).unwrap();
    let mut troubles = Vec::new();
    while let Some(block) = opened.blocks.next(&mut troubles) {
        let ahead = read.load(Ordering::SeqCst).saturating_sub(block.offset);
        // A block and what is begun of the next, six chunks, and what is read and not inflated.
        assert!(ahead < 6 << 20, "{ahead} at {}", block.offset);
        opened.blocks.recycle(block);
        std::thread::yield_now();
    }
    assert!(troubles.is_empty());
    assert_eq!(opened.blocks.bytes_in(), bytes.len() as u64);
    dropped.recv().expect("the thread has ended");
}

#[test]
fn a_reader_that_is_given_up_ends_its_thread() {
    let bytes = stored(200_000);
    let all = bytes.len() as u64;
    let (reader, read, dropped) = watched(bytes);
    let mut opened = open_reader(Box::new(reader), beside()).unwrap();
    opened.blocks.next(&mut Vec::new()).expect("a block");
    drop(opened);
    dropped.recv().expect("the thread has ended");
    assert!(read.load(Ordering::SeqCst) < all);
}

/// A thread that dies must not look like the end of the input.
#[test]
#[should_panic(expected = "the input breaks")]
fn a_panic_is_passed_on() {
    struct Breaks(Cursor<Vec<u8>>);
    impl Read for Breaks {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            assert!(self.0.position() < 3 << 20, "the input breaks");
            self.0.read(out)
        }
    }
    let reader = Breaks(Cursor::new(stored(100_000)));
    let mut opened = open_reader(Box::new(reader), beside()).expect("it begins well");
    while let Some(block) = opened.blocks.next(&mut Vec::new()) {
        opened.blocks.recycle(block);
    }
}
