//! An explanation as it leaves the engine: what every rule made of one event,
//! and how the judge came to its word. The machine output's contract is
//! `docs/output.md`.

use remora_rules::{Border, Occurrence, Step, Trace, Truth};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    judge::{Confidence, Stage, Weight},
    sighting::WitnessOut,
    summary::is_false,
};

/// Schema of an explanation.
pub const EXPLANATION_SCHEMA: &str = "remora.explanation/1";

/// One event, explained.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The input.
    pub source: String,
    /// Line of the input on which the record begins, from 1.
    pub line: u64,
    /// The event's kind.
    pub kind: &'static str,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Every field that the event fills, by canonical name.
    #[serde(serialize_with = "as_map")]
    pub event: Vec<(&'static str, String)>,
    /// Whether the screen lets the record through to the detectors.
    pub screen: Screen,
    /// The rules that are explained, by tool and id.
    pub rules: Vec<RuleExplained>,
    /// How many rules fired, explained or not.
    pub fired: u64,
    /// Rules of this kind that are not explained: they fired and were not
    /// asked for, or nothing routed the event to
    /// them.
    pub other_rules: u64,
    /// Rules that do not look at events of this kind.
    pub other_kind_rules: u64,
    /// What the judge says of each tool with a finding.
    pub judged: Vec<JudgedExplained>,
}

fn as_map<S: Serializer>(
    fields: &[(&'static str, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
}

/// What the screen does with the record.
#[derive(Clone, Debug, Serialize)]
pub struct Screen {
    /// Whether it passes.
    pub passes: bool,
    /// The interests that it meets; none means that no detector is asked.
    pub interests: Vec<InterestMet>,
}

/// An interest that an event meets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InterestMet {
    /// The field; empty where a whole kind is wanted.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub field: &'static str,
    /// The operator.
    pub op: &'static str,
    /// The literal.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// The value seen.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub seen: String,
    /// Who asked.
    pub detectors: Vec<String>,
}

/// What one rule made of an event.
#[derive(Clone, Debug, Serialize)]
pub struct RuleExplained {
    /// Its id.
    pub rule: String,
    /// The tool it finds.
    pub tool: String,
    /// For people.
    pub title: String,
    /// The detectors that state it.
    pub detectors: Vec<String>,
    /// Whether a detector reports a finding by it.
    pub fired: bool,
    /// Whether it looks at events of this kind at all.
    pub looks_at_kind: bool,
    /// Whether a detector that states it is asked about this event.
    pub routed: bool,
    /// `where` for a rule of the rule language, `code` where the detector's
    /// code decides.
    pub decided_by: &'static str,
    /// The rule language's answer, part by part.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceOut>,
    /// It asks for what is learned from all inputs first, and one of them can
    /// be read only once.
    #[serde(skip_serializing_if = "is_false")]
    pub not_learned: bool,
    /// The rule's text and the detector's answer are at odds.
    #[serde(skip_serializing_if = "is_false")]
    pub disagrees: bool,
}

/// What the judge makes of the witnesses of one tool.
#[derive(Clone, Debug, Serialize)]
pub struct JudgedExplained {
    /// The tool.
    pub tool: String,
    /// How sure.
    pub confidence: Confidence,
    /// Why so sure and no more.
    pub confidence_why: String,
    /// What happened.
    pub stage: Stage,
    /// By what that is seen.
    pub stage_why: &'static str,
    /// Which installation, if known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instance: String,
    /// Independent grounds.
    pub grounds: Vec<&'static str>,
    /// Every witness, with what it is worth.
    pub witnesses: Vec<Weighed>,
    /// What each exclusion of this tool that is switched on makes of the event.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<ExclusionExplained>,
}

/// What an exclusion makes of an event.
#[derive(Clone, Debug, Serialize)]
pub struct ExclusionExplained {
    /// Its name and parameters, as they were given.
    pub scenario: String,
    /// Whether it takes the tool's findings about the event out of the report.
    pub excludes: bool,
    /// Its condition, part by part.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<TraceOut>,
    /// Whether the event lies in its window, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_window: Option<bool>,
}

/// A witness and its worth.
#[derive(Clone, Debug, Serialize)]
pub struct Weighed {
    /// The witness.
    #[serde(flatten)]
    pub witness: WitnessOut<'static>,
    /// Its worth.
    pub weight: Weight,
    /// Why that much.
    pub why: &'static str,
}

/// A [`Trace`] in the machine output.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceOut(pub Trace);

/// The word for a truth value.
pub fn truth_name(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Null => "null",
    }
}

impl Serialize for TraceOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        put(&self.0, serializer)
    }
}

/// A borrowed [`TraceOut`].
struct Part<'t>(&'t Trace);

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        put(self.0, serializer)
    }
}

fn put<S: Serializer>(trace: &Trace, serializer: S) -> Result<S::Ok, S::Error> {
    let parts =
        |parts: &[Trace]| parts.iter().map(|part| TraceOut(part.clone())).collect::<Vec<_>>();
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("truth", truth_name(trace.truth))?;
    match &trace.step {
        Step::All(terms) => map.serialize_entry("and", &parts(terms))?,
        Step::Any(terms) => map.serialize_entry("or", &parts(terms))?,
        Step::Not(inner) => map.serialize_entry("not", &Part(inner))?,
        Step::Predicate { text, field, seen, occurrences } => {
            map.serialize_entry("predicate", text)?;
            map.serialize_entry("field", field.name())?;
            map.serialize_entry("seen", seen)?;
            if !occurrences.is_empty() {
                let occurrences: Vec<_> = occurrences.iter().map(Place).collect();
                map.serialize_entry("occurrences", &occurrences)?;
            }
        }
    }
    map.end()
}

struct Place<'t>(&'t Occurrence);

impl Serialize for Place<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Occurrence { literal, start, end, counts, before, behind } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("literal", literal)?;
        map.serialize_entry("start", start)?;
        map.serialize_entry("end", end)?;
        map.serialize_entry("counts", counts)?;
        map.serialize_entry("before", border_name(*before))?;
        map.serialize_entry("behind", border_name(*behind))?;
        map.end()
    }
}

/// The word for what bounds an occurrence.
fn border_name(border: Border) -> &'static str {
    match border {
        Border::Edge => "edge",
        Border::Border(_) => "border",
        Border::Own(_) => "own_border",
        Border::Term(_) => "term",
    }
}
