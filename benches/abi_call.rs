//! What the boundary costs: one detector, called directly, linked in, loaded.
//!
//! `inspect` of the SupRemo detector over the same batches in three ways.
//! `direct` calls the `Detector` trait's function from Rust, with the batch
//! already in the SDK's view: no table, no guard, no view, no collecting of the
//! host's. `linked in` and `loaded` are what the sweep does: the host's
//! `Detector::inspect`, through the module's table, into the shim, with
//! everything that the host does around a call; the difference between the two
//! is whether the code lies in the program or in a shared object.
//!
//! * `abi_call_found`: every row is a contact of SupRemo; each gives two
//!   findings of some 500 bytes, which the host copies.
//! * `abi_call_found_1_in_64`: one row in 64 is, and others only lie in the
//!   batch, as other detectors' rows do. A batch of one row is left out here.
//! * `abi_call_refuted`: every row meets an interest, no rule holds, nothing is
//!   found: the call and the detector's own work, and no copying. Here the
//!   boundary weighs most.
//! * `abi_call_no_hit`: no row met an interest, so the detector is not called;
//!   what is left is the host's decision.
//!
//! Findings are dropped outside the measured time in every case. Hits come from
//! the real matcher, and before anything is measured the findings of all three
//! are counted, and those of linked in and loaded compared.

use std::{
    cell::Cell,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, Throughput};
use remora_abi::{Batch, Hit};
use remora_benches::{
    events::{Row, decode},
    plugin::{self, Symbols},
};
use remora_engine::{
    Detector, Detectors,
    host::{LinkedIn, Plugins},
    sweep::{BatchViews, Router},
};
use remora_sdk::{Detector as _, Error, Findings, Interests, Rules, Shim};
use remora_sources::Events;
use remora_supremo::SupRemo;

const ROWS: [usize; 4] = [1, 64, 256, 1024];

fn main() {
    let mut criterion = remora_benches::criterion();
    let linked = start(&[LinkedIn { manifest: SupRemo::MANIFEST, module: remora_supremo::MODULE }]);
    let direct = start(&[LinkedIn { manifest: Direct::MANIFEST, module: Shim::<Direct>::MODULE }]);
    let loaded = if cfg!(target_os = "linux") {
        let plugins = Plugins {
            files: vec![plugin::build(plugin::SUPREMO, Symbols::Kept)],
            ..Plugins::default()
        };
        Some(Detectors::start(&[], &plugins, &[]).expect("the plugin was built for this host"))
    } else {
        eprintln!("`loaded` is left out: plugins are loaded on Linux only");
        None
    };
    let ways = Ways {
        direct: only(&direct),
        linked: only(&linked),
        loaded: loaded.as_ref().map(only),
        router: Router::new(&linked).expect("the host took these interests"),
    };
    for rows in ROWS {
        ways.measure(&mut criterion, "found", &Case::new(rows, 1, Row::Contact, Row::Browsing));
        if rows >= 64 {
            let case = Case::new(rows, 64, Row::Contact, Row::Browsing);
            ways.measure(&mut criterion, "found_1_in_64", &case);
        }
        ways.measure(&mut criterion, "refuted", &Case::new(rows, 1, Row::Backup, Row::Backup));
    }
    ways.measure_no_hit(&mut criterion);
    criterion.final_summary();
}

fn start(linked_in: &[LinkedIn]) -> Detectors {
    Detectors::start(linked_in, &Plugins::default(), &[]).expect("the linked-in detector starts")
}

fn only(detectors: &Detectors) -> &Detector {
    let mut all = detectors.iter();
    let first = all.next().expect("one was started");
    assert!(all.next().is_none());
    first
}

/// A batch, and what is right for it.
struct Case {
    events: Events,
    /// Rows that meet an interest.
    met: usize,
    findings: usize,
}

impl Case {
    /// `rows` rows, the first of each `step` of them a `hit`.
    fn new(rows: usize, step: usize, hit: Row, filler: Row) -> Case {
        let row = |at: usize| if at.is_multiple_of(step) { hit } else { filler };
        let met = rows.div_ceil(step);
        let findings = if hit == Row::Contact { 2 * met } else { 0 };
        Case { events: decode((0..rows).map(row)), met, findings }
    }
}

/// The same detector, reached in three ways.
struct Ways<'a> {
    direct: &'a Detector,
    linked: &'a Detector,
    loaded: Option<&'a Detector>,
    router: Router,
}

