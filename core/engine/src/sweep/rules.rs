//! The rules of all detectors of a run, one entry per id.

use std::collections::HashMap;

use remora_abi::{Field, Kind, field, kind};
use remora_rules::needs;

use super::{Options, SweepError};
use crate::host::{Detectors, OwnedRule};

/// A kind of evidence that coverage speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Evidence {
    /// Connections and the logs that stand for them.
    Network,
    /// Programs that ran.
    Process,
    /// Signatures of files.
    Signature,
}

impl Evidence {
    /// Every one, in the order of the output.
    pub(super) const ALL: [Evidence; 3] =
        [Evidence::Network, Evidence::Process, Evidence::Signature];

    /// What a kind of event is evidence of; none for kinds that coverage does
    /// not speak of.
    pub(super) fn of(kind: Kind) -> Option<Evidence> {
        match kind {
            kind::CONNECTION | kind::DNS | kind::HTTP | kind::TLS | kind::PROXY => {
                Some(Evidence::Network)
            }
            kind::PROCESS | kind::IMAGE_LOAD => Some(Evidence::Process),
            kind::SIGNATURE => Some(Evidence::Signature),
            _ => None,
        }
    }

    /// The word in output.
    pub(super) fn name(self) -> &'static str {
        match self {
            Evidence::Network => "network",
            Evidence::Process => "process",
            Evidence::Signature => "signature",
        }
    }
}

/// Fields of which at least one must be filled for a rule to be able to hold.
pub(super) type Clause = Vec<Field>;

/// A rule of the run.
#[derive(Debug)]
pub(super) struct Rule {
    /// As stated.
    pub stated: OwnedRule,
    /// The names of its kinds, ascending.
    pub kind_names: Vec<&'static str>,
    /// The names that its keys have in output, in its order.
    pub key_names: Vec<String>,
    /// The detectors that state it, by place.
    pub detectors: Vec<u32>,
    /// Whether its sightings are reported (`--rule`, `--tool`).
    pub reported: bool,
    /// Which clauses of [`Rules::clauses`] an event must fill.
    pub needs: Vec<usize>,
    /// It asks for what was learned, so that it is evaluated in the second
    /// pass.
    pub asks_learned: bool,
    /// The rules whose facts it asks for, by id.
    pub learns_from: Vec<String>,
}

/// The rules of the run.
#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    /// Place in `rules` of each detector's rules.
    places: Vec<Vec<u32>>,
    clauses: Vec<Clause>,
}

impl Rules {
    /// Collects the rules of `detectors`, of which `options` name those that
    /// are reported.
    pub(super) fn of(detectors: &Detectors, options: &Options) -> Result<Rules, SweepError> {
        let lacking = |tool: &&String| {
            let mut stated = detectors.iter().flat_map(|detector| detector.rules());
            options.without_rules.contains(tool) && !stated.any(|rule| rule.tool == **tool)
        };
        match options.tools.iter().find(lacking) {
            None => Rules::new(detectors, &options.tools, &options.rules),
            Some(tool) => Err(SweepError::new(format!(
                "the tool {tool:?} has no rules, so that it cannot be found"
            ))),
        }
    }

