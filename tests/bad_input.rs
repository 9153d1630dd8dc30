//! Input that is damaged, cut off, huge, unreadable, or not there.
//!
//! In each case the place is named on standard error, the rest is processed
//! and reported, the summary counts what was lost, and the exit status is what
//! `docs/output.md` says: 0, and 2 with `--strict`.

use std::io::Write as _;

use flate2::{Compression, FlushCompress, write::GzEncoder};

use crate::{
    report::Report,
    util::{Dir, Ran, TestCommand},
};

/// A row that `supremo.domain` meets, with its line end: the device is `d<number>`.
fn row(number: u32) -> String {
    format!(
        "{{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":\"d{number}\",\
         \"DeviceName\":\"host\",\"ReportId\":{number},\"ActionType\":\"ConnectionSuccess\",\
         \"RemoteUrl\":\"supremocontrol.com\"}}\n"
    )
}

/// The devices of the sightings.
fn devices(report: &Report) -> Vec<&str> {
    report.by_rule.iter().map(|sighting| sighting.device_id.as_str()).collect()
}

/// Sweeps one file, which has something wrong in it that does not keep the rest from being read.
/// Checks that the place and the reason are told and that only `--strict` minds.
fn sweep_flawed(dir: &Dir, sweep: &mut TestCommand<'_>, file: &str, told: &[&str]) -> Report {
    let ran = sweep.args(["--output", "ndjson", file]).run();
    ran.ended(0).said(told);
    let strict = dir.sweep().args(["--output", "ndjson", "--strict", file]).run();
    strict.ended(2).said(told);
    eqnice!(ran.text(), strict.text(), "--strict changes the status alone");
    ran.report()
}

/// Sweeps what cannot be swept at all, alone and beside a good file.
fn sweep_hopeless(dir: &Dir, sweep: &mut TestCommand<'_>, input: &str, told: &[&str]) -> Ran {
    dir.create("good.ndjson", row(1));
    let alone = sweep.args(["--output", "ndjson", input]).run();
    alone.ended(2).said(told).said(&["nothing was swept"]);
    assert_eq!(alone.report().summary.records, 0);
    let beside = dir.sweep().args(["--output", "ndjson", input, "good.ndjson"]).run();
    beside.ended(0).said(told);
    assert_eq!(devices(&beside.report()), ["d1"]);
    let strict = dir.sweep().args(["--strict", input, "good.ndjson"]).run();
    strict.ended(2).said(told);
    beside
}

// Damaged records.

remora_test!(half_a_line_of_json, |dir, sweep| {
    let (first, last) = (row(1), row(2));
    dir.create("half.ndjson", format!("{first}{}\n{last}", &row(3)[..60]));
    let offset = format!("(offset {})", first.len());
    let report = sweep_flawed(dir, sweep, "half.ndjson", &["half.ndjson:2: ", &offset]);
    assert_eq!(devices(&report), ["d1", "d2"]);
    assert_eq!((report.summary.records, report.summary.refused), (3, 1));
    assert_eq!(report.summary.inputs[0].refused, 1);
});

remora_test!(a_file_that_ends_within_a_record, |dir, sweep| {
    dir.create("cut.ndjson", format!("{}{}", row(1), &row(2)[..100]));
    let report = sweep_flawed(dir, sweep, "cut.ndjson", &["cut.ndjson:2: "]);
    assert_eq!(devices(&report), ["d1"]);
    assert_eq!(report.summary.refused, 1);
});

remora_test!(noise_between_records, |dir, sweep| {
    let noise: Vec<u8> = (0..200u8).map(|byte| byte.wrapping_mul(37) | 0x80).collect();
    let content = [row(1).as_bytes(), &noise, b"\n", row(2).as_bytes()].concat();
    dir.create("noise.ndjson", content);
    let report = sweep_flawed(dir, sweep, "noise.ndjson", &["noise.ndjson:2: "]);
    assert_eq!(devices(&report), ["d1", "d2"]);
    assert_eq!(report.summary.refused, 1);
});

remora_test!(a_quote_that_nobody_closes_costs_one_row, |dir, sweep| {
    let rows = "DeviceId,ActionType,RemoteUrl,InitiatingProcessCommandLine\n\
                d1,ConnectionSuccess,supremocontrol.com,a\n\
                d2,ConnectionSuccess,supremocontrol.com,\"b\n\
                d3,ConnectionSuccess,supremocontrol.com,c\n";
    dir.create("open.csv", rows);
    let report = sweep_flawed(dir, sweep, "open.csv", &["open.csv:3: ", "(offset "]);
    assert_eq!(devices(&report), ["d1", "d3"]);
    assert_eq!(report.summary.refused, 1);
});

