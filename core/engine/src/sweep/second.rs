//! The second pass: what detectors learned in the first, looked for.
//!
//! A signed file seen anywhere marks its hash everywhere, also in rows that
//! were read before it. So facts are collected over all inputs, each detector
//! that learned is given its own (sorted, so that no order of rows, files or
//! threads shows), and the inputs are read once more.
//!
//! The judge pools the witnesses of all findings of one tool about one event.
//! So the groups of the tools concerned are made anew in this pass, by both
//! detectors, the one that learned and the one that adopted; those of all
//! other tools stay. The screen lets through only what can matter to these
//! tools.

use std::collections::{BTreeSet, HashSet};

use remora_abi::{Field, Kind, Op, field};
use remora_rules::{Index, InterestSpec, Learned, Required, required::required};
use remora_sources::Wanted;

use super::{
    SweepError,
    route::Router,
    rules::{Rule, Rules},
};
use crate::host::{Detector, Detectors, OwnedFact};

/// More facts than this of one detector are not adopted.
const MOST_FACTS: usize = 1 << 20;

/// What has been learned: the detector, by place, and the fact.
pub(super) type Facts = HashSet<(u32, OwnedFact)>;

/// The detectors that have learned something, each with its facts, sorted.
fn by_detector(facts: &Facts, detectors: usize) -> Vec<Vec<OwnedFact>> {
    let mut all = vec![Vec::new(); detectors];
    for (at, fact) in facts {
        all[*at as usize].push(fact.clone());
    }
    all.iter_mut().for_each(|facts| facts.sort_unstable());
    all
}

/// The sets of a rule that the detectors at these places state.
pub(super) fn sets_of(facts: &Facts, places: &[u32]) -> Learned {
    let mut sets = Learned::new();
    for (_, fact) in facts.iter().filter(|(at, _)| places.contains(at)) {
        sets.entry(fact.set.clone()).or_default().insert(fact.literal.clone());
    }
    sets
}

/// The second pass of a run.
pub(super) struct Second {
    /// By place of the detector that learned.
    pub(super) adopted: Vec<Option<Detector>>,
    /// Routes to these.
    pub(super) router: Router,
    /// The tools whose groups are made anew.
    pub(super) tools: HashSet<String>,
    screen: Index,
}

impl Second {
    /// Lets detectors adopt what they have learned. None if there is nothing to
    /// look for.
    pub(super) fn new(
        detectors: &Detectors,
        rules: &Rules,
        facts: &Facts,
    ) -> Result<Option<Second>, SweepError> {
        let mut adopted: Vec<Option<Detector>> = Vec::new();
        for (detector, facts) in detectors.iter().zip(by_detector(facts, detectors.len())) {
            adopted.push(match facts.len() {
                0 => None,
                count if count > MOST_FACTS => {
                    let why = format!("it learned {count} facts, more than {MOST_FACTS}");
                    detector.switch_off("learn", why);
                    None
                }
                _ => detector.adopt(&facts),
            });
        }
        let places: Vec<u32> =
            (0..).zip(&adopted).filter(|(_, one)| one.is_some()).map(|(at, _)| at).collect();
        let tools = concerned(rules, &places);
        if !rules.iter().any(|rule| rule.reported && tools.contains(&rule.stated.tool)) {
            return Ok(None);
        }
        let wrong = |error: remora_rules::IndexError| SweepError::new(error.to_string());
        let mut wanted: BTreeSet<InterestSpec> =
            adopted.iter().flatten().flat_map(|one| one.interests().to_vec()).collect();
        for rule in rules.iter().filter(|rule| tools.contains(&rule.stated.tool)) {
            wanted.extend(interests(rule, detectors));
        }
        let wanted: Vec<InterestSpec> = wanted.into_iter().collect();
        Ok(Some(Second {
            router: Router::of(adopted.iter().map(Option::as_ref)).map_err(wrong)?,
            screen: Index::new(&wanted).map_err(wrong)?,
            adopted,
            tools,
        }))
    }
}

/// The tools with a rule that asks for what one of the detectors at `places`
/// has learned; of a detector whose rules are code, all its tools.
fn concerned(rules: &Rules, places: &[u32]) -> HashSet<String> {
    let mut tools = HashSet::new();
    for at in places {
        let stated: Vec<&Rule> = rules.iter().filter(|rule| rule.detectors.contains(at)).collect();
        let asking =
            stated.iter().filter(|rule| rule.asks_learned || rule.stated.where_text.is_empty());
        tools.extend(asking.map(|rule| rule.stated.tool.clone()));
    }
    tools
}

/// What the rule needs to see in the first pass: nothing if it waits for the
/// second.
fn interests(rule: &Rule, detectors: &Detectors) -> Vec<InterestSpec> {
    if rule.asks_learned {
        return Vec::new();
    }
    let stated = &rule.stated;
    let whole = |kind: &Kind| InterestSpec {
        kind: *kind,
        field: field::NONE,
        op: Op::KIND,
        literal: String::new(),
    };
    if stated.where_text.is_empty() {
        let of = |at: &u32| detectors.iter().nth(*at as usize).map(|one| one.interests().to_vec());
        return rule.detectors.iter().filter_map(of).flatten().collect();
    }
    match remora_rules::compile(&stated.where_text, &stated.kinds) {
        Ok(expr) => match required(&expr, &stated.kinds) {
            Required::Interests(interests) => interests,
            Required::Everything { .. } => stated.kinds.iter().map(whole).collect(),
        },
        Err(_) => stated.kinds.iter().map(whole).collect(),
    }
}

impl Wanted for Second {
    fn fields(&self, kind: Kind) -> &[Field] {
        self.screen.fields(kind)
    }

    fn opens(&self, kind: Kind) -> bool {
        !self.screen.whole_kind(kind).is_empty()
    }

    fn wants(&self, kind: Kind, field: Field, raw: &[u8]) -> bool {
        !raw.is_empty() && self.screen.wants(kind, field, raw)
    }
}
