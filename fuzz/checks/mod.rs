//! What must hold of any bytes whatever: one function a target.
//!
//! A check panics if it does not hold. The fuzz targets call them with what a
//! fuzzer makes up; the workspace's tests include this folder and call them
//! with every file that ever broke one (`fuzz/regressions`) and with random
//! changes of real files.

mod catalog;
mod elf;
mod note;
pub mod object;
mod records;
mod rule;
mod screen;
mod time;
mod trust;

/// A check, and the name of its target.
pub type Check = (&'static str, fn(&[u8]));

/// Every one.
pub const CHECKS: &[Check] = &[
    ("catalog", catalog::check),
    ("csv", records::check_csv),
    ("elf", elf::check),
    ("ndjson", records::check_ndjson),
    ("note", note::check),
    ("open", records::check_any),
    ("rule", rule::check),
    ("screen", screen::check),
    ("time", time::check),
    ("trust", trust::check),
    ("zeek", records::check_zeek),
];

/// Runs the check of a target.
pub fn check(target: &str, data: &[u8]) {
    let found = CHECKS.iter().find(|(name, _)| *name == target);
    found.expect("a target has a check").1(data);
}
