//! Detectors that fail during a run: `plugins/faulty` in every way it knows.
//!
//! A detector that fails is switched off; everything else is reported as if it
//! were not there, and the report says that something is missing. Not here is
//! what one process cannot contain: a crash, `exit`, an endless loop.

use crate::{
    report::{Report, State},
    util::{Dir, Host, Ran, built},
};

pub(crate) fn process(device: &str, name: &str) -> String {
    format!(
        "{{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":\"{device}\",\"ReportId\":1,\
         \"ActionType\":\"ProcessCreated\",\"FileName\":\"{name}\",\
         \"ProcessVersionInfoCompanyName\":\"NanoSystems\",\
         \"ProcessVersionInfoProductName\":\"SupRemo\"}}\n"
    )
}

/// Three inputs, read in order: a finding of the faulty detector in the first, its fault in the
/// second, and what it would have found in the third. Every row is a finding of SupRemo's.
fn create_inputs(dir: &Dir, fault: &str) {
    dir.create("1.ndjson", process("d1", "fine.exe"));
    let more = process("d3", fault) + &process("d4", "fine.exe");
    dir.create("2.ndjson", process("d2", "fine.exe") + &more);
    dir.create("3.ndjson", process("d5", "fine.exe"));
}

fn sweep_faulty(dir: &Dir, args: &[&str]) -> Ran {
    let mut sweep = dir.remora();
    sweep.args(["sweep", "--output", "ndjson"]).arg("--plugin").arg(&built().faulty);
    sweep.args(args).args(["1.ndjson", "2.ndjson", "3.ndjson"]).run()
}

fn of_tool<'r>(report: &'r Report, tool: &str) -> Vec<(&'r str, bool)> {
    let of_tool = report.by_rule.iter().filter(|sighting| sighting.tool == tool);
    of_tool.map(|sighting| (sighting.device_id.as_str(), sighting.incomplete)).collect()
}

#[test]
fn a_detector_that_works_stands_beside_the_others() {
    let dir = Dir::new(Host::LinkedIn);
    create_inputs(&dir, "fine.exe");
    let ran = sweep_faulty(&dir, &["--strict"]);
    let report = ran.ended(0).silent().report();
    let all = ["d1", "d2", "d3", "d4", "d5"].map(|device| (device, false));
    assert_eq!(of_tool(&report, "faulty"), all);
    assert_eq!(of_tool(&report, "supremo"), all);
    assert!(report.summary.detectors.iter().all(|one| one.state == State::Ok));
}

/// A fault: the sweep goes on, SupRemo's part is whole, what the detector said before is kept and
/// marked, what it said in the call that failed is dropped, and it is not asked again.
fn assert_contained(name: &str, message: &str) {
    let dir = Dir::new(Host::LinkedIn);
    create_inputs(&dir, name);
    let ran = sweep_faulty(&dir, &["--threads", "1"]);
    ran.ended(0).said(&["detector faulty failed", "inspect", message]);
    let report = ran.report();
    assert_eq!(of_tool(&report, "faulty"), [("d1", true)], "{name}");
    let all = ["d1", "d2", "d3", "d4", "d5"].map(|device| (device, false));
    assert_eq!(of_tool(&report, "supremo"), all, "{name}");
    let [catalog, faulty, supremo] = &report.summary.detectors[..] else { panic!("{report:?}") };
    assert_eq!((faulty.name.as_str(), faulty.state), ("faulty", State::Failed));
    let error = faulty.error.as_deref().expect("a fault has its words");
    assert!(error.starts_with("inspect: ") && error.contains(message), "{error}");
    for (other, name) in [(catalog, "catalog"), (supremo, "supremo")] {
        assert_eq!((other.name.as_str(), other.state), (name, State::Ok));
        assert_eq!(other.error, None);
    }

    // On more threads the others' part is the same bytes.
    let lines = |ran: &Ran| -> Vec<String> {
        let of_supremo = |line: &&str| line.contains("\"tool\":\"supremo\",\"rule\"");
        ran.text().lines().filter(of_supremo).map(str::to_owned).collect()
    };
    let strict = sweep_faulty(&dir, &["--threads", "8", "--strict"]);
    strict.ended(2).said(&["detector faulty failed"]);
    assert_eq!(lines(&ran), lines(&strict), "{name}");
    assert_eq!(lines(&ran).len(), 5);
}

#[test]
fn a_panic_is_contained() {
    assert_contained("panic.exe", "it met panic.exe");
}

#[test]
fn an_error_is_contained() {
    assert_contained("error.exe", "it met error.exe");
}

#[test]
fn a_row_that_is_not_in_the_batch_is_contained() {
    assert_contained("row.exe", "row 3 of 3");
}

#[test]
fn a_finding_of_no_row_is_contained() {
    assert_contained("orphan.exe", "no row");
}

#[test]
fn a_rule_that_nobody_stated_is_contained() {
    assert_contained("rule.exe", "rule 1 of 1");
}

#[test]
fn too_many_witnesses_are_contained() {
    assert_contained("witnesses.exe", "65 witnesses");
}

#[test]
fn a_flood_of_findings_is_contained() {
    assert_contained("flood.exe", "more than 768 findings for 3 rows");
}

#[test]
fn the_table_says_that_a_detector_failed() {
    let dir = Dir::new(Host::LinkedIn);
    create_inputs(&dir, "panic.exe");
    let ran = sweep_faulty(&dir, &["--threads", "1", "--output=table"]);
    assert_eq!(ran.status, Some(2), "an option twice is an error");
    let mut sweep = dir.remora();
    sweep.args(["sweep", "--output", "table", "--threads", "1"]).arg("--plugin");
    let ran = sweep.arg(&built().faulty).args(["1.ndjson", "2.ndjson"]).run();
    let table = ran.ended(0).text();
    assert!(table.contains("incomplete: a detector failed during the run"), "{table}");
    assert!(table.contains("failed     detector faulty: inspect: "), "{table}");
}
