//! Inventories of installed software, as CSV.
//!
//! Every product that keeps one exports it with names of its own for the same
//! few columns: Defender's `DeviceTvmSoftwareInventory`, Intune's discovered
//! apps, Configuration Manager's views, a registry read out by PowerShell. They
//! are told by their header, whose names are compared without case, blanks and
//! punctuation.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    io::{self, Read},
};

pub use super::columns::Part;
use super::{Known, Software, SoftwareMatch, columns::columns};
use crate::evidence::Alone;

/// Bytes in which the header has to end.
const HEAD: u64 = 1 << 16;

/// What an inventory says of the catalog's tools.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The name of each column that was used.
    pub columns: BTreeMap<Part, String>,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that could not be read: the line, and why.
    pub refused: Vec<(u64, String)>,
    /// Tools by id.
    pub tools: BTreeMap<String, Installed>,
}

/// Where a tool is installed.
#[derive(Debug)]
pub struct Installed {
    /// The surest of its programs.
    pub confidence: Alone,
    /// Rows that name it.
    pub rows: u64,
    /// The devices, where the inventory has them.
    pub devices: BTreeSet<String>,
    /// Its programs, by name and publisher.
    pub software: BTreeMap<(String, String), Program>,
}

/// A program of a tool.
#[derive(Debug)]
pub struct Program {
    /// How sure it is that it is the tool's.
    pub confidence: Alone,
    /// By what.
    pub by: Vec<(&'static str, String)>,
    /// Rows.
    pub rows: u64,
    /// Its versions.
    pub versions: BTreeSet<String>,
}

/// Why a file is no inventory.
#[derive(Debug)]
pub enum InventoryError {
    /// It cannot be read.
    Io(io::Error),
    /// It has no header.
    Empty,
    /// No column is known to hold a program's name or its publisher.
    NoColumn {
        /// The line of the header.
        line: u64,
        /// Its columns.
        header: Vec<String>,
    },
    /// A column that was asked for does not exist.
    UnknownColumn {
        /// What it was to be.
        part: Part,
        /// Its name.
        column: String,
        /// The line of the header.
        line: u64,
        /// The columns that there are.
        header: Vec<String>,
    },
}

impl fmt::Display for InventoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InventoryError::Io(error) => error.fmt(f),
            InventoryError::Empty => f.write_str("1: there is no header"),
            InventoryError::NoColumn { line, header } => write!(
                f,
                "{line}: no column holds the name of a program or its publisher, as far as their \
                 names tell; say which with --column name=COLUMN; there are {}",
                shown(header)
            ),
            InventoryError::UnknownColumn { part, column, line, header } => write!(
                f,
                "{line}: no column is called {column:?} (--column {}); there are {}",
                part.name(),
                shown(header)
            ),
        }
    }
}

impl std::error::Error for InventoryError {}

impl From<io::Error> for InventoryError {
    fn from(error: io::Error) -> InventoryError {
        InventoryError::Io(error)
    }
}

