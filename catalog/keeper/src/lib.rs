//! What the keeper of the catalog does with it: reading collections of others
//! into tools' files ([`import`]), saying what is wrong with files ([`lint`]),
//! showing their examples to detectors ([`trial`]), writing new ones
//! ([`create`]), finding tools in it ([`find`]), and making queries of its
//! rules ([`queries`]).
//!
//! The catalog itself only models and reads; whatever changes its files or
//! judges them is here, and only the program uses it.

#![forbid(unsafe_code)]

pub mod alternatives;
pub mod create;
pub mod diff;
pub mod evidence;
pub mod find;
pub mod import;
pub mod lint;
pub mod names;
pub mod queries;
pub mod trial;

pub use names::slug;
