//! The set of detectors of a run.

use std::{collections::BTreeMap, path::PathBuf};

use remora_abi::DetectorModule;
use remora_rules::Index;

use super::{
    Detector, LoadError, LoadStep, Manifest, Origin, OwnedRule, Refused, Trust,
    check::Found,
    choose::{Candidate, Chosen},
    discover,
};

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
    /// Configuration, TOML, by the detector's name; of linked-in detectors too.
    pub configs: BTreeMap<String, String>,
}

impl Plugins {
    /// The configuration of a detector, `""` where there is none.
    fn config(&self, name: &str) -> &str {
        self.configs.get(name).map_or("", String::as_str)
    }

    /// Refuses a configuration that is nobody's.
    fn check_configs(&self, known: &[String]) -> Result<(), LoadError> {
        let Some(name) = self.configs.keys().find(|name| !known.contains(name)) else {
            return Ok(());
        };
        Err(LoadError::new(
            LoadStep::Name,
            format!("there is no detector {name:?} that could be configured"),
            format!("choose from: {}", known.join(", ")),
        ))
    }

    /// Every plugin file of the folders that were named.
    pub fn in_folders(&self) -> Result<Vec<PathBuf>, LoadError> {
        let mut files = Vec::new();
        for folder in &self.folders {
            files.extend(discover::plugins_in(folder, true)?);
        }
        Ok(files)
    }

    /// Every plugin file of the user's own folder.
    pub fn in_home(&self) -> Result<Vec<PathBuf>, LoadError> {
        self.home.as_deref().map_or(Ok(Vec::new()), |home| discover::plugins_in(home, false))
    }
}

/// The detectors of a run, by name.
#[derive(Debug, Default)]
pub struct Detectors {
    detectors: Vec<Detector>,
    refused: Vec<Refused>,
}

impl Detectors {
    /// Starts the detectors that `linked_in` and `plugins` give, as far as
    /// `only` (every one if empty) names them. Others are not loaded.
    ///
    /// A loaded detector replaces a linked-in one of its name, and one that
    /// was named one that was found in a folder. Two of one name that were
    /// named, or two that were found, do not load, because which of them runs
    /// must not depend on an order.
    ///
    /// # Errors
    ///
    /// A linked-in detector or a file that was named and cannot run, a folder
    /// that was named and cannot be read, a name in `only` that nothing has.
    /// What was found in a folder and cannot run is in [`refused`](Self::refused).
    pub fn start(
        linked_in: &[LinkedIn],
        plugins: &Plugins,
        only: &[String],
    ) -> Result<Detectors, LoadError> {
        let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
        let Chosen { candidates, refused, others } = Chosen::new(plugins, wanted)?;
        let mut known = others;
        let mut all = Detectors { detectors: Vec::new(), refused };
        let (named, found): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|one| one.found == Found::Named);
        for candidate in named {
            all.detectors.push(load(candidate, plugins).map_err(|refused| refused.error)?);
        }
        for detector in linked_in {
            let manifest = Manifest::read(detector.manifest)?;
            if all.detectors.iter().any(|loaded| loaded.name() == manifest.name) {
                tell_replaced(&manifest.name);
                continue;
            }
            known.push(manifest.name.clone());
            if wanted(&manifest.name) {
                use abi_stable::prefix_type::PrefixTypeTrait as _;
                let module = detector.module.leak_into_prefix();
                let config = plugins.config(&manifest.name);
                all.detectors.push(Detector::start(manifest, Origin::LinkedIn, module, config)?);
            }
        }
        for detector in all.iter().filter(|one| *one.origin() != Origin::LinkedIn) {
            if let Some(error) = all.misfit(detector) {
                return Err(refuse(detector, error).error);
            }
        }
        for candidate in found {
            if let Err(refused) = load(candidate, plugins).and_then(|detector| all.admit(detector))
            {
                all.refused.push(*refused);
            }
        }
        known.extend(all.detectors.iter().map(|detector| detector.name().to_owned()));
        all.answer(only, known.clone())?;
        plugins.check_configs(&known)?;
        all.detectors.sort_by(|one, other| one.name().cmp(other.name()));
        all.refused.sort_by(|one, other| one.path.cmp(&other.path));
        for refused in &all.refused {
            tracing::warn!("{}", refused.error);
        }
        Ok(all)
    }

    /// Takes a plugin that was found, in the place of a linked-in detector of
    /// its name, if it can run beside the others.
    fn admit(&mut self, detector: Detector) -> Result<(), Box<Refused>> {
        if let Some(error) = self.misfit(&detector) {
            return Err(refuse(&detector, error));
        }
        if self.detectors.iter().any(|other| other.name() == detector.name()) {
            tell_replaced(detector.name());
            self.detectors.retain(|other| other.name() != detector.name());
        }
        self.detectors.push(detector);
        Ok(())
    }

    /// Why a loaded detector cannot run beside the others: what it states is
    /// unusable, or contradicts them.
    fn misfit(&self, detector: &Detector) -> Option<LoadError> {
        let others = self.detectors.iter().filter(|other| other.name() != detector.name());
        let contradicts = |other: &Detector| {
            let same = |rule: &OwnedRule| other.rules().iter().find(|one| one.id == rule.id);
            let differs = |rule: &&OwnedRule| {
                same(rule).is_some_and(|one| (&one.tool, &one.keys) != (&rule.tool, &rule.keys))
            };
            let rule = detector.rules().iter().find(differs)?;
            let (id, other) = (&rule.id, other.name());
            Some(format!("it states rule {id} with another tool or other keys than {other}"))
        };
        let unusable = || Index::new(detector.interests()).err().map(|error| error.to_string());
        let why = others.filter_map(contradicts).next().or_else(unusable)?;
        let why = format!("{} cannot be used: {why}", detector.name());
        Some(LoadError::new(LoadStep::Rules, why, "report it to the author of the detector"))
    }

    /// Sees to it that every name in `only` runs. Of what was refused, only
    /// what was asked for is told then.
    fn answer(&mut self, only: &[String], mut known: Vec<String>) -> Result<(), LoadError> {
        if only.is_empty() {
            return Ok(());
        }
        if let Some(name) = only.iter().find(|name| !known.contains(name)) {
            let of_name = |one: &&Refused| one.manifest.as_ref().is_some_and(|m| m.name == *name);
            if let Some(refused) = self.refused.iter().find(of_name) {
                return Err(refused.error.clone());
            }
            // One of those whose name cannot be read may be it.
            for refused in self.refused.iter().filter(|refused| refused.manifest.is_none()) {
                tracing::warn!("{}", refused.error);
            }
            known.sort();
            known.dedup();
            return Err(LoadError::new(
                LoadStep::Name,
                format!("there is no detector {name:?}"),
                format!("choose from: {}", known.join(", ")),
            ));
        }
        self.refused.retain(|one| one.manifest.as_ref().is_some_and(|m| only.contains(&m.name)));
        Ok(())
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

    /// The plugins that were found in folders and do not run, sorted by path.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }
}

