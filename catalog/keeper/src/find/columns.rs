//! Which column of an inventory is what.

use std::collections::BTreeMap;

use super::inventory::InventoryError;
use crate::names::key;

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The program's name.
    Name,
    /// Who publishes it.
    Vendor,
    /// Where it is installed.
    Device,
    /// Which version.
    Version,
}

impl Part {
    /// Every one.
    pub const ALL: [Part; 4] = [Part::Name, Part::Vendor, Part::Device, Part::Version];

    /// As the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Part::Name => "name",
            Part::Vendor => "vendor",
            Part::Device => "device",
            Part::Version => "version",
        }
    }

    /// The names that it has in headers, the one to prefer first.
    fn headers(self) -> &'static [&'static str] {
        match self {
            Part::Name => &[
                "softwarename",
                "applicationname",
                "displayname",
                "displayname0",
                "productname",
                "productname0",
                "appname",
                "programname",
                "application",
                "software",
                "program",
                "product",
                "title",
                "name",
            ],
            Part::Vendor => &[
                "softwarevendor",
                "applicationpublisher",
                "publisher",
                "publisher0",
                "vendor",
                "vendorname",
                "manufacturer",
                "companyname",
                "company",
            ],
            Part::Device => &[
                "devicename",
                "computername",
                "machinename",
                "hostname",
                "systemname",
                "netbiosname0",
                "pscomputername",
                "computer",
                "device",
                "machine",
                "host",
                "endpoint",
                "deviceid",
                "machineid",
            ],
            Part::Version => &[
                "softwareversion",
                "applicationversion",
                "displayversion",
                "version0",
                "productversion",
                "appversion",
                "version",
            ],
        }
    }
}

/// The place of each column.
pub(super) fn columns(
    header: &[String],
    forced: &[(Part, String)],
    line: u64,
) -> Result<BTreeMap<Part, usize>, InventoryError> {
    let mut columns = BTreeMap::new();
    let at = |name: &str| header.iter().position(|own| key(own) == key(name));
    for (part, name) in forced {
        let at =
            header.iter().position(|own| own == name).or_else(|| at(name)).ok_or_else(|| {
                let (column, header) = (name.clone(), header.to_vec());
                InventoryError::UnknownColumn { part: *part, column, line, header }
            })?;
        columns.insert(*part, at);
    }
    for part in Part::ALL {
        let free = |at: &usize| !columns.values().any(|taken| taken == at);
        let found = part.headers().iter().filter_map(|name| at(name)).find(free);
        if let (false, Some(at)) = (columns.contains_key(&part), found) {
            columns.insert(part, at);
        }
    }
    if columns.contains_key(&Part::Name) || columns.contains_key(&Part::Vendor) {
        Ok(columns)
    } else {
        Err(InventoryError::NoColumn { line, header: header.to_vec() })
    }
}