impl Ways<'_> {
    fn measure(&self, criterion: &mut Criterion, name: &str, case: &Case) {
        let rows = case.events.len();
        let mut hits = Vec::new();
        self.router.route(&case.events, 0..rows, 0, &mut hits);
        let hits = &hits[0];
        let met: Vec<u32> = hits.iter().map(|hit| hit.row).collect();
        assert_eq!(met.chunk_by(|one, next| one == next).count(), case.met);
        // How many calls are measured at a time: few enough for their findings
        // to stay below the host's limit and in the cache.
        let run = (8192 / case.findings.max(8)).clamp(1, 64) as u64;

        let mut group = criterion.benchmark_group(format!("abi_call_{name}"));
        group.throughput(Throughput::Elements(rows as u64));
        let views = BatchViews::new(&case.events, 0, rows, |record| record);
        views.with(|batch| {
            let found = self.linked.inspect(batch, hits);
            assert_eq!(found.findings.len(), case.findings);
            group.bench_function(BenchmarkId::new("direct", rows), |bencher| {
                bencher.iter_custom(|calls| {
                    in_runs(calls, run, |calls| {
                        call_directly(self.direct, batch, hits, calls, case)
                    })
                });
            });
            let hosted = [("linked in", Some(self.linked)), ("loaded", self.loaded)];
            for (way, detector) in hosted {
                let Some(detector) = detector else { continue };
                assert_eq!(detector.inspect(batch, hits), found);
                group.bench_function(BenchmarkId::new(way, rows), |bencher| {
                    bencher.iter_custom(|calls| {
                        in_runs(calls, run, |calls| call(detector, batch, hits, calls, case))
                    });
                });
            }
        });
        group.finish();
    }

    fn measure_no_hit(&self, criterion: &mut Criterion) {
        let rows = ROWS[3];
        let events = decode(vec![Row::Browsing; rows]);
        let mut hits = Vec::new();
        self.router.route(&events, 0..rows, 0, &mut hits);
        assert!(hits[0].is_empty());
        let detector = self.loaded.unwrap_or(self.linked);
        let mut group = criterion.benchmark_group("abi_call_no_hit");
        group.throughput(Throughput::Elements(rows as u64));
        BatchViews::new(&events, 0, rows, |record| record).with(|batch| {
            assert!(detector.inspect(batch, &hits[0]).findings.is_empty());
            group.bench_function(BenchmarkId::new("not called", rows), |bencher| {
                bencher.iter(|| detector.inspect(black_box(batch), black_box(&hits[0])));
            });
        });
        group.finish();
    }
}

/// The sum of `measure` over `calls` calls, at most `run` at a time.
fn in_runs(calls: u64, run: u64, mut measure: impl FnMut(u64) -> Duration) -> Duration {
    let mut sum = Duration::ZERO;
    let mut left = calls;
    while left > 0 {
        let now = left.min(run);
        sum += measure(now);
        left -= now;
    }
    sum
}

/// Measures `calls` calls as the sweep makes them.
fn call(detector: &Detector, batch: &Batch<'_>, hits: &[Hit], calls: u64, case: &Case) -> Duration {
    let mut kept = Vec::with_capacity(calls as usize);
    let start = Instant::now();
    for _ in 0..calls {
        kept.push(detector.inspect(black_box(batch), black_box(hits)));
    }
    let elapsed = start.elapsed();
    assert!(kept.iter().all(|found| found.findings.len() == case.findings));
    elapsed
}

/// Measures `calls` calls of the trait's function, all within one call of the
/// host's: only there do the SDK's batch and sink exist.
fn call_directly(
    detector: &Detector,
    batch: &Batch<'_>,
    hits: &[Hit],
    calls: u64,
    case: &Case,
) -> Duration {
    CALLS.set(calls);
    let found = detector.inspect(batch, hits);
    assert_eq!(detector.fault(), None);
    assert_eq!(found.findings.len() as u64, calls * case.findings as u64);
    ELAPSED.take()
}

thread_local! {
    /// How often [`Direct`] is to call.
    static CALLS: Cell<u64> = const { Cell::new(1) };
    /// How long that took.
    static ELAPSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The SupRemo detector, which it calls as often as it is told to.
struct Direct(SupRemo);

impl remora_sdk::Detector for Direct {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "direct", tools: ["supremo"], techniques: ["T1219"]);

    fn new(config: &str) -> Result<Self, Error> {
        SupRemo::new(config).map(Direct)
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        self.0.rules(rules);
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        self.0.interests(interests);
    }

    fn inspect(
        &self,
        batch: &remora_sdk::Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        let start = Instant::now();
        for _ in 0..CALLS.get() {
            self.0.inspect(black_box(batch), black_box(hits), findings)?;
        }
        ELAPSED.set(start.elapsed());
        Ok(())
    }
}
