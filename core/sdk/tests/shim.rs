//! What a host sees of a detector: panics as statuses, errors as words, and a
//! detector that is never called again after its first panic.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::{
    panic,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use remora_sdk::{
    Batch, Detector, Error, Finding, Findings, Hit, Interests, Op, Rule, Rules, Witness,
    abi::Status,
    field, kind,
    testing::{Event, Failure, Host},
};

/// Does on request whatever a detector can do wrong. Requests are hosts that
/// an event names, and configurations.
struct Rogue {
    counted: bool,
}

/// How many detectors were dropped that were asked to count.
static DROPPED: AtomicUsize = AtomicUsize::new(0);

impl Drop for Rogue {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.counted.into(), Ordering::SeqCst);
    }
}

/// A payload that panics once more if somebody drops it.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the payload was dropped");
    }
}

#[derive(Debug)]
struct Layered(std::num::ParseIntError);

impl std::fmt::Display for Layered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the port\nis wrong")
    }
}

impl std::error::Error for Layered {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Detector for Rogue {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "rogue", tools: ["rogue"], techniques: []);

    fn new(config: &str) -> Result<Self, Error> {
        match config {
            "" => Ok(Rogue { counted: false }),
            "count" => Ok(Rogue { counted: true }),
            "panic" => panic!("no {}", "detector"),
            _ => Err(format!("unknown key {config:?}").into()),
        }
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        rules.push(&Rule { id: "rogue.dns", tool: "rogue", ..Rule::default() });
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        interests.push(kind::DNS, field::REMOTE_HOST, Op::UNDER, "rogue.example");
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        for (row, _) in batch.rows(hits) {
            let host = row.text(field::REMOTE_HOST);
            match host {
                "literal.rogue.example" => panic!("a literal"),
                "format.rogue.example" => panic!("row {}", row.index()),
                "bomb.rogue.example" => panic::panic_any(Bomb),
                "error.rogue.example" => {
                    return Err(Box::new(Layered("x".parse::<u16>().unwrap_err())));
                }
                "range.rogue.example" => {
                    batch.row(batch.len());
                }
                _ => {
                    let witness =
                        Witness::new(field::REMOTE_HOST, Op::UNDER, "rogue.example", host);
                    findings.push(&Finding::new(row.index(), 0, &[witness]));
                }
            }
        }
        Ok(())
    }
}

fn asks(host: &str) -> Event {
    Event::new(kind::DNS).text(field::REMOTE_HOST, format!("{host}.rogue.example"))
}

fn inspect(host: &Host, asked: &str) -> Result<usize, (Status, String)> {
    match host.inspect(&[asks(asked)]) {
        Ok(found) => Ok(found.len()),
        Err(Failure { status, message, .. }) => Err((status, message)),
    }
}

#[test]
fn a_panic_poisons() {
    for (asked, message) in [
        ("literal", "a literal"),
        ("format", "row 0"),
        ("bomb", "(a payload that is not text)"),
        ("range", "row 1 of a batch of 1"),
    ] {
        let host = Host::of::<Rogue>("").unwrap();
        assert_eq!(inspect(&host, "fine"), Ok(1));
        assert_eq!(inspect(&host, asked), Err((Status::PANIC, message.to_owned())));
        for _ in 0..2 {
            let (status, message) = inspect(&host, "fine").unwrap_err();
            assert_eq!(status, Status::POISONED, "{message}");
        }
    }
}

#[test]
fn a_poisoned_detector_is_not_dropped() {
    drop(Host::of::<Rogue>("count").unwrap());
    assert_eq!(DROPPED.load(Ordering::SeqCst), 1);
    let host = Host::of::<Rogue>("count").unwrap();
    inspect(&host, "literal").unwrap_err();
    drop(host);
    assert_eq!(DROPPED.load(Ordering::SeqCst), 1);
}

#[test]
fn an_error_is_words_and_does_not_poison() {
    let host = Host::of::<Rogue>("").unwrap();
    let message = "the port is wrong: invalid digit found in string".to_owned();
    assert_eq!(inspect(&host, "error"), Err((Status::FAILED, message)));
    assert_eq!(inspect(&host, "fine"), Ok(1));
}

#[test]
fn a_configuration_that_is_refused() {
    let failure = Host::of::<Rogue>("port").unwrap_err();
    assert_eq!(failure.status, Status::CONFIG);
    assert_eq!(failure.message, "unknown key \"port\"");
    let failure = Host::of::<Rogue>("panic").unwrap_err();
    assert_eq!(failure.status, Status::PANIC);
    assert_eq!(failure.message, "no detector");
}

#[test]
fn what_was_found_before_a_failure_is_told_apart() {
    for asked in ["literal", "error"] {
        let host = Host::of::<Rogue>("").unwrap();
        let events = [asks("one"), asks("two"), asks(asked), asks("three")];
        let failure = host.inspect(&events).unwrap_err();
        let rows: Vec<u32> = failure.discarded.iter().map(|found| found.row).collect();
        assert_eq!(rows, [0, 1], "{asked}");
    }
}

#[test]
fn a_panic_on_one_thread_poisons_all() {
    let host = Host::of::<Rogue>("").unwrap();
    let (host, barrier) = (&host, &Barrier::new(4));
    let results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(move || {
                    barrier.wait();
                    inspect(host, "literal").unwrap_err().0
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    // Calls already under way may panic as well; nothing else can happen.
    assert!(results.contains(&Status::PANIC), "{results:?}");
    assert!(results.iter().all(|s| [Status::PANIC, Status::POISONED].contains(s)), "{results:?}");
    assert_eq!(inspect(host, "fine").unwrap_err().0, Status::POISONED);
}

#[test]
fn nothing_routed_is_no_call() {
    let host = Host::of::<Rogue>("").unwrap();
    let other = Event::new(kind::DNS).text(field::REMOTE_HOST, "literal.example");
    assert_eq!(host.inspect(&[other]).unwrap(), []);
    // The kind counts, too.
    let other = Event::new(kind::TLS).text(field::REMOTE_HOST, "literal.rogue.example");
    assert_eq!(host.inspect(&[other]).unwrap(), []);
}
