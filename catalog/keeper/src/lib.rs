//! What the keeper of the catalog does with it: reading collections of others
//! into tools' files, finding tools in it, and making queries of its rules.
//!
//! The catalog itself only models and reads; whatever changes its files or
//! judges them is here, and only the program uses it.

#![forbid(unsafe_code)]

pub mod alternatives;
pub mod evidence;
pub mod find;
pub mod import;
pub mod names;
pub mod queries;
