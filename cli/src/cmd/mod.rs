//! The commands, one file each.

pub(crate) mod catalog;
pub(crate) mod explain;
pub(crate) mod generated;
pub(crate) mod plugin;
pub(crate) mod sweep;
pub(crate) mod tools;