/// The columns of a header, for a message.
fn shown(header: &[String]) -> String {
    const MOST: usize = 20;
    let names: Vec<String> = header.iter().take(MOST).map(|name| format!("{name:?}")).collect();
    let more = header.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// Reads an inventory. `forced` names columns that the header does not tell.
///
/// # Errors
///
/// If it cannot be read, or has no column that could name a tool. A row that
/// cannot be read is noted, and the rest is read.
pub fn read(
    source: impl Read,
    known: &Known<'_>,
    forced: &[(Part, String)],
) -> Result<Inventory, InventoryError> {
    let (head, rest) = decoded(source)?;
    let (preface, skipped) = preface(&head);
    let head = &head[preface..];
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(head))
        .has_headers(false)
        .from_reader(head.chain(rest));
    let mut record = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut record).map_err(io::Error::from)? {
        return Err(InventoryError::Empty);
    }
    let header: Vec<String> = record.iter().map(text).collect();
    let mut inventory = Inventory::default();
    let columns = columns(&header, forced, skipped + 1)?;
    for (part, at) in &columns {
        inventory.columns.insert(*part, header[*at].clone());
    }
    let mut seen: HashMap<(String, String), Vec<SoftwareMatch<'_>>> = HashMap::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line) + skipped;
                match error.into_kind() {
                    csv::ErrorKind::Io(error) => return Err(error.into()),
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        let why = format!("{len} columns where the header has {expected_len}");
                        inventory.refused.push((line, why));
                    }
                    _ => inventory.refused.push((line, "not CSV".to_owned())),
                }
                continue;
            }
        }
        inventory.rows += 1;
        let value = |part: Part| {
            let at = columns.get(&part);
            at.and_then(|at| record.get(*at)).map(text).unwrap_or_default()
        };
        let program = (value(Part::Name), value(Part::Vendor));
        let found = match seen.get(&program) {
            Some(found) => found,
            None => {
                let software = Software { name: &program.0, vendor: &program.1 };
                let found = known.find(software);
                seen.entry(program.clone()).or_insert(found)
            }
        };
        for one in found {
            inventory.add(one, &program, value(Part::Device), value(Part::Version));
        }
    }
    Ok(inventory)
}

impl Inventory {
    fn add(
        &mut self,
        found: &SoftwareMatch<'_>,
        program: &(String, String),
        device: String,
        version: String,
    ) {
        let confidence = found.confidence;
        let installed = self.tools.entry(found.tool.to_owned()).or_insert_with(|| Installed {
            confidence,
            rows: 0,
            devices: BTreeSet::new(),
            software: BTreeMap::new(),
        });
        installed.confidence = installed.confidence.max(confidence);
        installed.rows += 1;
        if !device.is_empty() {
            installed.devices.insert(device);
        }
        let by = || found.by.iter().map(|&(what, text)| (what, text.to_owned())).collect();
        let new = || Program { confidence, by: by(), rows: 0, versions: BTreeSet::new() };
        let program = installed.software.entry(program.clone()).or_insert_with(new);
        program.rows += 1;
        if !version.is_empty() {
            program.versions.insert(version);
        }
    }
}

/// The text of a cell; what is no UTF-8 in it becomes U+FFFD.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// The beginning of a source and its rest, as UTF-8. A byte order mark says
/// whether it is UTF-16, as spreadsheets and PowerShell write it.
fn decoded<'s>(mut source: impl Read + 's) -> io::Result<(Vec<u8>, Box<dyn Read + 's>)> {
    let mut head = Vec::new();
    source.by_ref().take(HEAD).read_to_end(&mut head)?;
    let unit: fn([u8; 2]) -> u16 = match head.as_slice() {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => {
            let mark = head.starts_with(b"\xEF\xBB\xBF");
            return Ok((head.split_off(if mark { 3 } else { 0 }), Box::new(source)));
        }
    };
    source.read_to_end(&mut head)?;
    let units = head[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String =
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Ok((text.into_bytes(), Box::new(io::empty())))
}

/// What is before a header, in bytes and lines: `sep=;` of spreadsheets,
/// `#TYPE …` of PowerShell, empty lines.
fn preface(head: &[u8]) -> (usize, u64) {
    let (mut end, mut lines) = (0, 0);
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        let text = line.trim_ascii();
        let before = text.is_empty() || text.starts_with(b"#TYPE") || text.starts_with(b"sep=");
        if !before || !line.ends_with(b"\n") {
            break;
        }
        end += line.len();
        lines += 1;
    }
    (end, lines)
}

/// The delimiter that stands most often in the first line, outside quotes.
fn delimiter(ahead: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for &byte in ahead.iter().take_while(|&&byte| byte != b'\n') {
        quoted ^= byte == b'"';
        let count = counts.iter_mut().find(|(own, _)| *own == byte && !quoted);
        if let Some((_, count)) = count {
            *count += 1;
        }
    }
    // Of equally many the first.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| *byte)
}

