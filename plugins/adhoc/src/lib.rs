//! The detector of indicators that are given for one run.
//!
//! In the middle of an incident somebody has a domain, an address or a hash and
//! wants to know where it was seen, before anybody has written a catalog entry.
//! This detector is made of such indicators alone. It has no rules as texts:
//! each indicator is an interest in the fields where it shows, the host's
//! matcher answers those exactly at a cost that does not grow with their
//! number, and what it meets is the finding. So a hundred thousand hashes cost
//! what one costs.
//!
//! Sightings are those of the tool `adhoc`. An indicator that somebody asks for
//! by name is taken as that one's own (class `exclusive`).

#![forbid(unsafe_code)]

mod detector;
mod indicator;
mod network;
mod read;

pub use detector::AdHoc;
pub use indicator::{Indicator, Type, refanged};
pub use read::{Problem, read_file};

use remora_sdk::{Detector, Shim, abi::DetectorModule};

/// For programs that link the detector in.
pub const MODULE: DetectorModule = Shim::<AdHoc>::MODULE;

/// Who the detector is.
pub const MANIFEST: &str = AdHoc::MANIFEST;

/// The detector's name, and the tool's that its sightings are of.
pub const NAME: &str = "adhoc";

/// The detector's configuration for these indicators.
pub fn config(indicators: &[Indicator]) -> String {
    let mut list = toml::value::Array::new();
    list.extend(indicators.iter().map(|one| toml::Value::String(one.to_string())));
    let mut table = toml::Table::new();
    table.insert("indicators".to_owned(), toml::Value::Array(list));
    table.to_string()
}
