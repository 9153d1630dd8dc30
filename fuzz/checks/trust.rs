//! The trust file.

use remora_engine::host::trust::{Grant, Trust};

/// Any text is refused or read; what is read is written and reads back, and
/// allows exactly what it lists.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(mut trust) = Trust::parse(text) else { return };
    let again = Trust::parse(&trust.to_text());
    assert_eq!(again.as_ref(), Ok(&trust), "{text:?}");
    let nothing = std::path::Path::new("/nonexistent/plugin.so");
    for plugin in trust.plugins.clone() {
        let named = trust.allow_named(&plugin.name, &plugin.sha256);
        assert_eq!(named.expect("it is listed"), Grant::Named);
        let found = trust.allow(nothing, &plugin.name, &plugin.sha256, b"");
        assert_eq!(found.expect("it is listed"), Grant::Hash);
        let other = "0123456789abcdef".repeat(4);
        if trust.plugins.iter().all(|one| one.sha256 != other) {
            trust.allow_named(&plugin.name, &other).expect_err("its name is pinned");
        }
        let gone = trust.remove(&plugin.name);
        assert!(gone.iter().all(|one| one.name == plugin.name || one.sha256 == plugin.name));
        let found = trust.allow(nothing, &plugin.name, &plugin.sha256, b"");
        let elsewhere = trust.plugins.iter().any(|one| one.sha256 == plugin.sha256);
        assert_eq!(found.is_ok(), elsewhere, "{plugin:?}");
    }
}
