//! The host: which detectors run, and how they are called.
//!
//! A detector is the same thing to the sweep whether it is linked in or was
//! loaded from a file: a manifest, a table of functions, a handle. The steps
//! that a file goes through are one module each, in this order: `discover`
//! (which files), `open` (a private, sealed copy of the bytes), `ownership`
//! (could somebody else have written them), `elf` (a whole shared object of
//! this machine), `note` (the manifest, before any of its code runs),
//! `manifest` (ABI version, panic strategy), `trust` (may it run), `load`
//! (dlopen, layout check). `check` is all of it but the last. A file that was
//! named and cannot be loaded ends the run; one that was found in a plugin
//! folder is left out and told of (`choose`). Systems other than Linux run
//! linked-in detectors and refuse files.

pub mod call;
pub mod check;
pub mod choose;
mod collect;
pub mod discover;
#[cfg(target_os = "linux")]
pub mod elf;
mod error;
#[cfg(target_os = "linux")]
mod load;
pub mod manifest;
#[cfg(target_os = "linux")]
pub mod note;
#[cfg(target_os = "linux")]
pub mod open;
#[cfg(target_os = "linux")]
pub mod ownership;
mod registry;
pub mod trust;

pub use call::{
    Detector, Fault, FindingBuf, Inspected, Origin, OwnedFact, OwnedInterest, OwnedRule,
    OwnedWitness,
};
pub use check::Refused;
pub use error::{LoadError, LoadStep};
pub use manifest::Manifest;
pub use registry::{Detectors, LinkedIn, Plugins};
pub use trust::Trust;
