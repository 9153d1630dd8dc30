//! Reading the inputs, in order, on the calling thread.

use std::{fs::File, num::NonZero, sync::Arc};

use remora_sources::{BLOCK_SIZE, Block, InputError, InputErrorKind, Opened, Trouble, input};

use super::{Input, Options, Origin, Problem, progress::Counted, sample::Quota};

/// Problems remembered per input, at most; all are counted.
pub(super) const PROBLEMS_CAP: usize = 100;

/// Bytes in blocks under way, about and at most up to 16 threads.
const UNDER_WAY: usize = 8 << 20;
/// Smaller blocks cost more to hand over than a worker gains by them.
const SMALLEST_BLOCK: usize = 128 << 10;

/// Blocks that wait for `threads` workers, at most: one each, so that none
/// waits for the reader.
pub(super) fn queue_length(threads: usize) -> usize {
    threads
}

/// The size of a block: the blocks that wait, that are worked on, and the one
/// that is read together take the same memory whatever the number of threads.
fn block_size(threads: usize) -> usize {
    let blocks = queue_length(threads) + threads + 1;
    (UNDER_WAY / blocks).clamp(SMALLEST_BLOCK, BLOCK_SIZE)
}

/// A block on its way to a worker.
pub(super) struct Job {
    pub(super) input: u32,
    pub(super) stream: Arc<remora_sources::Stream>,
    pub(super) quota: Arc<Quota>,
    pub(super) block: Block,
}

/// What the reader itself learns of an input.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) format: &'static str,
    pub(super) compression: Option<&'static str>,
    pub(super) error: Option<String>,
    pub(super) bytes: u64,
    /// Records refused while cutting blocks.
    pub(super) refused: u64,
    pub(super) problems: Vec<Problem>,
}

/// Reads every input and hands its blocks to `give`, which returns blocks that
/// are done with.
pub(super) fn read_all(options: &Options, mut give: impl FnMut(Job) -> Option<Block>) -> Vec<Read> {
    let mut all = Vec::new();
    for (at, input) in (0..).zip(&options.inputs) {
        let mut read = Read::default();
        match open(input, options) {
            Err(error) => {
                read.problems.push(Problem {
                    source: input.name.clone(),
                    line: 0,
                    offset: 0,
                    message: error.to_string(),
                    whole_input: true,
                });
                read.error = Some(error.to_string());
            }
            Ok(mut opened) => {
                opened.blocks.set_block_size(block_size(options.threads));
                read_one(at, &input.name, opened, &mut read, &mut give);
            }
        }
        all.push(read);
    }
    all
}

fn open(input: &Input, options: &Options) -> Result<Opened, InputError> {
    let beside = has_core_to_spare(options.threads);
    let told = input::Told { format: options.format, zone: options.zone.clone(), beside };
    match &input.origin {
        Origin::Path(path) => {
            let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
            input::open_reader(Box::new(counted(file, options)), told)
        }
        Origin::Stdin => input::open_reader(Box::new(counted(std::io::stdin(), options)), told),
        Origin::Unreadable(why) => Err(unreadable(why.clone())),
    }
}

/// Whether a thread that decompresses has a core to itself. One thread is one thread; and two cores
/// are kept busy by the reader, which decompresses, and the workers.
fn has_core_to_spare(workers: usize) -> bool {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    workers > 1 && cores > 2
}

fn unreadable(message: String) -> InputError {
    InputError { kind: InputErrorKind::Unreadable, message }
}

fn counted<R>(reader: R, options: &Options) -> Counted<R> {
    Counted { reader, progress: options.progress.clone() }
}

fn read_one(
    at: u32,
    name: &str,
    opened: Opened,
    read: &mut Read,
    give: &mut impl FnMut(Job) -> Option<Block>,
) {
    let Opened { stream, mut blocks, compression } = opened;
    read.format = stream.format().name();
    read.compression = compression;
    let (stream, quota) = (Arc::new(stream), Arc::new(Quota::default()));
    let mut troubles: Vec<Trouble> = Vec::new();
    loop {
        let block = blocks.next(&mut troubles);
        for trouble in troubles.drain(..) {
            read.refused += trouble.records;
            // No record was refused, so that no count would tell that something is missing.
            if trouble.records == 0 {
                read.error.get_or_insert_with(|| trouble.message.clone());
            }
            if read.problems.len() < PROBLEMS_CAP {
                read.problems.push(Problem {
                    source: name.to_owned(),
                    line: trouble.line,
                    offset: trouble.offset,
                    message: trouble.message,
                    whole_input: false,
                });
            }
        }
        let Some(block) = block else { break };
        let job = Job { input: at, stream: stream.clone(), quota: quota.clone(), block };
        if let Some(done) = give(job) {
            blocks.recycle(done);
        }
    }
    read.bytes = blocks.bytes();
}
