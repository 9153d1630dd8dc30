//! The screened sweep and the one that reads everything find the same.

mod check;
mod csv;
mod data;
mod json;
mod zeek;