remora_test!(many_problems_are_counted_and_some_are_told, |dir, sweep| {
    let mut content = String::new();
    for number in 0..500 {
        content += &row(number);
        content += "{\"DeviceId\":\n";
    }
    dir.create("many.ndjson", content);
    let report = sweep_flawed(dir, sweep, "many.ndjson", &["many.ndjson:2: "]);
    assert_eq!(report.summary.refused, 500);
    assert_eq!(report.summary.sightings, 500);
    let ran = dir.sweep().args(["--output", "ndjson", "many.ndjson"]).run();
    ran.said(&["many.ndjson", "more such problems"]);
    assert!(ran.stderr.lines().count() < 20, "{}", ran.stderr);
});

// Damaged values: repaired, counted, and the event stays.

/// One bad byte must not hide a record, nor be an error.
fn sweep_repaired(dir: &Dir, sweep: &mut TestCommand<'_>, content: &[u8], name: &str) {
    dir.create("damaged.ndjson", content);
    let ran = sweep.args(["--output", "ndjson", "--strict", "damaged.ndjson"]).run();
    ran.ended(0).silent();
    let report = ran.report();
    assert_eq!(devices(&report), ["d1", "d2"]);
    assert_eq!(report.by_rule[0].device_name, name);
    assert_eq!(report.by_rule[1].device_name, "host");
    assert_eq!((report.summary.refused, report.summary.repaired), (0, 1));
    assert_eq!(report.summary.inputs[0].repaired, 1);
}

/// A row whose device name is `name`, byte for byte, and one that is whole.
fn damaged_row(name: &[u8]) -> Vec<u8> {
    let row_one = row(1);
    let (before, after) = row_one.split_once("host").expect("a row has a device name");
    [before.as_bytes(), name, after.as_bytes(), row(2).as_bytes()].concat()
}

remora_test!(invalid_utf8, |dir, sweep| {
    sweep_repaired(dir, sweep, &damaged_row(b"h\xffst"), "h\u{fffd}st");
});

remora_test!(lone_surrogates, |dir, sweep| {
    sweep_repaired(dir, sweep, &damaged_row(br"h\ud800st"), "h\u{fffd}st");
});

remora_test!(surrogates_written_as_utf8, |dir, sweep| {
    sweep_repaired(dir, sweep, &damaged_row(b"h\xed\xa0\x80st"), "h\u{fffd}st");
});

remora_test!(nul_in_a_value, |dir, sweep| {
    sweep_repaired(dir, sweep, &damaged_row(b"h\0st"), "h\0st");
});

remora_test!(unreadable_time_and_number, |dir, sweep| {
    let content = row(1)
        .replace("2026-01-11T08", "yesterday")
        .replace("\"RemoteUrl\"", "\"RemotePort\":\"https\",\"RemoteUrl\"")
        + &row(2);
    dir.create("damaged.ndjson", content);
    let report = sweep.args(["--output", "ndjson", "damaged.ndjson"]).run().ended(0).report();
    assert_eq!(devices(&report), ["d1", "d2"]);
    assert_eq!(report.by_rule[0].first_seen, None);
    assert_eq!(report.by_rule[0].remote_ports, [0; 0]);
    assert_eq!((report.summary.refused, report.summary.repaired), (0, 1));
});

remora_test!(nul_padding_is_a_refused_line, |dir, sweep| {
    // What a log holds that was being written when the power failed.
    let content = [row(1).as_bytes(), &[0; 5000], b"\n", row(2).as_bytes(), &[0; 4096]].concat();
    dir.create("padded.ndjson", content);
    let report = sweep_flawed(dir, sweep, "padded.ndjson", &["padded.ndjson:2: "]);
    assert_eq!(devices(&report), ["d1", "d2"]);
    assert_eq!(report.summary.refused, 2);
});

// Compressed input.

fn packed(content: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(content).expect("packed");
    gzip.finish().expect("packed")
}

