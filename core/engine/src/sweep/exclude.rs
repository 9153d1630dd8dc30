//! Exclusions: findings of a tool that are no news, because somebody said so
//! before the run.
//!
//! The detectors and the judge know nothing of them. A finding that an
//! exclusion meets is left out of the sightings, never lost: it is counted, for
//! each exclusion that meets it, and kept in groups of its own where it is to be
//! shown. What a condition hides beside what it was written for is counted
//! apart, because a filter such as "not this program" also hides every record
//! that names no program.

use std::collections::{BTreeMap, HashMap, HashSet};

use remora_abi::field;
use remora_rules::{Expr, Learned, Program, Tracer, Truth};
use remora_sources::Events;
use serde::Serialize;

use super::{
    Options,
    explained::{ExclusionExplained, TraceOut},
    groups::Groups,
    keys::Keys,
    row::Row,
    rules::Rules,
    weekly::Weekly,
};

/// Takes findings of one tool out of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Exclusion {
    /// What it is called.
    pub name: String,
    /// What it was given, as `key=value`.
    pub parameters: Vec<String>,
    /// The tool whose findings it excludes; those of others about the same
    /// event stay.
    pub tool: String,
    /// What has to be true of the event; nothing if none.
    pub condition: Option<Expr>,
    /// When it has to have happened; at any time if none.
    pub window: Option<Weekly>,
    /// File names of the processes that it was written for, compared without
    /// case; if none, other names are not counted apart.
    pub processes: Vec<String>,
}

impl Exclusion {
    /// Name and parameters, as they were given.
    pub fn label(&self) -> String {
        let parameters = self.parameters.iter().map(String::as_str);
        std::iter::once(self.name.as_str()).chain(parameters).collect::<Vec<_>>().join(",")
    }
}

/// What one exclusion hid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExclusionSummary {
    /// What it is called.
    pub name: String,
    /// What it was given, as `key=value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// Findings that it met, counted as sightings count rows. Another exclusion
    /// may have met them, too.
    pub excluded: u64,
    /// Of these, those about events that name no process.
    pub no_process_name: u64,
    /// Of these, those about processes of other names than it was written for.
    pub other_process_name: u64,
}

/// The exclusions of a run, made ready.
#[derive(Debug, Default)]
pub(super) struct Exclusions {
    by_tool: HashMap<String, Vec<Prepared>>,
}

#[derive(Debug)]
struct Prepared {
    /// Place among the options' exclusions.
    place: u32,
    condition: Option<Program>,
    window: Option<Weekly>,
}

impl Exclusions {
    /// Prepares `exclusions`.
    pub(super) fn new(exclusions: &[Exclusion]) -> Exclusions {
        let mut by_tool: HashMap<String, Vec<Prepared>> = HashMap::new();
        for (exclusion, place) in exclusions.iter().zip(0..) {
            by_tool.entry(exclusion.tool.clone()).or_default().push(Prepared {
                place,
                condition: exclusion.condition.as_ref().map(Program::new),
                window: exclusion.window.clone(),
            });
        }
        Exclusions { by_tool }
    }

    /// The places of the exclusions that take the findings of `tool` about the
    /// row out of the report, ascending.
    pub(super) fn of(&self, tool: &str, events: &Events, row: usize) -> Vec<u32> {
        let Some(of_tool) = self.by_tool.get(tool) else { return Vec::new() };
        let event = Row { events, row };
        let meets = |one: &&Prepared| {
            let holds =
                one.condition.as_ref().is_none_or(|program| program.eval(&event) == Truth::True);
            holds && one.window.as_ref().is_none_or(|window| window.includes(events.time(row)))
        };
        of_tool.iter().filter(meets).map(|one| one.place).collect()
    }
}

