//! The identity of records that have no id of their own.

use sha2::{Digest, Sha256};

use crate::{Scan, input};

use super::{Every, Nth};

/// The hash of the last record of an input.
fn hash(text: &str) -> [u8; 16] {
    let reader = Box::new(std::io::Cursor::new(text.to_owned().into_bytes()));
    let mut opened = input::open_reader(reader, None).unwrap();
    let (mut scan, mut last) = (Scan::default(), None);
    while let Some(block) = opened.blocks.next(&mut Vec::new()) {
        opened.stream.scan(&block, &Every(true), &mut Nth(9), true, &mut scan);
        let row = scan.events.len() - 1;
        last = Some(opened.stream.record_hash(&block, scan.events.span(row)));
    }
    last.unwrap()
}

/// What the documentation says, written once more.
fn expected(columns: &[(&str, &str)]) -> [u8; 16] {
    let mut bytes = Vec::new();
    for part in columns.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part.bytes());
    }
    Sha256::digest(bytes)[..16].try_into().unwrap()
}

const COLUMNS: &[(&str, &str)] =
    &[("DeviceId", "d"), ("Other", "x \"y\""), ("RemotePort", "443"), ("RemoteUrl", "a.example")];

#[test]
fn one_record_has_one_hash_however_it_is_written() {
    for text in [
        r#"{"DeviceId":"d","Other":"x \"y\"","RemotePort":443,"RemoteUrl":"a.example"}"#,
        // Another order, blanks, escapes, a number as text, empty and null columns.
        r#" { "RemoteUrl" : "a\u002eexample", "\u0052emotePort":"443","Other":"x \u0022y\"","DeviceId":"d" , "Empty":"", "Null":null } "#,
        // The last of a name counts.
        r#"{"DeviceId":"no","Other":"x \"y\"","RemotePort":443,"RemoteUrl":"a.example","DeviceId":"d"}"#,
        "DeviceId,Other,RemotePort,RemoteUrl\nd,\"x \"\"y\"\"\",443,a.example",
        "RemoteUrl,RemotePort,Empty,DeviceId,Other\r\na.example,\"443\",,d,\"x \"\"y\"\"\"\r\n",
        ";RemoteUrl;RemotePort;DeviceId;Other\n17;a.example;443;d;\"x \"\"y\"\"\"",
        // Quotes in an unquoted field are not written twice.
        "DeviceId,Other,RemotePort,RemoteUrl\nd,x \"y\",443,a.example",
    ] {
        assert_eq!(hash(text), expected(COLUMNS), "{text}");
    }
}

#[test]
fn nested_values_count_without_the_blanks_between_their_parts() {
    let nested = ("AdditionalFields", r#"{"a b":[1,"x \" y"],"c":null}"#);
    let columns = [nested, ("DeviceId", "d"), ("RemotePort", "1")];
    for text in [
        r#"{"DeviceId":"d","RemotePort":1,"AdditionalFields":{"a b":[1,"x \" y"],"c":null}}"#,
        r#"{"DeviceId":"d","RemotePort":1,"AdditionalFields":{ "a b" : [ 1 ,	"x \" y" ], "c":null } }"#,
        r#"{"DeviceId":"d","RemotePort":1,"AdditionalFields":"{\"a b\":[1,\"x \\\" y\"],\"c\":null}"}"#,
    ] {
        assert_eq!(hash(text), expected(&columns), "{text}");
    }
}

/// Also in a column that nobody reads, in its name, and in which of two columns a value stands.
#[test]
fn records_that_differ_have_hashes_that_differ() {
    let texts = [
        r#"{"DeviceId":"d","RemotePort":1}"#,
        r#"{"DeviceId":"d","RemotePort":1,"Other":1}"#,
        r#"{"DeviceId":"d","RemotePort":1,"Other":2}"#,
        r#"{"DeviceId":"d","RemotePort":1,"Another":2}"#,
        r#"{"DeviceId":"dO","RemotePort":1,"ther":1}"#,
        r#"{"DeviceId":"d","LocalPort":1,"RemoteIP":"x"}"#,
        r#"{"DeviceId":"d","LocalPort":"1R","emoteIP":"x","RemotePort":1}"#,
        r#"{"DeviceId":"d","RemotePort":1.0}"#,
    ];
    let mut hashes: Vec<_> = texts.iter().map(|text| hash(text)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), texts.len());
}

/// A record that had to be mended is the record that the mended text says.
#[test]
fn damage_does_not_change_the_rules() {
    let text = "{\"DeviceId\":\"d\",\"RemotePort\":1,\"Other\":\"x\ty\"}\0\0";
    let columns = [("DeviceId", "d"), ("Other", "x\ty"), ("RemotePort", "1")];
    assert_eq!(hash(text), expected(&columns));
}