    /// Collects the rules of `detectors`. `tools` and `rules` name those that
    /// are reported; empty ones name all.
    pub(super) fn new(
        detectors: &Detectors,
        tools: &[String],
        rules: &[String],
    ) -> Result<Rules, SweepError> {
        let mut all = Rules { rules: Vec::new(), places: Vec::new(), clauses: Vec::new() };
        let mut by_id: HashMap<String, u32> = HashMap::new();
        for (detector, at) in detectors.iter().zip(0..) {
            let mut places = Vec::new();
            for stated in detector.rules() {
                let place = match by_id.get(&stated.id) {
                    Some(place) => *place,
                    None => {
                        let place = u32::try_from(all.rules.len())
                            .map_err(|_| SweepError::new("too many rules"))?;
                        by_id.insert(stated.id.clone(), place);
                        let (needs, learns_from) = all.needs_of(stated);
                        let mut kind_names: Vec<&str> =
                            stated.kinds.iter().map(|kind| kind.name()).collect();
                        kind_names.sort_unstable();
                        all.rules.push(Rule {
                            key_names: stated.keys.iter().map(|key| key_name(*key)).collect(),
                            kind_names,
                            stated: stated.clone(),
                            detectors: Vec::new(),
                            reported: true,
                            needs,
                            asks_learned: !learns_from.is_empty(),
                            learns_from,
                        });
                        place
                    }
                };
                let rule = &mut all.rules[place as usize];
                if rule.detectors.contains(&at) {
                    return Err(SweepError::new(format!(
                        "detector {} states rule {} twice",
                        detector.name(),
                        stated.id
                    )));
                }
                if rule.stated.tool != stated.tool || rule.stated.keys != stated.keys {
                    return Err(SweepError::new(format!(
                        "detector {} states rule {} with another tool or other keys than another detector",
                        detector.name(),
                        stated.id
                    )));
                }
                rule.detectors.push(at);
                places.push(place);
            }
            all.places.push(places);
        }
        all.select(tools, rules)?;
        Ok(all)
    }

    fn select(&mut self, tools: &[String], rules: &[String]) -> Result<(), SweepError> {
        let known = |what: &str,
                     names: &[String],
                     has: &dyn Fn(&OwnedRule, &str) -> bool,
                     all: &dyn Fn(&OwnedRule) -> String| {
            let missing =
                names.iter().find(|name| !self.rules.iter().any(|rule| has(&rule.stated, name)));
            missing.map(|name| {
                let mut choice: Vec<String> =
                    self.rules.iter().map(|rule| all(&rule.stated)).collect();
                choice.sort();
                choice.dedup();
                let more = if choice.len() > 12 { ", …" } else { "" };
                choice.truncate(12);
                SweepError::new(format!(
                    "there is no {what} {name:?}; known: {}{more}",
                    choice.join(", ")
                ))
            })
        };
        let unknown =
            known("tool", tools, &|rule, name| rule.tool == name, &|rule| rule.tool.clone())
                .or_else(|| {
                    known("rule", rules, &|rule, name| rule.id == name, &|rule| rule.id.clone())
                });
        if let Some(error) = unknown {
            return Err(error);
        }
        for rule in &mut self.rules {
            rule.reported = (tools.is_empty() || tools.contains(&rule.stated.tool))
                && (rules.is_empty() || rules.contains(&rule.stated.id));
        }
        Ok(())
    }

    fn needs_of(&mut self, stated: &OwnedRule) -> (Vec<usize>, Vec<String>) {
        let mut learns_from = Vec::new();
        let clauses = match remora_rules::compile(&stated.where_text, &stated.kinds) {
            Ok(expr) if !stated.where_text.is_empty() => {
                learns_from.extend(expr.learned().into_iter().map(|(_, rule)| rule.to_owned()));
                needs::needs(&expr)
            }
            // Decided by code: it needs some of what it reads.
            _ if stated.fields.is_empty() => Vec::new(),
            _ => vec![stated.fields.clone()],
        };
        let mut places = Vec::new();
        for clause in clauses {
            let place = match self.clauses.iter().position(|known| *known == clause) {
                Some(place) => place,
                None => {
                    self.clauses.push(clause);
                    self.clauses.len() - 1
                }
            };
            places.push(place);
        }
        (places, learns_from)
    }

    /// The rule at `place`.
    pub(super) fn get(&self, place: u32) -> &Rule {
        &self.rules[place as usize]
    }

    /// The place of rule `rule` of detector `detector`.
    pub(super) fn place(&self, detector: usize, rule: u32) -> u32 {
        self.places[detector][rule as usize]
    }

    /// Whether no rule is of `tool`.
    pub(super) fn are_lacking(&self, tool: &str) -> bool {
        !self.rules.iter().any(|rule| rule.stated.tool == tool)
    }

    /// Every rule.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Every different clause that some rule needs.
    pub(super) fn clauses(&self) -> &[Clause] {
        &self.clauses
    }
}

/// The name that a key has in output.
fn key_name(key: Field) -> String {
    match key {
        field::USER_UPN => "account".to_owned(),
        other => other.name().replace('.', "_"),
    }
}
