//! The exit status, decided in one place.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// How a command ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Status {
    /// It found what it was asked to fail on: `--fail-on`, errors of a lint,
    /// examples that do not come out, two catalogs that differ.
    pub(crate) found: bool,
    /// It could not do what was asked.
    pub(crate) failed: bool,
}

/// 0: ran through. 1: found what it was to fail on. 2: could not do what was
/// asked; wins over 1. A reader that closed the pipe has what it wanted.
pub(crate) fn code(result: anyhow::Result<Status>) -> ExitCode {
    match result {
        Ok(Status { failed: true, .. }) => ExitCode::from(2),
        Ok(Status { found: true, .. }) => ExitCode::from(1),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever closed standard error does not want to know.
            let _ = writeln!(anstream::stderr(), "remora: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json =
            cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        let csv = cause.downcast_ref::<csv::Error>().and_then(|error| match error.kind() {
            csv::ErrorKind::Io(io) => Some(io.kind()),
            _ => None,
        });
        io.or(json).or(csv) == Some(io::ErrorKind::BrokenPipe)
    };
    error.chain().any(closed)
}
