//! What the inputs could have shown at all: per tool and kind of evidence.
//!
//! A sweep that found nothing in logs that could not have shown it must not
//! read as clean. `blind`: the input has no records of a kind that a rule of
//! that evidence looks at. `partial`: a field that such a rule needs is filled
//! in fewer than nine of ten sampled records of a kind, or in none of one of
//! several inputs. Addresses without a name do not count against names.

use std::collections::{BTreeMap, BTreeSet};

use remora_abi::{Kind, field};
use serde::Serialize;

use super::{
    Options,
    rules::{Clause, Evidence, Rule, Rules},
    sample::{Fill, Sample},
};

/// Below this share of filled rows a kind of evidence is partial.
const ENOUGH: f64 = 0.9;

/// How well a kind of evidence is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cover {
    /// Whatever is in the input's period would have been seen.
    Covered,
    /// Some of it may not have been.
    Partial,
    /// Nothing of it could have been.
    Blind,
}

/// The coverage of one tool.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// The tool's id.
    pub tool: String,
    /// Connections and the logs that stand for them.
    pub network: Cover,
    /// Share of filled rows, two decimals, where partial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_share: Option<f64>,
    /// Programs that ran.
    pub process: Cover,
    /// Share of filled rows, where partial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_share: Option<f64>,
    /// Signatures of files.
    pub signature: Cover,
    /// Share of filled rows, where partial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_share: Option<f64>,
    /// The reasons, where anything is not covered.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl Coverage {
    fn without_rules(tool: &str) -> Coverage {
        Coverage {
            tool: tool.to_owned(),
            network: Cover::Blind,
            network_share: None,
            process: Cover::Blind,
            process_share: None,
            signature: Cover::Blind,
            signature_share: None,
            why: NO_RULE.to_owned(),
        }
    }

    /// Whether all three are covered.
    pub fn is_whole(&self) -> bool {
        [self.network, self.process, self.signature].iter().all(|cover| *cover == Cover::Covered)
    }
}

/// Why nothing of a tool could have been seen, whatever the input.
pub const NO_RULE: &str = "no rule";

/// One answer with its reason.
struct Answer {
    cover: Cover,
    share: Option<f64>,
    why: String,
}

fn names(clause: &Clause) -> String {
    clause.iter().map(|field| field.name()).collect::<Vec<_>>().join(" or ")
}

fn is_name(clause: &Clause) -> bool {
    clause.iter().any(|field| matches!(*field, field::REMOTE_URL | field::REMOTE_HOST))
}

/// `kinds` are those that the tool's rules of this evidence look at.
fn blind(evidence: Evidence, kinds: &BTreeSet<Kind>) -> String {
    match evidence {
        Evidence::Network => {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            let names = match &names[..] {
                [first @ .., last] if !first.is_empty() => {
                    format!("{} or {last}", first.join(", "))
                }
                _ => names.join(""),
            };
            format!("no {names} records in the input")
        }
        Evidence::Process => "no process table in the input".to_owned(),
        Evidence::Signature => "no signature table in the input".to_owned(),
    }
}

/// Rows that count for a clause, and those of them that fill it.
fn count(fill: &Fill, at: usize, clause: &Clause) -> (u64, u64) {
    let excused = if is_name(clause) { fill.excused[at] } else { 0 };
    (fill.rows - excused, fill.filled[at])
}

/// What the input lacks for `rule` to learn what it asks for.
fn lacks(rule: &Rule, rules: &Rules, samples: &[Sample]) -> Option<String> {
    let there = |kind: &Kind| samples.iter().any(|sample| sample.fill.contains_key(kind));
    rule.learns_from.iter().find_map(|id| {
        let learner = rules.iter().find(|one| one.stated.id == *id)?;
        let kinds = &learner.stated.kinds;
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        (!kinds.iter().any(there))
            .then(|| format!("no {} records to learn from", names.join(" or ")))
    })
}

