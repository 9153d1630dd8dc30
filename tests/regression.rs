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

// The report was created before the sweep: a hard link or a redirected input was emptied, and a
// run that swept nothing replaced the last report.
#[cfg(unix)]
remora_test!(r005_no_name_of_an_input_is_written_over, |dir, sweep| {
    dir.create("net.ndjson", EVENT);
    let link = dir.path("link.ndjson");
    if !link.exists() {
        std::fs::hard_link(dir.path("net.ndjson"), &link).unwrap();
    }
    sweep.args(["-o", "link.ndjson", "net.ndjson"]).run().ended(2).said(&["link.ndjson", "input"]);
    assert_eq!(dir.read("net.ndjson"), EVENT.as_bytes());
    dir.create("report.ndjson", "the last report");
    dir.create("picture.png", b"\x89PNG\r\n\x1a\n");
    dir.sweep().args(["-o", "report.ndjson", "picture.png"]).run().ended(2);
    assert_eq!(dir.read("report.ndjson"), b"the last report");
});

// What could not be found was told on standard error only.
remora_test!(r006_the_summary_lists_what_could_not_be_found, |dir, sweep| {
    dir.create("net.ndjson", EVENT);
    let ran = sweep.args(["--output", "ndjson", "net.ndjson", "typo.csv"]).run();
    let report = ran.ended(0).report();
    assert_eq!(report.summary.inputs.len(), 2);
    assert!(report.summary.inputs[1].error.is_some());
});

// One wrong clock moved the window of the whole sweep.
remora_test!(r007_the_last_event_is_one_that_a_clock_could_show, |dir, sweep| {
    dir.create("net.ndjson", EVENT.to_owned() + &EVENT.replace("2026-01-11", "2199-01-01"));
    let with = ["--output", "ndjson", "--now", "last-event", "--since", "5d", "net.ndjson"];
    let report = sweep.args(with).run().ended(0).report();
    assert_eq!((report.summary.sightings, report.summary.outside_window), (1, 1));
});

// A look-alike in another event of the device was told as corroboration.
remora_test!(r008_look_alikes_do_not_corroborate, |dir, sweep| {
    let start = "{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":\"d1\",\"ReportId\":2,\
                 \"ActionType\":\"ProcessCreated\",\"FileName\":\"s.exe\",\
                 \"ProcessVersionInfoCompanyName\":\"NanoSystems\",\
                 \"ProcessVersionInfoProductName\":\"SupRemo\"}\n";
    let like = EVENT.replace("supremocontrol.com", "supremocontrol.com.evil.example");
    dir.create("both.ndjson", start.to_owned() + &like);
    let ran = sweep.args(["--output", "ndjson", "--group", "tool", "both.ndjson"]).run();
    assert!(!ran.ended(0).text().contains("corroborated_by"));
});
