//! The commands, one file each.

pub(crate) mod explain;
pub(crate) mod plugin;
pub(crate) mod sweep;
