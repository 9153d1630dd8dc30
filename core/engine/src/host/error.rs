//! Why a plugin was not loaded: what was refused, why, and what to do.

use std::{fmt, path::PathBuf};

/// The step of the load pipeline that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadStep {
    /// The path as it was given.
    Path,
    /// Opening and copying the file.
    Open,
    /// Who can change the file.
    Ownership,
    /// The trust file.
    Trust,
    /// The structure of the shared object.
    Elf,
    /// The manifest in the note.
    Note,
    /// The ABI version that the manifest names.
    AbiVersion,
    /// The panic strategy that the manifest names.
    Panic,
    /// Two detectors of one name.
    Name,
    /// The system's loader.
    Link,
    /// The layout of the types that cross the boundary.
    Layout,
    /// The detector's own start.
    Start,
    /// The rules and interests that the detector states.
    Rules,
    /// Not on this system.
    System,
}

/// A detector that was refused. Three parts: what, why, help.
#[derive(Clone, Debug)]
pub struct LoadError {
    /// The step that refused.
    pub step: LoadStep,
    /// The file, or none for a linked-in detector.
    pub path: Option<PathBuf>,
    /// Why, one sentence, with the values in it.
    pub why: String,
    /// What to do about it, one sentence.
    pub help: String,
}

impl LoadError {
    pub(crate) fn new(step: LoadStep, why: impl Into<String>, help: impl Into<String>) -> Self {
        LoadError { step, path: None, why: why.into(), help: help.into() }
    }

    /// The refusal of every file where plugins cannot be loaded.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn other_system() -> Self {
        LoadError::new(
            LoadStep::System,
            "plugins are loaded on Linux only",
            "leave it out; the linked-in detectors run everywhere",
        )
    }

    pub(crate) fn at(mut self, path: &std::path::Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "plugin {} was not loaded: ", path.display())?,
            None => f.write_str("the detectors cannot start: ")?,
        }
        write!(f, "{}\n  help: {}", self.why, self.help)
    }
}

impl std::error::Error for LoadError {}
