//! Real exports and the labelled cases that lie beside the checkout, where
//! they do.

use std::path::{Path, PathBuf};

use remora_abi::{Kind, field, kind};

use super::{Every, Having, Nth, Swept, USUAL, sweep_reader, sweep_told};
use crate::{FormatName, InputError, InputErrorKind, Wanted, Zone, input::Told, time};

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
    // Its times are local.
    let error = sweep_file(&path, &Every(true), true).unwrap_err();
    assert_eq!(error.kind, InputErrorKind::NoZone);
    assert!(error.message.contains("--timezone"), "{error}");
    let told = Told { zone: Zone::from_name("Europe/Berlin"), ..Told::default() };
    let file = Box::new(std::fs::File::open(path).unwrap());
    let swept = sweep_told(file, &told, USUAL, &Every(true), &mut Nth(256), true).unwrap();
    assert_eq!((swept.counts.events, swept.counts.repaired), (1, 1));
    let event = &swept.events[0];
    assert_eq!((event.kind, event.time), (kind::PROCESS, time::parse("2023-10-25T07:43:21.994Z")));
    assert_eq!(event.fields["process.pid"], "10018");
    assert_eq!(event.fields["event.id"], "530932");
    assert_eq!(
        event.fields["process.cmdline"],
        "/app/grpc-health-probe -addr=:50051 -connect-timeout=5s -rpc-timeout=5s"
    );
}

/// What is read of Defender's and Sentinel's files, and of which kinds.
#[test]
fn files_are_what_they_are_said_to_be() {
    use FormatName::*;
    /// Folder, file, format, events of each kind, rows of other tables.
    type File<'a> = (&'a str, &'a str, Option<FormatName>, &'a [(Kind, usize)], u64);
    let expected: &[File<'_>] = &[
        (
            "defender",
            "msticpy_mde_proc_cs1.csv",
            Some(DefenderInternal),
            &[(kind::PROCESS, 1564)],
            0,
        ),
        (
            "defender",
            "sekoia_eventhub_streaming-api.ndjson",
            Some(DefenderEvents),
            &[(kind::CONNECTION, 2), (kind::PROCESS, 1)],
            15,
        ),
        ("defender", "sekoia_eventhub_other-tables.ndjson", Some(DefenderEvents), &[], 21),
        ("sentinel", "msticpy_alertlist.csv", None, &[], 0),
        ("sentinel", "msticpy_process_tree.csv", None, &[], 0),
        ("sentinel", "sekoia_azure-diagnostics-windows.ndjson", None, &[], 0),
        ("sentinel", "sekoia_incidents-api.ndjson", None, &[], 0),
    ];
    for &(folder, file, format, kinds, other) in expected {
        let Some(folder) = shared(folder) else { return };
        let swept = sweep_file(&folder.join(file), &Every(true), true);
        assert_eq!(swept.as_ref().ok().and_then(|swept| swept.format), format, "{file}");
        let Ok(swept) = swept else { continue };
        assert_eq!((swept.counts.refused, swept.counts.repaired), (0, 0), "{file}");
        assert_eq!(swept.counts.other_kind, other, "{file}");
        for &(kind, count) in kinds {
            assert_eq!(swept.events.iter().filter(|e| e.kind == kind).count(), count, "{file}");
        }
        assert_eq!(
            swept.events.len(),
            kinds.iter().map(|(_, count)| count).sum::<usize>(),
            "{file}"
        );
        assert!(swept.events.iter().all(|event| event.time.is_some()), "{file}");
        if format == Some(DefenderEvents) {
            let tenant = |e| !super::value(e, field::TENANT).is_empty();
            assert!(swept.events.iter().all(tenant), "{file}");
        }
    }
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
                Err(error) if error.kind == InputErrorKind::NoZone => {
                    assert!(name.starts_with("azure-sentinel_M365"), "{name}");
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

/// Where a real log of Zeek has names of remote-management tools, they are found, and nowhere else.
#[test]
fn names_in_logs_of_zeek_are_found() {
    for (file, field, name, rows, all) in [
        (
            "wrccdc/dns.log.gz",
            field::REMOTE_HOST,
            "chromoting-host.talkgadget.google.com",
            10,
            26_807,
        ),
        ("wrccdc/dns.log.gz", field::REMOTE_HOST, "cdn.support.services.microsoft.com", 4, 26_807),
        ("wrccdc/ssl.json.gz", field::REMOTE_HOST, "api.github.com", 7, 24_737),
        ("rita-rolling/dns.160000-170000.log.gz", field::REMOTE_HOST, "github.com", 8, 3_189),
        ("rita-rolling/http.160000-170000.log.gz", field::REMOTE_HOST, "github.com", 3, 2_325),
        ("rita-rolling/ssl.160000-170000.log.gz", field::REMOTE_HOST, "github.com", 5, 2_734),
        ("rita-valid-tsv/http.log.gz", field::REMOTE_HOST, "anydesk.com", 0, 27_204),
        ("zat-tsv/conn.log", field::REMOTE_IP, "54.245.228.191", 9, 360),
    ] {
        let Some(folder) = shared("zeek") else { return };
        let fields = [field];
        for validate in [false, true] {
            let wanted = Having(&fields, name);
            let swept = sweep_file(&folder.join(file), &wanted, validate).unwrap();
            let found = swept.events.iter().filter(|event| event.wanted);
            assert_eq!(found.clone().count(), rows, "{file}: {name}");
            assert!(found.into_iter().all(|event| value_has(event, field, name)), "{file}: {name}");
            assert_eq!(swept.counts.records, all, "{file}");
            assert_eq!((swept.counts.refused, swept.counts.repaired), (0, 0), "{file}");
        }
    }
}

fn value_has(event: &super::Seen, field: remora_abi::Field, text: &str) -> bool {
    super::value(event, field).contains(text)
}

/// A log that ends in the middle of a row, and one without its header.
#[test]
fn cut_logs_of_zeek_say_what_is_missing() {
    let Some(folder) = shared("zeek/rita-truncated") else { return };
    let swept = sweep_file(&folder.join("conn.log"), &Every(false), false).unwrap();
    assert_eq!((swept.counts.records, swept.counts.refused), (59, 1));
    assert_eq!(swept.refusals[0].line, 67);
    assert!(swept.refusals[0].message.contains("9 values"), "{:?}", swept.refusals);
    let error = sweep_file(&folder.join("conn_top.log"), &Every(false), false).unwrap_err();
    assert_eq!(error.kind, InputErrorKind::Unrecognised);
    assert!(error.message.contains("rows of a Zeek log without the lines"), "{error}");
}
