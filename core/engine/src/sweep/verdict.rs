//! A verdict: what somebody said of a finding before the run.

use serde::Serialize;

/// Policy's word on a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nobody spoke of it.
    Unreviewed,
    /// An exclusion takes it out of the report.
    Excluded,
}
