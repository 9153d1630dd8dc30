//! Zeek's logs as text of columns, joined, renamed, damaged.

use proptest::{collection::vec, prelude::*, sample::select};
use remora_abi::{Field, field::*};
use remora_sources::FormatName;

use crate::check::{First, Having, check};

/// Fields of every shape.
const FIELDS: &[Field] = &[
    REMOTE_HOST,
    REMOTE_HOST,
    REMOTE_HOST,
    REMOTE_IP,
    REMOTE_PORT,
    LOCAL_IP,
    URL,
    USER,
    DNS_ANSWERS,
    DNS_RCODE,
    TLS_CERT_SUBJECT,
    OUTCOME,
    OBSERVATION,
    EVENT_ID,
    REMOTE_URL,
];

const TEXTS: &[&str] =
    &["a.example", "A", "443", "-", "\\", "success", "inbound", ".", "\u{e9}", "\u{fffd}", ""];

/// What stands before rows.
const HEADERS: &[&str] = &[
    "#path\tdns\n#fields\tts\tuid\tid.orig_h\tquery\trcode_name\tanswers\n\
     #types\ttime\tstring\taddr\tstring\tstring\tvector[string]\n",
    "#path\tdns\n#fields\tts\tanswers\tquery\tid.orig_h\trcode_name\tuid\n",
    "#path\tdns_mine\n#fields\tts\tuid\tquery\trcode_name\tx\ty\n",
    "#path\tssl\n#fields\tts\tserver_name\tid.resp_h\tid.resp_p\testablished\tsubject\n",
    // A column twice.
    "#path\tssl\n#fields\tserver_name\tserver_name\tid.resp_h\tid.resp_p\testablished\tuid\n",
    "#path\thttp\n#fields\tts\thost\turi\tmethod\tusername\tstatus_code\n",
    "#path\thttp\n#fields\tts\turi\tmethod\tusername\tstatus_code\tuid\n",
    "#path\tconn\n#fields\tid.orig_h\tid.resp_h\tid.resp_p\tlocal_orig\tlocal_resp\tconn_state\n",
    "#path\tfiles\n#fields\tts\tuid\tquery\thost\tx\ty\n",
    "#separator \\x09\n#unset_field\ta.example\n#set_separator\t.\n#empty_field\tA\n",
];

const CELLS: &[&str] = &[
    "a.example",
    "a.example",
    "b.example",
    "WWW.A.Example.",
    "B.A.Example",
    "https://a.example:443/x",
    "/x?a.example",
    "a.example,192.0.2.1,-",
    "\\x61.example",
    "b\\x2ca.example",
    "b\\xc3\\xa9.example",
    "\\xff.a.example",
    "a\\\\.example",
    "b\u{e9}.a.example",
    "192.0.2.1",
    "443",
    "T",
    "F",
    "T",
    "F",
    "SF",
    "NOERROR",
    "CONNECT",
    "-",
    "-",
    "(empty)",
    "",
    "a.",
    ".",
    "a..example",
];

/// An input of these parts, behind a header of its own.
fn log(parts: &[(&str, Vec<Vec<&str>>)], end: &str) -> Vec<u8> {
    let mut bytes = HEADERS[0].as_bytes().to_vec();
    for (header, rows) in parts {
        bytes.extend(header.bytes());
        for row in rows {
            bytes.extend(row.join("\t").bytes());
            bytes.extend(end.bytes());
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// As most detectors ask: for the name alone, which the quickest way answers.
    #[test]
    fn names_alone(
        parts in vec((select(&HEADERS[..7]), vec(vec(select(CELLS), 6), 0..20)), 1..4),
        text in select(&["a.example", "a.", "b", "\u{e9}", "192"][..]),
        every in 20_u64..40,
    ) {
        let wanted = Having { fields: &[REMOTE_HOST], text };
        check(&log(&parts, "\n"), Some(FormatName::ZeekTsv), &wanted, &First::new(0, every))
            .map_err(TestCaseError::fail)?;
    }

    #[test]
    fn logs_of_any_sort(
        parts in vec((select(HEADERS), vec(vec(select(CELLS), 5..8), 0..6)), 1..4),
        end in select(&["\n", "\r\n"][..]),
        spoilt in prop_oneof![6 => Just(None), 1 => any::<proptest::sample::Index>().prop_map(Some)],
        cut in any::<bool>(),
        fields in proptest::sample::subsequence(FIELDS, 1..4),
        text in select(TEXTS),
        first in 0_u64..3,
        every in 2_u64..9,
    ) {
        let begin = HEADERS[0].len();
        let mut bytes = log(&parts, end);
        if cut {
            bytes.truncate(bytes.len() - end.len());
        }
        if let (Some(at), true) = (spoilt, bytes.len() > begin) {
            let at = begin + at.index(bytes.len() - begin);
            bytes[at] = 0xff;
        }
        let wanted = Having { fields: &fields, text };
        check(&bytes, Some(FormatName::ZeekTsv), &wanted, &First::new(first, every))
            .map_err(TestCaseError::fail)?;
    }
}
