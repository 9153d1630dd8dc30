//! Everything that is decided about a plugin before any of its code runs.
//!
//! The sweep goes on to load what passes; `remora plugin info` and `list` stop
//! here, so that looking at a file can never run it. Trust comes last although
//! it is the strongest word: a file that is pinned is pinned by the name in its
//! manifest, and a damaged file is told as damaged, not as unknown. What reads
//! the bytes before that is plain safe code.

use std::path::{Path, PathBuf};

use super::{
    LoadError, Manifest,
    trust::{Grant, Trust},
};
#[cfg(target_os = "linux")]
use super::{elf, note, open};

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
    #[cfg(target_os = "linux")]
    pub sealed: open::Sealed,
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest's text.
    pub text: String,
    /// Why it may run.
    pub grant: Grant,
}

impl Checked {
    /// SHA-256 of its bytes, lower-case hex.
    pub fn sha256(&self) -> &str {
        #[cfg(target_os = "linux")]
        return &self.sealed.sha256;
        #[cfg(not(target_os = "linux"))]
        return "";
    }

    /// What is not right about its place, but no reason to refuse it.
    pub fn warnings(&self) -> &[String] {
        #[cfg(target_os = "linux")]
        return &self.sealed.warnings;
        #[cfg(not(target_os = "linux"))]
        return &[];
    }
}

/// A plugin that does not run, with what could be told of it.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of its bytes, where they could be read.
    pub sha256: Option<String>,
    /// Its manifest, where it has one that can be read.
    pub manifest: Option<Manifest>,
    /// Why not.
    pub error: LoadError,
}

impl Refused {
    /// A refusal of the file at `path`.
    pub fn new(path: &Path, error: LoadError) -> Refused {
        Refused { path: path.to_owned(), sha256: None, manifest: None, error: error.at(path) }
    }

    /// The name in its manifest, or that of the file.
    pub fn name(&self) -> String {
        match &self.manifest {
            Some(manifest) => manifest.name.clone(),
            None => self.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}

/// Takes the file at `path` through every step up to its code.
///
/// # Errors
///
/// The first step that refuses it, with what was known of it by then.
#[cfg(target_os = "linux")]
pub fn check(path: &Path, found: Found, trust: &Trust) -> Result<Checked, Box<Refused>> {
    let mut refused = |error| Box::new(Refused::new(path, error));
    let sealed = open::open(path).map_err(&mut refused)?;
    let mut refused = |error| {
        let sha256 = Some(sealed.sha256.clone());
        Box::new(Refused { sha256, ..Refused::new(path, error) })
    };
    elf::check(&sealed.bytes).map_err(&mut refused)?;
    let text = note::read(&sealed.bytes).map_err(&mut refused)?.to_owned();
    let manifest = Manifest::parse(&text).map_err(&mut refused)?;
    let grant = manifest.check().and_then(|()| match found {
        Found::Named => trust.allow_named(&manifest.name, &sealed.sha256),
        Found::InFolder => trust.allow(path, &manifest.name, &sealed.sha256, &sealed.bytes),
    });
    match grant {
        Ok(grant) => Ok(Checked { sealed, manifest, text, grant }),
        Err(error) => Err(Box::new(Refused { manifest: Some(manifest), ..*refused(error) })),
    }
}

/// Refuses every file: plugins are loaded on Linux only.
#[cfg(not(target_os = "linux"))]
pub fn check(path: &Path, _found: Found, _trust: &Trust) -> Result<Checked, Box<Refused>> {
    Err(Box::new(Refused::new(path, LoadError::other_system())))
}
