//! Decompression in a thread of its own.
//!
//! To inflate takes as long as all that follows, so the two go on side by side.
//! The thread is some chunks ahead and then waits; chunks go back to it for
//! reuse, so that memory is bounded whatever the input holds. What it says
//! comes in the order in which it happened: the bytes before an error, the
//! error, nothing more. Where the reader is given up, the thread ends with the
//! next chunk that it has ready.

use std::{
    io,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
};

use crate::reader::Packed;

/// How much is decompressed into one chunk.
const CHUNK: usize = 256 << 10;
/// How many chunks wait for the reader at most.
const QUEUE: usize = 4;

/// What the thread has ready.
#[derive(Debug)]
struct Ready {
    bytes: Vec<u8>,
    /// How much of the input was read for all so far.
    bytes_in: u64,
    /// What comes behind these bytes.
    next: Next,
}

#[derive(Debug)]
enum Next {
    More,
    End,
    Error(io::Error),
}

/// The bytes of a compressed input, decompressed beside whoever reads them.
#[derive(Debug)]
pub(crate) struct Ahead {
    ready: Receiver<Ready>,
    used: Sender<Vec<u8>>,
    current: Ready,
    given: usize,
    compression: &'static str,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    /// Begins; gives `packed` back where there is no thread to be had.
    pub(crate) fn new(packed: Packed) -> Result<Ahead, Packed> {
        let (give, ready) = sync_channel(QUEUE);
        let (used, reuse) = channel();
        let compression = packed.compression();
        // A thread that cannot be made must not take the input with it.
        let shared = Arc::new(Mutex::new(Some(packed)));
        let of_thread = Arc::clone(&shared);
        let take = |shared: &Mutex<Option<Packed>>| {
            shared.lock().expect("nobody panics while holding it").take()
        };
        let work = move || {
            let packed = take(&of_thread);
            work(packed.expect("it is taken once"), &give, &reuse);
        };
        match thread::Builder::new().name("decompress".to_owned()).spawn(work) {
            Ok(thread) => {
                let current = Ready { bytes: Vec::new(), bytes_in: 0, next: Next::More };
                Ok(Ahead { ready, used, current, given: 0, compression, thread: Some(thread) })
            }
            Err(_) => Err(take(&shared).expect("nobody has taken it")),
        }
    }

    /// Reads some bytes; 0 at the end. After an error there is nothing more.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let rest = &self.current.bytes[self.given..];
            if !rest.is_empty() {
                let length = rest.len().min(out.len());
                out[..length].copy_from_slice(&rest[..length]);
                self.given += length;
                return Ok(length);
            }
            match std::mem::replace(&mut self.current.next, Next::End) {
                Next::More => self.receive(),
                Next::End => return Ok(0),
                Next::Error(error) => return Err(error),
            }
        }
    }

    fn receive(&mut self) {
        match self.ready.recv() {
            Ok(ready) => {
                let used = std::mem::replace(&mut self.current, ready).bytes;
                self.given = 0;
                // The thread may be past its last chunk.
                let _ = self.used.send(used);
            }
            // It says when it ends, so it did not end by itself: what it met is met here.
            Err(_) => match self.thread.take().map(JoinHandle::join) {
                Some(Err(panic)) => std::panic::resume_unwind(panic),
                _ => unreachable!("the thread ends without a word only by a panic"),
            },
        }
    }

    /// The name of the compression.
    pub(crate) fn compression(&self) -> &'static str {
        self.compression
    }

    /// Bytes read for what was given so far, before decompression.
    pub(crate) fn bytes_in(&self) -> u64 {
        self.current.bytes_in
    }
}

/// Decompresses to the end, to an error, or until nobody reads any more.
fn work(mut packed: Packed, give: &SyncSender<Ready>, reuse: &Receiver<Vec<u8>>) {
    loop {
        let mut bytes = reuse.try_recv().unwrap_or_default();
        bytes.resize(CHUNK, 0);
        let mut filled = 0;
        let next = loop {
            if filled == CHUNK {
                break Next::More;
            }
            match packed.read(&mut bytes[filled..]) {
                Ok(0) => break Next::End,
                Ok(read) => filled += read,
                Err(error) => break Next::Error(error),
            }
        };
        bytes.truncate(filled);
        let is_last = !matches!(next, Next::More);
        let ready = Ready { bytes, bytes_in: packed.bytes_in(), next };
        if give.send(ready).is_err() || is_last {
            return;
        }
    }
}
