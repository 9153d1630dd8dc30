//! Bugs that were found, and must not come back.

use flate2::{Compression, FlushCompress};

const EVENT: &str = "{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":\"d1\",\"ReportId\":1,\
                     \"ActionType\":\"ConnectionSuccess\",\"RemoteUrl\":\"supremocontrol.com\"}\n";

// The writer of CSV wraps the error of a closed pipe in one of its own, and the program took it
// for a failure: status 2.
remora_test!(r001_a_closed_pipe_ends_csv_quietly, |dir, sweep| {
    let rows = (0..3000).map(|number| EVENT.replace("d1", &format!("device-{number}")));
    dir.create("net.ndjson", rows.collect::<String>());
    sweep.args(["--output", "csv", "net.ndjson"]).run_to_first_line().ended(0).silent();
});

// `-o` creates its file before the sweep: naming an input emptied it, and the report of the empty
// file was written over it.
remora_test!(r002_the_report_is_not_written_over_an_input, |dir, sweep| {
    dir.create("exports/net.ndjson", EVENT);
    let ran = sweep.args(["-o", "exports/net.ndjson", "exports"]).run();
    ran.ended(2).said(&["exports/net.ndjson", "input"]);
    assert_eq!(dir.read("exports/net.ndjson"), EVENT.as_bytes());
});

// Without a sighting the header was that of sightings by rule, whatever was asked for.
remora_test!(r003_csv_without_sightings_has_the_columns_of_its_grouping, |dir, sweep| {
    dir.create("net.ndjson", EVENT);
    dir.create("none.ndjson", "");
    let header = |ran: crate::util::Ran| ran.ended(0).text().lines().next().unwrap().to_owned();
    for group in ["tool", "rule"] {
        let with = |file| ["--output", "csv", "--group", group, file];
        let found = header(dir.sweep().args(with("net.ndjson")).run());
        eqnice!(found, header(dir.sweep().args(with("none.ndjson")).run()), "--group {group}");
    }
    sweep.args(["--output", "csv", "none.ndjson"]).run().ended(0);
});

// A stream that ends early between two records refuses none, so that the summary read as if all
// had been there.
remora_test!(r004_the_summary_names_an_input_that_ends_early, |dir, sweep| {
    let mut packer = flate2::Compress::new_gzip(Compression::fast(), 15);
    let mut cut = Vec::with_capacity(4096);
    packer.compress_vec(EVENT.as_bytes(), &mut cut, FlushCompress::Full).unwrap();
    dir.create("cut.gz", cut);
    let report = sweep.args(["--output", "ndjson", "cut.gz"]).run().ended(0).report();
    assert_eq!((report.summary.sightings, report.summary.refused), (1, 0));
    let error = report.summary.inputs[0].error.as_deref().unwrap_or_default();
    assert!(error.contains("cut off at byte"), "{:?}", report.summary.inputs);
    let table = dir.sweep().args(["--output", "table", "cut.gz"]).run();
    assert!(table.text().contains("cut off at byte"), "{}", table.text());
});
