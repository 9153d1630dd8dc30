//! What goes to standard error beside the report.

use std::io::{self, IsTerminal as _};

use tracing::Level;

use crate::args::LogArgs;

/// Sends `tracing` to standard error, in colour only on a terminal.
pub(crate) fn install(args: &LogArgs) {
    let level = match (args.quiet, args.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, 2) => Level::DEBUG,
        (false, _) => Level::TRACE,
    };
    let colour = args.color.choice(io::stderr().is_terminal());
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(level)
        .with_ansi(colour)
        .with_target(false)
        // A warning that cannot be written must not end the sweep.
        .log_internal_errors(false)
        .without_time()
        .init();
}
