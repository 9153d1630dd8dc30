//! The detectors of a run: linked in, named, or found in plugin folders.

mod adhoc;
pub(crate) mod catalogs;

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};
use remora_catalog::Selection;
use remora_engine::host::{Detectors, LinkedIn, LoadError, Plugins, Trust};

use crate::{args::DetectorArgs, folders, known::Known};

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

pub(crate) use catalogs::refuse as refuse_catalog;

/// The detector that runs catalogs, with this one and nothing else.
pub(crate) fn of_catalog(catalog: &Selection) -> Result<Detectors> {
    let configs = [(catalogs::CATALOG.to_owned(), catalog.to_toml())].into();
    let plugins = Plugins { configs, ..Plugins::default() };
    Ok(Detectors::start(&linked_in(), &plugins, &[catalogs::CATALOG.to_owned()])?)
}

/// What the user trusts; nothing where there is no home folder.
pub(crate) fn trust() -> std::result::Result<Trust, LoadError> {
    match folders::trust_file() {
        Some(path) => Trust::read(&path),
        None => Ok(Trust::default()),
    }
}

impl DetectorArgs {
    /// Starts the detectors that the arguments name, with what they are to look
    /// for, and says what the catalog knows beside. Whatever is wrong with that
    /// is told before any input is read.
    pub(crate) fn start(&self, plugins: &Plugins) -> Result<(Detectors, Known)> {
        let mut plugins = plugins.clone();
        plugins.configs = configs(&self.plugin_config)?;
        let mut linked_in = linked_in();
        let mut only = self.detector.clone();
        let mut known = match catalogs::read(self)? {
            Some(catalogs) => {
                catalogs.apply(&mut linked_in, &mut plugins.configs, &only)?;
                catalogs.known
            }
            None => Known::new(true, &[]),
        };
        if let Some(config) = adhoc::config(self)? {
            linked_in
                .push(LinkedIn { manifest: remora_adhoc::MANIFEST, module: remora_adhoc::MODULE });
            plugins.configs.insert(remora_adhoc::NAME.to_owned(), config);
            // Whoever gives an indicator wants it looked for.
            if !only.is_empty() {
                only.push(remora_adhoc::NAME.to_owned());
            }
        }
        let detectors = Detectors::start(&linked_in, &plugins, &only)?;
        if !detectors.iter().any(|detector| detector.name() == catalogs::CATALOG) {
            // The run is not about the catalog.
            known.without_rules.clear();
        }
        Ok((detectors, known))
    }

    /// The tools that are reported; empty for all.
    pub(crate) fn tools(&self) -> Vec<String> {
        let mut tools = self.tool.clone();
        if !tools.is_empty() && adhoc::are_given(self) {
            tools.push(remora_adhoc::NAME.to_owned());
        }
        tools
    }

    /// The plugins that the arguments and the user's folders name.
    pub(crate) fn plugins(&self) -> Plugins {
        plugins(&self.plugin, &self.plugin_dir)
    }
}

/// The settings of detectors, by name, from `NAME=FILE`.
fn configs(args: &[String]) -> Result<BTreeMap<String, String>> {
    let mut configs = BTreeMap::new();
    for arg in args {
        let Some((name, file)) = arg.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            bail!("--plugin-config {arg:?}: write NAME=FILE, the detector's name and a TOML file");
        };
        let text =
            fs::read_to_string(file).with_context(|| format!("--plugin-config {name}: {file}"))?;
        if configs.insert(name.to_owned(), text).is_some() {
            bail!("--plugin-config {name} is given twice");
        }
    }
    Ok(configs)
}

/// The plugins that were named, and those of the plugin folders.
pub(crate) fn plugins(files: &[PathBuf], folders: &[PathBuf]) -> Plugins {
    Plugins {
        files: files.to_vec(),
        folders: folders.to_vec(),
        home: folders::plugins(),
        // Where there is no plugin, nobody needs to know what is trusted.
        trust: trust().unwrap_or_else(Trust::unreadable),
        configs: BTreeMap::new(),
    }
}
