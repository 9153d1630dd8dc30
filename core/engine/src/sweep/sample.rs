//! The sample from which fill rates, devices and time spans are told.
//!
//! Fixed by position, never by what the screen let through: the first 256
//! records of each input and kind, and every 4,096th record of an input after.
//! Blocks are scanned in any order, so a worker that cannot know how many
//! records of a kind came before takes up to 256 of its block, and the surplus
//! is dropped at the end: what remains is the same with any number of threads.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use remora_abi::{Kind, field, kind::KINDS};
use remora_sources::{Events, Sampler};

use super::rules::Clause;

/// The first so many records of each input and kind are in the sample.
pub(super) const FIRST: u32 = 256;
/// Every so-manieth record of an input is.
pub(super) const EVERY: u64 = 4096;

type PerKind = [u32; 64];

fn slot(kind: Kind) -> usize {
    debug_assert!(KINDS.len() < 64);
    usize::from(kind.0).min(63)
}

/// How many records of each kind the finished blocks of an input held, as far
/// as they are finished without a gap.
#[derive(Debug)]
pub(super) struct Quota {
    state: Mutex<QuotaState>,
}

#[derive(Debug)]
struct QuotaState {
    next: u64,
    seen: PerKind,
    finished: BTreeMap<u64, PerKind>,
}

impl Default for Quota {
    fn default() -> Self {
        let state = QuotaState { next: 0, seen: [0; 64], finished: BTreeMap::new() };
        Quota { state: Mutex::new(state) }
    }
}

impl Quota {
    /// Chooses the records of block `number`.
    pub(super) fn sampler(&self, number: u64) -> BlockSampler {
        let state = self.state.lock().expect("no worker panics while it holds the quota");
        // A lower bound of what came before is enough: it only adds surplus.
        debug_assert!(state.next <= number);
        BlockSampler { left: state.seen.map(|seen| FIRST.saturating_sub(seen)), seen: [0; 64] }
    }

    /// Notes what block `number` held.
    pub(super) fn finish(&self, number: u64, sampler: &BlockSampler) {
        let mut state = self.state.lock().expect("no worker panics while it holds the quota");
        state.finished.insert(number, sampler.seen);
        while let Some(seen) = {
            let next = state.next;
            state.finished.remove(&next)
        } {
            for (all, block) in state.seen.iter_mut().zip(seen) {
                *all = all.saturating_add(block);
            }
            state.next += 1;
        }
    }
}

/// Chooses the records of one block.
#[derive(Debug)]
pub(super) struct BlockSampler {
    left: PerKind,
    seen: PerKind,
}

impl Sampler for BlockSampler {
    #[inline]
    fn take(&mut self, kind: Kind, record: u64) -> bool {
        let slot = slot(kind);
        let seen = self.seen[slot];
        self.seen[slot] = seen.saturating_add(1);
        seen < self.left[slot] || record.is_multiple_of(EVERY)
    }

    #[inline]
    fn would_take(&self, kind: Kind, record: u64) -> bool {
        let slot = slot(kind);
        self.seen[slot] < self.left[slot] || record.is_multiple_of(EVERY)
    }

    fn always_takes(&self, record: u64) -> bool {
        record < u64::from(FIRST) || record.is_multiple_of(EVERY)
    }
}

/// Takes no record.
pub(super) struct NoSample;

impl Sampler for NoSample {
    fn take(&mut self, _: Kind, _: u64) -> bool {
        false
    }
}

/// What is remembered of a sampled record.
#[derive(Clone, Debug)]
pub(super) struct SampledRow {
    record: u64,
    kind: Kind,
    /// A bit per clause, for those that the record fills.
    filled: Box<[u64]>,
    /// It has an address and no name.
    address_only: bool,
    time: Option<i64>,
    /// Whether a clock could show the time.
    plausible: bool,
    device: u64,
}

impl SampledRow {
    /// Remembers `row`.
    pub(super) fn new(
        events: &Events,
        row: usize,
        clauses: &[Clause],
        plausible: bool,
    ) -> SampledRow {
        let mut filled = vec![0u64; clauses.len().div_ceil(64)];
        for (at, clause) in clauses.iter().enumerate() {
            let fills = clause.iter().any(|field| {
                if field.is_number() {
                    events.number(row, *field).is_some()
                } else {
                    !events.text(row, *field).is_empty()
                }
            });
            filled[at / 64] |= u64::from(fills) << (at % 64);
        }
        SampledRow {
            record: events.record(row),
            kind: events.kinds()[row],
            filled: filled.into(),
            address_only: !events.text(row, field::REMOTE_IP).is_empty()
                && events.text(row, field::REMOTE_URL).is_empty()
                && events.text(row, field::REMOTE_HOST).is_empty(),
            time: events.time(row),
            plausible,
            device: device_hash(events, row),
        }
    }
}

