//! The program from end to end: the built binary, the built plugins, real
//! files.
//!
//! One binary, so that everything is linked once and the program is built
//! once. Every case runs with the detector linked in and with the same
//! detector loaded as a plugin, and the two must print the same bytes.

// `remora_test!` gives a test a scratch folder and a command; `eqnice!`
// shows what was expected and what came.
#[macro_use]
mod macros;
// Builds the program and the plugins; scratch folders, commands, output.
mod util;
// The machine output as types: what docs/output.md promises, and no more.
#[allow(dead_code, reason = "keys that no test looks at are part of the contract too")]
mod report;

// Input lines and the sightings that they must give, as data.
mod cases;
// Damaged, unreadable, huge and missing input.
mod bad_input;
// Tables, objects, lines, CSV; ids, order, values made to do harm.
mod outputs;
// Options, exit status, messages.
mod cli;
// Tools' files and indicators that are given for one run.
mod own;
// What scenarios take out of the report, and that nothing of it is lost.
mod excluded;
mod scenarios;
// Why rules fired or did not, and that it agrees with the sweep.
mod explain;
// What the catalog's keeper does: lint, test, new files.
mod keeper;
// A plugin built before the ABI grew.
#[cfg(target_os = "linux")]
mod growth;
// Plugin files that must be refused, and detectors that fail, as data.
#[cfg(target_os = "linux")]
mod gallery;
// Which plugins may run, and what looking at one does not do.
#[cfg(target_os = "linux")]
mod trust;
// What a detector that fails during a run leaves of the report.
#[cfg(target_os = "linux")]
mod faults;
// What must hold of any bytes whatever, and every file that ever broke it.
#[cfg(target_os = "linux")]
#[allow(unreachable_pub, reason = "a crate of its own for the fuzzer")]
#[path = "../fuzz/checks/mod.rs"]
mod checks;
#[cfg(target_os = "linux")]
mod readers;
// The rows that KQL gives over the labelled events, from every form of input.
mod parity;
// The list's rule for all tools at once, against our rules by name.
mod all_tools;

// The catalog as a person reads it.
mod tools;
// The queries that are printed miss no row that a rule finds.
mod kql;

// Bugs that were found, each with the input that showed it.
mod regression;

// Which crate may use which, and where unsafe code may be.
mod arrows;
// What the pages show is what the program prints.
mod docs;