#[cfg(test)]
mod tests {
    use remora_catalog::{Tool, embedded_tools};

    use super::*;

    fn inventory(bytes: &[u8], forced: &[(Part, &str)]) -> Result<Inventory, InventoryError> {
        let tools: Vec<Tool> = embedded_tools().collect();
        let forced: Vec<_> =
            forced.iter().map(|(part, name)| (*part, (*name).to_owned())).collect();
        read(bytes, &Known::new(&tools), &forced)
    }

    fn utf16(text: &str) -> Vec<u8> {
        [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    }

    /// One program on one device, as several products export it.
    #[test]
    fn headers_of_many_products_are_known() {
        for text in [
            "DeviceId,DeviceName,OSPlatform,SoftwareVendor,SoftwareName,SoftwareVersion\n1,pc-1,Windows11,nanosystems,supremo,4.11\n",
            "\"ApplicationName\",\"ApplicationPublisher\",\"ApplicationVersion\",\"DeviceName\"\n\"SupRemo\",\"Nanosystems S.r.l.\",\"4.11\",\"pc-1\"\n",
            "Netbios_Name0;Publisher0;DisplayName0;Version0\npc-1;Nanosystems S.r.l.;SupRemo;4.11\n",
            "sep=;\r\nComputer Name;Name;Vendor;Version\r\npc-1;SupRemo;Nanosystems S.r.l.;4.11\r\n",
            "#TYPE System.Management.Automation.PSCustomObject\nDisplayName,DisplayVersion,Publisher,PSComputerName\nSupRemo,4.11,Nanosystems S.r.l.,pc-1\n",
            "Hostname\tProduct\tManufacturer\tVersion\npc-1\tSupRemo\tNanosystems S.r.l.\t4.11\n",
        ] {
            for bytes in
                [text.as_bytes().to_vec(), utf16(text), [b"\xEF\xBB\xBF", text.as_bytes()].concat()]
            {
                let inventory =
                    inventory(&bytes, &[]).unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!((inventory.rows, inventory.refused.len()), (1, 0), "{text}");
                let (tool, installed) = inventory.tools.first_key_value().expect("it is found");
                assert_eq!(
                    (tool.as_str(), installed.confidence),
                    ("supremo", Alone::Likely),
                    "{text}"
                );
                assert_eq!(installed.devices, BTreeSet::from(["pc-1".to_owned()]), "{text}");
                let program = installed.software.values().next().expect("a program");
                assert_eq!(program.versions, BTreeSet::from(["4.11".to_owned()]), "{text}");
            }
        }
    }

    #[test]
    fn columns_can_be_named() {
        let text = b"Asset,What\npc-1,AnyDesk\n";
        let error = inventory(text, &[]).expect_err("no column is known").to_string();
        assert!(error.starts_with("1: ") && error.contains("\"What\""), "{error}");
        let forced = [(Part::Name, "What"), (Part::Device, "Asset")];
        let found = inventory(text, &forced).expect("it is read");
        assert!(found.tools["anydesk"].devices.contains("pc-1"));
        let error =
            inventory(text, &[(Part::Name, "Wat")]).expect_err("no such column").to_string();
        assert!(error.contains("\"Wat\"") && error.contains("\"Asset\""), "{error}");
    }

    #[test]
    fn a_bad_row_hides_no_other() {
        let text = b"\n\nname,vendor\nAnyDesk,x,y\nAnyDesk,\"a\nb\"\nTeamViewer\nSupRemo,\xFF\n";
        let found = inventory(text, &[]).expect("it is read");
        assert_eq!(found.rows, 2);
        let lines: Vec<u64> = found.refused.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [4, 7]);
        assert!(found.refused[0].1.contains("3 columns where the header has 2"));
        let tools: Vec<&String> = found.tools.keys().collect();
        assert_eq!(tools, ["anydesk", "supremo"]);
        assert!(matches!(inventory(b"", &[]), Err(InventoryError::Empty)));
    }
}
