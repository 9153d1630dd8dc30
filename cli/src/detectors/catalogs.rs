//! `--catalog` and `--catalog-add`: tools' files of the user's own.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use remora_catalog::{
    CatalogError, Selection, Tool, ToolFile, embedded, embedded_tools, read_folder,
};
use remora_engine::host::{LinkedIn, Manifest};

use crate::{args::DetectorArgs, known::Known};

/// The detector that runs catalogs.
pub(super) const CATALOG: &str = "catalog";

/// What the arguments select instead of the embedded catalog.
pub(super) struct Catalogs {
    selection: Selection,
    /// Ids of the files' tools.
    tools: BTreeSet<String>,
    /// What is known of all of its tools.
    pub(super) known: Known,
}

/// Reads the files of the arguments; nothing if none is named.
pub(super) fn read(args: &DetectorArgs) -> Result<Option<Catalogs>> {
    let Some((selection, tools)) = select(args.catalog.as_deref(), &args.catalog_add)? else {
        return Ok(None);
    };
    let known = Known::new(selection.embedded, &tools);
    let tools = tools.into_iter().map(|tool| tool.id).collect();
    Ok(Some(Catalogs { selection, tools, known }))
}

/// Every tool there is: the embedded ones and those of the folders, in the
/// order of their ids.
pub(crate) fn tools(catalog: Option<&Path>, add: &[PathBuf]) -> Result<Vec<Tool>> {
    let (embedded, own) = match select(catalog, add)? {
        None => (true, Vec::new()),
        Some((selection, own)) => (selection.embedded, own),
    };
    let mut all: BTreeMap<String, Tool> = BTreeMap::new();
    let embedded = embedded.then(embedded_tools).into_iter().flatten();
    all.extend(embedded.chain(own).map(|tool| (tool.id.clone(), tool)));
    Ok(all.into_values().collect())
}

/// The files of the folders, and their tools; nothing if no folder is named.
fn select(catalog: Option<&Path>, add: &[PathBuf]) -> Result<Option<(Selection, Vec<Tool>)>> {
    if catalog.is_none() && add.is_empty() {
        return Ok(None);
    }
    let mut selection = Selection { embedded: catalog.is_none(), files: Vec::new() };
    let mut errors = Vec::new();
    for folder in catalog.into_iter().chain(add.iter().map(PathBuf::as_path)) {
        let (files, of_folder) = read_folder(folder);
        // A later folder's file replaces an earlier one's, as it does an embedded one.
        let names: BTreeSet<_> = files.iter().map(ToolFile::name).collect();
        selection.files.retain(|file| !names.contains(&file.name()));
        selection.files.extend(files);
        errors.extend(of_folder);
    }
    let tools = selection.tools();
    errors.extend(tools.as_ref().err().into_iter().flatten().cloned());
    match tools {
        Ok(tools) if errors.is_empty() => Ok(Some((selection, tools))),
        _ => refuse(&errors),
    }
}

/// All errors, each with its place.
pub(crate) fn refuse<T>(errors: &[CatalogError]) -> Result<T> {
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let errors: Vec<String> =
        errors.iter().map(|error| error.render(colour).trim_end().to_owned()).collect();
    bail!("the catalog cannot be used; nothing was read\n\n{}", errors.join("\n\n"))
}

impl Catalogs {
    /// Gives the catalog detector its configuration, and leaves out the
    /// linked-in detectors whose tools are no longer the embedded ones, unless
    /// they are asked for by name.
    pub(super) fn apply(
        &self,
        linked_in: &mut Vec<LinkedIn>,
        configs: &mut BTreeMap<String, String>,
        only: &[String],
    ) -> Result<()> {
        if !only.is_empty() && !only.iter().any(|name| name == CATALOG) {
            bail!(
                "--catalog and --catalog-add are for the detector {CATALOG}, which --detector leaves out: name it there too"
            );
        }
        if configs.insert(CATALOG.to_owned(), self.selection.to_toml()).is_some() {
            bail!("--plugin-config {CATALOG} cannot stand beside --catalog and --catalog-add");
        }
        let ids: BTreeSet<&str> = embedded().map(|(id, _)| id).collect();
        linked_in.retain(|detector| {
            let Ok(Manifest { name, tools, .. }) = Manifest::parse(detector.manifest) else {
                return true;
            };
            let replaced = |tool: &String| {
                ids.contains(tool.as_str())
                    && (!self.selection.embedded || self.tools.contains(tool))
            };
            let kept = name == CATALOG
                || only.contains(&name)
                || tools.is_empty()
                || !tools.iter().all(replaced);
            if !kept {
                tracing::info!(detector = name, "left out: the catalog's files replace its tools");
            }
            kept
        });
        // With --catalog that is what was asked for.
        let replaced = |tool: &&String| self.selection.embedded && ids.contains(tool.as_str());
        for tool in self.tools.iter().filter(replaced) {
            tracing::warn!("a file replaces the embedded tool {tool}, with all its rules");
        }
        Ok(())
    }
}
