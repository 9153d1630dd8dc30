//! The detectors of a run: linked in, named, or found in plugin folders.

use std::path::PathBuf;

use remora_engine::host::{Detectors, LinkedIn, LoadError, Plugins, Trust};

use crate::{args::DetectorArgs, folders};

/// Every linked-in detector.
pub(crate) fn linked_in() -> Vec<LinkedIn> {
    vec![
        LinkedIn {
            manifest: remora_catalog_detector::MANIFEST,
            module: remora_catalog_detector::MODULE,
        },
        LinkedIn { manifest: remora_supremo::MANIFEST, module: remora_supremo::MODULE },
    ]
}

/// What the user trusts; nothing where there is no home folder.
pub(crate) fn trust() -> Result<Trust, LoadError> {
    match folders::trust_file() {
        Some(path) => Trust::read(&path),
        None => Ok(Trust::default()),
    }
}

impl DetectorArgs {
    /// Starts the detectors that the arguments name.
    pub(crate) fn start(&self, plugins: &Plugins) -> Result<Detectors, LoadError> {
        Detectors::start(&linked_in(), plugins, &self.detector)
    }

    /// The plugins that the arguments and the user's folders name.
    pub(crate) fn plugins(&self) -> Plugins {
        plugins(&self.plugin, &self.plugin_dir)
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
