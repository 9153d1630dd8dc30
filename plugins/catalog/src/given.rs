//! A detector of rules that the program gives: for trying tools' files that are
//! not the catalog's.
//!
//! A module is a table of functions that knows no value of the program's, and a
//! detector is made on the thread that starts it. So the rules wait on that
//! thread until it is made.

use std::cell::RefCell;

use remora_sdk::{
    Detector, Error, Shim,
    abi::DetectorModule,
    remora_rules::RuleSet,
    rules::{Driven, RuleDriven},
};

thread_local! {
    static GIVEN: RefCell<Option<Vec<RuleSet>>> = const { RefCell::new(None) };
}

/// For programs that link the detector in.
pub const MODULE: DetectorModule = Shim::<Driven<Given>>::MODULE;

/// Who the detector is.
pub const MANIFEST: &str = Driven::<Given>::MANIFEST;

/// The rules that [`give`] was given.
#[derive(Debug)]
pub struct Given;

impl RuleDriven for Given {
    const MANIFEST: &'static str = remora_sdk::manifest!(name: "files", tools: [], techniques: []);

    fn rule_sets() -> Result<Vec<RuleSet>, Error> {
        GIVEN.take().ok_or_else(|| "no rules were given to it".into())
    }
}

/// Gives the rules of the next detector that is made on this thread.
pub fn give(sets: Vec<RuleSet>) {
    GIVEN.set(Some(sets));
}
