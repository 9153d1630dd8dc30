//! The summary of a run: what was read, and what could have been seen. The
//! machine output's contract (`docs/output.md`), as types.

use serde::Serialize;

use super::{coverage::Coverage, exclude::ExclusionSummary, overlap::Overlap};

/// Schema of the summary.
pub const SUMMARY_SCHEMA: &str = "remora.summary/1";

/// What was read of one input.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InputSummary {
    /// As it was given.
    pub source: String,
    /// The format; empty if it could not be swept.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub format: &'static str,
    /// The compression, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<&'static str>,
    /// Why it could not be swept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Records, refused ones included.
    pub records: u64,
    /// Earliest time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Latest time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Different devices.
    pub devices: u64,
    /// Refused records.
    pub refused: u64,
    /// Events with a repaired value.
    pub repaired: u64,
    /// Records of tables that are not swept.
    #[serde(skip_serializing_if = "is_zero")]
    pub other_kind: u64,
    /// Times and devices come from a sample and the events that were decoded.
    #[serde(skip_serializing_if = "is_false")]
    pub sampled: bool,
    /// It has as many rows as an export that was cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probably_cut: Option<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

pub(super) fn is_false(value: &bool) -> bool {
    !value
}

/// A detector and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct DetectorSummary {
    /// Its name; that of its file where its manifest cannot be read.
    pub name: String,
    /// Its version, where its manifest can be read.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// `ok`, `failed` (switched off during the run) or `refused` (found in a
    /// plugin folder and left out).
    pub state: &'static str,
    /// Why it failed or was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The file of one that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// The pass in which what was learned is looked for.
#[derive(Clone, Debug, Serialize)]
pub struct SecondPass {
    /// How many facts were learned.
    pub facts: u64,
    /// Why there was no such pass, so that sightings may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<&'static str>,
}

/// The last line of a run: so that a stream that was cut off can be told from
/// a whole one.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// [`SUMMARY_SCHEMA`].
    pub schema: &'static str,
    /// The program's version.
    pub version: String,
    /// What was read, in order.
    pub inputs: Vec<InputSummary>,
    /// Records, refused ones included.
    pub records: u64,
    /// Records that were decoded.
    pub events: u64,
    /// Records that no detector could care for.
    pub screened_out: u64,
    /// Records of tables that are not swept.
    pub other_kind: u64,
    /// Records with no field of their kind.
    pub no_fields: u64,
    /// Records without recoverable structure.
    pub refused: u64,
    /// Events with a damaged value that was repaired.
    pub repaired: u64,
    /// Bytes, decompressed.
    pub bytes: u64,
    /// Decoded events outside the window.
    pub outside_window: u64,
    /// Decoded events without a time, when there is a window.
    pub no_time: u64,
    /// Events with a finding that were seen before, by identity.
    pub duplicates: u64,
    /// Inputs that hold the same events.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlaps: Vec<Overlap>,
    /// Earliest time in any input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_event: Option<String>,
    /// Latest time in any input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event: Option<String>,
    /// Times and devices come from a sample and the events that were decoded.
    #[serde(skip_serializing_if = "is_false")]
    pub sampled: bool,
    /// Sightings reported.
    pub sightings: u64,
    /// Findings taken out of the report, counted as sightings count rows.
    pub excluded: u64,
    /// What each scenario that is switched on took out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<ExclusionSummary>,
    /// If something was learned that a second pass looks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_pass: Option<SecondPass>,
    /// The detectors.
    pub detectors: Vec<DetectorSummary>,
    /// What could have been seen.
    pub coverage: Vec<Coverage>,
}
