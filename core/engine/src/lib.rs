//! The host of Remora's detectors, and the sweep.
//!
//! Two halves. [`host`] decides which detectors run: linked in or loaded from
//! a file, each step of loading a module of its own, so that what is refused
//! can be said in one sentence. [`sweep`] drives them over event sources:
//! screen, decode, route, inspect, judge, group. The engine knows no tool by
//! name and no format by its columns.
//!
//! Unsafe code is in `host/load.rs` only, where a shared object is opened.
#![deny(unsafe_code)]

pub mod host;
pub mod sweep;

pub use remora_abi as abi;
pub use remora_sources as sources;

pub use host::{Detector, Detectors, LoadError, Manifest};
pub use sweep::{Options, Outcome, SweepError, Window};
