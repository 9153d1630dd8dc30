//! The list's files as text.

use super::remark::{Remark, Weight};

/// The text of a file, with line feeds alone; what had to be changed is said.
pub(super) fn clean(file: &str, bytes: &[u8], remarks: &mut Vec<Remark>) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(why) => {
            let line = bytes[..why.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            let message = "bytes that are no UTF-8; replaced by U+FFFD".to_owned();
            remarks.push(Remark::new(Weight::Repaired, "not-utf8", file, line, message));
            String::from_utf8_lossy(bytes).into_owned()
        }
    };
    if text.contains('\r') {
        let message = "lines end in CR LF; read as LF".to_owned();
        remarks.push(Remark::new(Weight::Odd, "crlf", file, 1, message));
    }
    text.replace("\r\n", "\n").replace('\r', "\n")
}
