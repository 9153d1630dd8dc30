//! `remora plugin`: what is found, what would load, whom to trust.
//!
//! Nothing here runs a plugin's code.

use std::{
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use remora_engine::host::{LoadError, Manifest};
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
    /// `linked in`, `would load` or `refused`.
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

    fn refuse(mut self, error: LoadError) -> Told {
        self.state = "refused";
        self.why = error.why;
        self.help = error.help;
        self
    }
}

#[cfg(target_os = "linux")]
fn look(path: &Path, named: bool) -> Result<Told> {
    use remora_engine::host::{
        check::{Found, check},
        elf, note, open,
        trust::Grant,
    };

    let found = if named { Found::Named } else { Found::InFolder };
    let told = Told { path: path.display().to_string(), ..Told::default() };
    match check(path, found, &trust()?) {
        Ok(checked) => Ok(Told {
            state: "would load",
            sha256: checked.sealed.sha256,
            warnings: checked.sealed.warnings,
            trust: match checked.grant {
                Grant::Named => "named on the command line, for that run".to_owned(),
                Grant::Hash => "its hash is in the trust file".to_owned(),
                Grant::Key(key) => format!("signed with the key of {key}"),
            },
            ..told
        }
        .describe(checked.manifest)),
        Err(error) => {
            // What can be told of a refused file is told.
            let mut told = told.refuse(error);
            if let Ok(sealed) = open::open(path) {
                let manifest = elf::check(&sealed.bytes)
                    .and_then(|()| note::read(&sealed.bytes))
                    .and_then(Manifest::read);
                told.sha256 = sealed.sha256;
                if let Ok(manifest) = manifest {
                    told = told.describe(manifest);
                }
            }
            Ok(told)
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn look(path: &Path, _named: bool) -> Result<Told> {
    Ok(Told {
        path: path.display().to_string(),
        state: "refused",
        why: "plugins are loaded on Linux only".to_owned(),
        ..Told::default()
    })
}

fn list(folders: &[std::path::PathBuf], json: bool) -> Result<Status> {
    let mut all = Vec::new();
    for detector in linked_in() {
        let manifest = Manifest::read(detector.manifest)?;
        all.push(Told { state: "linked in", ..Told::default() }.describe(manifest));
    }
    let plugins = plugins(&[], folders)?;
    for path in plugins.in_folders()? {
        all.push(look(&path, false)?);
    }
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
    let told = look(file, true)?;
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

#[cfg(target_os = "linux")]
fn add(file: &Path) -> Result<Status> {
    use remora_engine::host::{elf, note, open, trust::TrustedPlugin};

    let mut trust = trust()?;
    if trust.path().is_none() {
        bail!("there is no home folder to keep a trust file in; set HOME or XDG_CONFIG_HOME");
    }
    let sealed = open::open(file)?;
    elf::check(&sealed.bytes).map_err(|error| at(error, file))?;
    let text = note::read(&sealed.bytes).map_err(|error| at(error, file))?;
    let manifest = Manifest::read(text).map_err(|error| at(error, file))?;
    for warning in &sealed.warnings {
        tracing::warn!("{warning}");
    }
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    trust.add(TrustedPlugin {
        name: manifest.name.clone(),
        sha256: sealed.sha256.clone(),
        path: path.display().to_string(),
        added: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
    });
    trust.write()?;
    let place = trust.path().context("a trust file has a path")?.display();
    anstream::println!(
        "trusted {} {} ({})\n  in {place}",
        manifest.name,
        manifest.version,
        sealed.sha256
    );
    Ok(Status::default())
}

#[cfg(not(target_os = "linux"))]
fn add(_file: &Path) -> Result<Status> {
    bail!("plugins are loaded on Linux only");
}

#[cfg(target_os = "linux")]
fn at(mut error: LoadError, file: &Path) -> LoadError {
    error.path = Some(file.to_owned());
    error
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
