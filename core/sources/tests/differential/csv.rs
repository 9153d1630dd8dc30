//! CSV, with quotes where they may stand and where they may not.

use proptest::{collection::vec, prelude::*, sample::select};
use remora_sources::FormatName;

use crate::{
    check::{First, Having, check},
    json::{FIELDS, TEXTS},
};

const HEADERS: &[&str] = &[
    "DeviceId,ActionType,RemoteUrl,RemotePort,AdditionalFields,InitiatingProcessFileName",
    "RemoteUrl,Type,ActionType,DeviceId,InitiatingProcessFolderPath,InitiatingProcessFileName",
    "\"DeviceId\",\"Signer\",\"IsSigned\",\"SHA1\",\"Other\",\"ProcessVersionInfoCompanyName\"",
    // A column twice.
    "DeviceId,RemoteUrl,ActionType,RemoteUrl,FileName,FolderPath",
];

const CELLS: &[&str] = &[
    "a.example",
    "https://A.Example:443/x",
    "b\u{e9}.example",
    "ConnectionSuccess",
    "ConnectionSuccess",
    "DnsConnectionInspected",
    "ProcessCreated",
    "FileCreated",
    "DeviceNetworkEvents",
    "Acme A",
    "443",
    "1",
    "",
    "",
    "\"\"",
    "\"a.example\"",
    "\"a.example\" ",
    "\"a,a.example\"",
    "\"a\na.example\"",
    "\"a.example\r\n\"",
    "\"\"\"\"",
    "\"\"\"a.example\"\"\"",
    "\"ConnectionSuccess\"",
    " \"a.example\"",
    "\"\"x\"\"",
    "\"x\"\"a.example\"",
    "\"x\"a.example\"",
    "x\"a.example",
    "\"{\"\"query\"\":\"\"a.example\"\"}\"",
    "\"open",
    "RemoteUrl",
    "DeviceId",
];

/// What a field may hold, before it is quoted.
const VALUES: &[&str] = &[
    "a.example",
    "https://A.Example:443/x",
    "b\u{e9}.example",
    "ConnectionSuccess",
    "ConnectionSuccess",
    "DnsConnectionInspected",
    "DeviceNetworkEvents",
    "Acme A, Inc.",
    "\"C:\\a b\\a.exe\" --x=\"1;2\"",
    "\"",
    "{\"query\":\"a.example\"}",
    "a\r\nb\nc",
    "a\tb",
    "443",
    "",
    "",
    "DeviceId",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn rows_of_any_sort(
        header in select(HEADERS),
        rows in vec(vec(select(CELLS), 0..9), 1..12),
        spoilt in prop_oneof![6 => Just(None), 1 => any::<proptest::sample::Index>().prop_map(Some)],
        end in select(&["\n", "\r\n"][..]),
        delimiter in select(&[",", ",", ";", "\t"][..]),
        fields in proptest::sample::subsequence(FIELDS, 1..4),
        text in select(TEXTS),
        first in 0_u64..3,
        every in 2_u64..9,
    ) {
        let header = header.replace(',', delimiter);
        let rows: Vec<String> =
            rows.iter().map(|row| row.join(",").replace(',', delimiter)).collect();
        let mut bytes = rows.join(end).into_bytes();
        if let (Some(at), false) = (spoilt, bytes.is_empty()) {
            let at = at.index(bytes.len());
            bytes[at] = 0xff;
        }
        let bytes = [header.as_bytes(), end.as_bytes(), &bytes].concat();
        let wanted = Having { fields: &fields, text };
        check(&bytes, Some(FormatName::DefenderCsv), &wanted, &First::new(first, every))
            .map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// As exports are: what the quickest way takes. Some quote every field.
    #[test]
    fn rows_that_are_written_well(
        header in select(HEADERS),
        rows in vec(vec(select(VALUES), 4..7), 1..60),
        quoted in any::<bool>(),
        end in select(&["\n", "\r\n"][..]),
        delimiter in select(&[",", ";", "\t"][..]),
        fields in proptest::sample::subsequence(FIELDS, 1..4),
        text in select(TEXTS),
        every in 20_u64..40,
    ) {
        let write = |value: &&str| {
            if quoted || value.contains(['"', '\n', '\r', ',', ';', '\t']) {
                format!("\"{}\"", value.replace('"', "\"\""))
            } else {
                (*value).to_owned()
            }
        };
        let mut text_of_all = header.replace(',', delimiter) + end;
        for row in &rows {
            text_of_all += &row.iter().map(write).collect::<Vec<_>>().join(delimiter);
            text_of_all += end;
        }
        let wanted = Having { fields: &fields, text };
        let bytes = text_of_all.as_bytes();
        check(bytes, Some(FormatName::DefenderCsv), &wanted, &First::new(0, every))
            .map_err(TestCaseError::fail)?;
    }
}
