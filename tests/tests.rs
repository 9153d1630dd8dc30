//! End-to-end tests.

// The program, its outputs and its exit status; linked in and as a plugin.
mod sweep;
// The expected rows of the labelled events, where they are at hand.
mod parity;
// Which crate may use which.
mod arrows;
