//! The contract between the Remora host and its detectors.
//!
//! This crate is layout and meaning, no logic: the closed [field](field::FIELDS)
//! and [kind](kind::KINDS) tables, the columnar [`Batch`] that goes in, the
//! [`Finding`]s that come out, and the [`DetectorModule`] whose functions the
//! host calls. Its version **is** the ABI version: a plugin built against
//! `x.y` loads in every host `x.z` with `z >= y`. Growth is allowed in two
//! places only: functions appended after `last_prefix_field` of a prefix
//! type, and new constants of the open ids ([`Field`], [`Kind`], [`Op`] ...).
//! Everything else is frozen from the first release tag on; a snapshot of
//! every offset (`tests/layout.txt`) says so when it is broken by mistake.
//!
//! Why `abi_stable` is used for types and the load-time check only, and why
//! there is no trait object, no data-carrying enum and no `bool` in here:
//! `docs/ARCHITECTURE.md`, "The detector ABI".
//!
//! Each item says who owns it, how long it lives, on which thread it may be
//! used, and what a failure looks like.

pub mod batch;
pub mod field;
pub mod finding;
pub mod host;
pub mod interest;
pub mod kind;
pub mod module;
pub mod note;
pub mod status;

pub use abi_stable::std_types::{RErr, ROk, RResult, RSlice, RStr, RString};
pub use batch::{Batch, NumberColumn, TextColumn, TimeColumn};
pub use field::Field;
pub use finding::{Class, Fact, Finding, FindingText, How, NO_ROW, Role, RuleInfo, Witness};
pub use host::{HostServices, HostServicesRef};
pub use interest::{Hit, Interest, Op};
pub use kind::Kind;
pub use module::{
    DetectorHandle, DetectorModule, DetectorModuleRef, Sink, SinkTable, SinkTableRef,
};
pub use status::{AbiError, Status};

/// The ABI version as a string literal, for manifests made with `concat!`.
///
/// A test holds it equal to the version of this crate.
#[macro_export]
macro_rules! abi_version {
    () => {
        "1.1.0"
    };
}

/// The ABI version of this build: the version of this crate.
pub const ABI_VERSION: &str = abi_version!();

/// Declares an open id: a number with named constants, never a Rust enum,
/// because an unknown discriminant of an enum would be undefined behaviour.
macro_rules! open_id {
    ($(#[$meta:meta])* $name:ident($repr:ty)) => {
        $(#[$meta])*
        #[repr(transparent)]
        #[derive(abi_stable::StableAbi, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $repr);
    };
}
use open_id;

#[cfg(test)]
mod tests {
    #[test]
    fn the_abi_version_is_the_crate_version() {
        assert_eq!(super::ABI_VERSION, env!("CARGO_PKG_VERSION"));
    }
}
