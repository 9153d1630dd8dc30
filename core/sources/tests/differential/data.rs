//! The case files of this crate, and real exports and labelled cases where they
//! lie beside the checkout.

use std::path::{Path, PathBuf};

use remora_abi::field;
use remora_sources::{FormatName, input::open};

use crate::check::{First, Having, check, told};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Both ways with every wanted text, for every file of a folder that can be read. Gives how many
/// files were read and how many records were wanted.
fn folder(folder: &Path) -> (u64, u64) {
    let (mut paths, mut read, mut wanted) = (Vec::new(), 0, 0);
    files(folder, &mut paths);
    paths.sort();
    let fields = [
        field::REMOTE_URL,
        field::REMOTE_HOST,
        field::PROCESS_COMPANY,
        field::PROCESS_NAME,
        field::FILE_SIGNER,
        field::PROCESS_IMAGE,
    ];
    for path in paths {
        if open(&path, told(None)).is_err() {
            continue;
        }
        read += 1;
        let bytes = std::fs::read(&path).expect("a file");
        for (fields, text) in [
            (&fields[1..2], "google"),
            (&fields[..2], "microsoft.com"),
            (&fields[2..5], "Google"),
            (&fields[5..], "WINDOWS"),
            (&fields[..1], "supremo"),
        ] {
            match check(&bytes, None, &Having { fields, text }, &First::new(3, 64)) {
                Ok(count) => wanted += count,
                Err(why) => panic!("{}, {text}: {why}", path.display()),
            }
        }
    }
    (read, wanted)
}

#[test]
fn real_exports_and_labelled_cases() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    for name in ["cases", "defender", "sentinel", "zeek"] {
        let path = shared.join(name);
        if !path.is_dir() {
            println!("skipped: there is no {}", path.display());
            continue;
        }
        let (read, wanted) = folder(&path);
        assert!(read > 0, "{name}: no file could be read");
        println!("{name}: {read} files, {wanted} wanted");
    }
}

/// The labelled files of this crate hold texts in TOML; each is swept as it is written.
#[test]
fn case_files() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths = Vec::new();
    files(&cases, &mut paths);
    let mut swept = 0;
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("text");
        for input in inputs(&text.parse::<toml::Table>().expect("TOML").into()) {
            for format in FormatName::ALL {
                for wanted in ["a", "."] {
                    let fields = [field::REMOTE_URL, field::REMOTE_HOST, field::PROCESS_COMPANY];
                    let wanted = Having { fields: &fields, text: wanted };
                    let sampler = First::new(0, u64::MAX);
                    if let Err(why) = check(input.as_bytes(), Some(*format), &wanted, &sampler) {
                        panic!("{}: {input}: {why}", path.display());
                    }
                    swept += 1;
                }
            }
        }
    }
    assert!(swept > 0);
}

/// Every text of a document.
fn inputs(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Array(values) => values.iter().flat_map(inputs).collect(),
        toml::Value::Table(table) => table.values().flat_map(inputs).collect(),
        _ => Vec::new(),
    }
}
