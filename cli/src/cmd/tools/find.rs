//! `remora tools find`

use std::{fs::File, io::Write as _, path::Path};

use anyhow::{Context as _, Result, bail};
use remora_catalog::Tool;
use remora_keeper::find::{
    Known,
    inventory::{Inventory, Part, read},
    term,
};

use super::printed;
use crate::{
    args::{FindArgs, ToolsOutput},
    exit::Status,
    report::tools::{found, inventory, json},
};

/// Rows that could not be read and are told of, of each file.
const TOLD: usize = 10;

pub(super) fn run(tools: &[Tool], args: &FindArgs, colour: bool) -> Result<Status> {
    let forced = args.column.iter().map(|text| column(text)).collect::<Result<Vec<_>>>()?;
    let terms: Vec<(&str, Vec<_>)> = args
        .terms
        .iter()
        .map(|text| (text.as_str(), term(tools, &remora_adhoc::refanged(text))))
        .collect();
    let known = Known::new(tools);
    let mut inventories: Vec<(String, Inventory)> = vec![];
    let mut failed = false;
    for path in &args.inventory {
        match open(path, &known, &forced) {
            Ok(inventory) => inventories.push((path.display().to_string(), inventory)),
            Err(error) => {
                tracing::error!("{error:#}");
                failed = true;
            }
        }
    }
    let status = printed(
        args.output == ToolsOutput::Json,
        || json::found(&terms, &inventories),
        |out| {
            for (text, matches) in &terms {
                found::write(text, matches, colour, out)?;
            }
            for (at, (source, read)) in inventories.iter().enumerate() {
                if at > 0 || !terms.is_empty() {
                    writeln!(out)?;
                }
                inventory::write(source, read, tools, colour, out)?;
            }
            Ok(())
        },
    )?;
    Ok(Status { failed, ..status })
}

/// Reads `name=Application`.
fn column(text: &str) -> Result<(Part, String)> {
    let parts = Part::ALL.iter();
    let found = text.split_once('=').and_then(|(part, column)| {
        let part = parts.clone().find(|known| known.name() == part)?;
        (!column.is_empty()).then(|| (*part, column.to_owned()))
    });
    match found {
        Some(found) => Ok(found),
        None => {
            let names: Vec<String> = parts.map(|part| format!("{}=COLUMN", part.name())).collect();
            bail!("--column {text:?}: give {}", names.join(", "))
        }
    }
}

fn open(path: &Path, known: &Known<'_>, forced: &[(Part, String)]) -> Result<Inventory> {
    let name = path.display();
    let file = File::open(path).with_context(|| name.to_string())?;
    let inventory = read(file, known, forced).map_err(|error| anyhow::anyhow!("{name}:{error}"))?;
    for (line, why) in inventory.refused.iter().take(TOLD) {
        tracing::warn!("{name}:{line}: {why}");
    }
    if inventory.refused.len() > TOLD {
        let more = inventory.refused.len() - TOLD;
        tracing::warn!("{name}: {more} more rows could not be read");
    }
    Ok(inventory)
}
