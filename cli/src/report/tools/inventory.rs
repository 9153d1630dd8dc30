//! `remora tools find --inventory`, for people.

use std::io::{self, Write};

use remora_catalog::Tool;
use remora_keeper::find::inventory::{Installed, Inventory};

use super::{BOLD, DIM, Sheet, count};
use crate::report::text::{cut, grouped, plain};

/// Values of a list that are shown.
const SHOWN: usize = 3;

/// Writes what an inventory names.
pub(crate) fn write(
    source: &str,
    inventory: &Inventory,
    tools: &[Tool],
    colour: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet { out, colour };
    let title = sheet.paint(BOLD, &plain(source));
    sheet.line(&title)?;
    let columns: Vec<String> = inventory
        .columns
        .iter()
        .map(|(part, column)| format!("{} {column:?}", part.name()))
        .collect();
    sheet.fact("columns", &columns.join(", "))?;
    let refused = match inventory.refused.len() {
        0 => String::new(),
        number => format!("; {} could not be read", grouped(number as u64)),
    };
    let rows: u64 = inventory.tools.values().map(|installed| installed.rows).sum();
    sheet.fact(
        "rows",
        &format!(
            "{} read, {} name a tool, {}{refused}",
            grouped(inventory.rows),
            grouped(rows),
            count(inventory.tools.len(), "tool"),
        ),
    )?;
    // What is surest, then what is most, first.
    let mut all: Vec<(&String, &Installed)> = inventory.tools.iter().collect();
    all.sort_by_key(|(_, one)| std::cmp::Reverse((one.confidence, one.devices.len(), one.rows)));
    for (id, installed) in all {
        sheet.line("")?;
        let name = tools.iter().find(|tool| tool.id == *id).map_or(id.as_str(), |tool| &tool.name);
        let rows = count(installed.rows as usize, "row");
        let devices = match installed.devices.len() {
            0 => String::new(),
            number => format!(", {}", count(number, "device")),
        };
        let title = sheet.paint(BOLD, &plain(name));
        sheet.line(&format!("{title} ({id}): {}, {rows}{devices}", installed.confidence.name()))?;
        for ((name, vendor), program) in installed.software.iter().take(SHOWN) {
            let by: Vec<String> =
                program.by.iter().map(|(what, text)| format!("{what} {text}")).collect();
            let vendor =
                if vendor.is_empty() { String::new() } else { format!(", {}", cut(vendor, 40)) };
            let versions = match program.versions.len() {
                0 => String::new(),
                1 => format!(", {}", program.versions.iter().next().map_or("", String::as_str)),
                number => format!(", {}", count(number, "version")),
            };
            sheet.fact("program", &format!("{}{vendor}{versions}", cut(name, 60)))?;
            let said = format!("{}: {}", program.confidence.name(), by.join(", "));
            let said = if program.rows == installed.rows {
                said
            } else {
                format!("{said}; {}", count(program.rows as usize, "row"))
            };
            sheet.fact("", &said)?;
        }
        if installed.software.len() > SHOWN {
            let more = installed.software.len() - SHOWN;
            sheet.fact("", &format!("and {} more", count(more, "program")))?;
        }
        let mut shown: Vec<&str> =
            installed.devices.iter().take(SHOWN).map(String::as_str).collect();
        let more = format!("{} more", installed.devices.len().saturating_sub(SHOWN));
        if installed.devices.len() > SHOWN {
            shown.push(&more);
        }
        sheet.fact("on", &shown.join(", "))?;
    }
    if inventory.tools.is_empty() {
        let said = sheet.paint(DIM, "  no row names a tool of the catalog");
        sheet.line(&said)?;
    }
    Ok(())
}