/// What was excluded, of a worker or of the run.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    /// Findings, if they are to be shown.
    pub(super) groups: Groups,
    /// The keys of the groups, shown or not, where findings are grouped by tool.
    pub(super) keys: Keys,
    /// How many findings of each tool.
    tools: BTreeMap<String, u64>,
    /// What each exclusion met, by its place.
    exclusions: BTreeMap<u32, Met>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Met {
    excluded: u64,
    no_process_name: u64,
    other_process_name: u64,
}

impl Hidden {
    /// Counts `findings` of a tool about the row, which the exclusions at these
    /// places met.
    pub(super) fn count(
        &mut self,
        options: &Options,
        places: &[u32],
        findings: u64,
        Row { events, row }: Row<'_>,
    ) {
        let exclusions = &options.exclusions;
        let process = events.text(row, field::PROCESS_NAME);
        for place in places {
            let exclusion = &exclusions[*place as usize];
            let own = exclusion.processes.iter().any(|name| name.eq_ignore_ascii_case(process));
            let met = self.exclusions.entry(*place).or_default();
            met.excluded += findings;
            if process.is_empty() {
                met.no_process_name += findings;
            } else if !own && !exclusion.processes.is_empty() {
                met.other_process_name += findings;
            }
        }
        if let Some(place) = places.first() {
            let tool = &exclusions[*place as usize].tool;
            *self.tools.entry(tool.clone()).or_default() += findings;
        }
    }

    /// Adds what another worker or pass excluded.
    /// `events` is as in [`Groups::merge`].
    pub(super) fn merge(&mut self, other: Hidden, events: &[u32]) {
        self.groups.merge(other.groups, events);
        self.keys.merge(&other.keys);
        for (tool, findings) in other.tools {
            *self.tools.entry(tool).or_default() += findings;
        }
        for (place, more) in other.exclusions {
            let met = self.exclusions.entry(place).or_default();
            met.excluded += more.excluded;
            met.no_process_name += more.no_process_name;
            met.other_process_name += more.other_process_name;
        }
    }

    /// Forgets what was excluded of `tools`, of which everything is found anew.
    pub(super) fn forget(
        &mut self,
        tools: &HashSet<String>,
        rules: &Rules,
        exclusions: &[Exclusion],
    ) {
        self.groups.forget(tools, rules);
        self.keys.forget(tools);
        self.tools.retain(|tool, _| !tools.contains(tool));
        self.exclusions.retain(|place, _| !tools.contains(&exclusions[*place as usize].tool));
    }

    /// Findings that were excluded, each counted once.
    pub(super) fn total(&self) -> u64 {
        self.tools.values().sum()
    }

    /// What each of the run's exclusions hid, in their order.
    pub(super) fn summaries(&self, exclusions: &[Exclusion]) -> Vec<ExclusionSummary> {
        let summary = |(exclusion, place): (&Exclusion, u32)| {
            let met = self.exclusions.get(&place).copied().unwrap_or_default();
            ExclusionSummary {
                name: exclusion.name.clone(),
                parameters: exclusion.parameters.clone(),
                excluded: met.excluded,
                no_process_name: met.no_process_name,
                other_process_name: met.other_process_name,
            }
        };
        exclusions.iter().zip(0..).map(summary).collect()
    }
}

/// What each exclusion of `tool` makes of a row, part by part.
pub(super) fn explain(
    exclusions: &[Exclusion],
    tool: &str,
    events: &Events,
    row: usize,
) -> Vec<ExclusionExplained> {
    let explained = |exclusion: &Exclusion| {
        let condition = exclusion.condition.as_ref().map(|condition| {
            TraceOut(Tracer::new(condition, &Learned::new()).trace(&Row { events, row }))
        });
        let in_window = exclusion.window.as_ref().map(|window| window.includes(events.time(row)));
        let holds = condition.as_ref().is_none_or(|trace| trace.0.truth == Truth::True);
        ExclusionExplained {
            scenario: exclusion.label(),
            excludes: holds && in_window.unwrap_or(true),
            condition,
            in_window,
        }
    };
    exclusions.iter().filter(|one| one.tool == tool).map(explained).collect()
}
