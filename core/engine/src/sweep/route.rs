//! One matcher over all detectors' interests: the screen asks it whether
//! anybody cares for a value, the router asks it who.
//!
//! Interests that several detectors share are matched once. So eighty
//! detectors over one catalog cost about what one costs, and a detector none
//! of whose interests is met is not called.

use std::collections::HashMap;

use remora_abi::{Field, Hit, Kind};
use remora_rules::{Index, IndexError, InterestSpec};
use remora_sources::{Events, Wanted};

use crate::host::{Detector, Detectors};

/// The interests of every detector of a run.
#[derive(Debug)]
pub struct Router {
    index: Index,
    /// Who has the interest of each id: detector and the interest's place there.
    owners: Vec<Vec<(u32, u32)>>,
    detectors: usize,
}

impl Router {
    /// Builds the matcher.
    pub fn new(detectors: &Detectors) -> Result<Router, IndexError> {
        Router::of(detectors.iter().map(Some))
    }

    /// Builds the matcher of the detectors at their places; a place may be
    /// empty.
    pub(super) fn of<'d>(
        detectors: impl Iterator<Item = Option<&'d Detector>>,
    ) -> Result<Router, IndexError> {
        let mut ids: HashMap<&InterestSpec, usize> = HashMap::new();
        let mut specs: Vec<InterestSpec> = Vec::new();
        let mut owners: Vec<Vec<(u32, u32)>> = Vec::new();
        let mut count = 0;
        for (detector, at) in detectors.zip(0..) {
            count += 1;
            let interests = detector.map_or(&[][..], Detector::interests);
            for (interest, place) in interests.iter().zip(0..) {
                let id = *ids.entry(interest).or_insert_with(|| {
                    specs.push(interest.clone());
                    owners.push(Vec::new());
                    specs.len() - 1
                });
                owners[id].push((at, place));
            }
        }
        Ok(Router { index: Index::new(&specs)?, owners, detectors: count })
    }

    /// Finds who wants which of the `rows` of `events`: hits per detector,
    /// ordered by row, rows counted from the first of `rows`.
    pub fn route(
        &self,
        events: &Events,
        rows: impl Iterator<Item = usize>,
        first: usize,
        hits: &mut Vec<Vec<Hit>>,
    ) {
        hits.resize_with(self.detectors, Vec::new);
        hits.iter_mut().for_each(Vec::clear);
        let mut met: Vec<u32> = Vec::new();
        for row in rows {
            self.who(events, row, &mut met, |detector, interest| {
                let row = u32::try_from(row - first).expect("a batch has at most 1,024 rows");
                hits[detector as usize].push(Hit { row, interest });
            });
        }
    }

    /// Tells `each` who wants `row` of `events`: the detector, and which of its
    /// interests is met. `met` is scratch space.
    pub(super) fn who(
        &self,
        events: &Events,
        row: usize,
        met: &mut Vec<u32>,
        mut each: impl FnMut(u32, u32),
    ) {
        let kind = events.kinds()[row];
        met.clear();
        met.extend_from_slice(self.index.whole_kind(kind));
        for field in self.index.fields(kind) {
            let value = events.text(row, *field);
            if !value.is_empty() {
                self.index.matches(kind, *field, value, met);
            }
        }
        for id in met {
            for (detector, interest) in &self.owners[*id as usize] {
                each(*detector, *interest);
            }
        }
    }
}

impl Wanted for Router {
    fn fields(&self, kind: Kind) -> &[Field] {
        self.index.fields(kind)
    }

    fn opens(&self, kind: Kind) -> bool {
        !self.index.whole_kind(kind).is_empty()
    }

    fn wants(&self, kind: Kind, field: Field, raw: &[u8]) -> bool {
        !raw.is_empty() && self.index.wants(kind, field, raw)
    }
}
