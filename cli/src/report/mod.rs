//! Reports: the outcome of a sweep, written out. Knows nothing of formats or
//! detectors.

pub(crate) mod catalog_diff;
pub(crate) mod csv;
pub(crate) mod excluded;
pub(crate) mod explanation;
pub(crate) mod json;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod tools;

use remora_engine::sweep::{Exclusion, Grouping, Window};

/// How a report looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style<'a> {
    /// Whether to use colours.
    pub(crate) colour: bool,
    /// The time window, to be told.
    pub(crate) window: Window,
    /// How sightings are grouped.
    pub(crate) grouping: Grouping,
    /// Whether what was excluded is listed, too.
    pub(crate) show_excluded: bool,
    /// What takes findings out of the report.
    pub(crate) exclusions: &'a [Exclusion],
}
