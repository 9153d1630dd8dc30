//! The same work on several threads.

use std::{panic::resume_unwind, thread};

/// The stack of a thread beside the calling one: detectors run on it, and on the caller's.
const STACK: usize = 8 * 1024 * 1024;

/// Does `work` on `threads` threads at once, the calling one among them, and gives what each came
/// to: at least one. Where there are fewer threads to be had, the work is done on these.
///
/// # Panics
///
/// Where one of them panics, as that one did, once the others are done.
pub(super) fn on_threads<T: Send>(threads: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    on_stacks(STACK, threads, work)
}

fn on_stacks<T: Send>(stack: usize, threads: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let mut beside = Vec::new();
        for at in 1..threads {
            let builder = thread::Builder::new().name(format!("worker-{at}")).stack_size(stack);
            match builder.spawn_scoped(scope, &work) {
                Ok(thread) => beside.push(thread),
                Err(error) => {
                    tracing::warn!("{at} of {threads} threads: {error}");
                    break;
                }
            }
        }
        let mut results = vec![work()];
        for thread in beside {
            results.push(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        panic::{AssertUnwindSafe, catch_unwind},
        sync::{Barrier, Mutex},
    };

    use super::*;

    #[test]
    fn every_thread_works_and_the_calling_one_is_among_them() {
        for (threads, want) in [(0, 1), (1, 1), (2, 2), (8, 8)] {
            // Each waits for all others: nobody does the work of two.
            let all = Barrier::new(want);
            let who = on_threads(threads, || {
                all.wait();
                thread::current().id()
            });
            assert_eq!(who[0], thread::current().id());
            assert_eq!((who.len(), who.iter().collect::<HashSet<_>>().len()), (want, want));
        }
    }

    #[test]
    fn where_there_are_no_threads_to_be_had_the_calling_one_works_alone() {
        assert_eq!(
            on_stacks(usize::MAX / 4, 8, || thread::current().id()),
            [thread::current().id()]
        );
    }

    /// One that panics between two blocks or while it reads one: the others end, and it is told.
    #[test]
    fn a_panic_is_passed_on_when_the_others_have_ended() {
        for threads in [1, 2, 8] {
            for while_it_holds_the_lock in [false, true] {
                let blocks = Mutex::new(0..1000);
                let work = || {
                    let next = || {
                        let mut blocks = blocks.lock().ok()?;
                        let next = blocks.next();
                        assert!(!(while_it_holds_the_lock && next == Some(500)), "at block 500");
                        next
                    };
                    while let Some(block) = next() {
                        assert!(while_it_holds_the_lock || block != 500, "at block 500");
                    }
                };
                let panic = catch_unwind(AssertUnwindSafe(|| on_threads(threads, work)));
                let panic = panic.expect_err("block 500 is reached");
                let told = panic.downcast_ref::<&str>().copied();
                assert_eq!(told, Some("at block 500"), "{threads} threads");
            }
        }
    }
}
