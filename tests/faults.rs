//! Detectors that fail during a run: `plugins/faulty` in every way it knows.
//!
//! A detector that fails is switched off; everything else is reported as if it
//! were not there, and the report says that something is missing. Not here is
//! what one process cannot contain: a crash, `exit`, an endless loop.

use crate::{
    gallery::{Fault, faults},
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
    // SupRemo alone wants the first.
    dir.create("2.ndjson", process("d2", "other.exe") + &more);
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
    assert_eq!(of_tool(&report, "faulty"), ["d1", "d3", "d4", "d5"].map(|device| (device, false)));
    assert_eq!(of_tool(&report, "supremo"), all);
    assert!(report.summary.detectors.iter().all(|one| one.state == State::Ok));
}

/// A fault: the sweep goes on, SupRemo's part is whole, what the detector said before is kept and
/// marked, what it said in the call that failed is dropped, and it is not asked again.
fn assert_contained(fault: &Fault) {
    let Fault { title, process: name, message } = fault;
    let dir = Dir::new(Host::LinkedIn);
    create_inputs(&dir, name);
    let ran = sweep_faulty(&dir, &["--threads", "1"]);
    ran.ended(0).said(&["detector faulty failed", "inspect", message]);
    assert!(ran.stderr.len() < 4000, "{title}: what it says of itself is cut");
    let report = ran.report();
    assert_eq!(of_tool(&report, "faulty"), [("d1", true)], "{title}");
    let all = ["d1", "d2", "d3", "d4", "d5"].map(|device| (device, false));
    assert_eq!(of_tool(&report, "supremo"), all, "{title}");
    let [catalog, faulty, supremo] = &report.summary.detectors[..] else { panic!("{report:?}") };
    assert_eq!((faulty.name.as_str(), faulty.state), ("faulty", State::Failed));
    let error = faulty.error.as_deref().expect("a fault has its words");
    assert!(error.starts_with("inspect: ") && error.contains(message.as_str()), "{error}");
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
    assert_eq!(lines(&ran), lines(&strict), "{title}");
    assert_eq!(lines(&ran).len(), 5);
}

#[test]
fn every_fault_is_contained() {
    for fault in faults() {
        assert_contained(&fault);
    }
}

#[test]
fn huge_texts_are_cut_and_no_fault() {
    let dir = Dir::new(Host::LinkedIn);
    create_inputs(&dir, "huge.exe");
    let ran = sweep_faulty(&dir, &["--strict"]);
    let report = ran.ended(0).silent().report();
    let of_faulty = report.by_rule.iter().filter(|one| one.tool == "faulty");
    let witnesses = of_faulty.flat_map(|one| &one.witnesses);
    let longest = witnesses.map(|witness| witness.seen.len()).max();
    assert_eq!(longest, Some(64 * 1024), "cut, and still text");
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
