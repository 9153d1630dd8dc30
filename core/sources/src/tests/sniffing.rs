//! What is recognised, and what is said of the rest.

use super::{Every, Nth, USUAL, sweep, sweep_with};
use crate::{FormatName, InputErrorKind};

const NDJSON: FormatName = FormatName::DefenderNdjson;
const CSV: FormatName = FormatName::DefenderCsv;
const JSON: FormatName = FormatName::DefenderJson;
const EVENTS: FormatName = FormatName::DefenderEvents;
const ZEEK: FormatName = FormatName::ZeekTsv;
const ZEEK_JSON: FormatName = FormatName::ZeekNdjson;

#[test]
fn formats_are_recognised_by_their_columns() {
    let far = format!("{{\"DeviceId\":\"{}\",\"RemoteUrl\":1}}\n", "x".repeat(100_000));
    let wide = format!("{}DeviceId,RemoteUrl\n", "Other,".repeat(5_000));
    let cases: &[(&str, FormatName)] = &[
        ("", NDJSON),
        (" \n\t", NDJSON),
        ("{\"DeviceId\":1,\"RemoteUrl\":1}", NDJSON),
        ("{\"DeviceName\":1,\"Signer\":1}", NDJSON),
        ("{\"ReportId\":1,\"ProcessVersionInfoCompanyName\":1}", NDJSON),
        ("{\"a\":1}\nnonsense\n{\"ReportId\":1,\"ActionType\":1}\n", NDJSON),
        // Cut off by damage, or by where the looking ends.
        ("{\"DeviceId\":1,\"RemoteUrl\":\"cut", NDJSON),
        ("{\"RemoteUrl\":\"a\tb\",\"Other\":\"\\q\",\"DeviceId\":1}", NDJSON),
        ("DeviceId,RemoteUrl", CSV),
        ("DeviceId;RemoteUrl\n", CSV),
        ("DeviceId\tRemoteUrl\n", CSV),
        ("\"DeviceId\",\"Remote\"\"Url\",\"RemoteUrl\"\n", CSV),
        ("\n\nDeviceId,RemoteUrl\n", CSV),
        ("sep=\t\nDeviceId\tRemote;Url\tRemoteUrl\n", CSV),
        ("sep=|\nDeviceId|Remote,Url|RemoteUrl\n", CSV),
        (",ReportId_long,IsSigned\n", CSV),
        (&wide, CSV),
        ("[\n{\"DeviceId\":1,\"RemoteUrl\":1},\n{\"DeviceId\":1}\n]", JSON),
        ("[{\"a\":1},{\"DeviceId\":1,\"RemoteUrl\":\"cut", JSON),
        (
            "{\"Schema\":[{\"Name\":\"DeviceId\"}],\"Results\":[{\"DeviceId\":1,\"RemoteUrl\":1}]}",
            JSON,
        ),
        ("{\"Stats\":{\"a\":[1]},\"Results\":[\n{\"DeviceId\":1,\"RemoteUrl\":1},\n", JSON),
        ("{\n  \"DeviceId\": 1,\n  \"RemoteUrl\": 1\n}\n", JSON),
        ("{\"value\":[{\"DeviceId\":1,\"RemoteUrl\":1}],\"Count\":1}", JSON),
        // Rows of tables that are not swept are known all the same.
        (
            "{\"time\":1,\"category\":\"AdvancedHunting-EmailEvents\",\"properties\":{\"x\":1}}",
            EVENTS,
        ),
        ("{\"time\":1,\"properties\":{\"DeviceId\":1,\"RemoteUrl\":1}}", EVENTS),
        ("{\"records\":[{\"category\":\"AdvancedHunting-DeviceInfo\",\"properties\":{}}]}", EVENTS),
        ("[{\"category\":\"AdvancedHunting-DeviceInfo\",\"properties\":{}}]", EVENTS),
        ("#separator \\x09\n#fields\tts\tuid\n", ZEEK),
        ("\u{feff}\n#fields\tts\tuid\n1\tC1\n", ZEEK),
        // Whatever log it is, and as far as it goes.
        ("#path\tx509\n#open\t2026", ZEEK),
        ("{\"ts\":1,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.7\",\"x\":\"cut", ZEEK_JSON),
    ];
    for &(text, format) in cases {
        let swept = sweep(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(swept.format, Some(format), "{text:?}");
    }
    // The names stand before the long value or not within what is looked at.
    let error = sweep(far.as_bytes()).unwrap_err();
    assert_eq!(error.kind, InputErrorKind::Unrecognised);
    let near = far.replace("RemoteUrl\":1", "x\":1").replace("{\"D", "{\"RemoteUrl\":1,\"D");
    assert_eq!(sweep(near.as_bytes()).unwrap().format, Some(NDJSON));
}

#[test]
fn the_rest_is_named_in_one_line() {
    let cases: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"PK\x03\x04\x14\0", "a ZIP archive or an Office document: unpack it"),
        (b"\x7fELF\x02\x01\x01", "a program (ELF)"),
        (b"MZ\x90\0\x03", "a program (Windows)"),
        (b"ElfFile\0\0\0", "a Windows event log (EVTX)"),
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "a packet capture (pcap)"),
        (b"\x0a\x0d\x0d\x0a\x1c\0", "a packet capture (pcapng)"),
        (b"SQLite format 3\0\x10\0", "an SQLite database"),
        (b"BZh91AY&SY", "bzip2-compressed data"),
        (b"\xfd7zXZ\0\0\x04", "xz-compressed data"),
        (b"\xff\xfe\0\0D\0\0\0", "UTF-32 text"),
        (b"\xff\xfeD\0e\0v\0i\0c\0e\0", "plain text"),
        (b"D\0e\0v\0i\0c\0e\0", "UTF-16 text"),
        (b"\0D\0e\0v\0i\0c\0e", "UTF-16 text"),
        (b"\x01\x02\x03\x04\x05\xff\xfe\xfd", "binary data"),
        (b"[{\"ts\":1},{\"uid\":2}]", "JSON objects with other names (ts)"),
        (
            b"{\"records\":[{\"time\":1,\"properties\":{\"uid\":1}}]}",
            "JSON objects with other names (time, properties, uid)",
        ),
        (b"{\"ts\":1,\"uid\":2}\n", "JSON objects with other names (ts, uid)"),
        (b"{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1}", "(a, b, c, d, e, f, …)"),
        (b"{\"a\\u0007b\":1}", "(a\u{fffd}b)"),
        (b"<?xml version=\"1.0\"?><Events/>", "XML"),
        (b"<Events><Event/></Events>", "Windows events as XML"),
        (b"<html>", "XML or HTML"),
        (b"<134>Jan 14 00:00:00 host app: text", "syslog lines"),
        (
            b"1517336042.090842\tCi85EB2YjUI9a2eql6\t10.55.182.100\t14291\t10.233.233.5\t80\ttcp\n",
            "rows of a Zeek log without the lines that begin with #",
        ),
        (b"#separator \\x09\n#path\tdns\n1\tC1\n", "no line #fields stands before it"),
        (b"#separator ||\n#fields||ts\n1||C1\n", "the separator || is not one character"),
        (b"CEF:0|v|p|1|1|n|1|a=b", "CEF records"),
        (b"time,src_ip,dest_ip\n1,2,3\n", "CSV with other columns (time, src_ip, dest_ip)"),
        (b"frame\ttime\tsrc\n", "CSV with other columns (frame, time, src)"),
        (b"14-Jan-2026 00:00:00.000 client 192.0.2.1#53: query: a.example IN A\n", "plain text"),
    ];
    for &(bytes, expected) in cases {
        let error = sweep(bytes).unwrap_err();
        assert_eq!(error.kind, InputErrorKind::Unrecognised);
        assert!(error.message.contains(expected), "{:?}: {error}", String::from_utf8_lossy(bytes));
        assert!(!error.message.contains(char::is_control), "{error}");
    }
}

