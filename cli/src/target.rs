//! The file that a report is written to.
//!
//! The report is written beside it and moved into its place when it is whole:
//! a run that fails or is interrupted leaves the last report as it was. What
//! is no regular file (a pipe, a device) is written to directly.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use tempfile::NamedTempFile;

/// Where a report goes.
pub(crate) struct Target {
    path: PathBuf,
    file: Place,
}

enum Place {
    Beside(NamedTempFile),
    Direct(File),
}

fn refusal(path: &Path) -> String {
    format!("{} cannot be written", path.display())
}

impl Target {
    /// Makes sure that a report can be written to `path`.
    pub(crate) fn open(path: &Path) -> Result<Target> {
        let special = path.metadata().is_ok_and(|meta| !meta.is_file());
        let file = if special {
            OpenOptions::new().write(true).open(path).map(Place::Direct)
        } else {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            // Its own message names a file that nobody asked for.
            let beside = builder().tempfile_in(folder.unwrap_or(Path::new(".")));
            beside.map(Place::Beside).map_err(|error| io::Error::from(error.kind()))
        };
        let file = file.with_context(|| refusal(path))?;
        Ok(Target { path: path.to_owned(), file })
    }

    /// Writes the report with `write`.
    pub(crate) fn write(self, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let path = self.path;
        let done = match self.file {
            Place::Direct(file) => fill(&mut BufWriter::new(file), write),
            Place::Beside(mut file) => {
                let filled = fill(&mut BufWriter::new(&mut file), write);
                filled.and_then(|()| {
                    file.as_file().sync_all()?;
                    file.persist(&path)?;
                    Ok(())
                })
            }
        };
        done.with_context(|| refusal(&path))
    }
}

fn fill(out: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    write(out)?;
    out.flush()?;
    Ok(())
}

/// A file with the permissions that any new file would have.
#[cfg(unix)]
fn builder() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".remora-").permissions(std::fs::Permissions::from_mode(0o666));
    builder
}

#[cfg(not(unix))]
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".remora-");
    builder
}
