use std::{fs, io::Write as _};

use remora_tests::{built, remora, report, root};

const EVENT: &str = r#"{"Timestamp":"2026-01-11T08:00:00Z","DeviceId":"d1","DeviceName":"host-1","ReportId":7,"ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.9","RemoteUrl":"supremocontrol.com"}"#;

#[test]
fn the_office_sample_is_the_same_linked_in_and_loaded() {
    let plugin = built().plugin.display().to_string();
    for output in ["table", "ndjson", "json", "csv"] {
        for group in ["tool", "rule"] {
            let args = ["sweep", "--output", output, "--group", group, "tests/samples/office"];
            let linked = remora(&root(), &args, b"");
            let loaded = remora(&root(), &[&args[..], &["--plugin", &plugin]].concat(), b"");
            assert_eq!(linked.status.code(), Some(0));
            assert!(linked.stdout == loaded.stdout, "{output} by {group}");
        }
    }
}

#[test]
fn the_readme_shows_the_real_table() {
    let args = ["sweep", "--output", "table", "tests/samples/office"];
    let table = String::from_utf8(remora(&root(), &args, b"").stdout).unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&table), "the README's table is not what the program prints:\n{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn bad_input_is_named_and_the_rest_is_processed() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for at in 0..5000 {
        writeln!(zip, "{}", EVENT.replace("\"d1\"", &format!("\"d{at}\""))).unwrap();
    }
    let zip = zip.finish().unwrap();
    fs::write(path("cut.ndjson.gz"), &zip[..zip.len() / 2]).unwrap();
    fs::write(path("half.ndjson"), format!("{EVENT}\n{}\n", &EVENT[..60])).unwrap();
    let damaged = EVENT.replace("host-1", "h\\ud800\u{0}st");
    let mut bytes = damaged.into_bytes();
    bytes.extend_from_slice(b"\n");
    fs::write(path("damaged.ndjson"), bytes).unwrap();
    fs::write(path("picture.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    fs::write(path("empty.csv"), b"").unwrap();
    let output = remora(dir.path(), &["sweep", "--output", "ndjson", ".", "none.json"], b"");
    let said = String::from_utf8_lossy(&output.stderr);
    let (_, summary) = report(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in ["cut.ndjson.gz", "half.ndjson:2", "picture.png", "none.json"] {
        assert!(said.contains(part), "{part} is not named in:\n{said}");
    }
    // Half a line, and the record at which the archive ends.
    assert_eq!(summary["refused"], 2);
    assert_eq!(summary["repaired"], 1);
    let sum = ["events", "screened_out", "other_kind", "no_fields", "refused"];
    let sum: u64 = sum.iter().map(|key| summary[key].as_u64().unwrap()).sum();
    assert_eq!(summary["records"].as_u64(), Some(sum));
    let strict = remora(dir.path(), &["sweep", "--strict", "half.ndjson"], b"");
    assert_eq!(strict.status.code(), Some(2));
    let nothing = remora(dir.path(), &["sweep", "picture.png"], b"");
    assert_eq!(nothing.status.code(), Some(2));
    let empty = remora(dir.path(), &["sweep", "empty.csv"], b"");
    assert_eq!(empty.status.code(), Some(0));
}

#[test]
fn exit_status_and_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let found = remora(dir.path(), &["sweep", "--fail-on", "any", "-"], EVENT.as_bytes());
    assert_eq!(found.status.code(), Some(1));
    assert_eq!(report(&found).0.len(), 1);
    let unknown = remora(dir.path(), &["sweep", "--tool", "nobody", "-"], EVENT.as_bytes());
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("supremo"));
}

#[test]
fn plugins_that_cannot_be_vouched_for_are_refused_in_three_parts() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = fs::read(&built().plugin).unwrap();
    let at = bytes.windows(6).position(|window| window == b"abi = ").unwrap();
    let mut newer = bytes.clone();
    newer[at + 7] = b'2';
    let mut machine = bytes.clone();
    machine[18] ^= 0x7f;
    let cases: [(&str, &[u8], &str); 4] = [
        ("text.so", b"no object", "not a shared object"),
        ("cut.so", &bytes[..bytes.len() / 2], "cut short"),
        ("newer.so", &newer, "ABI 2.0.0"),
        ("machine.so", &machine, "machine"),
    ];
    for (name, bytes, part) in cases {
        fs::write(dir.path().join(name), bytes).unwrap();
        let output = remora(dir.path(), &["sweep", "--plugin", name, "-"], b"");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(name) && said.contains(part) && said.contains("help:"), "{said}");
    }
}