fn tell_replaced(name: &str) {
    tracing::info!(detector = name, "the loaded plugin replaces the linked-in detector");
}

/// Refuses a detector that was loaded already.
fn refuse(detector: &Detector, error: LoadError) -> Box<Refused> {
    let Origin::File { path, sha256 } = detector.origin() else {
        unreachable!("only what was loaded from a file is refused");
    };
    let (sha256, manifest) = (Some(sha256.clone()), Some(detector.manifest().clone()));
    Box::new(Refused { sha256, manifest, ..Refused::new(path, error) })
}

/// Loads a plugin and starts it: from here on its code runs.
#[cfg(target_os = "linux")]
fn load(candidate: Candidate, plugins: &Plugins) -> Result<Detector, Box<Refused>> {
    let Candidate { path, checked, .. } = candidate;
    for warning in checked.warnings() {
        tracing::warn!("plugin {}: {warning}", path.display());
    }
    let (sha256, manifest) = (checked.sha256().to_owned(), checked.manifest.clone());
    let loaded = super::load::load(&path, checked).and_then(|loaded| {
        tracing::debug!(detector = manifest.name, sha256, "loaded {}", path.display());
        let origin = Origin::File { path: path.clone(), sha256: sha256.clone() };
        let config = plugins.config(&manifest.name);
        Detector::start(loaded.manifest, origin, loaded.module, config)
    });
    loaded.map_err(|error| {
        let (sha256, manifest) = (Some(sha256), Some(manifest));
        Box::new(Refused { sha256, manifest, ..Refused::new(&path, error) })
    })
}

/// No file passes the checks on other systems.
#[cfg(not(target_os = "linux"))]
fn load(candidate: Candidate, _: &Plugins) -> Result<Detector, Box<Refused>> {
    Err(Box::new(Refused::new(&candidate.path, LoadError::other_system())))
}
