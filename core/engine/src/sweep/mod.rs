//! The sweep: every detector over every input, in one pass.
//!
//! One way, no way back: source, screen, decode, route, detectors, judge,
//! sightings. Inputs are read in order on one thread and cut into blocks at
//! record borders; workers take blocks and keep groups of their own, and
//! merging these is commutative. So the answer is the same with any number of
//! threads.

mod batch;
mod coverage;
mod device;
mod distinct;
mod exclude;
mod explain;
mod explained;
mod findings;
mod group;
mod groups;
mod hosts;
mod intern;
pub mod judge;
mod keys;
mod listed;
#[cfg(test)]
mod merging;
mod overlap;
mod pool;
mod progress;
mod pull;
mod read;
mod report;
mod reports;
mod route;
mod row;
mod rules;
mod run;
mod sample;
mod second;
mod sighting;
mod sightings;
mod suffix;
mod summary;
mod taken;
mod threads;
mod trial;
mod values;
mod verdict;
mod weekly;
mod window;

use std::{fmt, path::PathBuf, sync::Arc};

use remora_sources::{FormatName, Refusal, Zone};

pub use batch::{BATCH_ROWS, BatchViews};
pub use coverage::{Cover, Coverage, NO_RULE};
pub use exclude::{Exclusion, ExclusionSummary};
pub use explain::{ExplainSummary, Selection, explain};
pub use explained::{
    EXPLANATION_SCHEMA, ExclusionExplained, Explanation, InterestMet, JudgedExplained,
    RuleExplained, Screen, TraceOut, Weighed, truth_name,
};
pub use group::Basis;
pub use hosts::Folding;
pub use judge::{Browsers, Confidence, Stage};
pub use listed::{ConfidenceCounts, List, Values};
pub use overlap::Overlap;
pub use progress::Progress;
pub use reports::{REPORTS_CAP, ReportId};
pub use route::Router;
pub use run::{last_event, run};
pub use sighting::{
    Common, EvidenceOut, RULE_SCHEMA, RuleSighting, TOOL_SCHEMA, ToolSighting, WitnessOut,
    format_time, short_id,
};
pub use sightings::{ByRule, ByTool, Form, SightingList, Sightings};
pub use summary::{DetectorSummary, InputSummary, SUMMARY_SCHEMA, SecondPass, Summary};
pub use trial::{Trial, Tried};
pub use values::VALUES_CAP;
pub use verdict::Verdict;
pub use weekly::{Days, Hours, Weekly};
pub use window::{Standing, Window};

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Nothing that can be read; why. It is listed like an input that failed.
    Unreadable(String),
}

/// An input of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name in reports.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// How findings become sightings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// By rule and the rule's keys: KQL's answer.
    Rule,
    /// By tool and device: what people look at.
    Tool,
}

/// What to sweep, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// Force this format.
    pub format: Option<FormatName>,
    /// The zone of times that an input declares local; it is refused without.
    pub zone: Option<Zone>,
    /// Which events count.
    pub window: Window,
    /// Nanoseconds since the epoch: what counts as now.
    pub now: i64,
    /// Report these tools only; all if empty.
    pub tools: Vec<String>,
    /// Report these rules only; all if empty.
    pub rules: Vec<String>,
    /// The customer whose events these are, where a source names none.
    pub tenant: String,
    /// Domains that resolvers append to names, without dots at their ends;
    /// beside them counts the domain of each device.
    pub search_suffixes: Vec<String>,
    /// Tools that are known and cannot be found, because no rule asks for them.
    pub without_rules: Vec<String>,
    /// What takes findings out of the report.
    pub exclusions: Vec<Exclusion>,
    /// Keep what is taken out, to be shown apart.
    pub show_excluded: bool,
    /// How to group.
    pub grouping: Grouping,
    /// Parse every record, screened out or not.
    pub validate: bool,
    /// Worker threads, at least one.
    pub threads: usize,
    /// Which programs are browsers.
    pub browsers: Browsers,
    /// Which host names of a tool are shown as one.
    pub folding: Folding,
    /// The program's version, for the summary.
    pub version: String,
    /// Where to tell how far it is.
    pub progress: Arc<Progress>,
}

/// No input yet; everything is reported, by rule, on one thread, and any time
/// is one that a clock could show.
impl Default for Options {
    fn default() -> Options {
        Options {
            inputs: Vec::new(),
            format: None,
            zone: None,
            window: Window::default(),
            now: i64::MAX,
            tools: Vec::new(),
            rules: Vec::new(),
            tenant: String::new(),
            search_suffixes: Vec::new(),
            without_rules: Vec::new(),
            exclusions: Vec::new(),
            show_excluded: false,
            grouping: Grouping::Rule,
            validate: false,
            threads: 1,
            browsers: Browsers::default(),
            folding: Folding::default(),
            version: String::new(),
            progress: Arc::default(),
        }
    }
}

/// Something wrong in an input, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The input.
    pub source: String,
    /// Line, from 1; 0 where it is the whole input.
    pub line: u64,
    /// Offset in the decompressed input.
    pub offset: u64,
    /// What is wrong and what to do, one line.
    pub message: String,
    /// Whether the whole input could not be swept.
    pub whole_input: bool,
}

impl Problem {
    /// A record of `source` that was refused.
    fn of_record(source: String, refusal: &Refusal) -> Problem {
        Problem {
            source,
            line: refusal.line,
            offset: refusal.offset,
            message: refusal.message.clone(),
            whole_input: false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.whole_input {
            write!(f, " (offset {})", self.offset)?;
        }
        Ok(())
    }
}

/// What a sweep found.
#[derive(Debug)]
pub struct Outcome {
    /// Sightings, when grouping by rule.
    pub by_rule: SightingList<ByRule>,
    /// Sightings, when grouping by tool.
    pub by_tool: SightingList<ByTool>,
    /// Sightings of excluded findings, if they are to be shown.
    pub excluded: Sightings,
    /// What was read, and what could have been seen.
    pub summary: Summary,
    /// What was wrong in the inputs: at most 100 per input, in order.
    pub problems: Vec<Problem>,
    /// Earliest and latest time in any input, nanoseconds since the epoch.
    pub span: Option<(i64, i64)>,
}

/// Why a sweep cannot begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepError {
    message: String,
}

impl SweepError {
    pub(crate) fn new(message: impl Into<String>) -> SweepError {
        SweepError { message: message.into() }
    }
}

impl fmt::Display for SweepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SweepError {}