remora_test!(gzip_that_is_cut_off, |dir, sweep| {
    let content: String = (0..2000).map(row).collect();
    let whole = packed(content.as_bytes());
    let cut = &whole[..whole.len() / 2];
    dir.create("cut.ndjson.gz", cut);
    let at = format!("cut off at byte {}", cut.len());
    let told = ["cut.ndjson.gz:", "the rest cannot be read", at.as_str(), "(offset "];
    let report = sweep_flawed(dir, sweep, "cut.ndjson.gz", &told);
    let summary = &report.summary;
    assert!(0 < summary.sightings && summary.sightings < 2000, "{summary:?}");
    assert_eq!(summary.inputs[0].compression.as_deref(), Some("gzip"));
    // The record in which the stream ends, if it ends in one.
    assert_eq!(summary.records, summary.sightings + summary.refused);
    assert!(summary.refused <= 1);
});

remora_test!(gzip_that_is_cut_off_between_records, |dir, sweep| {
    let mut packer = flate2::Compress::new_gzip(Compression::fast(), 15);
    let mut cut = Vec::with_capacity(4096);
    packer.compress_vec(row(1).as_bytes(), &mut cut, FlushCompress::Full).unwrap();
    dir.create("cut.ndjson.gz", &cut);
    let told = ["cut.ndjson.gz:2: ", "cut off at byte"];
    let report = sweep_flawed(dir, sweep, "cut.ndjson.gz", &told);
    assert_eq!(devices(&report), ["d1"]);
});

remora_test!(gzip_whose_checksum_is_wrong, |dir, sweep| {
    let mut bytes = packed(row(1).as_bytes());
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    dir.create("wrong.gz", bytes);
    let told = ["wrong.gz:2: ", "the gzip stream is damaged"];
    let report = sweep_flawed(dir, sweep, "wrong.gz", &told);
    assert_eq!(devices(&report), ["d1"]);
});

remora_test!(gzip_with_something_behind_it, |dir, sweep| {
    dir.create("more.gz", [packed(row(1).as_bytes()), b"more".to_vec()].concat());
    let report = sweep_flawed(dir, sweep, "more.gz", &["more.gz:2: ", "not gzip"]);
    assert_eq!(devices(&report), ["d1"]);
});

remora_test!(a_record_across_members_of_a_gzip, |dir, sweep| {
    let content = row(1) + &row(2) + &row(3);
    let (one, rest) = content.as_bytes().split_at(200);
    let (two, three) = rest.split_at(150);
    dir.create("parts.gz", [packed(one), packed(b""), packed(two), packed(three)].concat());
    let ran = sweep.args(["--output", "ndjson", "--strict", "parts.gz"]).run();
    assert_eq!(devices(&ran.ended(0).silent().report()), ["d1", "d2", "d3"]);
});

// Size.

