//! Records that were thought of, one by one.

use remora_abi::field::*;
use remora_sources::FormatName;

use super::{WRITTEN, Written};
use crate::check::{First, Having, check};

/// Ways of writing one record that must all be found, and some that must not.
#[test]
fn each_way_of_writing_a_value_is_found() {
    let fields = [REMOTE_URL];
    let wanted = Having { fields: &fields, text: "a.example" };
    let plain = br#"{"ActionType":"ConnectionSuccess","RemoteUrl":"b.example","Other":"x"}"#;
    for (line, found) in [
        (r#"{"ActionType":"ConnectionSuccess","RemoteUrl":"a.example"}"#, true),
        (r#"{"ActionType":"ConnectionSuccess", "RemoteUrl" : "a.example"}"#, true),
        (r#"{"RemoteUrl":"a\u002eexample","ActionType":"ConnectionSuccess"}"#, true),
        (r#"{"RemoteUrl":"https:\/\/a.example\/","ActionType":"ConnectionSuccess"}"#, true),
        (r#"{"ActionType":"ConnectionSuccess","Remote\u0055rl":"a.example"}"#, true),
        (r#"{"ActionType":"ConnectionSuccess","\u0052\u0065moteUrl":"a.example"}"#, true),
        // The last of two counts.
        (r#"{"ActionType":"ConnectionSuccess","RemoteUrl":"b","RemoteUrl":"a.example"}"#, true),
        (r#"{"ActionType":"ConnectionSuccess","RemoteUrl":"a.example","RemoteUrl":"b"}"#, false),
        (
            r#"{"RemoteUrl":"a.example","ActionType":"FileCreated","ActionType":"ConnectionX"}"#,
            true,
        ),
        (
            r#"{"RemoteUrl":"a.example","ActionType":"ConnectionX","ActionType":"FileCreated"}"#,
            false,
        ),
        // The table has the word before the action.
        (
            r#"{"RemoteUrl":"a.example","ActionType":"FileCreated","Type":"DeviceNetworkEvents"}"#,
            true,
        ),
        (
            r#"{"RemoteUrl":"a.example","ActionType":"ConnectionX","Type":"DeviceFileEvents"}"#,
            false,
        ),
        (r#"{"RemoteUrl":"a.example","ActionType":"X","$table":"DeviceNetworkEvents"}"#, true),
        (
            r#"{"RemoteUrl":"a.example","ActionType":"X","Type":null,"$table":"DeviceNetworkEvents"}"#,
            true,
        ),
        // Objects inside.
        (
            r#"{"ActionType":"ConnectionX","Other":{"RemoteUrl":"a.example"},"RemoteUrl":"b"}"#,
            false,
        ),
        (r#"{"ActionType":"ConnectionX","Other":{"RemoteUrl":"b"},"RemoteUrl":"a.example"}"#, true),
        (
            r#"{"ActionType":"ConnectionX","Other":[{"RemoteUrl":"b"}],"RemoteUrl":"a.example"}"#,
            true,
        ),
        (
            r#"{"Other":{"ActionType":"FileCreated"},"ActionType":"ConnectionX","RemoteUrl":"a.example"}"#,
            true,
        ),
        (
            r#"{"Other":{"x":{"Type":"DeviceFileEvents"}},"ActionType":"ConnectionX","RemoteUrl":"a.example"}"#,
            true,
        ),
        // Text that looks like members.
        (
            r#"{"ActionType":"ConnectionX","Other":"\"RemoteUrl\":\"a.example\"","RemoteUrl":"b"}"#,
            false,
        ),
        (
            r#"{"ActionType":"ConnectionX","Other":"{\"RemoteUrl\":\"b\"}","RemoteUrl":"a.example"}"#,
            true,
        ),
        (r#"{"ActionType":"ConnectionX","Other":"RemoteUrl","RemoteUrl":"a.example"}"#, true),
        (r#"{"ActionType":"ConnectionX","Other\"RemoteUrl":"b","RemoteUrl":"a.example"}"#, true),
        (r#"{"ActionType":"ConnectionX","RemoteUrl":"a.example","Other\"RemoteUrl":"b"}"#, true),
        (r#"{"ActionType":"ConnectionX","a":":{","RemoteUrl":"a.example"}"#, true),
        // Were the brace taken for one that opens an object, the other would close it.
        (r#"{"ActionType":"ConnectionX","a":":{","RemoteUrl":"a.example","c":"}"}"#, true),
        (r#"{"ActionType":"ConnectionX","a":"b\":{","RemoteUrl":"a.example","c":"}"}"#, true),
        // Values that are no strings, and damage.
        (r#"{"ActionType":"ConnectionX","RemoteUrl":["a.example"]}"#, true),
        (r#"{"ActionType":"ConnectionX","RemoteUrl":{"x":"a.example"}}"#, true),
        (r#"{"ActionType":"ConnectionX","RemoteUrl":null,"Other":"a.example"}"#, false),
        (r#"{"ActionType":"ConnectionX","RemoteUrl":"a.example","Other":"C:\Users"}"#, true),
        (r#"{"ActionType":"ConnectionX","RemoteUrl":"a.exa\mple"}"#, false),
        (r#"{"ActionType":"ConnectionX","RemoteUrl":"a.example","Other":NaN}"#, true),
        (r#"{"ActionType":"ConnectionX","RemoteUrl":"a.example","Other":"#, false),
    ] {
        for around in [0, 40] {
            let mut lines = vec![&plain[..]; around];
            lines.push(line.as_bytes());
            lines.extend(vec![&plain[..]; around]);
            let bytes = lines.join(&b'\n');
            let sampler = First::new(0, u64::MAX);
            let count = check(&bytes, Some(FormatName::DefenderNdjson), &wanted, &sampler);
            assert_eq!(count, Ok(u64::from(found)), "{line}");
        }
    }
}

/// Records with as many names as those before, which end like theirs or hold them in other places.
#[test]
fn a_record_that_is_nearly_like_those_before_is_found() {
    for (usual, line, field) in [
        // An object that holds a name of the record, in its place.
        (
            r#"{"Other":"x","ActionType":"FileCreated","RemoteUrl":"b"}"#,
            r#"{"Other":{"ActionType":"FileCreated"},"RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"Other":"x","ActionType":"FileCreated","RemoteUrl":"b"}"#,
            r#"{"Other":[{"ActionType":"FileCreated"}],"RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"Other": "x", "ActionType": "FileCreated", "RemoteUrl": "b"}"#,
            r#"{"Other": {"ActionType": "FileCreated"}, "RemoteUrl": "a.example"}"#,
            REMOTE_URL,
        ),
        // A name that ends like another.
        (
            r#"{"ActionType":"ConnectionX","OtherUrl":"b"}"#,
            r#"{"ActionType":"ConnectionX","RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"ActionType":"ProcessCreated","InitiatingProcessVersionInfoCompanyName":"x"}"#,
            r#"{"ActionType":"ProcessCreated","ProcessVersionInfoCompanyName":"a.example"}"#,
            PROCESS_COMPANY,
        ),
        (
            r#"{"ActionType":"ProcessCreated","xx0049nfoCompanyName":"x"}"#,
            r#"{"ActionType":"ProcessCreated","ProcessVersion\u0049nfoCompanyName":"a.example"}"#,
            PROCESS_COMPANY,
        ),
        (
            r#"{"ActionType":"FileCreated","RemoteUrl":"b"}"#,
            r#"{"x\"ActionType":"FileCreated","RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"xActionType":"FileCreated","RemoteUrl":"b"}"#,
            r#"{"\u0041ctionType":"ConnectionX","RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        // One name more, or one with a blank behind it.
        (
            r#"{"ActionType":"FileCreated","RemoteUrl":"b"}"#,
            r#"{"ActionType":"FileCreated","RemoteUrl":"a.example","ActionType":"ConnectionX"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"ActionType":"ConnectionX","RemoteUrl":"b"}"#,
            r#"{"ActionType":"ConnectionX","RemoteUrl":"b","RemoteUrl" :"a.example"}"#,
            REMOTE_URL,
        ),
        // Values of which the first byte looks like what follows a name.
        (
            r#"{"ActionType":"ConnectionX","Other":"x","RemoteUrl":"b"}"#,
            r#"{"ActionType":"ConnectionX","Other":":\"RemoteUrl","RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        // An object in another place, with names of the record in it.
        (
            r#"{"Other":{"x":"y"},"ActionType":"FileCreated","RemoteUrl":"b"}"#,
            r#"{"Other":{"ActionType":"FileCreated","RemoteUrl":"b"},"ActionType":"ConnectionX","RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"Other":[{"x":"y"}],"ActionType":"FileCreated","RemoteUrl":"b"}"#,
            r#"{"Other":"[","ActionType":"ConnectionX","RemoteUrl":"a.example","x":"]"}"#,
            REMOTE_URL,
        ),
        // What looks like the row of an envelope, or is one.
        (
            r#"{"properties":{"ActionType":"ConnectionX","RemoteUrl":"b"}}"#,
            r#"{"properties":{"ActionType":"ConnectionX"},"RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"x\"properties":{"RemoteUrl":"b"},"ActionType":"ConnectionX"}"#,
            r#"{"x":{"RemoteUrl":"b"},"ActionType":"ConnectionX","RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"properties":{"ActionType":"FileCreated","x":"y"},"RemoteUrl":"b"}"#,
            r#"{"x\"properties":{"ActionType":"FileCreated","x":"y"},"RemoteUrl":"a.example"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"ActionType":"ConnectionX","properties":{},"Other":"b"}"#,
            r#"{"ActionType":"ConnectionX","properties":"{\"RemoteUrl\":\"a.example\"}","Other":"b"}"#,
            REMOTE_URL,
        ),
        // What is null in the row does not count.
        (
            r#"{"x":"y","properties":{"ActionType":"ConnectionX","RemoteUrl":"b"}}"#,
            r#"{"RemoteUrl":"a.example","properties":{"ActionType":"ConnectionX","RemoteUrl":null}}"#,
            REMOTE_URL,
        ),
        (
            r#"{"x":"y","properties":{"ActionType":"ConnectionX","RemoteUrl":"b"}}"#,
            r#"{"x":"y","properties":"{\"ActionType\":\"ConnectionX\",\"RemoteUrl\":\"a.example\"}"}"#,
            REMOTE_URL,
        ),
        // What stands where the value should end belongs to it, or does not.
        (
            r#"{"RemoteUrl":"b","ActionType":"ConnectionX"}"#,
            r#"{"RemoteUrl":"a\u002eexample","ActionType":"ConnectionX"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"RemoteUrl":"b","ActionType":"ConnectionX"}"#,
            r#"{"RemoteUrl":"a.example" ,"ActionType":"ConnectionX"}"#,
            REMOTE_URL,
        ),
        (
            r#"{"RemoteUrl":"b","ActionType":"ConnectionX"}"#,
            r#"{"RemoteUrl":"\"\",a.example","ActionType":"ConnectionX"}"#,
            REMOTE_URL,
        ),
    ] {
        let wanted = Having { fields: &[field], text: "a.example" };
        // The same with an object or a list in them, as rows of envelopes, and in arrays.
        for within in ["}", r#","Within":{"x":"y"}}"#, r#","Within":[{"x":"y"}]}"#] {
            let with = |line: &str| {
                (line.strip_suffix('}').expect("an object").to_owned() + within).into_bytes()
            };
            let usual = vec![with(usual); 9];
            let records = [&usual[..], &[with(line)], &usual].concat();
            for written in WRITTEN {
                let within_row = matches!(written, Written::Envelopes | Written::Batches);
                if within_row && line.contains("properties") {
                    // There it is a member like any other.
                    continue;
                }
                let (bytes, format) = written.write(&records);
                let sampler = First::new(0, u64::MAX);
                let count = check(&bytes, Some(format), &wanted, &sampler);
                assert_eq!(count, Ok(1), "{line} {within} {written:?}");
            }
        }
    }
}

/// Lines that are too long for the screen are read, and the short ones around them as ever.
#[test]
fn lines_of_any_length_are_found() {
    let line = |names: usize, host: &str| {
        let names: String = (0..names).map(|at| format!("\"n{at}\":1,")).collect();
        format!("{{{names}\"ActionType\":\"ConnectionX\",\"RemoteUrl\":\"{host}\"}}")
    };
    let lines = [
        line(0, "b"),
        line(300, "b"),
        line(300, "a.example"),
        line(150_000, "b"),
        line(0, "a.example"),
        line(150_000, "a.example"),
        line(0, "b"),
        line(1, "a.example"),
    ];
    assert!(lines[3].len() > 1 << 20);
    let wanted = Having { fields: &[REMOTE_URL], text: "a.example" };
    let (format, sampler) = (Some(FormatName::DefenderNdjson), First::new(0, u64::MAX));
    assert_eq!(check(lines.join("\n").as_bytes(), format, &wanted, &sampler), Ok(4));
}

/// A backslash that escapes nothing is a part of the value.
#[test]
fn stray_backslashes_are_seen() {
    let fields = [REMOTE_URL];
    let wanted = Having { fields: &fields, text: "\\a.example" };
    // The first record is sampled and so read in any case.
    let lines = b"{}\n{\"ActionType\":\"ConnectionX\",\"RemoteUrl\":\"C:\\a.example\"}";
    let sampler = First::new(0, u64::MAX);
    assert_eq!(check(lines, Some(FormatName::DefenderNdjson), &wanted, &sampler), Ok(1));
}
