//! What the detectors say of a batch, pooled per row and rule.
//!
//! The sweep and the explanation of an event both ask here, so that what is
//! explained is what is counted.

use std::{borrow::Borrow, collections::HashSet};

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
    /// As they were said.
    findings: Vec<Pooled>,
    /// What was learned, and by whom.
    pub facts: Facts,
}

impl Heard {
    /// The rows with a finding by one of these rules.
    pub(super) fn rows(&self, rule: impl Fn(u32) -> bool) -> HashSet<usize> {
        self.findings.iter().filter(|one| rule(one.rule)).map(|one| one.row).collect()
    }

    /// The findings, by row and rule: what several detectors found, or one of
    /// them twice, is one.
    pub(super) fn findings(mut self) -> Vec<Pooled> {
        let key = |one: &Pooled| (one.row, one.rule);
        // Stable: who spoke first stands first.
        self.findings.sort_by_key(key);
        self.findings.dedup_by(|more, known| {
            let same = key(more) == key(known);
            if same {
                for detector in &more.detectors {
                    if !known.detectors.contains(detector) {
                        known.detectors.push(*detector);
                    }
                }
                // One that knows the installation beside one that does not.
                if known.instance.is_empty() {
                    known.instance = std::mem::take(&mut more.instance);
                }
                pool(&mut known.witnesses, more.witnesses.drain(..));
            }
            same
        });
        self.findings
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
    views.with(|batch| {
        for ((at, detector), hits) in detectors.enumerate().zip(hits) {
            let Some(detector) = detector.filter(|_| !hits.is_empty()) else { continue };
            let said = detector.inspect(batch, hits);
            let place = u32::try_from(at).expect("detectors are few");
            heard.facts.extend(said.facts.into_iter().map(|fact| (place, fact)));
            heard.findings.extend(said.findings.into_iter().map(|finding| Pooled {
                row: first + finding.row as usize,
                rule: rules.place(at, finding.rule),
                detectors: vec![place],
                instance: finding.instance,
                witnesses: finding.witnesses,
            }));
        }
    });
}

/// Adds the witnesses that are not there yet.
pub(super) fn pool<W: Borrow<OwnedWitness>>(known: &mut Vec<W>, more: impl IntoIterator<Item = W>) {
    for witness in more {
        let one: &OwnedWitness = witness.borrow();
        // A supporting witness adds nothing beside a predicate on the same value.
        let same = known.iter().map(Borrow::borrow).any(|other| {
            other == one
                || judge::is_supporting(one)
                    && (other.field, &other.literal, other.class)
                        == (one.field, &one.literal, one.class)
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
