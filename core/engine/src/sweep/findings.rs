//! What the detectors say of a batch, pooled per row and rule.
//!
//! The sweep and the explanation of an event both ask here, so that what is
//! explained is what is counted.

use std::collections::{BTreeMap, HashSet, btree_map::Entry};

use remora_abi::{Hit, field};
use remora_sources::Events;

use super::{
    batch::BatchViews,
    judge::{self, Browsers, Circumstances},
    rules::Rules,
    second::Facts,
};
use crate::host::{Detector, OwnedWitness};

/// A finding of one or several detectors about one row.
#[derive(Debug)]
pub(super) struct Pooled {
    /// Row of the events.
    pub row: usize,
    /// Place of the rule.
    pub rule: u32,
    /// Who found it, by place.
    pub detectors: Vec<u32>,
    /// Which installation of the tool.
    pub instance: String,
    /// Why.
    pub witnesses: Vec<OwnedWitness>,
}

/// What all detectors say of a batch.
#[derive(Debug, Default)]
pub(super) struct Heard {
    findings: BTreeMap<(usize, u32), Pooled>,
    /// What was learned, and by whom.
    pub facts: Facts,
}

impl Heard {
    /// The rows with a finding by one of these rules.
    pub(super) fn rows(&self, rule: impl Fn(u32) -> bool) -> HashSet<usize> {
        self.findings.keys().filter(|(_, id)| rule(*id)).map(|(row, _)| *row).collect()
    }

    /// The findings, by row and rule.
    pub(super) fn findings(self) -> Vec<Pooled> {
        self.findings.into_values().collect()
    }
}

/// Asks every one of `detectors` (by place) that has hits about the batch of
/// rows from `first` on.
pub(super) fn inspect<'d>(
    detectors: impl Iterator<Item = Option<&'d Detector>>,
    rules: &Rules,
    views: &BatchViews<'_>,
    hits: &[Vec<Hit>],
    first: usize,
    heard: &mut Heard,
) {
    let Heard { findings: pooled, facts } = heard;
    views.with(|batch| {
        for ((at, detector), hits) in detectors.enumerate().zip(hits) {
            let Some(detector) = detector else { continue };
            let said = detector.inspect(batch, hits);
            let place = u32::try_from(at).expect("detectors are few");
            facts.extend(said.facts.into_iter().map(|fact| (place, fact)));
            for finding in said.findings {
                let rule = rules.place(at, finding.rule);
                let row = first + finding.row as usize;
                let at = place;
                match pooled.entry((row, rule)) {
                    Entry::Vacant(entry) => {
                        entry.insert(Pooled {
                            row,
                            rule,
                            detectors: vec![at],
                            instance: finding.instance,
                            witnesses: finding.witnesses,
                        });
                    }
                    Entry::Occupied(mut entry) => {
                        let known = entry.get_mut();
                        if !known.detectors.contains(&at) {
                            known.detectors.push(at);
                        }
                        // One that knows the installation beside one that does not.
                        if known.instance.is_empty() {
                            known.instance = finding.instance;
                        }
                        pool(&mut known.witnesses, finding.witnesses);
                    }
                }
            }
        }
    });
}

/// Adds the witnesses that are not there yet.
pub(super) fn pool(known: &mut Vec<OwnedWitness>, more: impl IntoIterator<Item = OwnedWitness>) {
    for witness in more {
        // A supporting witness adds nothing beside a predicate on the same value.
        let same = known.iter().any(|one| {
            *one == witness
                || judge::is_supporting(&witness)
                    && (one.field, &one.literal, one.class)
                        == (witness.field, &witness.literal, witness.class)
        });
        if !same {
            known.push(witness);
        }
    }
}

/// What the judge looks at in a row, beside its witnesses.
pub(super) fn circumstances<'e>(
    events: &'e Events,
    row: usize,
    browsers: &Browsers,
) -> Circumstances<'e> {
    let text = |field| events.text(row, field);
    Circumstances {
        kind: events.kinds()[row],
        action: text(field::EVENT_ACTION),
        outcome: text(field::OUTCOME),
        observation: text(field::OBSERVATION),
        browser: browsers.include(text(field::PROCESS_NAME), text(field::PARENT_NAME)),
    }
}
