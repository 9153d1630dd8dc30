//! What the detectors say of a batch, pooled per row, rule and instance.
//!
//! The sweep and the explanation of an event both ask here, so that what is
//! explained is what is counted.

use std::collections::{BTreeMap, btree_map::Entry};

use remora_abi::{Hit, field};
use remora_sources::Events;

use super::{
    batch::BatchViews,
    judge::{self, Browsers, Circumstances},
    rules::Rules,
};
use crate::host::{Detectors, OwnedWitness};

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

/// Asks every detector that has hits about the batch of rows from `first` on.
pub(super) fn inspect(
    detectors: &Detectors,
    rules: &Rules,
    views: &BatchViews<'_>,
    hits: &[Vec<Hit>],
    first: usize,
) -> Vec<Pooled> {
    let mut pooled: BTreeMap<(usize, u32, String), Pooled> = BTreeMap::new();
    views.with(|batch| {
        for ((at, detector), hits) in detectors.iter().enumerate().zip(hits) {
            for finding in detector.inspect(batch, hits) {
                let rule = rules.place(at, finding.rule);
                let row = first + finding.row as usize;
                let at = u32::try_from(at).expect("detectors are few");
                match pooled.entry((row, rule, finding.instance.clone())) {
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
                        pool(&mut known.witnesses, finding.witnesses);
                    }
                }
            }
        }
    });
    pooled.into_values().collect()
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
