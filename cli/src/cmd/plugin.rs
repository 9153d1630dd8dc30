//! `remora plugin`: what is found, what would load, whom to trust.
//!
//! Nothing here runs a plugin's code.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use remora_engine::host::{
    Manifest, Refused,
    check::{Checked, Found, check},
    choose::Chosen,
    trust::{Grant, Trust, TrustedPlugin},
};
use serde::Serialize;

use crate::{
    args::PluginCommand,
    detectors::{linked_in, plugins, trust},
    exit::Status,
    report::text::plain,
};

/// Runs the command.
pub(crate) fn run(command: &PluginCommand) -> Result<Status> {
    match command {
        PluginCommand::List { plugin_dir, json } => list(plugin_dir, *json),
        PluginCommand::Info { file, json } => info(file, *json),
        PluginCommand::Trust { file } => add(file),
        PluginCommand::Untrust { plugin } => remove(plugin),
    }
}

/// A plugin as it is told.
#[derive(Debug, Default, Serialize)]
struct Told {
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
    /// `linked in`, `replaced` (by a plugin of its name), `would load` or `refused`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abi: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    techniques: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    licence: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sha256: String,
    /// Why it may run.
    #[serde(skip_serializing_if = "String::is_empty")]
    trust: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    /// What to do about that.
    #[serde(skip_serializing_if = "String::is_empty")]
    help: String,
}

impl Told {
    fn describe(mut self, manifest: Manifest) -> Told {
        self.name = Some(manifest.name);
        self.version = Some(manifest.version);
        self.abi = Some(manifest.abi);
        self.tools = manifest.tools;
        self.techniques = manifest.techniques;
        self.licence = manifest.licence;
        self
    }

    fn loadable(path: &Path, checked: Checked) -> Told {
        Told {
            path: path.display().to_string(),
            state: "would load",
            sha256: checked.sha256().to_owned(),
            warnings: checked.warnings().to_vec(),
            trust: match &checked.grant {
                Grant::Named => "named on the command line, for that run".to_owned(),
                Grant::Hash => "its hash is in the trust file".to_owned(),
                Grant::Key(key) => format!("signed with the key of {key}"),
            },
            ..Told::default()
        }
        .describe(checked.manifest)
    }

    /// What can be told of a refused file is told.
    fn refused(refused: Refused) -> Told {
        let told = Told {
            path: refused.path.display().to_string(),
            state: "refused",
            sha256: refused.sha256.unwrap_or_default(),
            why: refused.error.why,
            help: refused.error.help,
            ..Told::default()
        };
        match refused.manifest {
            Some(manifest) => told.describe(manifest),
            None => told,
        }
    }
}

fn list(folders: &[PathBuf], json: bool) -> Result<Status> {
    let plugins = plugins(&[], folders);
    let chosen = Chosen::new(&plugins, |_| true)?;
    let mut all = Vec::new();
    for detector in linked_in() {
        let manifest = Manifest::read(detector.manifest)?;
        let replaced =
            chosen.candidates.iter().any(|one| one.checked.manifest.name == manifest.name);
        let state = if replaced { "replaced" } else { "linked in" };
        all.push(Told { state, ..Told::default() }.describe(manifest));
    }
    let mut found: Vec<Told> = Vec::new();
    found.extend(chosen.candidates.into_iter().map(|one| Told::loadable(&one.path, one.checked)));
    found.extend(chosen.refused.into_iter().map(Told::refused));
    found.sort_by(|one, other| one.path.cmp(&other.path));
    all.extend(found);
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
        return Ok(Status::default());
    }
    for told in &all {
        let name = told.name.as_deref().unwrap_or("?");
        let version = told.version.as_deref().unwrap_or("");
        writeln!(out, "{name:<20} {version:<10} {:<11} {}", told.state, plain(&told.path))?;
        if !told.why.is_empty() {
            writeln!(out, "    {}\n    help: {}", plain(&told.why), plain(&told.help))?;
        }
    }
    let home = plugins.home.map(|home| home.display().to_string());
    writeln!(out, "\nplugin folder: {}", home.as_deref().unwrap_or("none (no home folder)"))?;
    let file = plugins.trust.path().map(|path| path.display().to_string());
    writeln!(out, "trust file:    {}", file.as_deref().unwrap_or("none (no home folder)"))?;
    Ok(Status::default())
}

fn info(file: &Path, json: bool) -> Result<Status> {
    let told = match check(file, Found::Named, &plugins(&[], &[]).trust) {
        Ok(checked) => Told::loadable(file, checked),
        Err(refused) => Told::refused(*refused),
    };
    let status = Status { failed: told.state == "refused", ..Status::default() };
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &told)?;
        writeln!(out)?;
        return Ok(status);
    }
    let lines = [
        ("file", told.path.clone()),
        ("state", told.state.to_owned()),
        ("why", told.why.clone()),
        ("help", told.help.clone()),
        ("name", told.name.clone().unwrap_or_default()),
        ("version", told.version.clone().unwrap_or_default()),
        ("abi", told.abi.clone().unwrap_or_default()),
        ("tools", told.tools.join(", ")),
        ("techniques", told.techniques.join(", ")),
        ("licence", told.licence.clone()),
        ("sha256", told.sha256.clone()),
        ("trust", told.trust.clone()),
    ];
    for (label, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "{label:<11} {}", plain(text))?;
    }
    for warning in &told.warnings {
        writeln!(out, "{:<11} {}", "warning", plain(warning))?;
    }
    Ok(status)
}

fn add(file: &Path) -> Result<Status> {
    let mut trust = trust()?;
    if trust.path().is_none() {
        bail!("there is no home folder to keep a trust file in; set HOME or XDG_CONFIG_HOME");
    }
    // As if it had no entry yet: trusting a file is how an entry is changed.
    let checked = check(file, Found::Named, &Trust::default()).map_err(|refused| refused.error)?;
    for warning in checked.warnings() {
        tracing::warn!("{warning}");
    }
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let sha256 = checked.sha256().to_owned();
    let Manifest { name, version, .. } = checked.manifest;
    let before = trust.remove(&name);
    trust.add(TrustedPlugin {
        name: name.clone(),
        sha256: sha256.clone(),
        path: path.display().to_string(),
        added: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
    });
    trust.write()?;
    let place = trust.path().context("a trust file has a path")?.display();
    anstream::println!("trusted {name} {version} ({sha256})\n  in {place}");
    for old in before.iter().filter(|old| old.sha256 != sha256) {
        anstream::println!("  no longer trusted: {name} ({})", old.sha256);
    }
    Ok(Status::default())
}

fn remove(plugin: &str) -> Result<Status> {
    let mut trust = trust()?;
    let gone = trust.remove(plugin);
    if gone.is_empty() {
        bail!("the trust file knows no plugin {plugin:?}; see: remora plugin list");
    }
    trust.write()?;
    for one in gone {
        anstream::println!("no longer trusted: {} ({})", one.name, one.sha256);
    }
    Ok(Status::default())
}