/// Which device a row speaks of, by id, else by name, else by its own address; 0 for none.
pub(super) fn device_hash(events: &Events, row: usize) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut names = [field::DEVICE_ID, field::DEVICE_NAME, field::LOCAL_IP]
        .into_iter()
        .map(|field| events.text(row, field));
    let Some(name) = names.find(|name| !name.is_empty()) else { return 0 };
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish().max(1)
}

/// The fill rates of one input and kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Fill {
    /// Sampled rows.
    pub rows: u64,
    /// Per clause: rows that fill it.
    pub filled: Vec<u64>,
    /// Per clause: rows that do not, but have an address and no name.
    pub excused: Vec<u64>,
}

/// The sample of one input, complete.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// By kind.
    pub fill: BTreeMap<Kind, Fill>,
    /// Earliest and latest time.
    pub span: Option<(i64, i64)>,
    /// Devices, and the times of their rows.
    pub devices: Devices,
}

impl Sample {
    /// Drops the surplus of `rows` and counts the rest.
    pub(super) fn new(mut rows: Vec<SampledRow>, clauses: usize) -> Sample {
        rows.sort_unstable_by_key(|row| row.record);
        let mut sample = Sample::default();
        let mut counts: PerKind = [0; 64];
        for row in rows {
            let count = &mut counts[slot(row.kind)];
            *count += 1;
            if *count > FIRST && !row.record.is_multiple_of(EVERY) {
                continue;
            }
            let fill = sample.fill.entry(row.kind).or_insert_with(|| Fill {
                rows: 0,
                filled: vec![0; clauses],
                excused: vec![0; clauses],
            });
            fill.rows += 1;
            for clause in 0..clauses {
                let filled = row.filled[clause / 64] >> (clause % 64) & 1;
                fill.filled[clause] += filled;
                fill.excused[clause] += u64::from(filled == 0 && row.address_only);
            }
            extend(&mut sample.span, row.time);
            sample.devices.add(row.device, row.time.filter(|_| row.plausible));
        }
        sample
    }
}

/// The devices of an input by [`device_hash`], each with the span of its rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Devices {
    spans: HashMap<u64, Option<(i64, i64)>>,
}

impl Devices {
    /// Notes a row of `device`.
    pub(super) fn add(&mut self, device: u64, time: Option<i64>) {
        if device != 0 {
            extend(self.spans.entry(device).or_default(), time);
        }
    }

    /// Takes in those of another worker.
    pub(super) fn merge(&mut self, other: &Devices) {
        for (device, span) in &other.spans {
            let known = self.spans.entry(*device).or_default();
            for time in span.iter().flat_map(|(first, last)| [*first, *last]) {
                extend(known, Some(time));
            }
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Earliest and latest time of a row of `device`.
    pub(super) fn span(&self, device: u64) -> Option<(i64, i64)> {
        self.spans.get(&device).copied().flatten()
    }
}

/// Widens a span to take in `time`.
pub(super) fn extend(span: &mut Option<(i64, i64)>, time: Option<i64>) {
    if let Some(time) = time {
        let (first, last) = span.unwrap_or((time, time));
        *span = Some((first.min(time), last.max(time)));
    }
}

#[cfg(test)]
mod tests {
    use remora_abi::kind;

    use super::*;

    /// Takes the sample of `kinds`, cut into blocks, scanned in `order`.
    fn take(kinds: &[Kind], block: usize, order: &[usize]) -> Vec<u64> {
        let quota = Quota::default();
        let mut rows = Vec::new();
        // Two blocks are under way at once, as with two workers.
        for pair in order.chunks(2) {
            let samplers: Vec<_> = pair.iter().map(|at| (*at, quota.sampler(*at as u64))).collect();
            for (at, mut sampler) in samplers {
                for (offset, kind) in kinds.iter().enumerate().skip(at * block).take(block) {
                    if sampler.take(*kind, offset as u64) {
                        rows.push(SampledRow {
                            record: offset as u64,
                            kind: *kind,
                            filled: Box::new([0]),
                            address_only: false,
                            time: Some(offset as i64),
                            plausible: true,
                            device: 1 + offset as u64,
                        });
                    }
                }
                quota.finish(at as u64, &sampler);
            }
        }
        let sample = Sample::new(rows, 1);
        let mut devices: Vec<u64> = sample.devices.spans.into_keys().collect();
        devices.sort_unstable();
        devices
    }

    #[test]
    fn the_sample_does_not_depend_on_blocks_or_their_order() {
        let kinds: Vec<Kind> = (0..9000)
            .map(|at| if at % 7 == 0 { kind::PROCESS } else { kind::CONNECTION })
            .collect();
        let want = take(&kinds, 9000, &[0]);
        // 256 of each kind, and the records 4096 and 8192.
        assert_eq!(want.len(), 256 + 256 + 2);
        let blocks = 9000_usize.div_ceil(100);
        let straight: Vec<usize> = (0..blocks).collect();
        let swapped: Vec<usize> =
            straight.chunks(2).flat_map(|pair| pair.iter().rev().copied()).collect();
        assert_eq!(take(&kinds, 100, &straight), want);
        assert_eq!(take(&kinds, 100, &swapped), want);
    }
}
