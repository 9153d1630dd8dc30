//! The set of detectors of a run.

use std::path::PathBuf;

use remora_abi::DetectorModule;

use super::{Detector, LoadError, LoadStep, Manifest, Origin, Trust, discover};

/// A detector that is part of the program.
#[derive(Clone, Copy)]
pub struct LinkedIn {
    /// Its manifest.
    pub manifest: &'static str,
    /// Its functions.
    pub module: DetectorModule,
}

/// Where plugins come from.
#[derive(Clone, Debug, Default)]
pub struct Plugins {
    /// Files that were named: trusted for this run.
    pub files: Vec<PathBuf>,
    /// Folders that were named: what lies in them must be trusted.
    pub folders: Vec<PathBuf>,
    /// The user's own folder, which need not exist.
    pub home: Option<PathBuf>,
    /// What is trusted.
    pub trust: Trust,
}

impl Plugins {
    /// Every plugin file of the folders.
    pub fn in_folders(&self) -> Result<Vec<PathBuf>, LoadError> {
        let mut files = Vec::new();
        for folder in &self.folders {
            files.extend(discover::plugins_in(folder, true)?);
        }
        if let Some(home) = &self.home {
            files.extend(discover::plugins_in(home, false)?);
        }
        Ok(files)
    }
}

/// The detectors of a run, by name.
#[derive(Debug, Default)]
pub struct Detectors {
    detectors: Vec<Detector>,
}

impl Detectors {
    /// Starts the detectors that `linked_in` and `plugins` give, as far as
    /// `only` (every one if empty) names them.
    ///
    /// A loaded detector replaces a linked-in one of its name; two loaded ones
    /// of one name are an error, because which of them runs must not depend on
    /// the order of arguments.
    pub fn start(
        linked_in: &[LinkedIn],
        plugins: &Plugins,
        only: &[String],
    ) -> Result<Detectors, LoadError> {
        let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
        let loaded = load_all(plugins)?;
        let mut known: Vec<String> = Vec::new();
        let mut detectors = Vec::new();
        for detector in linked_in {
            let manifest = Manifest::read(detector.manifest)?;
            if loaded.iter().any(|plugin| plugin.0.name == manifest.name) {
                tracing::info!(
                    detector = manifest.name,
                    "the loaded plugin replaces the linked-in detector"
                );
                continue;
            }
            known.push(manifest.name.clone());
            if wanted(&manifest.name) {
                use abi_stable::prefix_type::PrefixTypeTrait as _;
                let module = detector.module.leak_into_prefix();
                detectors.push(Detector::start(manifest, Origin::LinkedIn, module, "")?);
            }
        }
        for (manifest, module, origin, path) in loaded {
            known.push(manifest.name.clone());
            if wanted(&manifest.name) {
                let start = Detector::start(manifest, origin, module, "");
                detectors.push(start.map_err(|error| error.at(&path))?);
            }
        }
        if let Some(unknown) = only.iter().find(|name| !known.contains(name)) {
            known.sort();
            return Err(LoadError::new(
                LoadStep::Name,
                format!("there is no detector {unknown:?}"),
                format!("choose from: {}", known.join(", ")),
            ));
        }
        detectors.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(Detectors { detectors })
    }

    /// The detectors, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Detector> {
        self.detectors.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.detectors.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.detectors.is_empty()
    }
}

type LoadedPlugin = (Manifest, remora_abi::DetectorModuleRef, Origin, PathBuf);

#[cfg(target_os = "linux")]
fn load_all(plugins: &Plugins) -> Result<Vec<LoadedPlugin>, LoadError> {
    use super::check::{Found, check};

    let named = plugins.files.iter().cloned().map(|path| (path, Found::Named));
    let in_folders = plugins.in_folders()?.into_iter().map(|path| (path, Found::InFolder));
    let mut all: Vec<LoadedPlugin> = Vec::new();
    for (path, found) in named.chain(in_folders) {
        let checked = check(&path, found, &plugins.trust)?;
        for warning in &checked.sealed.warnings {
            tracing::warn!("plugin {}: {warning}", path.display());
        }
        let name = &checked.manifest.name;
        if let Some((_, _, _, other)) = all.iter().find(|other| other.0.name == *name) {
            return Err(LoadError::new(
                LoadStep::Name,
                format!("{name} is the name of {} too", other.display()),
                "load only one of the two",
            )
            .at(&path));
        }
        let loaded = super::load::load(&path, checked)?;
        tracing::debug!(
            detector = loaded.manifest.name,
            sha256 = loaded.sha256,
            "loaded {}",
            path.display()
        );
        let origin = Origin::File { path: path.clone(), sha256: loaded.sha256 };
        all.push((loaded.manifest, loaded.module, origin, path));
    }
    Ok(all)
}

#[cfg(not(target_os = "linux"))]
fn load_all(plugins: &Plugins) -> Result<Vec<LoadedPlugin>, LoadError> {
    match plugins.files.first().or(plugins.folders.first()) {
        None => Ok(Vec::new()),
        Some(path) => Err(LoadError::new(
            LoadStep::System,
            "plugins are loaded on Linux only",
            "leave --plugin out; the linked-in detectors run everywhere",
        )
        .at(path)),
    }
}
