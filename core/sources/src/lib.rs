//! Log formats: sniff, frame, extract, decode.
//!
//! This crate turns bytes into normalized events and knows nothing of RMM. A
//! format is one file; what its columns mean is a [`mapping`], plain data. The
//! question "could any detector care for this value?" reaches it as the
//! generic [`Wanted`], which the engine implements and the compiler inlines.
//!
//! The way through: [`input::open`] recognises compression and format and
//! gives a [`Stream`] and a [`Blocks`]; `Blocks` cuts the bytes into blocks at
//! record borders, in order, on one thread; [`Stream::scan`] screens and
//! decodes a block, on any thread, into [`Events`].
#![forbid(unsafe_code)]

mod ahead;
mod blocks;
mod clock;
mod csv;
pub mod defender;
pub mod dialects;
mod elements;
pub mod epoch;
pub mod events;
mod extract;
mod fast;
mod framing;
pub mod host;
mod identity;
pub mod input;
mod looks;
pub mod mapping;
mod member;
mod mend;
mod ndjson;
mod plan;
mod reader;
mod record;
pub mod scan;
mod separators;
mod sniff;
mod stream;
#[cfg(test)]
mod tests;
pub mod time;
mod tsv;
mod utf16;
mod walk;
pub mod zeek;
mod zstd;

pub use blocks::{BLOCK_SIZE, Blocks};
pub use clock::Zone;
pub use events::Events;
pub use framing::MAX_RECORD;
pub use input::{Block, FormatName, InputError, InputErrorKind, Opened, Trouble};
pub use scan::{Counts, Refusal, Sampler, Scan, Wanted};
pub use stream::Stream;
