//! Real exports and the labelled cases that lie beside the checkout, where
//! they do.

use std::path::{Path, PathBuf};

use remora_abi::{field, kind};

use super::{Every, Having, Nth, Swept, USUAL, sweep_reader};
use crate::{InputError, InputErrorKind, Wanted};

/// The folder beside the workspace, if it is there; a test that lacks it says so.
fn shared(folder: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let path = workspace.join("../shared/data").join(folder);
    if !path.is_dir() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}

fn sweep_file(path: &Path, wanted: &impl Wanted, validate: bool) -> Result<Swept, InputError> {
    let file = Box::new(std::fs::File::open(path).unwrap());
    sweep_reader(file, None, USUAL, wanted, &mut Nth(256), validate)
}

/// The labelled cases decode to the last row, and the screen drops only what it may.
#[test]
fn labelled_cases_are_decoded_whole() {
    let Some(folder) = shared("cases") else { return };
    for (file, kind, records) in [
        ("network.ndjson.gz", kind::CONNECTION, 13_369),
        ("process.ndjson.gz", kind::PROCESS, 7_835),
        ("filesig.ndjson.gz", kind::SIGNATURE, 5_570),
    ] {
        let path = folder.join(file);
        let fields = [field::PROCESS_COMPANY, field::PROCESS_PRODUCT, field::FILE_SIGNER];
        let wanted = Having(&fields, "Microsoft");
        let validated = sweep_file(&path, &wanted, true).unwrap();
        assert_eq!(validated.counts.records, records, "{file}");
        assert_eq!((validated.counts.events, validated.counts.repaired), (records, 0), "{file}");
        assert!(validated.troubles.is_empty() && validated.refusals.is_empty());
        assert!(validated.events.iter().all(|event| event.kind == kind));
        assert!(validated.blocks > 1);

        let screened = sweep_file(&path, &wanted, false).unwrap();
        let wanted: Vec<_> = screened.events.iter().filter(|event| event.wanted).collect();
        assert!(wanted.len() as u64 > records / 100 && (wanted.len() as u64) < records);
        assert!(
            wanted.iter().eq(&validated.events.iter().filter(|e| e.wanted).collect::<Vec<_>>())
        );
        assert_eq!(screened.counts.screened_out, records - wanted.len() as u64);
    }
}

/// Kinds are per row: this export holds rows of every table of the portal.
#[test]
fn a_portal_export_of_many_tables_is_sorted_by_row() {
    let Some(folder) = shared("defender") else { return };
    let path = folder.join("plaso_advanced_hunting_rows-even.csv");
    let swept = sweep_file(&path, &Every(true), true).unwrap();
    assert_eq!(swept.counts.records, 65);
    assert_eq!((swept.counts.other_kind, swept.counts.repaired), (47, 0));
    let count = |kind| swept.events.iter().filter(|event| event.kind == kind).count();
    assert_eq!((count(kind::CONNECTION), count(kind::PROCESS), count(kind::DNS)), (16, 1, 1));
    let host = |action: &str| {
        let mut events = swept.events.iter();
        let event = events.find(|event| event.fields["event.action"] == action).unwrap();
        event.fields["remote.host"].clone()
    };
    assert_eq!(host("DnsConnectionInspected"), "ghb1.adtelligent.com");
    assert_eq!(host("SslConnectionInspected"), "sync.1rx.io");
    assert_eq!(host("HttpConnectionInspected"), "x1.c.lencr.org");
    assert_eq!(host("ConnectionSuccess"), "sync.1rx.io");
    assert_eq!(host("DnsQueryResponse"), "graph-next.fp.measure.office.com");
    let dns = swept.events.iter().find(|event| event.kind == kind::DNS).unwrap();
    assert!(dns.fields["dns.answers"].starts_with("graph-next.microsoft.com;ags-next."));
}

/// A row whose quotes are not doubled throughout keeps its columns where they belong.
#[test]
fn a_row_with_stray_quotes_keeps_its_columns() {
    let Some(folder) = shared("sentinel") else { return };
    let path = folder.join("azure-sentinel_M365_ProcessEvents_row1.csv");
    let swept = sweep_file(&path, &Every(true), true).unwrap();
    assert_eq!((swept.counts.events, swept.counts.repaired), (1, 1));
    let event = &swept.events[0];
    assert_eq!((event.kind, event.time), (kind::PROCESS, None));
    assert_eq!(event.fields["process.pid"], "10018");
    assert_eq!(event.fields["event.id"], "530932");
    assert_eq!(
        event.fields["process.cmdline"],
        "/app/grpc-health-probe -addr=:50051 -connect-timeout=5s -rpc-timeout=5s"
    );
}

/// Whatever lies in the folders: no panic, every record accounted for (the helper asserts it), or
/// one line that says why it is not read.
#[test]
fn every_file_is_read_or_refused_in_words() {
    for folder in [
        "cases",
        "defender",
        "sentinel",
        "dns",
        "ecs",
        "pcap",
        "proxy",
        "suricata",
        "sysmon-evtx",
        "sysmon-json",
        "zeek/wrccdc",
        "zeek/zat-tsv",
    ] {
        let Some(folder) = shared(folder) else { return };
        for file in files(&folder) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            match sweep_file(&file, &Every(false), false) {
                Ok(swept) => {
                    assert_eq!(swept.counts.refused, 0, "{name}");
                    assert!(swept.troubles.is_empty(), "{name}");
                }
                Err(error) => {
                    assert_eq!(error.kind, InputErrorKind::Unrecognised, "{name}");
                    assert!(error.message.starts_with("no format fits"), "{name}: {error}");
                    assert!(!error.message.contains('\n'), "{name}: {error}");
                }
            }
        }
    }
}
