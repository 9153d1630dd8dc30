//! Standard input kept in a file, so that it can be read twice.

use std::{
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result};
use remora_engine::sweep::{Input, Origin};
use tempfile::NamedTempFile;

/// Copies standard input, if it is among `inputs`, to a file in `folder`, from
/// which it is then read; its name in reports stays. The file is deleted when
/// what is returned is dropped.
pub(crate) fn keep(folder: &Path, inputs: &mut [Input]) -> Result<Option<NamedTempFile>> {
    let Some(input) = inputs.iter_mut().find(|input| input.origin == Origin::Stdin) else {
        return Ok(None);
    };
    let place = || format!("--spool {}", folder.display());
    let mut file = tempfile::Builder::new()
        .prefix("remora-spool-")
        .tempfile_in(folder)
        .with_context(|| format!("{}: no file can be made there", place()))?;
    io::copy(&mut io::stdin().lock(), &mut file).with_context(place)?;
    file.flush().with_context(place)?;
    input.origin = Origin::Path(file.path().to_owned());
    Ok(Some(file))
}