/// The most memory that a process had, in kB; none where the kernel does not tell.
#[cfg(target_os = "linux")]
fn peak(child: &std::process::Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// A record of 200 MB between two good ones costs that record, and no more memory than the largest
/// record that is read. `head` are the lines before it.
#[cfg(target_os = "linux")]
fn sweep_huge(sweep: &mut TestCommand<'_>, head: &str, opening: &str, closing: &str, after: &str) {
    let mut child = sweep.args(["--output", "ndjson", "-"]).spawn();
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let mut write = |bytes: &[u8]| stdin.write_all(bytes).expect("remora reads on");
    write(head.as_bytes());
    write(opening.as_bytes());
    let megabyte = vec![b'x'; 1 << 20];
    for _ in 0..200 {
        write(&megabyte);
    }
    write(closing.as_bytes());
    // All but what the pipe holds is read by now.
    let peak = peak(&child).expect("the kernel tells of a process that runs");
    write(after.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("remora ends");
    let said = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert_eq!(output.status.code(), Some(0), "{said}");
    let line = format!("-:{}: ", head.lines().count() + 1);
    let offset = format!("(offset {})", head.len());
    for part in [line.as_str(), offset.as_str(), "16 MiB"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let report = Report::read(std::str::from_utf8(&output.stdout).expect("reports are UTF-8"));
    assert_eq!(devices(&report), ["d1", "d2"]);
    assert_eq!((report.summary.records, report.summary.refused), (3, 1));
    assert!(report.summary.bytes > 200 << 20);
    assert!(peak < 100_000, "it took {peak} kB");
}

#[cfg(target_os = "linux")]
remora_test!(a_record_of_200_megabytes, |_dir, sweep| {
    sweep_huge(sweep, &row(1), "{\"DeviceId\":\"", "\"}\n", &row(2));
});

#[cfg(target_os = "linux")]
remora_test!(a_quoted_field_of_200_megabytes, |_dir, sweep| {
    let header = "DeviceId,ActionType,RemoteUrl,InitiatingProcessCommandLine\n";
    let line = |device: &str| format!("{device},ConnectionSuccess,supremocontrol.com,a\n");
    let opening = "d3,ConnectionSuccess,supremocontrol.com,\"";
    sweep_huge(sweep, &(header.to_owned() + &line("d1")), opening, "\"\n", &line("d2"));
});

// Inputs that no format fits.

remora_test!(an_empty_file_is_read, |dir, sweep| {
    dir.create("empty.csv", "");
    dir.create("blank.ndjson", "\n  \n\r\n");
    let ran = sweep.args(["--output", "ndjson", "--strict", "empty.csv", "blank.ndjson"]).run();
    let summary = ran.ended(0).silent().report().summary;
    assert_eq!((summary.records, summary.inputs.len()), (0, 2));
    assert!(summary.inputs.iter().all(|input| input.error.is_none()));
});

remora_test!(a_picture, |dir, sweep| {
    dir.create("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0");
    let ran = sweep_hopeless(dir, sweep, "picture.png", &["picture.png: ", "PNG"]);
    let inputs = ran.report().summary.inputs;
    assert!(inputs[0].error.as_deref().unwrap().contains("PNG"));
    assert_eq!((inputs[0].source.as_str(), inputs[1].records), ("picture.png", 1));
});

remora_test!(other_shapes_of_the_same_rows, |dir, sweep| {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let element = |number| row(number).trim_end().to_owned();
    dir.create("powershell.ndjson", utf16(&format!("\u{feff}{}", row(1))));
    dir.create("array.json", format!("[\n{},\n{}\n]", element(2), element(3)));
    dir.create("events.json", format!("{{\"records\":[{{\"properties\":{}}}]}}", element(4)));
    let inputs = ["powershell.ndjson", "array.json", "events.json"];
    let report = sweep.args(["--output", "ndjson", "--strict"]).args(inputs).run();
    let report = report.ended(0).silent().report();
    assert_eq!(devices(&report), ["d1", "d2", "d3", "d4"]);
});

remora_test!(local_times_need_a_zone, |dir, sweep| {
    let header = "TimeGenerated [Local Time],DeviceId,ActionType,RemoteUrl";
    let line = "\"1/14/2026, 9:00:00.000 AM\",d1,ConnectionSuccess,supremocontrol.com";
    dir.create("portal.csv", format!("{header}\n{line}\n"));
    sweep_hopeless(dir, sweep, "portal.csv", &["portal.csv: ", "--timezone"]);
    let mut told = dir.sweep();
    told.args(["--timezone", "Europe/Berlin", "--output", "ndjson", "--strict", "portal.csv"]);
    let report = told.run().ended(0).silent().report();
    assert_eq!(devices(&report), ["d1"]);
    assert_eq!(report.summary.first_event.as_deref(), Some("2026-01-14T08:00:00Z"));
    let mut wrong = dir.sweep();
    wrong.args(["--timezone", "Berlin", "portal.csv"]);
    wrong.run().ended(2).said(&["--timezone", "\"Berlin\"", "Europe/Berlin"]);
});

remora_test!(a_forced_format_does_not_make_a_picture_readable, |dir, sweep| {
    dir.create("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let csv = sweep.args(["--format", "defender-csv", "picture.png"]).run();
    csv.ended(2).said(&["picture.png: "]);
    let mut lines = dir.sweep();
    lines.args(["--format", "defender-ndjson", "--strict", "--output", "ndjson", "picture.png"]);
    let report = lines.run().ended(2).said(&["picture.png:1: "]).report();
    assert_eq!(report.summary.refused, report.summary.records);
});

// Inputs that cannot be found or opened.

remora_test!(an_empty_folder, |dir, sweep| {
    dir.folder("none");
    sweep_hopeless(dir, sweep, "none", &["none: ", "no file"]);
});

remora_test!(a_missing_file, |dir, sweep| {
    sweep_hopeless(dir, sweep, "missing.json", &["missing.json: "]);
});

remora_test!(a_glob_without_a_match, |dir, sweep| {
    sweep_hopeless(dir, sweep, "none-*.json", &["none-*.json: ", "no file matches"]);
});

remora_test!(a_quoted_glob, |dir, sweep| {
    // As a shell gives it that leaves it alone; a name that has brackets of its own comes first.
    for (number, name) in [(1, "a/1.ndjson"), (2, "a/2.ndjson"), (3, "b/3.ndjson")] {
        dir.create(name, row(number));
    }
    dir.create("a/other.txt", "nothing");
    dir.create("[x].ndjson", row(4));
    let ran = sweep.args(["--output", "ndjson", "*/*.ndjson", "[x].ndjson"]).run();
    let report = ran.ended(0).silent().report();
    assert_eq!(devices(&report), ["d1", "d2", "d3", "d4"]);
    let sources: Vec<&str> =
        report.summary.inputs.iter().map(|input| input.source.as_str()).collect();
    assert_eq!(sources, ["a/1.ndjson", "a/2.ndjson", "b/3.ndjson", "[x].ndjson"]);
});

remora_test!(the_same_file_twice_is_read_once, |dir, sweep| {
    dir.create("a/1.ndjson", row(1));
    let ran = sweep.args(["--output", "ndjson", "a/1.ndjson", "./a/../a/1.ndjson", "a"]).run();
    let report = ran.ended(0).said(&["a/1.ndjson", "read once"]).report();
    assert_eq!(report.by_rule[0].count, 1);
    assert_eq!(report.summary.inputs.len(), 1);
});

#[cfg(unix)]
remora_test!(a_file_that_may_not_be_read, |dir, sweep| {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    dir.create("secret.ndjson", row(2));
    let path = dir.path("secret.ndjson");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let told = ["secret.ndjson: ", "denied"];
    let ran = sweep_hopeless(dir, sweep, "secret.ndjson", &told);
    assert!(ran.report().summary.inputs[0].error.is_some());
});

#[cfg(target_os = "linux")]
remora_test!(a_file_whose_reading_fails, |dir, sweep| {
    // A process's memory cannot be read at its first byte, whoever asks.
    let told = ["/proc/self/mem: ", "error"];
    let ran = sweep_hopeless(dir, sweep, "/proc/self/mem", &told);
    assert!(ran.report().summary.inputs[0].error.is_some());
});

#[cfg(unix)]
remora_test!(links_that_lead_nowhere_or_back, |dir, sweep| {
    use std::os::unix::fs::symlink;
    dir.create("a/1.ndjson", row(1));
    dir.create("elsewhere/2.ndjson", row(2));
    symlink("../elsewhere/2.ndjson", dir.path("a/link.ndjson")).unwrap();
    symlink("nowhere", dir.path("a/dangling.ndjson")).unwrap();
    symlink("..", dir.path("a/back")).unwrap();
    let ran = sweep.args(["--output", "ndjson", "a"]).run();
    ran.ended(0).said(&["a/dangling.ndjson: "]).said(&["a/back/a/back: ", "leads back"]);
    let report = ran.report();
    assert_eq!(devices(&report), ["d1", "d2"]);
    assert!(report.by_rule.iter().all(|sighting| sighting.count == 1));
});

#[cfg(target_os = "linux")]
fn make_pipe(path: &std::path::Path) {
    use rustix::fs::{CWD, Mode, mkfifoat};
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).expect("a pipe is made");
}

#[cfg(target_os = "linux")]
remora_test!(a_pipe_in_a_folder_is_not_waited_for, |dir, sweep| {
    dir.create("a/1.ndjson", row(1));
    make_pipe(&dir.path("a/pipe"));
    let ran = sweep.args(["--output", "ndjson", "a"]).run();
    ran.ended(0).said(&["a/pipe: ", "neither file nor folder"]);
    assert_eq!(devices(&ran.report()), ["d1"]);
});

#[cfg(target_os = "linux")]
remora_test!(a_pipe_that_is_named_is_read, |dir, sweep| {
    // `remora sweep <(zcat …)`
    let path = dir.path("pipe");
    make_pipe(&path);
    let feeder = std::thread::spawn(move || std::fs::write(path, row(1)).unwrap());
    let ran = sweep.args(["--output", "ndjson", "pipe"]).run();
    feeder.join().unwrap();
    assert_eq!(devices(&ran.ended(0).silent().report()), ["d1"]);
});

// Which status wins.

remora_test!(exit_status_2_wins_over_1, |dir, sweep| {
    dir.create("half.ndjson", row(1) + "{\n");
    dir.create("clean.ndjson", row(1).replace("supremocontrol", "other"));
    sweep.args(["--fail-on", "any", "half.ndjson"]).run().ended(1);
    dir.sweep().args(["--fail-on", "any", "--strict", "half.ndjson"]).run().ended(2);
    dir.sweep().args(["--fail-on", "any", "--strict", "clean.ndjson"]).run().ended(0).silent();
});
