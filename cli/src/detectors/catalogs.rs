//! `--catalog` and `--catalog-add`: tools' files of the user's own.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IsTerminal as _},
};

use anyhow::{Result, bail};
use remora_catalog::{CatalogError, Selection, ToolFile, embedded, read_folder};
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
    if args.catalog.is_none() && args.catalog_add.is_empty() {
        return Ok(None);
    }
    let mut selection = Selection { embedded: args.catalog.is_none(), files: Vec::new() };
    let mut errors = Vec::new();
    for folder in args.catalog.iter().chain(&args.catalog_add) {
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
        Ok(tools) if errors.is_empty() => {
            let known = Known::new(selection.embedded, &tools);
            let tools = tools.into_iter().map(|tool| tool.id).collect();
            Ok(Some(Catalogs { selection, tools, known }))
        }
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
        for tool in self.tools.iter().filter(|tool| ids.contains(tool.as_str())) {
            tracing::info!(tool, "the file replaces the embedded tool");
        }
        Ok(())
    }
}