#[test]
fn a_forced_format_is_not_doubted() {
    let force = |text: &str, format| {
        sweep_with(text.as_bytes(), Some(format), USUAL, &Every(true), &mut Nth(9), true)
    };
    let swept = force("{\"RemoteUrl\":\"a\"}\nnonsense", NDJSON).unwrap();
    assert_eq!((swept.counts.events, swept.counts.refused), (1, 1));
    let swept = force("Other;RemoteUrl\nx;a", CSV).unwrap();
    assert_eq!(swept.counts.events, 1);
    assert_eq!(force("", NDJSON).unwrap().records(), 0);

    let error = force("ts,uid\n1,2", CSV).unwrap_err();
    assert!(error.message.contains("no column of the header is known: ts, uid"), "{error}");
    let error = force(" \n", CSV).unwrap_err();
    assert!(error.message.contains("no header"), "{error}");
}

#[test]
fn names_of_formats_are_found_again() {
    for &format in FormatName::ALL {
        assert_eq!(FormatName::from_name(format.name()), Some(format));
    }
    assert_eq!(FormatName::from_name("auto"), None);
}

#[test]
fn what_cannot_be_opened_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("missing.ndjson"), folder.path().to_owned()] {
        let error = crate::input::open(&path, None).unwrap_err();
        assert_eq!(error.kind, InputErrorKind::Unreadable);
        assert!(!error.message.is_empty());
    }
    let file = folder.path().join("any name.png");
    std::fs::write(&file, "{\"DeviceId\":1,\"RemoteUrl\":1}").unwrap();
    assert_eq!(crate::input::open(&file, None).unwrap().stream.format(), NDJSON);
}

#[test]
fn local_times_without_a_zone_are_refused() {
    for column in ["Timestamp", "TimeGenerated"] {
        let text = format!("DeviceId,RemotePort,{column} [Local Time]\na,1,2026-01-14 08:00:00\n");
        let error = sweep(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind, InputErrorKind::NoZone);
        assert!(error.message.contains(column) && error.message.contains("--timezone"), "{error}");
    }
    // Of a time that no event has, the zone need not be known.
    let text = "DeviceId,RemotePort,ProcessCreationTime [Local Time]\na,1,2026-01-14 08:00:00\n";
    assert_eq!(sweep(text.as_bytes()).unwrap().counts.events, 1);
}
