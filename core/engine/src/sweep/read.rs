//! Reading the inputs, in order, a block for whoever asks.
//!
//! No thread of its own reads: a worker that wants something to do reads and
//! cuts its next block itself, while the others scan theirs. So a block is
//! scanned where its bytes are in the caches, nobody waits to be handed one, and
//! of `N` threads all `N` scan.

use std::{fs::File, num::NonZero, sync::Arc};

use remora_sources::{
    BLOCK_SIZE, Block, Blocks, InputError, InputErrorKind, Opened, Trouble, input,
};

use super::{Input, Options, Origin, Problem, progress::Counted, sample::Quota};

/// Problems remembered per input, at most; all are counted.
pub(super) const PROBLEMS_CAP: usize = 100;

/// Bytes in blocks under way, at most up to 32 threads.
const UNDER_WAY: usize = 8 << 20;
/// Smaller blocks cost more to ask for than they are worth.
const SMALLEST_BLOCK: usize = 128 << 10;

/// The size of a block: each thread has one, about as many wait for somebody or to be used again, and
/// all together take the same memory whatever the number of threads.
fn block_size(threads: usize) -> usize {
    (UNDER_WAY / (2 * threads.max(1))).clamp(SMALLEST_BLOCK, BLOCK_SIZE)
}

/// A block for a worker.
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

/// All inputs in order, cut into blocks for whoever asks for the next one.
pub(super) struct Inputs<'o> {
    options: &'o Options,
    /// Of the inputs so far; the last one may be open.
    reads: Vec<Read>,
    open: Option<Open>,
}

/// An input that is open.
struct Open {
    stream: Arc<remora_sources::Stream>,
    quota: Arc<Quota>,
    blocks: Blocks,
}

impl<'o> Inputs<'o> {
    /// The inputs of `options`, none of them open yet.
    pub(super) fn new(options: &'o Options) -> Inputs<'o> {
        Inputs { options, reads: Vec::new(), open: None }
    }

    /// The next block; none at the end of the last input. `done` is a block that is done with,
    /// whose memory the next one gets.
    pub(super) fn next(&mut self, mut done: Option<Block>) -> Option<Job> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(done) = done.take() {
                    open.blocks.recycle(done);
                }
                let at = self.reads.len() - 1;
                let name = &self.options.inputs[at].name;
                if let Some(block) = open.next(name, &mut self.reads[at]) {
                    let input = u32::try_from(at).expect("2^24 inputs");
                    let (stream, quota) = (open.stream.clone(), open.quota.clone());
                    return Some(Job { input, stream, quota, block });
                }
                self.open = None;
            }
            let input = self.options.inputs.get(self.reads.len())?;
            let mut read = Read::default();
            match open(input, self.options) {
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
                Ok(Opened { stream, mut blocks, compression }) => {
                    read.format = stream.format().name();
                    read.compression = compression;
                    blocks.set_block_size(block_size(self.options.threads));
                    let (stream, quota) = (Arc::new(stream), Arc::new(Quota::default()));
                    self.open = Some(Open { stream, quota, blocks });
                }
            }
            self.reads.push(read);
        }
    }

    /// What was learned of each input that was read.
    pub(super) fn into_reads(self) -> Vec<Read> {
        self.reads
    }
}

impl Open {
    /// The next block of the input called `name`; what goes wrong before it is noted in `read`.
    fn next(&mut self, name: &str, read: &mut Read) -> Option<Block> {
        let mut troubles: Vec<Trouble> = Vec::new();
        let block = self.blocks.next(&mut troubles);
        for trouble in troubles {
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
        read.bytes = self.blocks.bytes();
        block
    }
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
/// are kept busy by two workers, of which one decompresses its block while the other scans.
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
