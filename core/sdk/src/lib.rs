//! What the author of a Remora detector uses.
//!
//! A detector is a struct that implements [`Detector`]: it states its
//! [`Rules`], asks for events by [`Interests`], and turns the events it is
//! shown into [`Findings`]. Everything that crosses the boundary to the host
//! (layouts, pointers, panics, errors, log lines) is this crate's business.
//!
//! # Hello, world
//!
//! A detector that reports every DNS question for a name below the vendor's
//! domain:
//!
//! ```
//! use remora_sdk::{
//!     Batch, Class, Detector, Error, Finding, Findings, Hit, How, Interests, Op, Role, Rule,
//!     Rules, Witness, field, kind,
//! };
//!
//! const DOMAIN: &str = "supremocontrol.com";
//!
//! pub struct Hello;
//!
//! impl Detector for Hello {
//!     const MANIFEST: &'static str =
//!         remora_sdk::manifest!(name: "hello", tools: ["supremo"], techniques: ["T1219.002"]);
//!
//!     fn new(config: &str) -> Result<Self, Error> {
//!         if !config.trim().is_empty() {
//!             return Err("hello takes no configuration".into());
//!         }
//!         Ok(Hello)
//!     }
//!
//!     fn rules(&self, rules: &mut Rules<'_>) {
//!         rules.push(&Rule {
//!             id: "hello.dns",
//!             tool: "supremo",
//!             tool_name: "SupRemo",
//!             title: "SupRemo - name looked up",
//!             techniques: &["T1219.002"],
//!             kinds: &[kind::DNS],
//!             keys: &[field::DEVICE_ID, field::DEVICE_NAME, field::REMOTE_HOST],
//!             fields: &[field::REMOTE_HOST],
//!             ..Rule::default()
//!         });
//!     }
//!
//!     fn interests(&self, interests: &mut Interests<'_>) {
//!         interests.push(kind::DNS, field::REMOTE_HOST, Op::UNDER, DOMAIN);
//!     }
//!
//!     fn inspect(
//!         &self,
//!         batch: &Batch<'_>,
//!         hits: &[Hit],
//!         findings: &mut Findings<'_>,
//!     ) -> Result<(), Error> {
//!         for (row, _) in batch.rows(hits) {
//!             let host = row.text(field::REMOTE_HOST);
//!             let witness = Witness {
//!                 class: Class::EXCLUSIVE,
//!                 role: Role::PORTAL,
//!                 how: if host == DOMAIN { How::EXACT } else { How::SUBDOMAIN },
//!                 ..Witness::new(field::REMOTE_HOST, Op::UNDER, DOMAIN, host)
//!             };
//!             findings.push(&Finding::new(row.index(), 0, &[witness]));
//!         }
//!         Ok(())
//!     }
//! }
//! # use remora_sdk::testing::{Event, Host};
//! # let events = [Event::new(kind::DNS).text(field::REMOTE_HOST, "relay1.supremocontrol.com")];
//! # remora_sdk::testing::conform::<Hello>("", &events).unwrap();
//! # let found = Host::of::<Hello>("").unwrap().inspect(&events).unwrap();
//! # assert_eq!(
//! #     found[0].witnesses[0].to_string(),
//! #     "remote.host under \"supremocontrol.com\" <- \"relay1.supremocontrol.com\" \
//! #      exclusive portal subdomain",
//! # );
//! ```
//!
//! That is the library crate `hello`. The plugin file is a second crate, of
//! type `cdylib`, that depends on `remora-sdk` and `hello` and consists of one
//! line:
//!
//! ```ignore
//! remora_sdk::export_detector!(hello::Hello);
//! ```
//!
//! # Features
//!
//! * `rules`: `rules::Driven`, for detectors whose logic is rules and
//!   indicators.
//! * `testing`: `testing`, the test kit; for `[dev-dependencies]`.
//!
//! # Logging
//!
//! `tracing` events ([`tracing`] is re-exported) reach the host's log from a
//! plugin file and from a linked-in detector alike. Findings are not log
//! lines, and nothing should be logged per event above `trace`.

#![deny(unsafe_code)]

mod batch;
mod detector;
pub mod export;
mod log;
#[cfg(feature = "rules")]
pub mod rules;
#[allow(unsafe_code)]
mod shim;
mod sinks;
#[cfg(feature = "testing")]
pub mod testing;

pub use remora_abi as abi;
#[cfg(feature = "rules")]
pub use remora_rules;
pub use tracing;

pub use abi::{Class, Field, Hit, How, Kind, Op, Role, field, kind};
pub use batch::{Batch, Numbers, Row, Texts};
pub use detector::{Detector, Error};
pub use shim::Shim;
pub use sinks::{Fact, Finding, Findings, Interests, Rule, Rules, Witness};
