//! Everything that is decided about a plugin before any of its code runs.
//!
//! The sweep goes on to load what passes; `remora plugin info` and `list` stop
//! here, so that looking at a file can never run it.

use std::path::Path;

use super::{
    LoadError, Manifest, elf, note,
    open::{self, Sealed},
    trust::{Grant, Trust},
};

/// How a plugin came to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was named on the command line, and so is trusted for this run.
    Named,
    /// It lies in a plugin folder, and must be trusted.
    InFolder,
}

/// A plugin that passed every step up to its code.
#[derive(Debug)]
pub struct Checked {
    /// Its bytes.
    pub sealed: Sealed,
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest's text.
    pub text: String,
    /// Why it may run.
    pub grant: Grant,
}

/// Takes the file at `path` through every step up to its code.
pub fn check(path: &Path, found: Found, trust: &Trust) -> Result<Checked, LoadError> {
    let sealed = open::open(path)?;
    let checked = || -> Result<(Manifest, String, Grant), LoadError> {
        elf::check(&sealed.bytes)?;
        let text = note::read(&sealed.bytes)?;
        let manifest = Manifest::read(text)?;
        let grant = match found {
            Found::Named => trust.allow_named(&manifest.name, &sealed.sha256)?,
            Found::InFolder => trust.allow(path, &manifest.name, &sealed.sha256, &sealed.bytes)?,
        };
        Ok((manifest, text.to_owned(), grant))
    };
    let (manifest, text, grant) = checked().map_err(|error| error.at(path))?;
    Ok(Checked { sealed, manifest, text, grant })
}
