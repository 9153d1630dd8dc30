//! What a plugin file logs reaches the host: `tracing` events and panics.
//!
//! A binary of its own, with one test: both are settings of the process.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use remora_sdk::{
    Batch, Detector, Error, Findings, Hit, Interests, Op, Rule, Rules, Shim,
    abi::Status,
    field, kind,
    testing::{Event, Host, Logged, logged},
    tracing,
};

struct Chatty;

impl Detector for Chatty {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "chatty", tools: ["chatty"], techniques: []);

    fn new(_: &str) -> Result<Self, Error> {
        tracing::info!(target: "chatty::setup", rules = 1, "ready");
        Ok(Chatty)
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        rules.push(&Rule { id: "chatty", tool: "chatty", ..Rule::default() });
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        interests.push(kind::DNS, field::REMOTE_HOST, Op::CONTAINS, "a");
    }

    fn inspect(&self, _: &Batch<'_>, _: &[Hit], _: &mut Findings<'_>) -> Result<(), Error> {
        let span = tracing::info_span!("inspecting");
        let _inside = span.enter();
        tracing::error!(target: "t", "one {}", 1);
        tracing::warn!(target: "t", name = "a b", count = 2_u64, ok = true, "two");
        tracing::debug!(target: "t", "three");
        tracing::trace!(target: "t", value = ?Some(1));
        panic!("four");
    }
}

#[test]
fn events_and_panics_reach_the_host() {
    // Linked in, a detector leaves the process as it is.
    drop(Host::of::<Chatty>("").unwrap());
    assert_eq!(logged(), []);

    let host = Host::new(Shim::<Chatty>::LOADED, "").unwrap();
    // A second detector of the same file connects nothing anew.
    let _second = Host::new(Shim::<Chatty>::LOADED, "").unwrap();
    let event = Event::new(kind::DNS).text(field::REMOTE_HOST, "a");
    assert_eq!(host.inspect(&[event]).unwrap_err().status, Status::PANIC);

    let mut lines = logged();
    let panicked = lines.pop().unwrap();
    let line = |level, target: &str, message: &str| Logged {
        level,
        target: target.into(),
        message: message.into(),
    };
    assert_eq!(
        lines,
        [
            line(3, "chatty::setup", "ready rules=1"),
            line(3, "chatty::setup", "ready rules=1"),
            line(1, "t", "one 1"),
            line(2, "t", "two name=\"a b\" count=2 ok=true"),
            line(4, "t", "three"),
            line(5, "t", "value=Some(1)"),
        ]
    );
    assert_eq!((panicked.level, panicked.target.as_str()), (1, "chatty"));
    let message = panicked.message.replace('\\', "/");
    assert!(message.starts_with("panicked at "), "{message}");
    assert!(message.contains("tests/bridge.rs:") && message.ends_with(": four"), "{message}");
}
