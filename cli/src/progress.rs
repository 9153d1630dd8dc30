//! How far a sweep is: bytes, rate, time left, findings, on standard error and
//! only where that is a terminal.

use std::{
    fs,
    io::{self, IsTerminal as _},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use remora_engine::sweep::{Options, Origin};

/// How often it is drawn.
const EVERY: Duration = Duration::from_millis(200);

/// A line that shows how far a sweep is, until it is dropped.
#[derive(Debug)]
pub(crate) struct Bar {
    /// Dropped first, which ends the thread.
    end: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Bar {
    /// Shows it, if standard error is a terminal.
    pub(crate) fn show(options: &Options) -> Option<Bar> {
        if !io::stderr().is_terminal() {
            return None;
        }
        // With standard input nobody knows how much there is.
        let sizes = options.inputs.iter().map(|input| match &input.origin {
            Origin::Path(path) => fs::metadata(path).ok().map(|meta| meta.len()),
            Origin::Stdin => None,
            Origin::Unreadable(_) => Some(0),
        });
        let (bar, form) = match sizes.sum::<Option<u64>>() {
            Some(total) => (
                ProgressBar::new(total),
                "{bytes} of {total_bytes}, {bytes_per_sec}, {eta} left, {msg}",
            ),
            None => (ProgressBar::no_length(), "{bytes}, {bytes_per_sec}, {msg}"),
        };
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template(form).ok()?);
        let progress = Arc::clone(&options.progress);
        let (end, ended) = mpsc::channel::<()>();
        let draw = move || {
            while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                bar.set_message(format!("{} findings", progress.found()));
                let read = progress.read();
                // Read once more, for what was learned.
                if let Some(total) = bar.length()
                    && read > total
                {
                    bar.set_length(2 * total.max(1));
                }
                bar.set_position(read);
            }
            bar.finish_and_clear();
        };
        let thread = thread::Builder::new().name("progress".into()).spawn(draw).ok()?;
        Some(Bar { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            // It only draws.
            let _ = thread.join();
        }
    }
}
