//! The screen: what it drops, nobody wants.

#[path = "../../core/sources/tests/differential/check.rs"]
mod differential;

use remora_abi::{Field, field::*};
use remora_sources::FormatName;

use differential::{First, Having};

/// Formats with a screen of their own.
const FORMATS: &[FormatName] = &[
    FormatName::DefenderNdjson,
    FormatName::DefenderCsv,
    FormatName::ZeekTsv,
    FormatName::ZeekNdjson,
    FormatName::DefenderJson,
    FormatName::DefenderEvents,
];
/// Fields of every shape.
const FIELDS: &[Field] = &[
    REMOTE_URL,
    REMOTE_HOST,
    REMOTE_PORT,
    USER_UPN,
    PROCESS_IMAGE,
    PROCESS_NAME,
    PROCESS_COMPANY,
    FILE_SIGNER,
    OBSERVATION,
    DNS_ANSWERS,
];
/// Texts that are looked for.
const TEXTS: &[&str] = &["a", "example", "443", "e", "\\", "success", ".", "\u{fffd}", "T", ""];
/// From so many bytes on, a block is screened by what its lines before asked for.
const MANY: usize = 3 << 10;

/// The same is found whether everything is read or only what the screen leaves,
/// in the records as they are and in the same again and again. The first bytes
/// choose the format, two fields and the text.
pub(crate) fn check(data: &[u8]) {
    let Some((&[format, one, two, text], data)) = data.split_first_chunk() else { return };
    let format = Some(FORMATS[usize::from(format) % FORMATS.len()]);
    let field = |at: u8| FIELDS[usize::from(at) % FIELDS.len()];
    let fields = [field(one), field(two)];
    let wanted = Having { fields: &fields, text: TEXTS[usize::from(text) % TEXTS.len()] };
    let again = [data, b"\n"].concat().repeat(1 + MANY / (data.len() + 1));
    for bytes in [data, &again] {
        if let Err(differ) = differential::check(bytes, format, &wanted, &First::new(1, 5)) {
            panic!("{differ}");
        }
    }
}
