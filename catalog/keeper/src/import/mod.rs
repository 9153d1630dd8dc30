//! From a collection of others to tools' files.
//!
//! What an import writes is a function of the collection and of the files that
//! are there already, and of nothing else: no clock, no order of a folder, no
//! network. What people decided (a tool's facts, an indicator's class and role,
//! examples, rules of our own) stands in the files themselves and stays; what
//! came from the collection follows it. So importing twice changes nothing, and
//! a new state of the collection shows as a difference of the files.

mod block;
mod csv_names;
mod examples;
mod file;
mod list;
mod markdown;
mod oddities;
mod query;
mod remark;
mod repair;
mod scan;
mod seed;
mod text;
mod tool;
mod write;
mod yaml;

pub(crate) use self::{examples::made as made_examples, file::with_examples};
pub use self::{
    list::{List, ListError, Query},
    remark::{Remark, Weight},
    write::{ImportError, Imported, Stamp, import},
};

/// The key of the collection in `catalog/sources.toml`.
pub const SOURCE: &str = "rmm-tools";
