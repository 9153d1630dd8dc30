//! Which tool something belongs to: a name from a log, an alert or a report,
//! or a row of a software inventory.

mod columns;
pub mod inventory;
mod software;
mod term;
mod words;

pub use software::{Known, Software, SoftwareMatch};
pub use term::{By, How, TermMatch, term};
