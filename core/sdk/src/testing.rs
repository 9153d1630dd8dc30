//! The test kit: a host for tests, without files, formats and judging.
//!
//! It calls a detector through the very functions that a real host calls
//! ([`Shim`](crate::Shim)), and routes with the real matcher, so that a test
//! fails where the detector would: a missing interest hides its event here
//! too, and a panic comes back as a status. What it does not do is what comes
//! after a finding: nothing is judged, grouped or deduplicated.
//!
//! ```
//! use remora_sdk::{abi::{field, kind}, testing::{Event, Host}};
//! # use remora_sdk::{Batch, Detector, Error, Finding, Findings, Hit, Interests, Op, Rule, Rules, Witness};
//! # struct Hello;
//! # impl Detector for Hello {
//! #     const MANIFEST: &'static str =
//! #         remora_sdk::manifest!(name: "hello", tools: ["supremo"], techniques: []);
//! #     fn new(_: &str) -> Result<Self, Error> { Ok(Hello) }
//! #     fn rules(&self, rules: &mut Rules<'_>) {
//! #         rules.push(&Rule { id: "hello.domain", ..Rule::default() });
//! #     }
//! #     fn interests(&self, interests: &mut Interests<'_>) {
//! #         interests.push(kind::DNS, field::REMOTE_HOST, Op::UNDER, "supremocontrol.com");
//! #     }
//! #     fn inspect(
//! #         &self, batch: &Batch<'_>, hits: &[Hit], findings: &mut Findings<'_>,
//! #     ) -> Result<(), Error> {
//! #         for (row, _) in batch.rows(hits) {
//! #             findings.push(&Finding::new(row.index(), 0, &[]));
//! #         }
//! #         Ok(())
//! #     }
//! # }
//! let host = Host::of::<Hello>("").unwrap();
//! let asked = Event::new(kind::DNS)
//!     .at("2026-01-11T08:00:00Z")
//!     .text(field::REMOTE_HOST, "www.supremocontrol.com");
//! let found = host.inspect(&[asked]).unwrap();
//! assert_eq!(found[0].rule, "hello.domain");
//! ```

mod conform;
mod event;
mod host;

pub use conform::conform;
pub use event::Event;
pub use host::{Failure, Found, FoundWitness, Host, Logged, StatedRule, logged};