fn answer(evidence: Evidence, tool: &str, rules: &Rules, samples: &[Sample]) -> Answer {
    let of_tool: Vec<_> = rules
        .iter()
        .filter(|rule| rule.stated.tool == tool)
        .filter(|rule| rule.stated.kinds.iter().any(|kind| Evidence::of(*kind) == Some(evidence)))
        .collect();
    if of_tool.is_empty() {
        return Answer {
            cover: Cover::Blind,
            share: None,
            why: format!("no {} rule", evidence.name()),
        };
    }
    let mut present: BTreeMap<Kind, Vec<&Fill>> = BTreeMap::new();
    for sample in samples {
        for (kind, fill) in &sample.fill {
            if Evidence::of(*kind) == Some(evidence) {
                present.entry(*kind).or_default().push(fill);
            }
        }
    }
    let all = of_tool.iter().flat_map(|rule| &rule.stated.kinds).copied();
    let kinds: BTreeSet<Kind> = all.filter(|kind| Evidence::of(*kind) == Some(evidence)).collect();
    let mut seen = false;
    let mut share: f64 = 1.0;
    let mut poor: BTreeSet<String> = BTreeSet::new();
    for rule in of_tool {
        let nothing_learned = lacks(rule, rules, samples);
        for kind in &rule.stated.kinds {
            let Some(fills) = present.get(kind) else { continue };
            if let Some(lacking) = &nothing_learned {
                share = 0.0;
                poor.insert(lacking.clone());
                continue;
            }
            seen = true;
            for at in &rule.needs {
                let clause = &rules.clauses()[*at];
                let counts: Vec<(u64, u64)> =
                    fills.iter().map(|fill| count(fill, *at, clause)).collect();
                let (rows, filled) =
                    counts.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
                if rows == 0 {
                    continue;
                }
                let filled_share = filled as f64 / rows as f64;
                let missing = counts.len() > 1
                    && counts.iter().any(|(rows, filled)| *rows > 0 && *filled == 0);
                if filled_share < ENOUGH || missing {
                    share = share.min(filled_share);
                    let percent = (filled_share * 100.0).floor();
                    let of = format!(
                        "{} is filled in {percent} % of {} records",
                        names(clause),
                        kind.name()
                    );
                    poor.insert(if missing {
                        format!("{of} and in none of one input")
                    } else {
                        of
                    });
                }
            }
        }
    }
    if !seen {
        let why = match poor.pop_first() {
            Some(lacking) => lacking,
            None => blind(evidence, &kinds),
        };
        return Answer { cover: Cover::Blind, share: None, why };
    }
    if poor.is_empty() {
        return Answer { cover: Cover::Covered, share: None, why: String::new() };
    }
    Answer {
        cover: Cover::Partial,
        share: Some((share * 100.0).round() / 100.0),
        why: poor.into_iter().collect::<Vec<_>>().join("; "),
    }
}

/// The coverage of every tool that is reported, by id. Tools without rules are
/// reported unless others are named.
pub(super) fn coverage(options: &Options, rules: &Rules, samples: &[Sample]) -> Vec<Coverage> {
    let reported = rules.iter().filter(|rule| rule.reported);
    let mut tools: BTreeSet<&str> = reported.map(|rule| rule.stated.tool.as_str()).collect();
    if options.tools.is_empty() && options.rules.is_empty() {
        tools.extend(options.without_rules.iter().map(String::as_str));
    }
    let mut all = Vec::new();
    for tool in tools {
        if rules.are_lacking(tool) {
            all.push(Coverage::without_rules(tool));
            continue;
        }
        let [network, process, signature] =
            Evidence::ALL.map(|evidence| answer(evidence, tool, rules, samples));
        let why: Vec<&str> = [&network, &process, &signature]
            .into_iter()
            .map(|answer| answer.why.as_str())
            .filter(|why| !why.is_empty())
            .collect();
        all.push(Coverage {
            tool: tool.to_owned(),
            network: network.cover,
            network_share: network.share,
            process: process.cover,
            process_share: process.share,
            signature: signature.cover,
            signature_share: signature.share,
            why: why.join("; "),
        });
    }
    all
}
