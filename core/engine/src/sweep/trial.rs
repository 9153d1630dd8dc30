//! Showing detectors events that no input has.
//!
//! A catalog's examples are events by field, and what they try is the detector:
//! its interests, its code on the other side of the plugin border, what it
//! adopts. So they are routed, inspected and shown again for what was learned
//! as a sweep does it; only reading, judging and grouping are left out.

use remora_sources::Events;

use super::{
    SweepError,
    batch::{BATCH_ROWS, BatchViews},
    findings::{Heard, inspect},
    route::Router,
    rules::Rules,
    second::Second,
};
use crate::host::{Detector, Detectors};

/// Detectors made ready to be shown events.
#[derive(Debug)]
pub struct Trial<'d> {
    detectors: &'d Detectors,
    rules: Rules,
    router: Router,
}

/// What was found about one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Row of the events.
    pub row: usize,
    /// The rule's id.
    pub rule: String,
    /// The names of the detectors that found it, sorted.
    pub detectors: Vec<String>,
}

impl<'d> Trial<'d> {
    /// Makes them ready.
    ///
    /// # Errors
    ///
    /// Detectors that contradict each other.
    pub fn new(detectors: &'d Detectors) -> Result<Trial<'d>, SweepError> {
        Ok(Trial {
            detectors,
            rules: Rules::new(detectors, &[], &[])?,
            router: Router::new(detectors).map_err(|why| SweepError::new(why.to_string()))?,
        })
    }

    /// Shows them `events`, and again if something was learned. Findings are in
    /// the order of rows and rules. A detector that fails is switched off, as
    /// in a sweep, and says so in [`Detector::fault`].
    ///
    /// # Errors
    ///
    /// What was learned cannot be looked for.
    pub fn show(&self, events: &Events) -> Result<Vec<Tried>, SweepError> {
        let mut heard = Heard::default();
        let all: Vec<Option<&Detector>> = self.detectors.iter().map(Some).collect();
        self.pass(&all, &self.router, events, &mut heard);
        if let Some(second) = Second::new(self.detectors, &self.rules, &heard.facts)? {
            let adopted: Vec<Option<&Detector>> =
                second.adopted.iter().map(Option::as_ref).collect();
            self.pass(&adopted, &second.router, events, &mut heard);
            for (detector, adopted) in self.detectors.iter().zip(&second.adopted) {
                adopted.iter().for_each(|adopted| detector.inherit_fault(adopted));
            }
        }
        let names: Vec<&str> = self.detectors.iter().map(Detector::name).collect();
        let mut tried: Vec<Tried> = heard
            .findings()
            .into_iter()
            .map(|found| {
                let mut detectors: Vec<String> =
                    found.detectors.iter().map(|at| names[*at as usize].to_owned()).collect();
                detectors.sort();
                let rule = self.rules.get(found.rule).stated.id.clone();
                Tried { row: found.row, rule, detectors }
            })
            .collect();
        // Of several installations of a tool in one event, one is enough.
        tried.dedup();
        Ok(tried)
    }

    fn pass(
        &self,
        detectors: &[Option<&Detector>],
        router: &Router,
        events: &Events,
        heard: &mut Heard,
    ) {
        let mut hits = Vec::new();
        for first in (0..events.len()).step_by(BATCH_ROWS) {
            let end = (first + BATCH_ROWS).min(events.len());
            router.route(events, first..end, first, &mut hits);
            let views = BatchViews::new(events, first, end, |record| record);
            inspect(detectors.iter().copied(), &self.rules, &views, &hits, first, heard);
        }
    }
}
