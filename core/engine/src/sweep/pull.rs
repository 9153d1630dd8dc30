//! Whose turn it is to read.
//!
//! One worker at a time has the inputs. It reads its next block, hands the
//! inputs on and scans what it read, which is in its caches. Where more than
//! one other has nothing to do, reading is what holds up all: then who reads
//! goes on reading, and gives blocks to those, instead of letting each wake up
//! for its turn.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard},
};

use remora_sources::Block;

use super::read::{Inputs, Job, Read};

/// The inputs, for several workers.
pub(super) struct Pull<'o> {
    state: Mutex<State<'o>>,
    changed: Condvar,
}

struct State<'o> {
    /// None while somebody reads.
    inputs: Option<Inputs<'o>>,
    /// Blocks for those who wait: fewer than they are.
    ready: VecDeque<Job>,
    /// What those gave back who got a block so: not more than there are workers.
    done: Vec<Block>,
    /// How many wait.
    waiting: usize,
    /// There is nothing more to read.
    ended: bool,
}

impl<'o> Pull<'o> {
    /// All of `inputs`.
    pub(super) fn new(inputs: Inputs<'o>) -> Pull<'o> {
        let state = State {
            inputs: Some(inputs),
            ready: VecDeque::new(),
            done: Vec::new(),
            waiting: 0,
            ended: false,
        };
        Pull { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The next block; none at the end, or where another worker panicked while it read. `done` is
    /// the block that the caller is done with.
    pub(super) fn next(&self, mut done: Option<Block>) -> Option<Job> {
        let mut state = self.lock();
        let mut inputs = loop {
            if let Some(job) = state.ready.pop_front() {
                state.done.extend(done);
                return Some(job);
            }
            if state.ended {
                return None;
            }
            if let Some(inputs) = state.inputs.take() {
                break inputs;
            }
            state.waiting += 1;
            state = self.changed.wait(state).expect(UNHARMED);
            state.waiting -= 1;
        };
        drop(state);
        let ending = EndsAll(self);
        loop {
            let job = inputs.next(done.take());
            let mut state = self.lock();
            match job {
                Some(job) if state.waiting > state.ready.len() + 1 => {
                    state.ready.push_back(job);
                    done = state.done.pop();
                    drop(state);
                    self.changed.notify_one();
                }
                Some(job) => {
                    state.inputs = Some(inputs);
                    drop(state);
                    self.changed.notify_one();
                    std::mem::forget(ending);
                    return Some(job);
                }
                // The others are told as `ending` is dropped.
                None => {
                    state.inputs = Some(inputs);
                    return None;
                }
            }
        }
    }

    /// What was learned of each input, after its end.
    pub(super) fn into_reads(self) -> Vec<Read> {
        let inputs = self.state.into_inner().expect(UNHARMED).inputs;
        inputs.expect("a panic of who reads is passed on").into_reads()
    }

    fn lock(&self) -> MutexGuard<'_, State<'o>> {
        self.state.lock().expect(UNHARMED)
    }
}

const UNHARMED: &str = "nobody panics while holding it";

/// Whoever reads comes to the end, or panics: nobody must wait for it.
struct EndsAll<'p, 'o>(&'p Pull<'o>);

impl Drop for EndsAll<'_, '_> {
    fn drop(&mut self) {
        // Never a second panic.
        if let Ok(mut state) = self.0.state.lock() {
            state.ended = true;
        }
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, panic::AssertUnwindSafe, thread};

    use super::{
        super::{Input, Options, Origin, threads::on_threads},
        *,
    };

    /// Options with files of several blocks each, and one that is missing.
    fn options(folder: &std::path::Path, threads: usize) -> Options {
        let input =
            |name: &str| Input { name: name.to_owned(), origin: Origin::Path(folder.join(name)) };
        let line = "{\"DeviceId\":\"d\",\"RemotePort\":1}\n";
        for name in ["a", "c"] {
            fs::write(folder.join(name), line.repeat(200_000)).expect("a scratch folder");
        }
        Options { inputs: ["a", "b", "c"].map(input).into(), threads, ..Options::default() }
    }

    #[test]
    fn every_block_is_got_once_on_any_number_of_threads() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        for threads in [1, 2, 3, 16] {
            let options = options(folder.path(), threads);
            let pull = Pull::new(Inputs::new(&options));
            let work = || {
                let (mut got, mut done) = (Vec::new(), None);
                while let Some(job) = pull.next(done.take()) {
                    got.push((job.input, job.block.offset, job.block.data.len() as u64));
                    done = Some(job.block);
                }
                got
            };
            let mut got = on_threads(threads, work).concat();
            got.sort_unstable();
            let reads = pull.into_reads();
            for (at, read) in (0..).zip(&reads) {
                let mut end = 0;
                for (_, offset, length) in got.iter().filter(|(input, ..)| *input == at) {
                    assert_eq!(*offset, end, "input {at}, {threads} threads");
                    end += length;
                }
                assert_eq!(end, read.bytes);
                assert_eq!(read.error.is_some(), at == 1);
            }
            assert!(got.len() > 10 && reads.len() == 3);
        }
    }

    #[test]
    fn nobody_waits_for_who_panicked_while_it_read() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let options = options(folder.path(), 4);
        let pull = Pull::new(Inputs::new(&options));
        thread::scope(|scope| {
            let reads = pull.lock().inputs.take();
            let waiting: Vec<_> = (0..3).map(|_| scope.spawn(|| pull.next(None))).collect();
            while pull.lock().waiting < 3 {
                thread::yield_now();
            }
            let panics = || {
                let (_ending, _reads) = (EndsAll(&pull), reads);
                panic!("while it reads");
            };
            assert!(std::panic::catch_unwind(AssertUnwindSafe(panics)).is_err());
            assert!(waiting.into_iter().all(|one| one.join().expect("it ends").is_none()));
        });
    }
}
