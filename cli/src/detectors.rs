//! The detectors of a run: linked in, named, or found in plugin folders.

use std::path::PathBuf;

use remora_engine::host::{LinkedIn, LoadError, Plugins, Trust};

use crate::folders;

/// Every linked-in detector.
pub(crate) fn linked_in() -> Vec<LinkedIn> {
    vec![LinkedIn { manifest: remora_supremo::MANIFEST, module: remora_supremo::MODULE }]
}

/// What the user trusts; nothing where there is no home folder.
pub(crate) fn trust() -> Result<Trust, LoadError> {
    match folders::trust_file() {
        Some(path) => Trust::read(&path),
        None => Ok(Trust::default()),
    }
}

/// The plugins that were named, and those of the plugin folders.
pub(crate) fn plugins(files: &[PathBuf], folders: &[PathBuf]) -> Plugins {
    Plugins {
        files: files.to_vec(),
        folders: folders.to_vec(),
        home: folders::plugins(),
        // Where there is no plugin, nobody needs to know what is trusted.
        trust: trust().unwrap_or_else(Trust::unreadable),
    }
}
