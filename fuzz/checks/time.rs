//! Times as logs write them.

use remora_engine::sweep::format_time;
use remora_sources::time::parse;

/// Any text is an instant or none; an instant is printed and reads back.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(time) = parse(text) {
        let printed = format_time(time);
        assert_eq!(parse(&printed), Some(time), "{text:?} is printed as {printed:?}");
        assert_eq!(parse(&format!(" {text} ")), Some(time), "blanks around do not count");
    }
}
